package lifecycle

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/delivery"
)

// life drives one lease by what is decided, in a world that obeys: the sheet is read every five minutes, AWS and Slack
// do what they are asked, though now and then they fail.
type life struct {
	*rapid.T
	in      Input
	key     v1alpha1.KeyState
	deleted time.Time
	// sent counts messages of expiry by term, days and recipient; lastTold is when an owner or admin got the last first one of a term.
	sent map[string]int
	told map[int64]map[string]time.Time
	turn int
}

func newLife(t *rapid.T) *life {
	in := at("2026-11-20 09:00", unknown)
	in.Policy.MinimumNotice = time.Duration(rapid.SampledFrom([]int{0, 24, 72}).Draw(t, "minimumNotice")) * time.Hour
	in.Policy.GracePeriod = time.Duration(rapid.SampledFrom([]int{0, 0, 48}).Draw(t, "grace")) * time.Hour
	in.Policy.NoticeDays = rapid.SampledFrom([][]int32{{7}, {14, 7, 1}, {0}}).Draw(t, "noticeDays")
	in.Lease.Status.Owner.SlackUserID = rapid.SampledFrom([]string{"U1", "UA1", ""}).Draw(t, "owner")
	return &life{T: t, in: in, key: v1alpha1.KeyActive, sent: map[string]int{}, told: map[int64]map[string]time.Time{}}
}

// run until AWS has let go and nothing is left to be done.
func (w *life) run(events map[int]func()) {
	for w.turn = range 3000 {
		if e := events[w.turn]; e != nil {
			e()
		}
		d := decide(w.in)
		note(w.in.Lease, d)
		if d.Verified != nil {
			condition(v1alpha1.ConditionKeyVerified, map[bool]metav1.ConditionStatus{true: "True", false: "False"}[d.Verified.True], d.Verified.Reason)(&w.in)
		}
		if d.Action.Kind == ActionNone {
			if w.in.Lease.Status.Revocation != nil && w.in.Lease.Status.Revocation.CompletionTime != nil {
				return
			}
			w.wait(d)
			continue
		}
		w.act(d)
	}
	w.Fatalf("never at rest; at %s: %s", w.in.Now.In(tokyo), summary(decide(w.in)))
}

// wait for the next moment, or five minutes for the sheet's next reading, whatever comes first.
func (w *life) wait(d Decision) {
	next := earliest(d.Next, d.Again)
	if overdue := !d.Next.IsZero() && !d.Next.After(w.in.Now); overdue || next.IsZero() {
		next = w.in.Now.Add(5 * time.Minute)
	}
	w.to(next)
}

func (w *life) to(t time.Time) {
	w.in.Now, w.in.AWS = t, nil
	w.in.Sheet.ReadStart = t.Add(-t.Sub(jst("2026-01-01 00:00")) % (5 * time.Minute))
}

func (w *life) fails(what string) bool { return rapid.IntRange(0, 9).Draw(w.T, what) == 9 }

func (w *life) act(d Decision) {
	l := w.in.Lease
	now := metav1.NewTime(w.in.Now.Truncate(time.Second))
	if d.Action.Kind != ActionNotify && w.fails("AWS fails") {
		w.in.AWSError, w.in.AWSReason = "timeout", v1alpha1.ReasonAWSUnavailable
		defer func() { w.in.AWSError = "" }()
		if again := decide(w.in); again.Action.Kind == ActionNotify {
			w.send(again)
		}
		w.to(w.in.Now.Add(time.Minute))
		return
	}
	switch d.Action.Kind {
	case ActionObserve:
		answered(func(o *Observation) {
			if o.Key = w.key; w.key == v1alpha1.KeyAbsent {
				absent(o)
			}
		})(&w.in)
		w.pin(now)
	case ActionNotify:
		w.send(d)
	case ActionDeactivate:
		w.destroyed(d)
		w.key, w.in.AWS = v1alpha1.KeyInactive, nil
		l.Status.Revocation = &v1alpha1.RevocationStatus{StartTime: &now, DeactivatedTime: &now, Reason: v1alpha1.ReasonEndDatePassed}
	case ActionReactivate:
		w.key, w.in.AWS, l.Status.Revocation = v1alpha1.KeyActive, nil, nil
	case ActionRevoke:
		w.destroyed(d)
		w.key, w.in.AWS, w.deleted = v1alpha1.KeyAbsent, nil, w.in.Now
		l.Status.Revocation = &v1alpha1.RevocationStatus{StartTime: &now, KeyDeletedTime: &now, CompletionTime: &now, Reason: v1alpha1.ReasonEndDatePassed}
	case ActionComplete:
		w.Fatal("the key was there all along")
	}
}

func (w *life) pin(now metav1.Time) {
	k := &v1alpha1.KeyStatus{Status: w.key, UserID: "AIDAREPORT", CreateDate: &metav1.Time{Time: created}, ObservedTime: &now}
	w.in.Lease.Status.Key = k
}

// send to everybody who is to get it; one may have to wait.
func (w *life) send(d Decision) {
	l, n, number := w.in.Lease, d.Action.Notice, d.TermNumber()
	for _, to := range Outstanding(l.Status.Notices, number, n, OwnerID(l), w.in.Policy.Admins, w.in.Now) {
		records, posts := Intend(l, d, []string{to}, nil, w.in.Now)
		l.Status.Notices = records
		if w.fails("Slack fails") {
			continue
		}
		l.Status.Notices = delivery.Settle(l.Status.Notices, v1alpha1.Delivery{
			MessageID: posts[0].ID, Recipient: to, State: v1alpha1.NoticeDelivered, Time: metav1.NewTime(w.in.Now),
		})
		if n.Kind != v1alpha1.NoticeExpiry {
			continue
		}
		w.sent[fmt.Sprintf("%d/%d/%s", number, *n.DaysBefore, to)]++
		if w.told[number] == nil {
			w.told[number] = map[string]time.Time{}
		}
		if w.told[number][to].IsZero() {
			w.told[number][to] = w.in.Now
		}
	}
	if w.fails("and time passes") {
		w.to(w.in.Now.Add(time.Minute))
	}
}

// destroyed: what must have been so by then, seen from outside.
func (w *life) destroyed(d Decision) {
	l := w.in.Lease
	if due := w.in.Policy.Due(l.Spec.EndDate, 1); w.in.Now.Before(due) {
		w.Fatalf("%s at %s, before %s", d.Action.Kind, w.in.Now, due)
	}
	if l.Status.Sheet.Hold != nil {
		w.Fatalf("%s of a held lease", d.Action.Kind)
	}
	told := w.told[d.Term.Number]
	if owner := OwnerID(l); owner != "" && told[owner].IsZero() {
		w.Fatalf("the owner was not told in term %d", d.Term.Number)
	}
	admin := earliest(told["UA1"], told["UA2"])
	if admin.IsZero() || w.in.Now.Sub(admin) < w.in.Policy.MinimumNotice-time.Second {
		w.Fatalf("an admin was told at %s, the removal is at %s", admin, w.in.Now)
	}
}

// Whatever people do meanwhile, and whatever fails: the key goes in the end, not before its owner was warned of this very
// end, and nobody is told the same thing twice.
func TestEveryKeyGoesInTheEndAndNobodyIsToldTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newLife(t)
		l := w.in.Lease
		things := []func(){
			func() {}, func() {},
			func() { endDate("2026-12-18")(&w.in) },
			func() { endDate("2026-11-25")(&w.in) },
			func() { endDate(end)(&w.in) },
			func() { rowHolds(v1alpha1.ReasonUnclearMark, "")(&w.in) },
			func() { l.Status.Sheet.Hold = nil },
			func() { w.in.Policy.DryRun = true },
			func() { w.in.Policy.DryRun = false },
			func() { l.Status.Sheet.MarkedDeleted = true },
			func() { l.Status.Sheet.MarkedDeleted = false },
			func() { w.to(w.in.Now.Add(8 * 24 * time.Hour)); w.in.Sheet.Resumed = w.in.Now },
			func() { w.in.Sheet.SlackError = "invalid_auth" },
			func() { w.in.Sheet.SlackError = "" },
			func() { l.Status.Owner.SlackUserID = "U2" },
		}
		events := map[int]func(){}
		for i := range 40 {
			event := rapid.SampledFrom(things).Draw(t, fmt.Sprintf("event %d", i))
			events[i*4] = func() {
				if l.Status.Revocation == nil || l.Status.Revocation.KeyDeletedTime == nil {
					event()
				}
			}
		}
		// In the end all is well again.
		events[170] = func() {
			l.Status.Sheet.Hold, l.Status.Sheet.MarkedDeleted = nil, false
			w.in.Policy.DryRun, w.in.Sheet.SlackError = false, ""
		}
		w.run(events)
		if w.key != v1alpha1.KeyAbsent || w.deleted.IsZero() {
			t.Fatalf("the key is %s", w.key)
		}
		for what, times := range w.sent {
			if times > 1 {
				t.Fatalf("%s was sent %d times", what, times)
			}
		}
	})
}
