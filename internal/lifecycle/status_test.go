package lifecycle

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// shown are the conditions in one line each, such as "Ready=False Held: as the row says".
func shown(s v1alpha1.AccessKeyLeaseStatus) []string {
	out := []string{}
	for _, c := range s.Conditions {
		out = append(out, c.Type+"="+string(c.Status)+" "+c.Reason+": "+c.Message)
	}
	slices.Sort(out)
	return out
}

func TestADecisionAndWhatFailedMakeTheConditions(t *testing.T) {
	const now = "2026-12-09 15:00"
	blocked := func(reason string) Decision {
		return Decision{Phase: v1alpha1.PhaseExpired, Blocked: &Block{Reason: reason, Message: "why"}}
	}
	waiting := Decision{Phase: v1alpha1.PhaseActive, Next: jst("2026-12-10 15:00")}
	stalledBefore := []change{condition(v1alpha1.ConditionStalled, metav1.ConditionTrue, "AccessDenied"), condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonStalled)}
	inTeardown := []change{deletedKey(now)}
	for name, tc := range map[string]struct {
		was  []change
		d    Decision
		a    Attempts
		want []string
	}{
		"nothing is due":             {nil, waiting, Attempts{}, []string{"Ready=True Waiting: notice on 2026-12-10 15:00 JST"}},
		"it was stalled, and is not": {stalledBefore, waiting, Attempts{}, []string{"Ready=True Waiting: notice on 2026-12-10 15:00 JST"}},
		"a guard that passes":        {stalledBefore, blocked(v1alpha1.ReasonBreakerOpen), Attempts{}, []string{"Ready=False BreakerOpen: why"}},
		"a guard that stalls":        {nil, blocked(v1alpha1.ReasonAWSForbidden), Attempts{}, []string{"Stalled=True AWSForbidden: why", "Ready=False Stalled: why"}},
		"AWS does not answer":        {nil, blocked(v1alpha1.ReasonAWSUnavailable), Attempts{}, []string{"Ready=False AWSUnavailable: why"}},
		"AWS does not answer for long": {nil, blocked(v1alpha1.ReasonAWSUnavailable), Attempts{Exhausted: true},
			[]string{"Stalled=True AWSUnavailable: why", "Ready=False Stalled: why"}},
		"a reading is awaited too": {stalledBefore, blocked(v1alpha1.ReasonWaiting), Attempts{Awaited: true},
			[]string{"Stalled=True AccessDenied: as it was", "Ready=False Stalled: as it was"}},
		"a reading is awaited": {stalledBefore, blocked(v1alpha1.ReasonWaiting), Attempts{}, []string{"Ready=False Waiting: why"}},
		"about to act":         {stalledBefore, Decision{Action: Action{Kind: ActionRevoke}}, Attempts{}, []string{"Stalled=True AccessDenied: as it was", "Ready=False Stalled: as it was"}},
		"held": {stalledBefore, Decision{Hold: &Block{Reason: v1alpha1.ReasonProtected, Message: "why"}}, Attempts{},
			[]string{"Held=True Protected: why", "Ready=False Held: why"}},
		"held no more": {[]change{wasHeldFor(v1alpha1.ReasonProtected)}, waiting, Attempts{}, []string{"Ready=True Waiting: notice on 2026-12-10 15:00 JST"}},
		"a failure that passes": {stalledBefore, waiting, Attempts{Failure: &Failure{Code: "Throttling", Message: "why"}},
			[]string{"Reconciling=True Throttling: why", "Ready=False Retrying: why"}},
		"a failure that is mended by people": {nil, waiting, Attempts{Failure: &Failure{Code: "AccessDenied", Message: "why", NeedsFix: true}},
			[]string{"Stalled=True AccessDenied: why", "Ready=False Stalled: why"}},
		"a failure that lasts": {nil, waiting, Attempts{Failure: &Failure{Code: "Throttling", Message: "why"}, Exhausted: true},
			[]string{"Stalled=True Throttling: why", "Ready=False Stalled: why"}},
		"a code that is no reason": {nil, waiting, Attempts{Failure: &Failure{Code: "502 Bad Gateway", Message: "why"}},
			[]string{"Reconciling=True Retrying: why", "Ready=False Retrying: why"}},
		"a failure without a code": {nil, waiting, Attempts{Failure: &Failure{Message: "why"}},
			[]string{"Reconciling=True Retrying: why", "Ready=False Retrying: why"}},
		"the key is deleted, the rest follows": {inTeardown, Decision{Phase: v1alpha1.PhaseExpired, Next: jst(now)}, Attempts{},
			[]string{"Reconciling=True InProgress: the key is deleted; what hangs on it follows", "Ready=True Waiting: deletion on 2026-12-09 15:00 JST"}},
		"what AWS says": {nil, Decision{Verified: &Finding{Reason: v1alpha1.ReasonKeyGone, Message: "why"}}, Attempts{},
			[]string{"KeyVerified=False KeyGone: why", "Ready=True Waiting: nothing to do"}},
		"marked as deleted": {nil, Decision{Phase: v1alpha1.PhaseRevoked}, Attempts{},
			[]string{"Ready=True Revoked: marked as deleted in the sheet; Keylease changed nothing in AWS"}},
		"over": {[]change{revocation(func(r *v1alpha1.RevocationStatus) { r.CompletionTime = moment(now) })}, Decision{Phase: v1alpha1.PhaseRevoked}, Attempts{},
			[]string{"Ready=True Revoked: the key is gone, and AWS confirmed it"}},
		"over, and AWS lists the key": {[]change{revocation(func(r *v1alpha1.RevocationStatus) { r.CompletionTime = moment(now) })},
			Decision{Phase: v1alpha1.PhaseRevoked, Verified: &Finding{Reason: v1alpha1.ReasonKeyStillExists, Message: "why"}}, Attempts{},
			[]string{"KeyVerified=False KeyStillExists: why", "Ready=True Revoked: AWS was to have no such key any more, and lists it: see KeyVerified"}},
	} {
		t.Run(name, func(t *testing.T) {
			in := at(now, tc.was...)
			before := in.Lease.DeepCopy()
			slices.Sort(tc.want)
			if diff := cmp.Diff(tc.want, shown(NextStatus(in, tc.d, tc.a))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, in.Lease); diff != "" {
				t.Errorf("the lease itself was changed (-before +after):\n%s", diff)
			}
		})
	}
}

func TestAConditionKeepsItsTimeWhileItsStatusStays(t *testing.T) {
	in := at("2026-12-09 15:00")
	d := Decision{Blocked: &Block{Reason: v1alpha1.ReasonBreakerOpen, Message: "full"}}
	in.Lease.Status = NextStatus(in, d, Attempts{})
	in.Now = in.Now.Add(time.Hour + 700*time.Millisecond)
	in.Lease.Status = NextStatus(in, Decision{Blocked: &Block{Reason: v1alpha1.ReasonDryRun, Message: "mode"}}, Attempts{})
	c := meta.FindStatusCondition(in.Lease.Status.Conditions, v1alpha1.ConditionReady)
	if !c.LastTransitionTime.Time.Equal(jst("2026-12-09 15:00")) || c.Reason != v1alpha1.ReasonDryRun {
		t.Errorf("%s since %s", c.Reason, c.LastTransitionTime)
	}
	in.Lease.Status = NextStatus(in, Decision{}, Attempts{})
	if c = meta.FindStatusCondition(in.Lease.Status.Conditions, v1alpha1.ConditionReady); !c.LastTransitionTime.Time.Equal(jst("2026-12-09 16:00")) {
		t.Errorf("it changed at %s, to the second 16:00:00", c.LastTransitionTime)
	}
}

func TestANewTermForgetsTheNoticesOfOldOnes(t *testing.T) {
	in := at("2026-12-09 15:00", noticed)
	s := NextStatus(in, Decision{Term: &v1alpha1.Term{Number: 3}, TermBegan: true}, Attempts{})
	if len(s.Notices) != 0 || s.Term.Number != 3 {
		t.Errorf("term %d has %d notices", s.Term.Number, len(s.Notices))
	}
}

func TestALongMessageIsCutInACondition(t *testing.T) {
	in := at("2026-12-09 15:00")
	s := NextStatus(in, Decision{Blocked: &Block{Reason: v1alpha1.ReasonDryRun, Message: strings.Repeat("延", 2000)}}, Attempts{})
	if n := len(s.Conditions[0].Message); n > 4096 || n < 4090 {
		t.Errorf("%d bytes", n)
	}
}

func TestWhatPeopleMustFixIsAStall(t *testing.T) {
	for _, reason := range []string{
		v1alpha1.ReasonWrongAccount, v1alpha1.ReasonEmptyAccount, v1alpha1.ReasonOtherUser, v1alpha1.ReasonUserRecreated,
		v1alpha1.ReasonKeyRecreated, v1alpha1.ReasonAWSForbidden, v1alpha1.ReasonIdentityNotPinned,
	} {
		if !LeaseReason(reason).Stalls {
			t.Errorf("%s is not shown as Stalled", reason)
		}
	}
	for _, reason := range []string{v1alpha1.ReasonWaiting, v1alpha1.ReasonDryRun, v1alpha1.ReasonBreakerOpen, v1alpha1.ReasonAWSUnavailable} {
		if LeaseReason(reason).Stalls {
			t.Errorf("%s passes by itself, and is shown as Stalled", reason)
		}
	}
}
