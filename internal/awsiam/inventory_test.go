package awsiam_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/teardown"
	"github.com/keylease/keylease/test/emulator/iam"
)

const (
	ownPolicy = "arn:aws:iam::123456789012:policy/team/svc-report"
	readOnly  = "arn:aws:iam::aws:policy/ReadOnlyAccess"
)

func TestTheInventoryListsEverythingThatDeleteUserRefusesFor(t *testing.T) {
	for name, options := range pagings {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options)
			w.addReport()
			w.account.AddToUser(report, iam.WithServiceCredential("cassandra.amazonaws.com"))
			w.account.AttachToGroup("staff", ownPolicy)
			got, err := w.client.Inventory(ctx, report, report)
			if err != nil {
				t.Fatal(err)
			}
			for what, ids := range map[string]*[]string{"SSH keys": &got.SSHKeys, "certificates": &got.Certificates, "service credentials": &got.ServiceCredentials} {
				if len(*ids) != 2 || slices.Contains(*ids, "") {
					t.Errorf("%s %q, want two", what, *ids)
				}
				*ids = nil // IAM chose them
			}
			want := teardown.Inventory{AccessKeys: []string{leased, second}, LoginProfile: true,
				MFADevices:     []teardown.MFADevice{{SerialNumber: "GAHT12345678"}, {SerialNumber: "arn:aws:iam::123456789012:mfa/report", Virtual: true}},
				InlinePolicies: []string{"first", "second"}, AttachedPolicies: []string{ownPolicy, readOnly}, Groups: []string{"reports", "staff"},
				Policy: &teardown.Policy{ARN: ownPolicy, PolicyID: w.account.PolicyID(ownPolicy), AttachedTo: []string{"user/svc-report", "role/app", "group/staff"},
					BoundaryOf: []string{"user/svc-report"}, Versions: []string{"v2", "v1"}}}
			sorted := func(p *teardown.Policy) { slices.Sort(p.AttachedTo); slices.Sort(p.Versions) }
			sorted(want.Policy)
			sorted(got.Policy)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOnlyAnAttachedPolicyOfTheAccountIsTheNamedOne(t *testing.T) {
	for name, wanted := range map[string]string{"no name": "", "one that is not attached": "loose", "one that AWS keeps": "ReadOnlyAccess"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, iam.Options{})
			w.addReport()
			w.account.AddPolicy("loose", "/", "")
			inv, err := w.client.Inventory(ctx, report, wanted)
			if err != nil || inv.Policy != nil {
				t.Errorf("policy %+v, %v", inv.Policy, err)
			}
		})
	}
}

func TestAnInventoryIsCompleteOrNone(t *testing.T) {
	for _, action := range []string{"ListAccessKeys", "GetLoginProfile", "ListMFADevices", "ListSSHPublicKeys", "ListSigningCertificates",
		"ListServiceSpecificCredentials", "ListUserPolicies", "ListAttachedUserPolicies", "ListGroupsForUser",
		"GetPolicy", "ListEntitiesForPolicy", "ListPolicyVersions"} {
		t.Run(action, func(t *testing.T) {
			w := newWorld(t, iam.Options{PageSize: 1})
			w.addReport()
			w.account.AddToUser(report, iam.WithServiceCredential("cassandra.amazonaws.com"))
			// On the second page, where there is one.
			skip := 1
			if action == "GetLoginProfile" || action == "GetPolicy" {
				skip = 0
			}
			w.Inject(iam.Fault{Action: action, Code: "AccessDenied", Skip: skip})
			_, err := w.client.Inventory(ctx, report, report)
			expectClass(t, err, failure.Denied)
		})
	}
}

func TestAnInventoryOfNobodyIsNotFound(t *testing.T) {
	w := newWorld(t, iam.Options{})
	_, err := w.client.Inventory(ctx, "nobody", "")
	expectClass(t, err, failure.NotFound)
}

// notEverywhere are the lists of things that not each IAM has. What guards or the snapshot rest on is none of them.
var notEverywhere = map[string]bool{"ListSSHPublicKeys": true, "ListSigningCertificates": true, "ListServiceSpecificCredentials": true,
	"ListAccessKeys": false, "GetLoginProfile": false, "ListMFADevices": false, "ListUserPolicies": false, "ListAttachedUserPolicies": false, "ListGroupsForUser": false}

// An IAM that does not know such things has none, however it says so.
func TestAListThatTheEndpointDoesNotKnow(t *testing.T) {
	for answer, unknown := range map[*instead]bool{
		{400, document("InvalidAction")}:               true,
		{400, document("UnsupportedOperation")}:        true,
		{501, document("InternalFailure")}:             true,
		{501, document("NotImplemented")}:              true,
		{501, ""}:                                      true,
		{500, page500}:                                 true,
		{500, "<html><body>well formed</body></html>"}: true,
		// These are of an IAM that knows the list, or of what stands before it.
		{500, document("ServiceFailure")}:     false,
		{503, document("ServiceUnavailable")}: false,
		{400, document("Throttling")}:         false,
		{403, document("AccessDenied")}:       false,
		{403, "<html/>"}:                      false,
		{404, "<html/>"}:                      false,
	} {
		for action, optional := range notEverywhere {
			t.Run(fmt.Sprint(action, answer.status, answer.body), func(t *testing.T) {
				w := newWorld(t, iam.Options{})
				w.addReport()
				client := w.answering(t, action, *answer)
				if _, err := client.Inventory(ctx, report, ""); (err == nil) != (optional && unknown) {
					t.Errorf("error %v", err)
				}
			})
		}
	}
}

// It gave a page, so it knows the list.
func TestAListThatBreaksOffIsNotUnknown(t *testing.T) {
	w := newWorld(t, iam.Options{PageSize: 1})
	w.addReport()
	w.Inject(iam.Fault{Action: "ListSSHPublicKeys", Code: "InternalFailure", Status: 501, Skip: 1})
	_, err := w.client.Inventory(ctx, report, report)
	expectClass(t, err, failure.Retry)
}

// That STS gives a page instead of credentials says nothing of what IAM knows.
func TestAListThatCannotBeAskedForIsNotUnknown(t *testing.T) {
	w := newWorld(t, iam.Options{})
	_, access := w.addRole(t)
	client := w.through(t, func(action string) *instead {
		switch assumed := slices.ContainsFunc(w.Calls(), func(c iam.Call) bool { return c.Action == "AssumeRole" }); {
		case action == "ListSSHPublicKeys":
			return &instead{403, document("ExpiredToken")}
		case action == "AssumeRole" && assumed:
			return &instead{503, "<html/>"}
		}
		return nil
	}, access)
	_, err := client.Inventory(ctx, report, "")
	if e := failure.Of(err); e == nil || e.Class != failure.Retry || e.Operation != "ListSSHPublicKeys" {
		t.Errorf("error %v", err)
	}
}

func TestAPolicyAndItsUses(t *testing.T) {
	t.Run("none of that ARN", func(t *testing.T) {
		w := newWorld(t, iam.Options{})
		if p, err := w.client.Policy(ctx, ownPolicy); p != nil || err != nil {
			t.Errorf("%+v, %v", p, err)
		}
	})
	t.Run("not used any more", func(t *testing.T) {
		w := newWorld(t, iam.Options{PageSize: 1})
		w.account.AddPolicy(report, "/team/", "")
		want := &teardown.Policy{ARN: ownPolicy, PolicyID: w.account.PolicyID(ownPolicy)}
		got, err := w.client.Policy(ctx, ownPolicy)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
	for _, action := range []string{"ListEntitiesForPolicy", "ListPolicyVersions"} {
		t.Run("gone between two calls: "+action, func(t *testing.T) {
			w := newWorld(t, iam.Options{})
			w.addReport()
			w.Inject(iam.Fault{Action: action, Code: "NoSuchEntity"})
			_, err := w.client.Policy(ctx, ownPolicy)
			expectClass(t, err, failure.Retry)
		})
	}
}

func TestASnapshotHoldsTheUser(t *testing.T) {
	for name, options := range pagings {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options)
			w.addReport()
			got, err := w.client.Snapshot(ctx, report)
			all := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
			want := teardown.Snapshot{AccountID: accountID, Partition: "aws", UserName: report, UserID: w.account.UserID(report), Path: "/service/",
				CreateDate: start, Tags: []teardown.SnapshotTag{{Key: "Env", Value: "prod+1 %"}, {Key: "team", Value: "data"}},
				Groups: []string{"reports", "staff"}, PermissionsBoundary: ownPolicy,
				InlinePolicies:   []teardown.SnapshotPolicy{{Name: "first", Document: `{"Version":"2012-10-17","Id":"a+b c%20d"}`}, {Name: "second", Document: all}},
				AttachedPolicies: []teardown.SnapshotPolicy{{Name: report, ARN: ownPolicy, Path: "/team/", Document: all}, {ARN: readOnly}}}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestHalfASnapshotIsNone(t *testing.T) {
	for _, action := range []string{"GetUser", "ListUserTags", "ListGroupsForUser", "ListUserPolicies", "GetUserPolicy", "ListAttachedUserPolicies", "GetPolicy", "GetPolicyVersion"} {
		for code, class := range map[string]failure.Class{"AccessDenied": failure.Denied, "ServiceFailure": failure.Retry} {
			t.Run(action+" "+code, func(t *testing.T) {
				w := newWorld(t, iam.Options{})
				w.addReport()
				w.Inject(iam.Fault{Action: action, Code: code})
				_, err := w.client.Snapshot(ctx, report)
				expectClass(t, err, class)
			})
		}
		t.Run(action+" of what was just removed", func(t *testing.T) {
			w := newWorld(t, iam.Options{})
			w.addReport()
			w.Inject(iam.Fault{Action: action, Code: "NoSuchEntity", Times: 1})
			if _, err := w.client.Snapshot(ctx, report); err != nil {
				expectClass(t, err, failure.Retry)
			} else {
				t.Error("no error")
			}
		})
	}
}
