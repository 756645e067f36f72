package main

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/keylease/keylease/api/v1alpha1"
)

func at(day int, hour int) metav1.Time {
	return metav1.NewTime(time.Date(2026, 12, day, hour-9, 0, 0, 0, time.UTC))
}

func TestWhyTellsTheWholeStoryInOrder(t *testing.T) {
	d := newDesk(t)
	d.giveSheet("", condition(v1alpha1.ConditionSlackReady, metav1.ConditionFalse, v1alpha1.ReasonSlackTokenInvalid, "the token was revoked"))
	d.give(keyB, "svc-report", "2026-11-30", v1alpha1.AccessKeyLeaseStatus{
		Phase:              v1alpha1.PhaseExpired,
		NextTransitionTime: ptr.To(at(2, 15)),
		Term:               &v1alpha1.Term{Number: 2, EndDate: "2026-11-30", StartTime: at(1, 9), Reason: "HoldReleased"},
		Sheet:              &v1alpha1.SheetRowStatus{Row: 5, EndDate: "2026-11-30"},
		Notices: []v1alpha1.NoticeStatus{
			{Term: 2, Kind: v1alpha1.NoticeExpiry, DaysBefore: ptr.To[int32](7), Delivery: v1alpha1.Delivery{Recipient: "U0EMPLOY02", State: v1alpha1.NoticeDelivered, Time: at(1, 10)}},
			{Term: 2, Kind: v1alpha1.NoticeExpiry, DaysBefore: ptr.To[int32](7), Delivery: v1alpha1.Delivery{Recipient: "U0ADMIN01", State: v1alpha1.NoticeUnreachable, Reason: "user_disabled", Time: at(1, 10)}},
		},
		Plan: &v1alpha1.RevocationPlan{Time: at(1, 10), Steps: []string{"DeleteAccessKey " + keyB, "DeleteUser svc-report"}},
		Conditions: []metav1.Condition{
			condition(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonWaiting, "deletion on 2026-12-02 15:00 JST"),
			condition(v1alpha1.ConditionOwnerResolved, metav1.ConditionTrue, v1alpha1.ReasonOwnerFound, "鈴木 花子 is U0EMPLOY02"),
		},
	})
	out, problem := d.keylease("why", keyB)
	if problem != "" {
		t.Fatal(problem)
	}
	d.says(out,
		"Key "+keyB+" of IAM user svc-report, for 鈴木 花子.",
		"End date 2026-11-30 (yesterday); phase Expired; row 5 of sheet key-requests.",
		"Term 2 since 2026-12-01 09:00 JST (HoldReleased).",
		"NOT DELETED YET: its end has passed, and its time has not come. deletion on 2026-12-02 15:00 JST.",
		"not SlackReady (SlackTokenInvalid): the token was revoked.",
		"Ready", "True", "Waiting", "OwnerResolved",
		"Expiry, 7 days before", "U0EMPLOY02", "Delivered", "2026-12-01 10:00 JST", "U0ADMIN01", "Unreachable", "user_disabled",
		"DeleteAccessKey "+keyB+"; DeleteUser svc-report",
		"Next: the operator comes back to it at 2026-12-02 15:00 JST.")
}

func TestWhySaysInOneSentenceWhetherTheKeyIsDeleted(t *testing.T) {
	ready := func(status metav1.ConditionStatus, reason, text string) metav1.Condition {
		return condition(v1alpha1.ConditionReady, status, reason, text)
	}
	for name, c := range map[string]struct {
		status v1alpha1.AccessKeyLeaseStatus
		want   []string
	}{
		"nobody looked": {v1alpha1.AccessKeyLeaseStatus{}, []string{"NOT DELETED: the operator has not looked", "Nobody was told", "Next: nothing by itself."}},
		"not ended": {v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseActive, Conditions: []metav1.Condition{
			ready(metav1.ConditionTrue, v1alpha1.ReasonWaiting, "notice on 2027-01-01 15:00 JST")}}, []string{"NOT DELETED: it has not ended. notice on 2027-01-01"}},
		"held": {v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseExpired, Conditions: []metav1.Condition{
			ready(metav1.ConditionFalse, v1alpha1.ReasonHeld, "x"),
			condition(v1alpha1.ConditionHeld, metav1.ConditionTrue, v1alpha1.ReasonUnclearMark, "what does 延長不要 mean?")}},
			[]string{"NOT DELETED: held (UnclearMark): what does 延長不要 mean?"}},
		"stalled": {v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseExpired, Conditions: []metav1.Condition{
			ready(metav1.ConditionFalse, v1alpha1.ReasonStalled, "x"),
			condition(v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonAWSForbidden, "iam DeleteUser: AccessDenied")}},
			[]string{"NOT DELETED: stalled (AWSForbidden): iam DeleteUser: AccessDenied", "kubectl keylease retry"}},
		"blocked": {v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseExpired, NextTransitionTime: ptr.To(at(1, 9)), Conditions: []metav1.Condition{
			ready(metav1.ConditionFalse, v1alpha1.ReasonBreakerOpen, "20 keys were deleted today")}},
			[]string{"NOT DELETED: BreakerOpen: 20 keys were deleted today", "Next: what was due at 2026-12-01 09:00 JST, as soon as nothing stops it."}},
		"marked by hand": {v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseRevoked, Conditions: []metav1.Condition{
			condition(v1alpha1.ConditionKeyVerified, metav1.ConditionFalse, v1alpha1.ReasonKeyStillExists, "the key still exists in AWS")}},
			[]string{"NOT DELETED BY KEYLEASE", "the key still exists in AWS"}},
		"to be stopped": {v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseNotified, Plan: &v1alpha1.RevocationPlan{
			Time: at(1, 10), Blocked: "user svc-report is tagged"}}, []string{"A deletion would be stopped, as AWS stood at 2026-12-01 10:00 JST: user svc-report is tagged."}},
		"half way": {v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseExpired, Revocation: &v1alpha1.RevocationStatus{KeyDeletedTime: ptr.To(at(1, 11))}},
			[]string{"DELETED at 2026-12-01 11:00 JST; what hangs on the key follows"}},
		"gone": {v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseRevoked, Revocation: &v1alpha1.RevocationStatus{
			Reason: v1alpha1.ReasonEndDatePassed, CompletionTime: ptr.To(at(1, 11)),
			Steps:    []v1alpha1.RevocationStep{{Action: "DeleteAccessKey", Target: keyA, Time: at(1, 11)}},
			Retained: []v1alpha1.Retained{{Target: "policy/svc-shared", Reason: v1alpha1.RetainedAttachedElsewhere}}}},
			[]string{"GONE since 2026-12-01 11:00 JST (EndDatePassed)", "DeleteAccessKey", keyA, "Kept: policy/svc-shared (AttachedElsewhere)."}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.giveSheet("")
			d.give(keyA, "svc-report", "2027-01-08", c.status)
			out, problem := d.keylease("why", keyA)
			if problem != "" {
				t.Fatal(problem)
			}
			d.says(out, append([]string{"2027-01-08 (in 38 days)"}, c.want...)...)
		})
	}
}

func TestWhyOfALeaseWhoseSheetIsGoneSaysSo(t *testing.T) {
	d := newDesk(t)
	d.give(keyA, "svc-report", "2027-01-08", v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseActive})
	out, _ := d.keylease("why", keyA)
	d.says(out, "AccessKeySheet key-requests cannot be read: without it nothing is done.")
}

func TestWhatWasTypedIntoASheetDoesNotSpeakToTheTerminal(t *testing.T) {
	d := newDesk(t)
	d.giveSheet("")
	d.give(keyA, "svc-report", "2027-01-08", v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseActive, Conditions: []metav1.Condition{
		condition(v1alpha1.ConditionHeld, metav1.ConditionTrue, v1alpha1.ReasonUnclearMark, "what does \x1b[2J\u009b mean?\r\n")}})
	out, _ := d.keylease("why", keyA)
	for _, r := range out {
		if r != '\n' && (r < ' ' || (r >= 0x7f && r < 0xa0)) {
			t.Errorf("the control character %U gets through:\n%q", r, out)
		}
	}
	d.says(out, "what does")
}
