package teardown

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
)

const (
	ownARN    = "arn:aws:iam::123456789012:policy/team/svc-report"
	sharedARN = "arn:aws:iam::123456789012:policy/shared"
	mfaARN    = "arn:aws:iam::123456789012:mfa/svc-report"
)

func fullInventory() Inventory {
	return Inventory{
		AccessKeys: []string{"AKIAKEYLEASE00000002"}, LoginProfile: true,
		MFADevices: []MFADevice{{mfaARN, true}, {"GAHT12345678", false}},
		SSHKeys:    []string{"APKA1"}, Certificates: []string{"CERT1"}, ServiceCredentials: []string{"ACCA1"},
		InlinePolicies: []string{"inline"}, AttachedPolicies: []string{ownARN, sharedARN}, Groups: []string{"staff"},
		Policy: ownPolicyNow(),
	}
}

func ownPolicyNow() *Policy {
	return &Policy{ARN: ownARN, PolicyID: "ANPA1", AttachedTo: []string{"user/svc-report"}, Versions: []string{"v1", "v3"}}
}

// lines writes steps as status does.
func lines(steps []Step) []string {
	var out []string
	for _, s := range steps {
		out = append(out, s.Action+" "+s.Target)
	}
	return out
}

func at(seconds int) metav1.Time {
	return metav1.NewTime(observation().Time.Add(time.Duration(seconds) * time.Second))
}

func TestTheWholeOrder(t *testing.T) {
	steps, retained := Plan(observation(), fullInventory(), target(), &v1alpha1.RevocationStatus{})
	want := []string{
		"UpdateAccessKey AKIAKEYLEASE00000002:Inactive",
		"DeleteAccessKey AKIAKEYLEASE00000002",
		"DeleteLoginProfile svc-report",
		"DeactivateMFADevice " + mfaARN,
		"DeleteVirtualMFADevice " + mfaARN,
		"DeactivateMFADevice GAHT12345678",
		"DeleteSSHPublicKey APKA1",
		"DeleteSigningCertificate CERT1",
		"DeleteServiceSpecificCredential ACCA1",
		"DeleteUserPolicy inline",
		"DetachUserPolicy " + ownARN,
		"DetachUserPolicy " + sharedARN,
		"RemoveUserFromGroup staff",
		"DeleteUser svc-report",
		"DeletePolicyVersion " + ownARN + ":v1",
		"DeletePolicyVersion " + ownARN + ":v3",
		"DeletePolicy " + ownARN,
	}
	if diff := cmp.Diff(want, lines(steps)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if len(retained) != 0 {
		t.Errorf("retained %v", retained)
	}
}

func TestWhatIsLeftAlone(t *testing.T) {
	keyOnly := []string{"UpdateAccessKey AKIAKEYLEASE00000002:Inactive", "DeleteAccessKey AKIAKEYLEASE00000002"}
	user := v1alpha1.Retained{Target: "svc-report"}
	reason := func(reason string) []v1alpha1.Retained {
		return []v1alpha1.Retained{{Target: user.Target, Reason: reason}}
	}
	cases := map[string]struct {
		change func(*Observation, *Inventory, *Target)
		want   []v1alpha1.Retained
	}{
		"a user with another key": {
			func(o *Observation, _ *Inventory, _ *Target) { o.OtherKeys = []string{"AKIAOTHER00000000001"} }, reason("OtherKeys")},
		"a user whose other key only the second reading shows": {
			func(_ *Observation, i *Inventory, _ *Target) {
				i.AccessKeys = append(i.AccessKeys, "AKIAOTHER00000000001")
			}, reason("OtherKeys")},
		"a console user": {
			func(o *Observation, i *Inventory, t *Target) { o.ConsolePassword, t.KeepConsoleUsers = true, true }, reason("ConsoleUser")},
		"a console user whose password only the second reading shows": {
			func(_ *Observation, _ *Inventory, t *Target) { t.KeepConsoleUsers = true }, reason("ConsoleUser")},
		"a user outside the path": {
			func(_ *Observation, _ *Inventory, t *Target) { t.PathPrefix = "/people/" }, reason("OutsidePath")},
		"a user that was never pinned": {
			func(_ *Observation, _ *Inventory, t *Target) { t.Pin = lifecycle.Pin{} }, reason("IdentityNotPinned")},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o, inv, target := observation(), fullInventory(), target()
			c.change(&o, &inv, &target)
			steps, retained := Plan(o, inv, target, &v1alpha1.RevocationStatus{})
			if diff := cmp.Diff(keyOnly, lines(steps)); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.want, retained); diff != "" {
				t.Errorf("retained (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPolicyIsLeftAlone(t *testing.T) {
	cases := map[string]struct {
		change func(*Policy, *Target, *v1alpha1.RevocationStatus)
		want   string
	}{
		"attached to a role": {func(p *Policy, _ *Target, _ *v1alpha1.RevocationStatus) {
			p.AttachedTo = append(p.AttachedTo, "role/app")
		}, "AttachedElsewhere"},
		"the boundary of another user": {func(p *Policy, _ *Target, _ *v1alpha1.RevocationStatus) { p.BoundaryOf = []string{"user/other"} }, "UsedAsBoundary"},
		"recreated since it was recorded": {func(_ *Policy, _ *Target, r *v1alpha1.RevocationStatus) {
			r.Policy = &v1alpha1.PolicyPin{ARN: ownARN, PolicyID: "ANPA0"}
		}, "PolicyChanged"},
		"of a name without the user's": {func(p *Policy, t *Target, _ *v1alpha1.RevocationStatus) {
			t.PolicyName, p.ARN = "report", "arn:aws:iam::123456789012:policy/report"
		}, "PolicyNameMismatch"},
		"of another account's ARN": {func(p *Policy, t *Target, _ *v1alpha1.RevocationStatus) {
			p.ARN = "arn:aws:iam::999999999999:policy/svc-report"
		}, "PolicyNameMismatch"},
		"under another name than agreed upon": {func(_ *Policy, t *Target, _ *v1alpha1.RevocationStatus) { t.PolicyName = "svc-report-2" }, "PolicyNameMismatch"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			inv, target, rev := fullInventory(), target(), v1alpha1.RevocationStatus{}
			c.change(inv.Policy, &target, &rev)
			steps, retained := Plan(observation(), inv, target, &rev)
			if last := lines(steps)[len(steps)-1]; last != "DeleteUser svc-report" {
				t.Errorf("the plan ends with %q", last)
			}
			if len(retained) != 1 || retained[0].Reason != c.want {
				t.Errorf("retained %v, want one with reason %s", retained, c.want)
			}
		})
	}
}

func TestOwnUsesOfThePolicyDoNotKeepIt(t *testing.T) {
	inv := fullInventory()
	inv.Policy.BoundaryOf = []string{"user/svc-report"}
	steps, retained := Plan(observation(), inv, target(), &v1alpha1.RevocationStatus{})
	if last := lines(steps)[len(steps)-1]; last != "DeletePolicy "+ownARN || len(retained) != 0 {
		t.Errorf("the plan ends with %q and retains %v", last, retained)
	}
}

func TestWhatWasDoneAMomentAgoIsNotPlannedAgain(t *testing.T) {
	o, rev := observation(), v1alpha1.RevocationStatus{}
	deleted := at(-3)
	rev.KeyDeletedTime = &deleted
	if steps := keySteps(o, target(), &rev); len(steps) != 0 {
		t.Errorf("planned %v for a key that was deleted 3 s ago", lines(steps))
	}
	deleted = at(-11)
	if steps := keySteps(o, target(), &rev); len(steps) != 2 {
		t.Errorf("planned %v for a key that is still there after 11 s", lines(steps))
	}
}

func TestAVirtualDeviceDeactivatedBeforeACrashIsDeleted(t *testing.T) {
	rev := v1alpha1.RevocationStatus{Steps: []v1alpha1.RevocationStep{
		{Action: ActionDeactivateMFA, Target: mfaARN, Time: at(-60)},
		{Action: ActionDeactivateMFA, Target: "GAHT12345678", Time: at(-60)},
	}}
	if diff := cmp.Diff([]string{"DeleteVirtualMFADevice " + mfaARN}, lines(unassignedMFA(target(), &rev))); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	rev.Steps = append(rev.Steps, v1alpha1.RevocationStep{Action: ActionDeleteVirtualMFA, Target: mfaARN, Time: at(-59)})
	if steps := unassignedMFA(target(), &rev); len(steps) != 0 {
		t.Errorf("planned %v though it is done", lines(steps))
	}
}

func TestTheKindOfAnMFADevice(t *testing.T) {
	for serial, virtual := range map[string]bool{
		mfaARN: true, "GAHT12345678": false,
		"arn:aws:iam::123456789012:u2f/user/svc-report/key-ABC": false,
		"arn:aws:iam::123456789012:sms-mfa/svc-report":          false,
		"arn:aws-cn:iam::123456789012:mfa/team/svc-report":      true,
	} {
		if VirtualMFA(serial) != virtual {
			t.Errorf("%s: virtual %t, want %t", serial, !virtual, virtual)
		}
	}
}

func TestThePreviewShowsStepsOrWhatBlocksThem(t *testing.T) {
	now := observation().Time
	plan := Preview(judged(observation()), fullInventory(), target(), nil, now)
	if len(plan.Steps) != 17 || plan.Blocked != "" || plan.Steps[1] != "DeleteAccessKey AKIAKEYLEASE00000002" {
		t.Errorf("plan %+v", plan)
	}
	o := observation()
	o.Tags = map[string]string{lifecycle.ProtectedTag: "true"}
	if plan := Preview(judged(o), fullInventory(), target(), nil, now); len(plan.Steps) != 0 || plan.Blocked == "" || plan.BlockedReason != v1alpha1.ReasonProtected {
		t.Errorf("plan for a protected user %+v", plan)
	}
}

func TestVerificationWaitsForTheLastThingDone(t *testing.T) {
	started := at(0)
	rev := v1alpha1.RevocationStatus{StartTime: &started, Steps: []v1alpha1.RevocationStep{
		{Action: ActionDeleteUser, Target: "svc-report", Time: at(7)}, {Action: ActionDeleteAccessKey, Target: "AKIAKEYLEASE00000002", Time: at(3)}}}
	if got := VerifyAt(&rev); !got.Equal(at(17).Time) {
		t.Errorf("verification at %v, want %v", got, at(17))
	}
}
