package awsiam_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/teardown"
	"github.com/keylease/keylease/test/emulator/iam"
)

func step(action, target string) teardown.Step {
	return teardown.Step{Action: action, UserName: report, Target: target}
}

func TestEachStepRemovesItsThingAndNothingElse(t *testing.T) {
	w := newWorld(t, iam.Options{})
	w.addReport()
	inv, err := w.client.Inventory(ctx, report, report)
	if err != nil {
		t.Fatal(err)
	}
	virtual := "arn:aws:iam::123456789012:mfa/report"
	for _, c := range []struct {
		step teardown.Step
		// gone is what the account does not hold afterwards; now what it holds instead.
		gone, now string
	}{
		{step(teardown.ActionUpdateAccessKey, leased+":Inactive"), "user svc-report access key " + leased + " Active", "user svc-report access key " + leased + " Inactive"},
		{step(teardown.ActionUpdateAccessKey, leased+":Active"), "user svc-report access key " + leased + " Inactive", "user svc-report access key " + leased + " Active"},
		{step(teardown.ActionDeleteAccessKey, leased), "user svc-report access key " + leased + " Active", ""},
		{step(teardown.ActionDeleteAccessKey, second), "user svc-report access key " + second + " Inactive", ""},
		{step(teardown.ActionDeleteLoginProfile, report), "user svc-report login profile", ""},
		{step(teardown.ActionDeactivateMFA, "GAHT12345678"), "user svc-report MFA device GAHT12345678", ""},
		{step(teardown.ActionDeactivateMFA, virtual), "user svc-report MFA device " + virtual + "\nvirtual MFA device " + virtual + " assigned true", "virtual MFA device " + virtual + " assigned false"},
		{step(teardown.ActionDeleteVirtualMFA, virtual), "virtual MFA device " + virtual + " assigned false", ""},
		{step(teardown.ActionDeleteSSHKey, inv.SSHKeys[0]), "user svc-report SSH key", ""},
		{step(teardown.ActionDeleteSSHKey, inv.SSHKeys[1]), "user svc-report SSH key", ""},
		{step(teardown.ActionDeleteCertificate, inv.Certificates[0]), "user svc-report signing certificate", ""},
		{step(teardown.ActionDeleteCertificate, inv.Certificates[1]), "user svc-report signing certificate", ""},
		{step(teardown.ActionDeleteCredential, inv.ServiceCredentials[0]), "user svc-report credential for codecommit.amazonaws.com", ""},
		{step(teardown.ActionDeleteInlinePolicy, "first"), "user svc-report inline policy first", ""},
		{step(teardown.ActionDeleteInlinePolicy, "second"), "user svc-report inline policy second", ""},
		{step(teardown.ActionDetachPolicy, ownPolicy), "user svc-report attached " + ownPolicy, ""},
		{step(teardown.ActionDetachPolicy, readOnly), "user svc-report attached " + readOnly, ""},
		{step(teardown.ActionLeaveGroup, "staff"), "user svc-report in group staff", ""},
		{step(teardown.ActionLeaveGroup, "reports"), "user svc-report in group reports", ""},
		{step(teardown.ActionDeleteVersion, ownPolicy+":v1"), "policy " + ownPolicy + " versions 3 default v3", "policy " + ownPolicy + " versions 2 default v3"},
	} {
		before := w.account.Inventory()
		w.ResetCalls()
		requestID, err := w.client.Do(ctx, c.step)
		if err != nil {
			t.Fatalf("%s %s: %v", c.step.Action, c.step.Target, err)
		}
		expectRequestID(t, w, requestID)
		want := slices.Clone(before)
		for gone := range strings.SplitSeq(c.gone, "\n") {
			i := slices.Index(want, gone)
			if i < 0 {
				t.Fatalf("%s: the account does not hold %q:\n%s", c.step.Action, gone, strings.Join(before, "\n"))
			}
			want = slices.Delete(want, i, i+1)
		}
		if c.now != "" {
			want = append(want, c.now)
			slices.Sort(want)
		}
		if diff := cmp.Diff(want, w.account.Inventory()); diff != "" {
			t.Errorf("%s %s left (-want +got):\n%s", c.step.Action, c.step.Target, diff)
		}
	}
	// A device that is not assigned any more was listed with its user; then the user, the rest of the policy.
	for _, s := range []teardown.Step{step(teardown.ActionDeleteUser, report), step(teardown.ActionDeleteVersion, ownPolicy+":v2")} {
		if _, err := w.client.Do(ctx, s); err != nil {
			t.Error(err)
		}
	}
	_, err = w.client.Do(ctx, step(teardown.ActionDeletePolicy, ownPolicy))
	expectClass(t, err, failure.Conflict) // the role uses it
	if w.account.UserExists(report) || !w.account.PolicyExists(ownPolicy) {
		t.Error("the user is left, or the shared policy is not")
	}
}

// expectRequestID compares with the last changing call in the log.
func expectRequestID(t *testing.T, w *world, got string) {
	t.Helper()
	calls := w.Calls()
	last := calls[len(calls)-1]
	if !last.Changing() || got == "" || got != last.RequestID {
		t.Errorf("request ID %q, the server gave %q to %s", got, last.RequestID, last.Action)
	}
}

func TestARefusedStepHasARequestIDToo(t *testing.T) {
	w := newWorld(t, iam.Options{})
	w.addReport()
	requestID, err := w.client.Do(ctx, step(teardown.ActionDeleteUser, report))
	expectClass(t, err, failure.Conflict)
	expectRequestID(t, w, requestID)
	if strings.Contains(err.Error(), requestID) {
		t.Errorf("the error %q holds the request ID", err)
	}
}

func TestAStepOfWhatIsGoneIsNotFound(t *testing.T) {
	w := newWorld(t, iam.Options{})
	w.account.AddUser(report)
	for _, s := range []teardown.Step{
		step(teardown.ActionUpdateAccessKey, leased+":Inactive"), step(teardown.ActionDeleteAccessKey, leased), step(teardown.ActionDeleteLoginProfile, report),
		step(teardown.ActionDeactivateMFA, "arn:aws:iam::123456789012:mfa/report"), step(teardown.ActionDeleteVirtualMFA, "arn:aws:iam::123456789012:mfa/report"),
		step(teardown.ActionDeleteSSHKey, "APKA0000000000000000"), step(teardown.ActionDeleteCertificate, "ABCDEFGHIJKLMNOPQRSTUVWX"),
		step(teardown.ActionDeleteCredential, "ACCA0000000000000000"), step(teardown.ActionDeleteInlinePolicy, "first"),
		step(teardown.ActionDetachPolicy, readOnly), step(teardown.ActionLeaveGroup, "staff"),
		{Action: teardown.ActionDeleteUser, UserName: "nobody", Target: "nobody"},
		step(teardown.ActionDeleteVersion, ownPolicy+":v1"), step(teardown.ActionDeletePolicy, ownPolicy),
	} {
		t.Run(s.Action, func(t *testing.T) {
			_, err := w.client.Do(ctx, s)
			expectClass(t, err, failure.NotFound)
		})
	}
}

func TestATargetThatIsHalfOneIsNotSent(t *testing.T) {
	w := newWorld(t, iam.Options{})
	for _, s := range []teardown.Step{step(teardown.ActionUpdateAccessKey, leased), step(teardown.ActionUpdateAccessKey, ":Inactive"),
		step(teardown.ActionUpdateAccessKey, leased+":"), step(teardown.ActionDeleteVersion, ":v1")} {
		_, err := w.client.Do(ctx, s)
		expectClass(t, err, failure.Terminal)
	}
	if counts := w.Counts(); counts.Changes != 0 {
		t.Errorf("%d changing calls", counts.Changes)
	}
}
