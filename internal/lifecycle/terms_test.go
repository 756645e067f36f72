package lifecycle

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
)

func TestWhatBeginsANewTerm(t *testing.T) {
	decisions{
		"a later date: back to Active": {
			at("2026-12-03 09:00", noticed, phase(v1alpha1.PhaseNotified), endDate("2027-03-31")),
			"Active; term 2 EndDateChanged; next 2027-03-24 15:00",
		},
		"an earlier date: its own notice": {
			at("2026-11-03 09:00", endDate("2026-11-05")), "Active; term 2 EndDateChanged; do Notify Expiry 7",
		},
		"an earlier date that has passed: notice first, with AWS asked": {
			at("2026-12-03 09:00", noticed, asked, phase(v1alpha1.PhaseNotified), endDate("2026-12-01")),
			"Active; term 2 EndDateChanged; do Notify Expiry 7",
		},
		"back to the first date (A, B, A)": {
			at("2026-12-09 16:00", asked, noticed, inTerm(func(t *v1alpha1.Term) { t.Number, t.EndDate = 2, "2027-03-31" })),
			"Active; term 3 EndDateChanged; do Notify Expiry 7",
		},
		"the notice of the first A is no notice of the third term": {
			at("2026-12-09 16:05", asked, noticed, inTerm(func(t *v1alpha1.Term) { t.Number, t.Reason = 3, TermEndDateChanged })),
			"Active; do Notify Expiry 7",
		},
		"a released hold": {
			at("2026-12-20 09:00", asked, noticed, phase(v1alpha1.PhaseExpired), wasHeldFor(v1alpha1.ReasonExtensionRequested)),
			"Active; term 2 HoldReleased; do Notify Expiry 7",
		},
		"a mark 削除済み that was taken back": {
			at("2026-12-20 09:00", asked, noticed, phase(v1alpha1.PhaseRevoked)),
			"Active; term 2 HoldReleased; do Notify Expiry 7",
		},
		"and was replaced by a hold: it lives, held": {
			at("2026-12-20 09:00", noticed, phase(v1alpha1.PhaseRevoked), rowHolds(v1alpha1.ReasonExtensionRequested, end)),
			"Active; held ExtensionRequested",
		},
		"the mode becomes Enforce": {
			at("2026-12-20 09:00", asked, noticed, inTerm(func(t *v1alpha1.Term) { t.DryRun = true })),
			"Active; term 2 ModeEnforced; do Notify Expiry 7",
		},
		"the operator was away": {
			at("2026-12-20 09:00", asked, noticed, func(in *Input) { in.Sheet.Resumed = jst("2026-12-20 08:59") }),
			"Active; term 2 OperatorAway; do Notify Expiry 7",
		},
		"an absence before the term began is none of it": {
			at("2026-12-02 09:00", noticed, func(in *Input) { in.Sheet.Resumed = jst("2026-10-20 08:59") }),
			"Notified; next 2026-12-09 00:00",
		},
		"once the key is deleted nothing begins anew": {
			at("2026-12-20 09:00", asked, noticed, phase(v1alpha1.PhaseExpired), deletedKey("2026-12-09 15:00"), wasHeldFor(v1alpha1.ReasonProtected),
				answered(absent), func(in *Input) { in.Sheet.Resumed = jst("2026-12-20 08:59") }),
			"Expired; do Revoke; next 2026-12-09 15:00",
		},
	}.check(t)
}

// Enforce, DryRun, Enforce: of a notice given before the DryRun nobody knows whether it still holds.
func TestASpellOfDryRunIsRememberedByTheTerm(t *testing.T) {
	in := at("2026-12-05 09:00", noticed, policy(func(p *Policy) { p.DryRun = true }))
	d := decide(in)
	if d.TermBegan || !d.Term.DryRun {
		t.Errorf("in DryRun the term is %+v, began %v", d.Term, d.TermBegan)
	}
	in.Lease.Status.Term, in.Policy.DryRun = d.Term, false
	if got := decide(in); !got.TermBegan || got.Term.Reason != TermModeEnforced {
		t.Errorf("back in Enforce the term is %+v", got.Term)
	}
}

func TestAHeldLeaseIsOutOfAllProcessingInEveryPhase(t *testing.T) {
	held := rowHolds(v1alpha1.ReasonExtensionRequested, end)
	decisions{
		"Active":                   {at("2026-12-01 15:00", held), "Active; held ExtensionRequested"},
		"at first sight":           {at("2026-12-20 15:00", unknown, held), "Active; held ExtensionRequested"},
		"Notified":                 {at("2026-12-09 16:00", noticed, phase(v1alpha1.PhaseNotified), held), "Notified; held ExtensionRequested"},
		"Expired":                  {at("2026-12-20 16:00", asked, noticed, phase(v1alpha1.PhaseExpired), held), "Expired; held ExtensionRequested"},
		"deactivated, it stays so": {at("2026-12-10 16:00", asked, noticed, phase(v1alpha1.PhaseExpired), grace(72*time.Hour), deactivated("2026-12-09 15:00"), held), "Expired; held ExtensionRequested"},
		"in DryRun":                {at("2026-12-20 16:00", dryRun, held), "Active; held ExtensionRequested"},
		"an unclear mark":          {at("2026-12-20 16:00", asked, noticed, rowHolds(v1alpha1.ReasonUnclearMark, "")), "Active; held UnclearMark"},
		"an invalid row":           {at("2026-12-20 16:00", asked, noticed, rowHolds(v1alpha1.ReasonInvalidRow, "")), "Active; held InvalidRow"},
		"a date that GitOps owns":  {at("2026-12-20 16:00", asked, noticed, rowHolds(v1alpha1.ReasonFieldOwnedElsewhere, "")), "Active; held FieldOwnedElsewhere"},
		"given up by a person":     {at("2026-12-20 16:00", asked, noticed, lease(func(l *v1alpha1.AccessKeyLease) { l.Annotations = map[string]string{v1alpha1.AnnotationGiveUp: "true"} })), "Active; held GivenUp"},
		"between key and user, by a row that nobody understands": {at("2026-12-09 16:00", asked, noticed, phase(v1alpha1.PhaseExpired), deletedKey("2026-12-09 15:00"), rowHolds(v1alpha1.ReasonUnclearMark, "")), "Expired; held UnclearMark"},
		"a mark holds the date it was put against, not another": {
			at("2026-12-05 09:00", rowHolds(v1alpha1.ReasonExtensionRequested, "2026-11-30")), "Active; do Notify Expiry 7",
		},
		"with extensionPolicy Exempt it holds any": {
			at("2026-12-05 09:00", rowHolds(v1alpha1.ReasonExtensionRequested, "2026-11-30"), policy(func(p *Policy) { p.Exempt = true })), "Active; held ExtensionRequested",
		},
		"a hold that began long before is the same hold": {
			at("2027-12-20 16:00", asked, noticed, held, wasHeldFor(v1alpha1.ReasonExtensionRequested)), "Active; held ExtensionRequested",
		},
	}.check(t)
}

func TestWhatAWSHoldsIsAskedOfAWSAgain(t *testing.T) {
	held := wasHeldFor(v1alpha1.ReasonProtected)
	decisions{
		"within the day it stays":       {at("2026-12-09 16:00", noticed, held, seenAt("2026-12-08 16:01")), "Active; held Protected; again 2026-12-09 16:01"},
		"after it AWS is asked":         {at("2026-12-09 16:00", noticed, held, seenAt("2026-12-08 16:00")), "Active; held Protected; do Observe"},
		"what changes by use, hourly":   {at("2026-12-09 16:00", noticed, wasHeldFor(v1alpha1.ReasonRecentlyUsed), seenAt("2026-12-09 15:00")), "Active; held RecentlyUsed; do Observe"},
		"at once where a person asks":   {at("2026-12-09 16:00", noticed, held, func(in *Input) { in.Retry = true }), "Active; held Protected; do Observe"},
		"still protected":               {at("2026-12-09 16:00", noticed, held, answered(func(o *Observation) { o.Tags = map[string]string{ProtectedTag: "true"} })), "Active; held Protected; again 2026-12-10 16:00"},
		"not any more: a new term":      {at("2026-12-09 16:00", noticed, held, asked), "Active; term 2 HoldReleased; do Notify Expiry 7"},
		"no answer releases nothing":    {at("2026-12-09 16:00", noticed, held, seenAt("2026-12-08 15:00"), func(in *Input) { in.AWSError, in.AWSReason = "timeout", v1alpha1.ReasonAWSUnavailable }), "Active; held Protected; again 2026-12-09 17:00"},
		"nor does another account":      {at("2026-12-09 16:00", noticed, held, answered(func(o *Observation) { *o = Observation{Identity: Identity{AccountID: "999999999999"}} })), "Active; held Protected; again 2026-12-10 16:00"},
		"a date that moved releases it": {at("2026-12-09 16:00", noticed, held, endDate("2027-03-31")), "Active; term 2 EndDateChanged; next 2027-03-24 15:00"},
		"used lately, used still":       {at("2026-12-09 16:00", noticed, wasHeldFor(v1alpha1.ReasonRecentlyUsed), policy(func(p *Policy) { p.HoldIfUsedWithin = 24 * time.Hour }), answered(func(o *Observation) { o.LastUsed = &v1alpha1.LastUsed{Date: *moment("2026-12-09 12:00")} })), "Active; held RecentlyUsed; again 2026-12-09 17:00"},
		"unknown use, unknown still":    {at("2026-12-09 16:00", noticed, wasHeldFor(v1alpha1.ReasonLastUseUnknown), policy(func(p *Policy) { p.HoldIfUsedWithin = 24 * time.Hour }), answered(func(o *Observation) { o.UseUnknown = true })), "Active; held LastUseUnknown; again 2026-12-09 17:00"},
		"unknown use, known by now":     {at("2026-12-09 16:00", noticed, wasHeldFor(v1alpha1.ReasonLastUseUnknown), policy(func(p *Policy) { p.HoldIfUsedWithin = 24 * time.Hour }), asked), "Active; term 2 HoldReleased; do Notify Expiry 7"},
		"used lately, and not since":    {at("2026-12-10 16:00", noticed, wasHeldFor(v1alpha1.ReasonRecentlyUsed), policy(func(p *Policy) { p.HoldIfUsedWithin = 24 * time.Hour }), answered(func(o *Observation) { o.LastUsed = &v1alpha1.LastUsed{Date: *moment("2026-12-09 12:00")} })), "Active; term 2 HoldReleased; do Notify Expiry 7"},
	}.check(t)
}

func TestTheGracePeriod(t *testing.T) {
	three := grace(72 * time.Hour)
	expired := phase(v1alpha1.PhaseExpired)
	toldOff := records(noticeTo(v1alpha1.NoticeDeactivated, "U1", v1alpha1.NoticeDelivered),
		noticeTo(v1alpha1.NoticeDeactivated, "UA1", v1alpha1.NoticeDelivered), noticeTo(v1alpha1.NoticeDeactivated, "UA2", v1alpha1.NoticeDelivered))
	off := deactivated("2026-12-09 15:00")
	// someoneOff: the key is inactive although no deactivation of ours is known to have succeeded.
	someoneOff := func(now string, intent *v1alpha1.RevocationIntent) Input {
		return at(now, noticed, three, expired, toldOff, answered(func(o *Observation) { o.Key = v1alpha1.KeyInactive }), revocation(func(r *v1alpha1.RevocationStatus) {
			r.StartTime, r.Intent = moment("2026-12-09 15:00"), intent
		}))
	}
	decisions{
		"at its hour the key is deactivated": {at("2026-12-09 15:00", asked, noticed, three), "Expired; do Deactivate; next 2026-12-09 15:00"},
		"then people are told, at once":      {at("2026-12-09 15:00:30", noticed, three, expired, off, readAt("2026-12-09 14:58")), "Expired; do Notify Deactivated; next 2026-12-12 15:00"},
		"once":                               {at("2026-12-09 15:05", noticed, three, expired, off, toldOff), "Expired; next 2026-12-12 15:00"},
		"a minute before its end":            {at("2026-12-12 14:59", asked, noticed, three, expired, off, toldOff), "Expired; next 2026-12-12 15:00"},
		"at its end it is deleted":           {at("2026-12-12 15:00", asked, noticed, three, expired, off, toldOff), "Expired; do Revoke; next 2026-12-12 15:00"},
		"on a reading from before its end nothing": {
			at("2026-12-12 15:00", asked, noticed, three, expired, off, toldOff, readAt("2026-12-12 14:58")),
			"Expired; blocked by SheetFresh: Waiting; next 2026-12-12 15:00; again 2026-12-12 16:00",
		},
		"a key that somebody else deactivated has its grace too": {
			at("2026-12-09 16:00", noticed, three, expired, toldOff, answered(func(o *Observation) { o.Key = v1alpha1.KeyInactive }), revocation(func(r *v1alpha1.RevocationStatus) { r.StartTime = moment("2026-12-09 15:00") })),
			"Expired; next 2026-12-12 15:00",
		},
		"and is deleted at its end": {someoneOff("2026-12-12 15:00", nil), "Expired; do Revoke; next 2026-12-12 15:00"},
		"a deletion that failed is tried again": {
			someoneOff("2026-12-12 16:00", &v1alpha1.RevocationIntent{Action: "DeleteAccessKey", Target: keyID}), "Expired; do Revoke; next 2026-12-12 15:00",
		},
		"so it is if the key could not be given back before": {
			someoneOff("2026-12-12 16:00", &v1alpha1.RevocationIntent{Action: "UpdateAccessKey", Target: keyID + ":Active"}), "Expired; do Revoke; next 2026-12-12 15:00",
		},
		"but a deactivation whose answer was lost is learned about first": {
			someoneOff("2026-12-12 16:00", &v1alpha1.RevocationIntent{Action: "UpdateAccessKey", Target: keyID + ":Inactive"}), "Expired; do Deactivate; next 2026-12-09 15:00",
		},
		"an attempt that AWS denied began none: it is made again": {
			at("2026-12-12 16:00", asked, noticed, three, expired, revocation(func(r *v1alpha1.RevocationStatus) { r.StartTime = moment("2026-12-09 15:00") })),
			"Expired; do Deactivate; next 2026-12-09 15:00",
		},
		"so is one whose outcome is not known": {
			at("2026-12-09 16:00", asked, noticed, three, expired, revocation(func(r *v1alpha1.RevocationStatus) {
				r.StartTime, r.Intent = moment("2026-12-09 15:00"), &v1alpha1.RevocationIntent{Action: "UpdateAccessKey", Target: keyID + ":Inactive"}
			})),
			"Expired; do Deactivate; next 2026-12-09 15:00",
		},
		"a key that is gone when its turn comes has none": {
			at("2026-12-09 15:00", answered(absent), noticed, three), "Expired; do Revoke; next 2026-12-09 15:00",
		},
		"nor while that is being verified": {
			at("2026-12-09 15:01", answered(absent), noticed, three, expired, revocation(func(r *v1alpha1.RevocationStatus) {
				r.StartTime, r.Reason = moment("2026-12-09 15:00"), v1alpha1.ReasonKeyAlreadyGone
			})),
			"Expired; do Revoke; next 2026-12-09 15:00",
		},
		"without one, a deletion that stopped halfway goes on with the reading that it began with": {
			at("2026-12-09 15:02", asked, noticed, expired, deactivated("2026-12-09 15:01"), readAt("2026-12-09 15:00")),
			"Expired; do Revoke; next 2026-12-09 15:00",
		},
		"a hold released in it begins a new term, with its own notice": {
			at("2026-12-10 09:00", asked, noticed, three, expired, off, wasHeldFor(v1alpha1.ReasonExtensionRequested)),
			"Active; term 2 HoldReleased; do Notify Expiry 7",
		},
		"a date moved to another that has passed does not give the key back": {
			at("2026-12-11 09:00", asked, noticed, three, expired, off, endDate("2026-12-10")),
			"Active; term 2 EndDateChanged; do Notify Expiry 7",
		},
	}.check(t)
}

func TestAnExtendedLeaseGetsItsKeyBack(t *testing.T) {
	off, later := deactivated("2026-12-09 15:00"), endDate("2027-03-31")
	all := func(more ...change) Input {
		return at("2026-12-10 09:00", append([]change{noticed, grace(72 * time.Hour), phase(v1alpha1.PhaseExpired), off, later}, more...)...)
	}
	inactive := func(o *Observation) { o.Key = v1alpha1.KeyInactive }
	again := "Active; term 2 EndDateChanged; "
	decisions{
		"AWS is asked first":     {all(), again + "do Observe"},
		"and it is activated":    {all(answered(inactive)), again + "do Reactivate"},
		"not another key":        {all(answered(func(o *Observation) { inactive(o); o.CreateDate = created.Add(time.Hour) })), again + "blocked by SameKey: KeyRecreated; next 2027-03-24 15:00; again 2026-12-10 10:00"},
		"not a key never pinned": {all(answered(inactive), lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Key.UserID = "" })), again + "blocked by Pinned: IdentityNotPinned; next 2027-03-24 15:00; again 2026-12-10 10:00"},
		"not a protected user's": {all(answered(func(o *Observation) { inactive(o); o.Tags = map[string]string{ProtectedTag: "true"} })), again + "held Protected; blocked by NotProtected: Protected; again 2026-12-11 09:00"},
		"not in DryRun":          {all(answered(inactive), policy(func(p *Policy) { p.DryRun = true })), again + "blocked by Mode: DryRun; next 2027-03-24 15:00; again 2026-12-11 09:00"},
		"the outcome of the deactivation is not known: given back all the same": {
			all(asked, revocation(func(r *v1alpha1.RevocationStatus) {
				r.DeactivatedTime, r.Intent = nil, &v1alpha1.RevocationIntent{Action: "UpdateAccessKey", Target: keyID + ":Inactive"}
			})),
			again + "do Reactivate",
		},
		"what somebody else deactivated stays so": {
			all(answered(inactive), revocation(func(r *v1alpha1.RevocationStatus) { r.DeactivatedTime = nil })), again + "next 2027-03-24 15:00",
		},
		"that it cannot be given back keeps nobody from being told of the new end": {
			all(endDate("2026-12-12"), answered(func(o *Observation) { inactive(o); o.CreateDate = created.Add(time.Hour) })), again + "do Notify Expiry 7; again 2026-12-10 10:00",
		},
	}.check(t)
}

func TestASecondTermKeepsTheNoticesOfTheFirstForOthersToSee(t *testing.T) {
	d := decide(at("2026-12-03 09:00", noticed, endDate("2027-03-31")))
	want := &v1alpha1.Term{Number: 2, EndDate: "2027-03-31", StartTime: *moment("2026-12-03 09:00"), Reason: TermEndDateChanged}
	if diff := cmp.Diff(want, d.Term); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnExtensionInTheMomentOfALostDeletionHasAWSAsked(t *testing.T) {
	// Somebody else deactivated the key; the answer to its deletion was lost, and the row got a new date.
	all := func(now string, more ...change) Input {
		return at(now, append([]change{noticed, phase(v1alpha1.PhaseExpired), endDate("2027-03-31"), seenAt("2026-12-09 15:00:00"),
			lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Key.Status = v1alpha1.KeyInactive }),
			revocation(func(r *v1alpha1.RevocationStatus) {
				r.StartTime, r.Reason = moment("2026-12-09 15:00:01"), v1alpha1.ReasonEndDatePassed
				r.Intent = &v1alpha1.RevocationIntent{Action: "DeleteAccessKey", Target: keyID, Time: *moment("2026-12-09 15:00:01")}
			})}, more...)...)
	}
	again := "Active; term 2 EndDateChanged; "
	inactive := func(o *Observation) { o.Key = v1alpha1.KeyInactive }
	decisions{
		"once its outcome shows":         {all("2026-12-09 15:00:11"), again + "do Observe"},
		"not before":                     {all("2026-12-09 15:00:10"), again + "next 2027-03-24 15:00; again 2026-12-09 15:00"},
		"gone: what hangs on it follows": {all("2026-12-09 15:00:11", answered(absent)), "Expired; term 2 EndDateChanged; do Revoke; next 2026-12-09 15:00"},
		"there: it is looked at hourly":  {all("2026-12-09 15:00:11", answered(inactive)), again + "next 2027-03-24 15:00; again 2026-12-09 16:00"},
		"and not in between":             {all("2026-12-09 15:30", seenAt("2026-12-09 15:00:11")), again + "next 2027-03-24 15:00; again 2026-12-09 16:00"},
		"an hour later":                  {all("2026-12-09 16:00:11", seenAt("2026-12-09 15:00:11")), again + "do Observe"},
		"AWS that does not answer is no answer": {
			all("2026-12-09 15:00:11", func(in *Input) { in.AWSError, in.AWSReason = "timeout", v1alpha1.ReasonAWSUnavailable }),
			again + "next 2027-03-24 15:00; again 2026-12-09 16:00",
		},
	}.check(t)
}
