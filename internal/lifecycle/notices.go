package lifecycle

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/delivery"
)

// maxRecords is the limit of an AccessKeyLease's status.notices in the CRD.
const maxRecords = 500

// Recipients of a notice: the owner, if known and wanted, and then every admin. An owner who is also an admin gets only
// the owner's message.
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

// Record returns the record of a notice to one recipient in a term; nil: it was never tried.
func Record(records []v1alpha1.NoticeStatus, term int64, n Notice, recipient string) *v1alpha1.NoticeStatus {
	return delivery.Find(records, n.in(term), recipient)
}

// in gives the notice in a term, as records name it.
func (n Notice) in(term int64) v1alpha1.NoticeStatus {
	return v1alpha1.NoticeStatus{Term: term, Kind: n.Kind, DaysBefore: n.DaysBefore}
}

// Begun tells whether anyone has a record of the notice.
func (n Notice) Begun(records []v1alpha1.NoticeStatus, term int64) bool {
	subject := n.in(term)
	return slices.ContainsFunc(records, func(r v1alpha1.NoticeStatus) bool { return r.SameSubject(&subject) })
}

// Outstanding returns who must get the notice now, the owner first.
//
//   - A record in state Pending is always due.
//   - If nobody has a record, all recipients are due.
//   - Otherwise a recipient without a record was added later. An owner who was unknown before is due a notice of expiry,
//     because a deletion waits for it. An admin is due only while no admin has the notice; new admins do not get old ones.
//   - An unreachable admin is due a notice of expiry again after delivery.RetryUnreachable, while no admin has it. An
//     unreachable owner is not: then a deletion needs only an admin.
func Outstanding(records []v1alpha1.NoticeStatus, term int64, n Notice, ownerID string, admins []string, now time.Time) []string {
	told := adminTold(records, term, n, admins)
	fresh := !n.Begun(records, term)
	var out []string
	for _, to := range Recipients(n, ownerID, admins) {
		due := !told
		if r := Record(records, term, n, to); r != nil {
			due = delivery.Due(r.Delivery, retried(n, r, admins, told), now)
		} else if n.Owner && to == ownerID {
			due = fresh || n.Kind == v1alpha1.NoticeExpiry
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

// retryAt is when Outstanding next returns an unreachable admin; zero: never.
func retryAt(records []v1alpha1.NoticeStatus, term int64, n Notice, admins []string) time.Time {
	told := adminTold(records, term, n, admins)
	var at time.Time
	for _, a := range admins {
		if r := Record(records, term, n, a); r != nil && r.State == v1alpha1.NoticeUnreachable && retried(n, r, admins, told) {
			at = earliest(at, r.Time.Add(delivery.RetryUnreachable))
		}
	}
	return at
}

// Intend returns the lease's records with the intent to send the decision's notice to the recipients, and the posts to
// make: see delivery.Intend. announced is the deletion time that the message names; nil: it names none.
func Intend(l *v1alpha1.AccessKeyLease, d Decision, recipients []string, announced *metav1.Time, now time.Time) ([]v1alpha1.NoticeStatus, []delivery.Post) {
	term := d.TermNumber()
	s := d.Action.Notice.in(term)
	s.MessageID, s.Announced = messageID(l, s), announced
	records, posts := delivery.Intend(l.Status.Notices, []v1alpha1.NoticeStatus{s}, recipients, now)
	return RecentNotices(records, term), posts
}

// messageID is "<uid>/<term>/<kind>/<daysBefore or ->". A lease that was deleted and created again has another UID, and
// sends its notices again.
func messageID(l *v1alpha1.AccessKeyLease, s v1alpha1.NoticeStatus) string {
	days := "-"
	if s.DaysBefore != nil {
		days = strconv.Itoa(int(*s.DaysBefore))
	}
	return fmt.Sprintf("%s/%d/%s/%s", l.UID, s.Term, s.Kind, days)
}

// RecentNotices drops the records that no rule needs: those of terms before the last two. Beyond the CRD's limit, which
// 50 admins with 10 notices a term can reach, it drops the term before the last, and then the oldest.
func RecentNotices(records []v1alpha1.NoticeStatus, term int64) []v1alpha1.NoticeStatus {
	before := func(first int64) func(*v1alpha1.NoticeStatus) bool {
		return func(r *v1alpha1.NoticeStatus) bool { return r.Term < first }
	}
	return delivery.Limit(delivery.Forget(records, before(term-1)), maxRecords, before(term))
}

// deliveredAt is when a notice counted as delivered (behaviour: "Delivered means"): Slack accepted it for the owner and
// at least one admin. If the owner is unknown, ambiguous or unreachable, one admin is enough.
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
	// The owner's message is an admin's too. Failures for other admins block nothing.
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
// deletion needs one notice that all recipients have had long enough. Two half-delivered reminders do not make one.
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

// OwnerID is the owner's Slack user ID; empty: the name matches nobody, or several people.
func OwnerID(l *v1alpha1.AccessKeyLease) string {
	if l.Status.Owner == nil {
		return ""
	}
	return l.Status.Owner.SlackUserID
}

// earliest of two times; the zero time counts as none.
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
