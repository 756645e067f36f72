package teardown

import (
	"strings"
	"testing"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

var created = time.Date(2026, 6, 1, 3, 4, 5, 0, time.UTC)

func target() Target {
	return Target{AccountID: "123456789012", Partition: "aws", UserName: "svc-report", AccessKeyID: "AKIAKEYLEASE00000002",
		PolicyName: "svc-report", Pin: Pin{UserID: "AIDAREPORT", CreateDate: created}}
}

func observation() Observation {
	return Observation{
		Time:     time.Date(2026, 12, 9, 6, 0, 0, 0, time.UTC),
		Identity: Identity{AccountID: "123456789012", ARN: "arn:aws:sts::123456789012:assumed-role/keylease/keylease", AccessKeyID: "ASIA0000000000000000"},
		// KeyUser is what GetAccessKeyLastUsed says.
		UserExists: true, UserID: "AIDAREPORT", Path: "/service/", Key: v1alpha1.KeyActive, CreateDate: created,
		KeyUser: "svc-report", AccountHasUsers: true,
	}
}

func TestAKeyThatNothingForbidsPasses(t *testing.T) {
	if got := Check(observation(), target()); got != nil {
		t.Errorf("refused: %v", got)
	}
}

func TestAGuardRefuses(t *testing.T) {
	cases := map[string]struct {
		change func(*Observation, *Target)
		guard  string
		reason string
		says   string
	}{
		"credentials of another account": {
			func(o *Observation, _ *Target) { o.Identity.AccountID = "999999999999" }, "account", v1alpha1.ReasonWrongAccount, "999999999999"},
		"a lease and credentials without account": {
			func(o *Observation, t *Target) { o.Identity.AccountID, t.AccountID = "", "" }, "account", v1alpha1.ReasonWrongAccount, "spec.aws"},
		"a state of the key that was not read": {
			func(o *Observation, _ *Target) { o.Key = "" }, "reading", v1alpha1.ReasonAWSUnavailable, "unknown state"},
		"an account without any user": {
			func(o *Observation, _ *Target) {
				o.UserExists, o.AccountHasUsers, o.Key = false, false, v1alpha1.KeyAbsent
			},
			"emptyAccount", v1alpha1.ReasonEmptyAccount, "endpoint"},
		"the operator's own user": {
			func(o *Observation, _ *Target) { o.Identity.UserName = "SVC-report" }, "ownIdentity", v1alpha1.ReasonProtected, "operator's own"},
		"the user whose key the operator assumes its role with": {
			func(o *Observation, _ *Target) { o.Identity.SourceUser = "svc-report" }, "ownIdentity", v1alpha1.ReasonProtected, "operator's own"},
		"another user that is known to be the operator's": {
			func(_ *Observation, t *Target) { t.OwnUserName = "svc-report" }, "ownIdentity", v1alpha1.ReasonProtected, "operator's own"},
		"the key in use": {
			func(o *Observation, t *Target) { o.Identity.AccessKeyID = t.AccessKeyID }, "ownIdentity", v1alpha1.ReasonProtected, "operator's own"},
		"the key that the operator assumes its role with": {
			func(o *Observation, t *Target) { o.Identity.SourceAccessKeyID = t.AccessKeyID }, "ownIdentity", v1alpha1.ReasonProtected, "operator's own"},
		"another key that is known to be the operator's": {
			func(_ *Observation, t *Target) { t.OwnAccessKeyID = t.AccessKeyID }, "ownIdentity", v1alpha1.ReasonProtected, "operator's own"},
		"a protected user": {
			func(o *Observation, _ *Target) { o.Tags = map[string]string{ProtectedTag: "true"} }, "protectedTag", v1alpha1.ReasonProtected, "tagged"},
		"a protected user in other letters": {
			func(o *Observation, _ *Target) { o.Tags = map[string]string{"Keylease.dev/Protected": " True "} }, "protectedTag", v1alpha1.ReasonProtected, "tagged"},
		"a user outside the path": {
			func(_ *Observation, t *Target) { t.PathPrefix = "/people/" }, "pathPrefix", v1alpha1.ReasonProtected, "userPathPrefix"},
		"a user under a path that only begins alike": {
			func(o *Observation, t *Target) { o.Path, t.PathPrefix = "/service-b/", "/service" }, "pathPrefix", v1alpha1.ReasonProtected, "userPathPrefix"},
		"a recreated user": {
			func(o *Observation, _ *Target) { o.UserID = "AIDAOTHER" }, "userPin", v1alpha1.ReasonUserRecreated, "AIDAOTHER"},
		"a recreated key": {
			func(o *Observation, _ *Target) { o.CreateDate = created.Add(time.Second) }, "keyPin", v1alpha1.ReasonKeyRecreated, "creation date"},
		"a key of another user": {
			func(o *Observation, _ *Target) { o.KeyUser = "svc-backup" }, "keyOwner", v1alpha1.ReasonOtherUser, "svc-backup"},
		"a user that was renamed and took the key along": {
			func(o *Observation, _ *Target) {
				o.UserExists, o.Key, o.KeyUser = false, v1alpha1.KeyAbsent, "svc-report-2"
			},
			"keyOwner", v1alpha1.ReasonOtherUser, "svc-report-2"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o, target := observation(), target()
			c.change(&o, &target)
			got := Check(o, target)
			if got == nil {
				t.Fatal("not refused")
			}
			if got.Guard != c.guard || got.Reason != c.reason || !strings.Contains(got.Message, c.says) {
				t.Errorf("refused by %s, reason %s: %q; want %s, %s, …%s…", got.Guard, got.Reason, got.Message, c.guard, c.reason, c.says)
			}
		})
	}
}

func TestAGuardLetsPass(t *testing.T) {
	cases := map[string]func(*Observation, *Target){
		"an account that is empty because we deleted its last user": func(o *Observation, t *Target) {
			o.UserExists, o.AccountHasUsers, o.Key, t.UserDeleted = false, false, v1alpha1.KeyAbsent, true
		},
		"a user inside the path":                 func(_ *Observation, t *Target) { t.PathPrefix = "service" },
		"a protection that was taken back":       func(o *Observation, _ *Target) { o.Tags = map[string]string{ProtectedTag: "false"} },
		"a key whose owner AWS does not tell":    func(o *Observation, _ *Target) { o.KeyUser = "" },
		"a creation date with parts of a second": func(o *Observation, _ *Target) { o.CreateDate = created.Add(time.Millisecond) },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			o, target := observation(), target()
			change(&o, &target)
			if got := Check(o, target); got != nil {
				t.Errorf("refused: %v", got)
			}
		})
	}
}

func TestTheFirstGuardSpeaks(t *testing.T) {
	o, target := observation(), target()
	o.Identity.AccountID, o.UserID = "999999999999", "AIDAOTHER"
	if got := Check(o, target); got == nil || got.Guard != "account" {
		t.Errorf("got %+v, want the guard account", got)
	}
}

func TestAnUnpinnedKeyIsRefusedWhileItIsThere(t *testing.T) {
	for name, pin := range map[string]Pin{"neither": {}, "no user": {CreateDate: created}, "no key": {UserID: "AIDAREPORT"}} {
		t.Run(name, func(t *testing.T) {
			o, target := observation(), target()
			target.Pin = pin
			if CheckPinned(o, target) == nil {
				t.Error("an unpinned key passed")
			}
			o.Key = v1alpha1.KeyAbsent
			if got := CheckPinned(o, target); got != nil {
				t.Errorf("an absent key was refused: %v", got)
			}
		})
	}
}
