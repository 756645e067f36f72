package lifecycle

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// RetryUnreachable is how long an unreachable admin is left alone, while no admin has the message: somebody may have to
// invite the app to the channel, and until then the key would outlive its date.
const RetryUnreachable = time.Hour

// Recipients of a notice: the owner, if known and wanted, then every admin who is not the owner (an owner who is an
// admin too gets the owner's message only).
func Recipients(n Notice, ownerID string, admins []string) []string {
	var to []string
	if n.Owner && ownerID != "" {
		to = append(to, ownerID)
	}
	for _, a := range admins {
		if !slices.Contains(to, a) {
			to = append(to, a)
		}
	}
	return to
}

// Record of a notice to one recipient in a term; nil when nothing was tried yet.
func Record(records []v1alpha1.NoticeStatus, term int64, n Notice, recipient string) *v1alpha1.NoticeStatus {
	for i := range records {
		if r := &records[i]; n.is(r, term) && r.Recipient == recipient {
			return r
		}
	}
	return nil
}

func (n Notice) is(r *v1alpha1.NoticeStatus, term int64) bool {
	return r.Term == term && r.Kind == n.Kind && sameDays(r.DaysBefore, n.DaysBefore)
}

func sameDays(a, b *int32) bool {
	return (a == nil) == (b == nil) && (a == nil || *a == *b)
}

// Outstanding gives those who are to get the notice now, the owner first.
//
//   - A record in state Pending is always due.
//   - Without a record of anybody's, all are due. Later, somebody without a record came later: an owner who was not
//     known before is due a notice of expiry, which a deletion waits for; an admin who was configured later is due only
//     while no admin has the notice, so that a new admin is not sent the past.
//   - An unreachable admin is due a notice of expiry again after RetryUnreachable, while no admin has it. An owner is
//     not: what a deletion needs then is an admin.
func Outstanding(records []v1alpha1.NoticeStatus, term int64, n Notice, ownerID string, admins []string, now time.Time) []string {
	told := adminTold(records, term, n, admins)
	fresh := !slices.ContainsFunc(records, func(r v1alpha1.NoticeStatus) bool { return n.is(&r, term) })
	var out []string
	for _, to := range Recipients(n, ownerID, admins) {
		r, due := Record(records, term, n, to), false
		switch {
		case r == nil && n.Owner && to == ownerID:
			due = fresh || n.Kind == v1alpha1.NoticeExpiry
		case r == nil:
			due = !told
		case r.State == v1alpha1.NoticeUnreachable:
			due = retried(n, r, admins, told) && !now.Before(r.Time.Add(RetryUnreachable))
		default:
			due = r.State == v1alpha1.NoticePending
		}
		if due {
			out = append(out, to)
		}
	}
	return out
}

func adminTold(records []v1alpha1.NoticeStatus, term int64, n Notice, admins []string) bool {
	return slices.ContainsFunc(admins, func(a string) bool {
		r := Record(records, term, n, a)
		return r != nil && r.State == v1alpha1.NoticeDelivered
	})
}

func retried(n Notice, r *v1alpha1.NoticeStatus, admins []string, told bool) bool {
	return n.Kind == v1alpha1.NoticeExpiry && !told && slices.Contains(admins, r.Recipient)
}

// retryAt is the next time at which Outstanding will name an unreachable admin; zero: it will not.
func retryAt(records []v1alpha1.NoticeStatus, term int64, n Notice, admins []string) time.Time {
	told := adminTold(records, term, n, admins)
	var at time.Time
	for _, a := range admins {
		if r := Record(records, term, n, a); r != nil && r.State == v1alpha1.NoticeUnreachable && retried(n, r, admins, told) {
			at = earliest(at, r.Time.Add(RetryUnreachable))
		}
	}
	return at
}

// Pend gives the records with the intent to send the notice to the recipients. It is to be written to status before
// anything is sent: a message found Pending later is looked for in Slack before it is sent again. A record that is
// Pending keeps its time: the message may stand in Slack from then on.
func Pend(records []v1alpha1.NoticeStatus, term int64, n Notice, recipients []string, now time.Time) []v1alpha1.NoticeStatus {
	for _, to := range recipients {
		records = Settle(records, v1alpha1.NoticeStatus{
			Term: term, Kind: n.Kind, DaysBefore: n.DaysBefore, Recipient: to, State: v1alpha1.NoticePending, Time: metav1.NewTime(now),
		})
	}
	return records
}

// Settle gives the records with one outcome in them: one entry for each (term, kind, daysBefore, recipient). A record
// that stays Pending keeps its time, and changes only where the error code does, so that a Slack that is down does not
// write to status at every attempt. What was delivered stays delivered.
func Settle(records []v1alpha1.NoticeStatus, outcome v1alpha1.NoticeStatus) []v1alpha1.NoticeStatus {
	out := slices.Clone(records)
	outcome.Time = metav1.NewTime(outcome.Time.UTC().Truncate(time.Second)) // as it comes back from the API server
	old := Record(out, outcome.Term, Notice{Kind: outcome.Kind, DaysBefore: outcome.DaysBefore}, outcome.Recipient)
	switch {
	case old == nil:
		return RecentNotices(append(out, outcome), outcome.Term)
	case old.State == v1alpha1.NoticeDelivered:
		return out
	case old.State == v1alpha1.NoticePending && outcome.State == v1alpha1.NoticePending:
		outcome.Time = old.Time
		if outcome.Reason == "" {
			outcome.Reason = old.Reason
		}
	}
	*old = outcome
	return out
}

// RecentNotices drops what no rule asks for any more: terms before the last two, and beyond the CRD's limit (50 admins
// and 10 notices a term can reach it) the term before and then the oldest.
func RecentNotices(records []v1alpha1.NoticeStatus, term int64) []v1alpha1.NoticeStatus {
	const most = 500 // the limit of status.notices in the CRD
	keep := func(since int64) {
		records = slices.DeleteFunc(slices.Clone(records), func(r v1alpha1.NoticeStatus) bool { return r.Term < since })
	}
	keep(term - 1)
	if len(records) > most {
		keep(term)
	}
	if over := len(records) - most; over > 0 {
		slices.SortStableFunc(records, func(a, b v1alpha1.NoticeStatus) int { return a.Time.Compare(b.Time.Time) })
		records = records[over:]
	}
	return records
}

// deliveredAt is when a notice counted as delivered (behaviour: "Delivered means"): accepted for the owner and at least
// one admin; or, where the owner is unknown, ambiguous or unreachable, for at least one admin.
func deliveredAt(records []v1alpha1.NoticeStatus, term int64, n Notice, ownerID string, admins []string) (time.Time, bool) {
	var owner, admin time.Time
	ownerTold, ownerReachable := false, ownerID != ""
	if r := Record(records, term, n, ownerID); ownerID != "" && r != nil {
		ownerTold, ownerReachable = r.State == v1alpha1.NoticeDelivered, r.State != v1alpha1.NoticeUnreachable
		owner = r.Time.Time
	}
	if ownerReachable && !ownerTold {
		return time.Time{}, false
	}
	// The owner's own message is an admin's too; failures towards other admins block nothing.
	if ownerTold && slices.Contains(admins, ownerID) {
		return owner, true
	}
	for _, a := range admins {
		if r := Record(records, term, n, a); r != nil && r.State == v1alpha1.NoticeDelivered {
			admin = earliest(admin, r.Time.Time)
		}
	}
	switch {
	case admin.IsZero():
		return time.Time{}, false
	case ownerTold:
		return latest(owner, admin), true
	}
	return admin, true
}

// expiryDelivered is when the first and the last of the term's expiry notices counted as delivered; zero: none did. A
// deletion needs one notice that all have had for long enough: the halves of two reminders make none.
func expiryDelivered(l *v1alpha1.AccessKeyLease, term int64, admins []string) (first, last time.Time) {
	seen := map[int32]bool{}
	for _, r := range l.Status.Notices {
		if r.Term != term || r.Kind != v1alpha1.NoticeExpiry || r.DaysBefore == nil || seen[*r.DaysBefore] {
			continue
		}
		seen[*r.DaysBefore] = true
		n := Notice{Kind: v1alpha1.NoticeExpiry, DaysBefore: r.DaysBefore, Owner: true}
		if t, ok := deliveredAt(l.Status.Notices, term, n, OwnerID(l), admins); ok {
			first, last = earliest(first, t), latest(last, t)
		}
	}
	return first, last
}

// OwnerID is the owner's Slack user ID, empty where the name matches nobody or several people.
func OwnerID(l *v1alpha1.AccessKeyLease) string {
	if l.Status.Owner == nil {
		return ""
	}
	return l.Status.Owner.SlackUserID
}

// earliest of two moments; the zero time is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
