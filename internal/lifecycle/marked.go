package lifecycle

import (
	"fmt"

	"github.com/keylease/keylease/api/v1alpha1"
)

// decideMarkedDeleted handles a row in which a person wrote 削除済み. Keylease reads AWS but does not change it. It asks at
// once; every hour while AWS cannot answer; daily while the key exists; and once more after AWS shows no key.
func decideMarkedDeleted(in Input, d Decision) Decision {
	d.Phase = v1alpha1.PhaseRevoked
	if d.Term == nil {
		t := newTerm(in, 1, TermFirstSeen)
		d.Term, d.TermBegan = &t, true
	}
	if in.AWS == nil {
		return askAboutMarked(in, d)
	}
	if b := in.AWS.Misread; b != nil {
		d.Verified = &Finding{Reason: b.Reason, Message: b.Message}
		d.Again = asksAgainAt(in, toRecheck)
		return d
	}
	if in.AWS.Key != v1alpha1.KeyAbsent {
		d.Verified = &Finding{Reason: v1alpha1.ReasonKeyStillExists, Message: fmt.Sprintf(
			"the sheet says deleted, but key %s of user %s still exists in AWS (%s): delete it there, or take the mark away to let Keylease do it",
			in.Lease.Spec.AccessKeyID, in.Lease.Spec.UserName, in.AWS.Key)}
		return reportStillExists(in, d)
	}
	d.Verified = &Finding{True: true, Reason: v1alpha1.ReasonKeyGone, Message: "the sheet says deleted, and AWS has no such key"}
	switch {
	case in.Policy.DryRun:
		d.Again = asksAgainAt(in, whileMarked)
		return d
	case !goneForGood(in):
		d.Again = lookAgainAt(in)
		return d
	}
	d.Action = Action{Kind: ActionComplete, Reason: v1alpha1.ReasonMarkedDeleted}
	return d
}

// askAboutMarked handles the case that AWS was not asked, or could not answer.
func askAboutMarked(in Input, d Decision) Decision {
	c := verifiedCondition(in.Lease)
	answered := in.Lease.Status.Phase == v1alpha1.PhaseRevoked && c != nil && in.Lease.Status.Key != nil
	switch {
	case in.AWSError != "":
		d.Verified = &Finding{Reason: in.AWSReason, Message: in.AWSError}
		d.Again = asksAgainAt(in, toRecheck)
	case answered && c.Reason == v1alpha1.ReasonKeyStillExists:
		return reportStillExists(in, d)
	case answered && in.Policy.DryRun && c.Reason == v1alpha1.ReasonKeyGone && !asks(in, whileMarked):
		d.Again = asksAgainAt(in, whileMarked)
	case answered && !in.Policy.DryRun && awaitsSecondLook(in):
		d.Again = lookAgainAt(in)
	case asks(in, toChange):
		d.Action = Action{Kind: ActionObserve}
	default:
		d.Again = asksAgainAt(in, toRecheck)
	}
	return d
}

// reportStillExists tells the admins once, and asks again a day later.
func reportStillExists(in Input, d Decision) Decision {
	n := Notice{Kind: v1alpha1.NoticeKeyStillExists}
	if !in.Policy.DryRun && outstanding(in, d, n) {
		d.Action = Action{Kind: ActionNotify, Notice: n}
		return d
	}
	if asks(in, whileMarked) {
		d.Action = Action{Kind: ActionObserve}
		return d
	}
	d.Again = asksAgainAt(in, whileMarked)
	return d
}
