package teardown_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/teardown"
	"github.com/keylease/keylease/test/emulator/iam"
)

func TestEachLeftoverAloneGoesInIAMsOrder(t *testing.T) {
	virtual := "arn:aws:iam::123456789012:mfa/svc-report"
	type leftover struct {
		with iam.UserOption
		want []string // between the key and the user
	}
	cases := map[string]leftover{
		"nothing":                {},
		"a login profile":        {iam.WithLoginProfile(), []string{"DeleteLoginProfile"}},
		"a virtual MFA device":   {iam.WithVirtualMFA("svc-report"), []string{"DeactivateMFADevice " + virtual, "DeleteVirtualMFADevice " + virtual}},
		"a hardware MFA device":  {iam.WithHardwareMFA("GAHT12345678"), []string{"DeactivateMFADevice GAHT12345678"}},
		"a security key":         {iam.WithHardwareMFA("arn:aws:iam::123456789012:u2f/user/svc-report/blue"), []string{"DeactivateMFADevice arn:aws:iam::123456789012:u2f/user/svc-report/blue"}},
		"an SSH key":             {iam.WithSSHKey(), []string{"DeleteSSHPublicKey x"}},
		"a signing certificate":  {iam.WithSigningCertificate(), []string{"DeleteSigningCertificate x"}},
		"a service credential":   {iam.WithServiceCredential("cassandra.amazonaws.com"), []string{"DeleteServiceSpecificCredential x"}},
		"an inline policy":       {iam.WithInlinePolicy("first", ""), []string{"DeleteUserPolicy first"}},
		"an attached AWS policy": {iam.WithAttachedPolicy("arn:aws:iam::aws:policy/ReadOnlyAccess"), []string{"DetachUserPolicy arn:aws:iam::aws:policy/ReadOnlyAccess"}},
		"a group":                {iam.WithGroup("staff"), []string{"RemoveUserFromGroup staff"}},
	}
	for name, c := range cases {
		for paging, options := range map[string]iam.Options{"": {}, " in pages of one, the first empty": {PageSize: 1, EmptyFirstPage: true}} {
			t.Run(name+paging, func(t *testing.T) {
				w := newWorld(t, options)
				var with []iam.UserOption
				if c.with != nil {
					with = append(with, c.with)
				}
				w.account.AddUser("svc-report", with...)
				w.account.AddAccessKey("svc-report", iam.AccessKey{ID: leased, Created: born})
				rev := w.lease(leased).finish(t)
				want := append([]string{"UpdateAccessKey " + leased + " Inactive", "DeleteAccessKey " + leased}, c.want...)
				if diff := cmp.Diff(append(want, "DeleteUser"), w.sequence()); diff != "" {
					t.Errorf("changes (-want +got):\n%s", diff)
				}
				if w.account.UserExists("svc-report") || len(rev.Retained) != 0 {
					t.Errorf("the user exists: %t, retained %v", w.account.UserExists("svc-report"), rev.Retained)
				}
			})
		}
	}
}

// sequence is what was changed, in its order, without the user's name.
func (w *world) sequence() []string {
	var calls []string
	for _, c := range w.Calls() {
		if c.Changing() && c.Service == "iam" {
			delete(c.Params, "UserName")
			calls = append(calls, describe(c))
		}
	}
	return calls
}

func TestTheWholeOrder(t *testing.T) {
	w := newWorld(t, iam.Options{PageSize: 1})
	w.addSmallFullUser()
	w.lease(leased).finish(t)
	want := []string{
		"UpdateAccessKey " + leased + " Inactive", "DeleteAccessKey " + leased, "DeleteLoginProfile",
		"DeactivateMFADevice GAHT12345678", "DeactivateMFADevice arn:aws:iam::123456789012:mfa/svc-report",
		"DeleteVirtualMFADevice arn:aws:iam::123456789012:mfa/svc-report", "DeleteSSHPublicKey x", "DeleteSigningCertificate x",
		"DeleteServiceSpecificCredential x", "DeleteUserPolicy first", "DetachUserPolicy arn:aws:iam::123456789012:policy/shared",
		"DetachUserPolicy " + ownPolicyARN, "RemoveUserFromGroup staff", "DeleteUser",
		"DeletePolicyVersion " + ownPolicyARN + " v1", "DeletePolicy " + ownPolicyARN,
	}
	if diff := cmp.Diff(want, w.sequence()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whatever happens now and then, everything goes, and nothing else.
func TestTroubleNowAndThen(t *testing.T) {
	// Every third call or so, from a fixed seed: what comes in a fixed rhythm can meet the same call for ever.
	now := func(which func(iam.Call) bool) func(iam.Call) bool {
		random := rand.New(rand.NewPCG(1, 2))
		return func(c iam.Call) bool { return which(c) && random.IntN(3) == 0 }
	}
	every := func(iam.Call) bool { return true }
	trouble := map[string]iam.Fault{
		"throttling":                         {Code: "Throttling", Match: now(every)},
		"throttling by its newer name":       {Code: "ThrottlingException", Match: now(every)},
		"503":                                {Code: "ServiceUnavailable", Match: now(every)},
		"500":                                {Code: "ServiceFailure", Match: now(every)},
		"lost answers":                       {LoseAnswer: true, Match: now(every)},
		"lost answers to changes":            {LoseAnswer: true, Match: now(iam.Call.Changing)},
		"lost answers to every third change": {LoseAnswer: true, Every: 3, Match: iam.Call.Changing},
		"lost answers to every other change": {LoseAnswer: true, Every: 2, Match: iam.Call.Changing},
		"500 to every third call":            {Code: "ServiceFailure", Every: 3},
		"500 to every fifth call":            {Code: "ServiceFailure", Every: 5},
		"500 to every other change":          {Code: "ServiceFailure", Every: 2, Match: iam.Call.Changing},
		"concurrent modification":            {Code: "ConcurrentModification", Match: now(iam.Call.Changing)},
		"a limit":                            {Code: "LimitExceeded", Match: now(iam.Call.Changing)},
		"an unmodifiable user for a while":   {Code: "EntityTemporarilyUnmodifiable", Action: "DeleteUser", Times: 4},
		"an unmodifiable password":           {Code: "EntityTemporarilyUnmodifiable", Action: "DeleteLoginProfile", Times: 8},
		"a conflict that nothing shows":      {Code: "DeleteConflict", Action: "DeleteUser", Times: 9},
		"a policy in use that nothing shows": {Code: "DeleteConflict", Action: "DeletePolicy", Times: 9},
	}
	for name, fault := range trouble {
		for lagging, options := range map[string]iam.Options{"": {PageSize: 1}, " while lists lag behind": {Lag: teardown.SettleTime / 2}} {
			t.Run(name+lagging, func(t *testing.T) {
				w := newWorld(t, options)
				w.addSmallFullUser()
				w.Inject(fault)
				w.lease(leased).finish(t)
				left := []string{"group staff attached []", "policy arn:aws:iam::123456789012:policy/shared versions 1 default v1",
					"user arn:aws:iam::123456789012:user/bystander", "user bystander MFA device arn:aws:iam::123456789012:mfa/bystander",
					"user bystander in group staff", "user bystander login profile", "virtual MFA device arn:aws:iam::123456789012:mfa/bystander assigned true"}
				if diff := cmp.Diff(left, w.account.Inventory()); diff != "" {
					t.Errorf("the account (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// An AccessDenied in the middle is told and leaves the rest for the day on which the right is given.
func TestARightThatIsMissingStopsAndGoesOnWhenGiven(t *testing.T) {
	for _, action := range []string{"UpdateAccessKey", "DeleteAccessKey", "DeleteLoginProfile", "DeactivateMFADevice", "DeleteVirtualMFADevice",
		"DeleteSSHPublicKey", "DeleteSigningCertificate", "DeleteServiceSpecificCredential", "DeleteUserPolicy", "DetachUserPolicy",
		"RemoveUserFromGroup", "DeleteUser", "DeletePolicyVersion", "DeletePolicy"} {
		t.Run(action, func(t *testing.T) {
			w := newWorld(t, iam.Options{})
			w.addSmallFullUser()
			l := w.lease(leased)
			fault := w.Inject(iam.Fault{Action: action, Code: "AccessDenied"})
			for range 3 {
				_, err := l.step(ctx)
				if e := failure.Of(err); e == nil || e.Class != failure.Denied || e.Operation != action {
					t.Errorf("error %v, want that %s was denied", err, action)
				}
				if rev := l.status(); rev.Intent != nil || rev.CompletionTime != nil {
					t.Errorf("status %s", l.stored)
				}
				w.passes(teardown.SettleTime + time.Second)
			}
			fault.Clear()
			l.finish(t)
			if w.account.UserExists("svc-report") || w.account.PolicyExists(ownPolicyARN) {
				t.Error("something is left")
			}
		})
	}
}
