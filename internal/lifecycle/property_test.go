package lifecycle

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/delivery"
)

// anyInput draws a lease near its end, with anything that can be the matter with it. Most things are well most of the
// time, or nothing would ever come through.
func anyInput(t *rapid.T) Input {
	// Four of five leases are well but for one or two things, and near or past their end.
	quiet := rapid.IntRange(0, 4).Draw(t, "quiet") < 4
	oneIn := func(n int, what string) bool {
		if quiet {
			n *= 20
		}
		return rapid.IntRange(1, n).Draw(t, what) == n
	}
	hours := rapid.IntRange(-9*24, 9*24).Draw(t, "hours from the end")
	if quiet {
		hours = rapid.IntRange(20, 9*24).Draw(t, "hours after the end")
	}
	in := at("2026-12-08 15:00", func(in *Input) {})
	in.Now = in.Now.Add(time.Duration(hours)*time.Hour + time.Duration(rapid.IntRange(0, 90).Draw(t, "minutes"))*time.Minute)
	ago := func(what string, most int) *metav1.Time {
		m := metav1.NewTime(in.Now.Add(-time.Duration(rapid.IntRange(0, most).Draw(t, what)) * time.Minute).Truncate(time.Second))
		return &m
	}
	in.Sheet.ReadStart = ago("read", 12).Time
	in.Lease.Status.Key.ObservedTime = ago("observed", 120)
	in.Policy.MinimumNotice = time.Duration(rapid.SampledFrom([]int{0, 1, 24, 72}).Draw(t, "minimumNotice")) * time.Hour
	in.Policy.GracePeriod = time.Duration(rapid.SampledFrom([]int{0, 0, 1, 72}).Draw(t, "grace")) * time.Hour
	in.Policy.NoticeDays = rapid.SampledFrom([][]int32{{7}, {14, 7, 1}, {1, 0}, {0}}).Draw(t, "noticeDays")
	in.Lease.Status.Phase = rapid.SampledFrom([]v1alpha1.Phase{"", v1alpha1.PhaseActive, v1alpha1.PhaseNotified, v1alpha1.PhaseExpired, v1alpha1.PhaseRevoked}).Draw(t, "phase")
	in.Lease.Status.Owner.SlackUserID = rapid.SampledFrom([]string{"U1", "U1", "UA1", ""}).Draw(t, "owner")
	for _, term := range []int64{1, 1, 2} {
		days := rapid.SampledFrom(in.Policy.NoticeDays).Draw(t, "notice of")
		states := []v1alpha1.NoticeState{v1alpha1.NoticeDelivered, v1alpha1.NoticeDelivered, v1alpha1.NoticeDelivered, v1alpha1.NoticePending, v1alpha1.NoticeUnreachable}
		if quiet {
			states = states[:3]
		}
		for _, to := range []string{"U1", "UA1", "UA2"} {
			if !oneIn(4, "no record") {
				r := record(days, to, rapid.SampledFrom(states).Draw(t, "state"), "2026-12-01 15:00")
				r.Term, r.Time = term, *ago("notice", 10*24*60)
				if delivery.Find(in.Lease.Status.Notices, r, to) == nil {
					in.Lease.Status.Notices = append(in.Lease.Status.Notices, r)
				}
			}
		}
	}
	odds := func(n int, what string, c change) {
		if oneIn(n, what) {
			c(&in)
		}
	}
	odds(25, "DryRun", policy(func(p *Policy) { p.DryRun = true }))
	odds(25, "was DryRun", inTerm(func(x *v1alpha1.Term) { x.DryRun = true }))
	odds(25, "Exempt", policy(func(p *Policy) { p.Exempt = true }))
	odds(25, "a second term", inTerm(func(x *v1alpha1.Term) { x.Number, x.Reason = 2, TermEndDateChanged }))
	odds(25, "another term", inTerm(func(x *v1alpha1.Term) { x.EndDate = "2026-12-01" }))
	odds(25, "no term", lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Term = nil }))
	odds(25, "no sheet", func(in *Input) { in.Sheet.Exists = false })
	odds(25, "off the sheet", lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.EndDate = "" }))
	odds(25, "no reading", func(in *Input) { in.Sheet.ReadStart = time.Time{} })
	odds(25, "changed since", func(in *Input) { in.Sheet.Applied = false })
	odds(25, "token not asked about", func(in *Input) { in.Sheet.TokenAsked = false })
	odds(25, "away", func(in *Input) { in.Sheet.Resumed = ago("resumed", 600).Time })
	odds(25, "slack", func(in *Input) { in.Sheet.SlackError = "invalid_auth" })
	odds(25, "breaker", func(in *Input) { in.LimitReached = "20 today" })
	odds(25, "given up", lease(func(l *v1alpha1.AccessKeyLease) { l.Annotations = map[string]string{v1alpha1.AnnotationGiveUp: "true"} }))
	odds(25, "a hold", rowHolds(rapid.SampledFrom([]string{v1alpha1.ReasonUnclearMark, v1alpha1.ReasonExtensionRequested}).Draw(t, "reason"), end))
	odds(25, "a spent mark", rowHolds(v1alpha1.ReasonExtensionRequested, "2026-11-30"))
	odds(25, "was held", wasHeldFor(rapid.SampledFrom([]string{v1alpha1.ReasonProtected, v1alpha1.ReasonRecentlyUsed, v1alpha1.ReasonLastUseUnknown, v1alpha1.ReasonUnclearMark}).Draw(t, "was")))
	odds(25, "marked deleted", markedDeleted)
	odds(25, "a mark found", foundMark(""))
	odds(25, "a summary", foundMark("2026-12-05 09:00"))
	odds(25, "used", policy(func(p *Policy) { p.HoldIfUsedWithin = 24 * time.Hour }))
	odds(25, "AWS refused", condition(v1alpha1.ConditionKeyVerified, metav1.ConditionFalse, rapid.SampledFrom([]string{v1alpha1.ReasonAWSForbidden, v1alpha1.ReasonKeyGone, v1alpha1.ReasonKeyStillExists}).Draw(t, "verified")))
	odds(6, "deactivated", func(in *Input) { deactivated(ago("off", 6000).Time.In(tokyo).Format("2006-01-02 15:04:05"))(in) })
	odds(25, "an intent", revocation(func(r *v1alpha1.RevocationStatus) {
		r.StartTime, r.Intent = ago("intent", 600), &v1alpha1.RevocationIntent{Action: rapid.SampledFrom([]string{"UpdateAccessKey", "DeleteAccessKey", "DeleteUser"}).Draw(t, "intent of"), Target: user}
		if r.Intent.Action == "DeleteUser" {
			r.KeyDeletedTime = r.StartTime // the key goes first
		}
	}))
	odds(25, "deleted", deletedKey("2026-12-09 15:00"))
	odds(50, "completed", revocation(func(r *v1alpha1.RevocationStatus) {
		r.CompletionTime, r.Reason = ago("completed", 600), rapid.SampledFrom([]string{v1alpha1.ReasonEndDatePassed, v1alpha1.ReasonKeyAlreadyGone, v1alpha1.ReasonMarkedDeleted}).Draw(t, "as")
	}))
	odds(4, "missed", lease(func(l *v1alpha1.AccessKeyLease) {
		l.Status.Key.AbsentSince = &metav1.Time{Time: in.Now.Add(-time.Duration(rapid.IntRange(0, 30).Draw(t, "missed ago")) * time.Second).Truncate(time.Second)}
	}))
	odds(25, "never seen", neverSeen)
	switch rapid.IntRange(0, 9).Draw(t, "AWS") {
	case 9:
		in.AWSError, in.AWSReason = "timeout", v1alpha1.ReasonAWSUnavailable
	case 6, 7, 8:
	default:
		if in.Lease.Status.Key == nil {
			in.Lease.Status.Key = &v1alpha1.KeyStatus{}
		}
		asked(&in)
		anyAnswer(&in.AWS.Observation, oneIn)
		noted(&in)
	}
	return in
}

func anyAnswer(o *Observation, oneIn func(n int, what string) bool) {
	odds := func(n int, what string, f func()) {
		if oneIn(n, what) {
			f()
		}
	}
	odds(25, "inactive", func() { o.Key = v1alpha1.KeyInactive })
	odds(25, "absent", func() { absent(o) })
	odds(25, "not read", func() { o.Key = "" })
	odds(25, "other account", func() { o.Identity.AccountID = "999999999999" })
	odds(25, "no user", func() { o.UserExists, o.UserID = false, "" })
	odds(25, "no users", func() { o.AccountHasUsers = false })
	odds(25, "own user", func() { o.Identity.SourceUser = "SVC-REPORT" })
	odds(25, "own key", func() { o.Identity.AccessKeyID = keyID })
	odds(25, "protected", func() { o.Tags = map[string]string{ProtectedTag: "true"} })
	odds(25, "recreated user", func() { o.UserID = "AIDAOTHER" })
	odds(25, "recreated key", func() { o.CreateDate = created.Add(time.Hour) })
	odds(25, "other owner", func() { o.KeyUser = "svc-backup" })
	odds(25, "used", func() { o.LastUsed = &v1alpha1.LastUsed{Date: metav1.NewTime(o.Time.Add(-time.Hour))} })
	odds(25, "use unknown", func() { o.UseUnknown = true })
}

// mayDestroy states every guard of behaviour §3 anew, in other words than the code's. It names what forbids the removal.
func mayDestroy(in Input, d Decision) string {
	l, p, o := in.Lease, in.Policy, in.AWS
	hold, mark := l.Status.Sheet.Hold, l.Status.Sheet.ExtensionMark
	nobody := o == nil || in.AWSError != ""
	if nobody {
		return "AWS did not answer"
	}
	ours := l.Status.Revocation != nil && (l.Status.Revocation.KeyDeletedTime != nil ||
		(l.Status.Revocation.Intent != nil && l.Status.Revocation.Intent.Action == "DeleteAccessKey" && o.Key == v1alpha1.KeyAbsent))
	deletedUser := l.Status.Revocation != nil && l.Status.Revocation.Intent != nil && l.Status.Revocation.Intent.Action == "DeleteUser"
	gone := o.Key == v1alpha1.KeyAbsent
	successor := deletedUser && o.UserExists && o.UserID != "AIDAREPORT"
	due := jst("2026-12-09 15:00")
	if ours && due.After(in.Now) {
		due = l.Status.Revocation.StartTime.Time // the lease was extended in the moment of its key's deletion
	}
	switch {
	case !in.Sheet.Exists || l.Status.Sheet == nil || l.Status.Sheet.EndDate == "":
		return "it stood on no row"
	case l.Annotations[v1alpha1.AnnotationGiveUp] == "true", hold != nil && hold.Reason == v1alpha1.ReasonUnclearMark,
		mark != nil && (mark.EndDate == l.Spec.EndDate || p.Exempt):
		return "it is held"
	case l.Status.Sheet.MarkedDeleted && (l.Status.Revocation == nil || l.Status.Revocation.KeyDeletedTime == nil):
		return "a person says that it is deleted"
	case in.Now.In(tokyo).Format("2006-01-02 15:04") < "2026-12-09 15:00" && !ours:
		return "the end date and dailyAt have not passed"
	case !in.Sheet.Applied || !in.Sheet.TokenAsked:
		return "it changed since the reading, or Slack was not asked"
	case in.Sheet.ReadStart.IsZero() || in.Sheet.ReadStart.Before(due) || in.Now.Sub(in.Sheet.ReadStart) > 10*time.Minute:
		return "the sheet was not read since"
	case in.Sheet.SlackError != "" || in.LimitReached != "" || p.DryRun:
		return "Slack, a breaker or the mode"
	case o.Identity.AccountID != account, o.Key == "", !o.UserExists && !o.AccountHasUsers && !deletedUser:
		return "the account or the reading"
	case o.Identity.SourceUser != "", o.Identity.AccessKeyID == keyID, o.Tags != nil && !successor:
		return "the user or key is not to be changed"
	case o.KeyUser != "" && o.KeyUser != user:
		return "the key is another user's"
	case !gone && (l.Status.Key.UserID == "" || l.Status.Key.CreateDate == nil || !o.CreateDate.Equal(created)):
		return "the key is not the one first seen"
	case o.UserExists && o.UserID != "AIDAREPORT" && l.Status.Key.UserID != "" && !successor:
		return "the user is not the one first seen"
	case p.HoldIfUsedWithin > 0 && (o.LastUsed != nil || o.UseUnknown) && !gone:
		return "it is in use"
	case !ours && !anyNotice(in, d):
		return "nobody was told long enough ago"
	}
	return ""
}

// anyNotice of the decision's term, to the owner if known and reachable and an admin, minimumNotice ago.
func anyNotice(in Input, d Decision) bool {
	old := in.Now.Add(-in.Policy.MinimumNotice)
	owner := OwnerID(in.Lease)
	for _, days := range []int32{14, 7, 1, 0} {
		has := map[string]v1alpha1.NoticeState{}
		for _, r := range in.Lease.Status.Notices {
			if r.Term == d.Term.Number && r.Kind == v1alpha1.NoticeExpiry && *r.DaysBefore == days && (r.State != v1alpha1.NoticeDelivered || !r.Time.After(old)) {
				has[r.Recipient] = r.State
			}
		}
		admin := has["UA1"] == v1alpha1.NoticeDelivered || has["UA2"] == v1alpha1.NoticeDelivered
		if admin && (owner == "" || has[owner] == v1alpha1.NoticeDelivered || has[owner] == v1alpha1.NoticeUnreachable) {
			return true
		}
	}
	f := in.Lease.Status.Sheet.FoundMark
	return f != nil && f.SummaryTime != nil && !f.SummaryTime.After(old) && d.Term.Number == 1 && d.Term.EndDate == end
}

func TestNothingIsDestroyedThatAGuardForbids(t *testing.T) {
	deeds := 0
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		d := decide(in)
		if d.Action.Kind != ActionRevoke && d.Action.Kind != ActionDeactivate {
			return
		}
		deeds++
		if why := mayDestroy(in, d); why != "" {
			t.Fatalf("%s, although %s", summary(d), why)
		}
	})
	if deeds == 0 {
		t.Error("nothing was ever to be destroyed: this shows nothing")
	}
}

func TestAKeyIsGivenBackOnlyWhereWeTookIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		d := decide(in)
		rev := in.Lease.Status.Revocation
		switch {
		case d.Action.Kind != ActionReactivate:
		case rev == nil || (rev.DeactivatedTime == nil && (rev.Intent == nil || rev.Intent.Action != "UpdateAccessKey")):
			t.Fatal("we did not take it")
		case !in.Now.Before(jst("2026-12-09 00:00")):
			t.Fatal("its lease has ended")
		case in.AWS.UserID != "AIDAREPORT" && in.AWS.UserExists, in.AWS.Key != v1alpha1.KeyAbsent && !in.AWS.CreateDate.Equal(created):
			t.Fatal("it is not the one first seen")
		}
	})
}

func TestARecordOfCompletionNeedsAWSsWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		if d := decide(in); d.Action.Kind == ActionComplete && (in.AWS == nil || in.AWS.Key != v1alpha1.KeyAbsent || in.AWS.Identity.AccountID != account ||
			(!in.AWS.AccountHasUsers && !in.AWS.UserExists && !TargetOf(in.Lease, in.Policy).UserDeleted)) {
			t.Fatalf("%s on %+v", summary(d), in.AWS)
		} else if d.Action.Kind == ActionComplete && in.AWS.Time.Sub(in.Lease.Status.Key.AbsentSince.Time) < 10*time.Second {
			t.Fatalf("%s, and AWS was asked once, at %s", summary(d), in.AWS.Time)
		}
	})
}

func TestInDryRunNothingIsDoneButToLook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		in.Policy.DryRun = true
		d := decide(in)
		if d.Action.Kind != ActionNone && d.Action.Kind != ActionObserve {
			t.Fatal(summary(d))
		}
		if n, ok := Tell(in, d); ok {
			t.Fatalf("somebody is told of %s", n.Kind)
		}
	})
}

func TestWhatARowHoldsIsLeftAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		rowHolds(v1alpha1.ReasonUnclearMark, "")(&in)
		d := decide(in)
		quiet := d.Phase == v1alpha1.PhaseRevoked // by a mark or by AWS: only messages and readings are left
		if !quiet && d.Action.Kind != ActionNone {
			t.Fatal(summary(d))
		}
	})
}

func TestDecidingChangesNothingAndIsTheSameTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		before := in.Lease.DeepCopy()
		first, second := decide(in), decide(in)
		if diff := cmp.Diff(first, second); diff != "" {
			t.Fatalf("(-first +second):\n%s", diff)
		}
		if diff := cmp.Diff(before, in.Lease); diff != "" {
			t.Fatalf("the lease was changed (-before +after):\n%s", diff)
		}
	})
}

// note a decision in the status, as the controller does.
func note(l *v1alpha1.AccessKeyLease, d Decision) {
	l.Status.Phase, l.Status.Term = d.Phase, d.Term
	l.Status.Conditions = slices.DeleteFunc(slices.Clone(l.Status.Conditions), func(c metav1.Condition) bool { return c.Type == v1alpha1.ConditionHeld })
	if d.Hold != nil {
		l.Status.Conditions = append(l.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionHeld, Status: metav1.ConditionTrue, Reason: d.Hold.Reason, Message: d.Hold.Message})
	}
}

func TestARecordedDecisionIsDecidedAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		first := decide(in)
		if in.Lease.Status.Sheet.MarkedDeleted && first.Action.Kind == ActionObserve {
			return // a new mark is looked into at once, an old one daily
		}
		in.Lease = in.Lease.DeepCopy()
		note(in.Lease, first)
		second := decide(in)
		if second.TermBegan {
			t.Fatalf("a term begins at every look: %s, then %s", summary(first), summary(second))
		}
		// What stops a removal and holds is a hold the next time.
		first.TermBegan = false
		if first.Hold != nil {
			first.Blocked, second.Blocked = nil, nil
		}
		if got, want := summary(second), summary(first); got != want {
			t.Fatalf("%s, then %s", want, got)
		}
	})
}

func TestALeaseThatWaitsKnowsForWhat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		d := decide(in)
		unread := d.Blocked != nil && (d.Blocked.Reason == v1alpha1.ReasonSheetMissing || d.Blocked.Reason == v1alpha1.ReasonNeverOnSheet)
		switch {
		case d.Action.Kind != ActionNone:
		case !d.Again.IsZero() && !d.Again.After(in.Now):
			t.Fatalf("it looks again in the past: %s", summary(d))
		case d.Blocked == nil && !d.Next.IsZero() && !d.Next.After(in.Now):
			t.Fatalf("its moment has passed and nothing stops it: %s", summary(d))
		case in.Lease.Status.Revocation != nil && in.Lease.Status.Revocation.CompletionTime != nil && !unread:
			if !d.Next.IsZero() || !d.Again.IsZero() {
				t.Fatalf("it is over and has a timer: %s", summary(d))
			}
		case d.Hold == nil && !unread && d.Next.IsZero() && d.Again.IsZero():
			t.Fatalf("it waits for nothing: %s", summary(d))
		}
	})
}
