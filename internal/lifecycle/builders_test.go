package lifecycle

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // the tests' zones, wherever they run

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

const (
	account = "123456789012"
	keyID   = "AKIAKEYLEASE00000002"
	user    = "svc-report"
	end     = "2026-12-08"
)

var (
	tokyo     = zone("Asia/Tokyo")
	created   = time.Date(2026, 6, 1, 3, 4, 5, 0, time.UTC)
	twoAdmins = []string{"UA1", "UA2"}
)

func zone(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return loc
}

// jst reads "2026-12-01 15:00", also with seconds.
func jst(s string) time.Time {
	if len(s) == len("2026-12-01 15:00") {
		s += ":00"
	}
	t, err := time.ParseInLocation("2006-01-02 15:04:05", s, tokyo)
	if err != nil {
		panic(err)
	}
	return t
}

func moment(s string) *metav1.Time {
	t := metav1.NewTime(jst(s))
	return &t
}

// change of an input.
type change func(*Input)

// at gives the input of a lease that ends on 2026-12-08, owned by U1, in its first term since November, whose key was
// pinned and seen a minute ago, of a sheet with default settings that was just read.
func at(now string, changes ...change) Input {
	in := Input{
		Now: jst(now),
		Policy: Policy{Location: tokyo, Hour: 15, NoticeDays: []int32{7}, MinimumNotice: 24 * time.Hour, SyncInterval: 5 * time.Minute,
			Admins: twoAdmins, AccountID: account},
		SettleTime: 10 * time.Second,
		Sheet:      SheetFacts{Exists: true, ReadStart: jst(now), Applied: true, TokenAsked: true},
		Lease: &v1alpha1.AccessKeyLease{
			ObjectMeta: metav1.ObjectMeta{Name: strings.ToLower(keyID)},
			Spec:       v1alpha1.AccessKeyLeaseSpec{SheetRef: v1alpha1.SheetReference{Name: "key-requests"}, AccessKeyID: keyID, UserName: user, AccountID: account, EndDate: end},
			Status: v1alpha1.AccessKeyLeaseStatus{
				Phase: v1alpha1.PhaseActive,
				Term:  &v1alpha1.Term{Number: 1, EndDate: end, StartTime: *moment("2026-11-01 10:00"), Reason: TermFirstSeen},
				Owner: &v1alpha1.OwnerStatus{SlackUserID: "U1"},
				Sheet: &v1alpha1.SheetRowStatus{Row: 3, EndDate: end},
				Key:   &v1alpha1.KeyStatus{Status: v1alpha1.KeyActive, CreateDate: &metav1.Time{Time: created}, UserID: "AIDAREPORT"},
			},
		},
	}
	seen := metav1.NewTime(in.Now.Add(-time.Minute))
	in.Lease.Status.Key.ObservedTime = &seen
	for _, c := range changes {
		c(&in)
	}
	return in
}

// foreign: another cluster has claimed the sheet.
func foreign(in *Input) { in.Sheet.Foreign = true }

// asked: AWS was just asked, and answered as it should.
func asked(in *Input) {
	o := observation()
	o.Time = in.Now
	in.AWS = &Reading{Observation: o}
	if in.Lease.Status.Key == nil {
		in.Lease.Status.Key = &v1alpha1.KeyStatus{}
	}
	seen := metav1.NewTime(in.Now)
	in.Lease.Status.Key.ObservedTime = &seen
}

func observation() Observation {
	return Observation{
		Identity:   Identity{AccountID: account, ARN: "arn:aws:sts::123456789012:assumed-role/keylease/keylease", AccessKeyID: "ASIA0000000000000000"},
		UserExists: true, UserID: "AIDAREPORT", Path: "/service/", Key: v1alpha1.KeyActive, CreateDate: created,
		KeyUser: user, AccountHasUsers: true,
	}
}

// answered changes what AWS just answered.
func answered(f func(o *Observation)) change {
	return func(in *Input) {
		asked(in)
		f(&in.AWS.Observation)
		noted(in)
	}
}

// noted is the answer, if it is one, in status.
func noted(in *Input) {
	if k := in.Lease.Status.Key; in.AWS.Key != "" {
		s := judged(*in).AWS.KeyStatus(k, in.Now)
		k.Status, k.AbsentSince = in.AWS.Key, s.AbsentSince
	}
}

// judged as it is when decided on: tests change answer and lease before that.
func judged(in Input) Input {
	if in.AWS != nil {
		r := Judge(in.AWS.Observation, TargetOf(in.Lease, in.Policy), func() bool { return false })
		in.AWS = &r
	}
	return in
}

func decide(in Input) Decision { return Decide(judged(in)) }

// missedAt: AWS did not show the key then, nor since.
func missedAt(t string) change {
	return func(in *Input) {
		k := in.Lease.Status.Key
		k.Status, k.AbsentSince, k.ObservedTime = v1alpha1.KeyAbsent, moment(t), moment(t)
	}
}

func absent(o *Observation) { o.Key, o.KeyUser, o.CreateDate = v1alpha1.KeyAbsent, "", time.Time{} }

// neverSeen: AWS was not asked about the key yet.
func neverSeen(in *Input) { in.Lease.Status.Key = nil }

// seenAt: AWS was asked last then.
func seenAt(t string) change {
	return func(in *Input) { in.Lease.Status.Key.ObservedTime = moment(t) }
}

// unknown: nothing was decided yet.
func unknown(in *Input) {
	in.Lease.Status.Phase, in.Lease.Status.Term = "", nil
	neverSeen(in)
}

func policy(f func(p *Policy)) change { return func(in *Input) { f(&in.Policy) } }

func dryRun(in *Input) { in.Policy.DryRun, in.Lease.Status.Term.DryRun = true, true }

func noticeDays(days ...int32) change {
	return policy(func(p *Policy) { p.NoticeDays = days })
}

func grace(d time.Duration) change { return policy(func(p *Policy) { p.GracePeriod = d }) }

func lease(f func(l *v1alpha1.AccessKeyLease)) change { return func(in *Input) { f(in.Lease) } }

func endDate(date string) change {
	return lease(func(l *v1alpha1.AccessKeyLease) { l.Spec.EndDate, l.Status.Sheet.EndDate = date, date })
}

func phase(p v1alpha1.Phase) change {
	return lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Phase = p })
}

func inTerm(f func(t *v1alpha1.Term)) change {
	return lease(func(l *v1alpha1.AccessKeyLease) { f(l.Status.Term) })
}

func record(days int32, recipient string, state v1alpha1.NoticeState, t string) v1alpha1.NoticeStatus {
	return v1alpha1.NoticeStatus{
		Term: 1, Kind: v1alpha1.NoticeExpiry, DaysBefore: &days,
		Delivery: v1alpha1.Delivery{Recipient: recipient, State: state, Time: *moment(t)},
	}
}

// noticeTo a recipient, of a kind without days, in the first term.
func noticeTo(kind, recipient string, state v1alpha1.NoticeState) v1alpha1.NoticeStatus {
	return v1alpha1.NoticeStatus{Term: 1, Kind: kind, Delivery: v1alpha1.Delivery{Recipient: recipient, State: state}}
}

func records(all ...v1alpha1.NoticeStatus) change {
	return lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Notices = append(l.Status.Notices, all...) })
}

// told: owner and admins got the notice of so many days.
func told(days int32, t string) change {
	return records(record(days, "U1", v1alpha1.NoticeDelivered, t), record(days, "UA1", v1alpha1.NoticeDelivered, t),
		record(days, "UA2", v1alpha1.NoticeDelivered, t))
}

// noticed a week before the end.
var noticed = told(7, "2026-12-01 15:00")

func readAt(t string) change { return func(in *Input) { in.Sheet.ReadStart = jst(t) } }

func condition(kind string, status metav1.ConditionStatus, reason string) change {
	return lease(func(l *v1alpha1.AccessKeyLease) {
		meta.SetStatusCondition(&l.Status.Conditions, metav1.Condition{Type: kind, Status: status, Reason: reason, Message: "as it was"})
	})
}

func wasHeldFor(reason string) change {
	return condition(v1alpha1.ConditionHeld, metav1.ConditionTrue, reason)
}

func rowHolds(reason, date string) change {
	return lease(func(l *v1alpha1.AccessKeyLease) {
		if reason == v1alpha1.ReasonExtensionRequested {
			l.Status.Sheet.ExtensionMark = &v1alpha1.ExtensionMark{Row: true, Lease: true, EndDate: date}
			return
		}
		l.Status.Sheet.Hold = &v1alpha1.SheetHold{Reason: reason, Message: "as the row says"}
	})
}

func markedDeleted(in *Input) { in.Lease.Status.Sheet.MarkedDeleted = true }

func foundMark(summary string) change {
	return lease(func(l *v1alpha1.AccessKeyLease) {
		l.Status.Sheet.FoundMark = &v1alpha1.FoundMark{EndDate: l.Spec.EndDate}
		if summary != "" {
			l.Status.Sheet.FoundMark.SummaryTime = moment(summary)
		}
	})
}

func revocation(f func(r *v1alpha1.RevocationStatus)) change {
	return lease(func(l *v1alpha1.AccessKeyLease) {
		if l.Status.Revocation == nil {
			l.Status.Revocation = &v1alpha1.RevocationStatus{}
		}
		f(l.Status.Revocation)
	})
}

// deactivated by us.
func deactivated(t string) change {
	return func(in *Input) {
		revocation(func(r *v1alpha1.RevocationStatus) {
			r.StartTime, r.DeactivatedTime, r.Reason = moment(t), moment(t), v1alpha1.ReasonEndDatePassed
		})(in)
		in.Lease.Status.Key.Status = v1alpha1.KeyInactive
	}
}

func deletedKey(t string) change {
	return revocation(func(r *v1alpha1.RevocationStatus) {
		r.StartTime, r.KeyDeletedTime, r.Reason = moment(t), moment(t), v1alpha1.ReasonEndDatePassed
	})
}

// summary of a decision, such as "Notified; do Notify Expiry 7; next 2026-12-09 00:00".
func summary(d Decision) string {
	parts := []string{string(d.Phase)}
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if d.TermBegan {
		add("term %d %s", d.Term.Number, d.Term.Reason)
	}
	if d.Hold != nil {
		add("held %s", d.Hold.Reason)
	}
	if d.Blocked != nil {
		add("blocked by %s: %s", d.Blocked.Guard, d.Blocked.Reason)
	}
	switch a := d.Action; {
	case a.Kind == ActionNotify && a.Notice.DaysBefore != nil:
		add("do Notify %s %d", a.Notice.Kind, *a.Notice.DaysBefore)
	case a.Kind == ActionNotify:
		add("do Notify %s", a.Notice.Kind)
	case a.Kind != ActionNone:
		add("do %s", strings.TrimSpace(string(a.Kind)+" "+a.Reason))
	}
	if !d.Next.IsZero() {
		add("next %s", d.Next.In(tokyo).Format("2006-01-02 15:04"))
	}
	if !d.Again.IsZero() {
		add("again %s", d.Again.In(tokyo).Format("2006-01-02 15:04"))
	}
	return strings.Join(parts, "; ")
}
