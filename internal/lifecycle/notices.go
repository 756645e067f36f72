package lifecycle

import (
	"slices"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

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
		r := &records[i]
		if r.Term == term && r.Kind == n.Kind && r.Recipient == recipient && sameDays(r.DaysBefore, n.DaysBefore) {
			return r
		}
	}
	return nil
}

func sameDays(a, b *int32) bool {
	return (a == nil) == (b == nil) && (a == nil || *a == *b)
}

// Outstanding recipients of a notice: those whose message is neither delivered nor known to be undeliverable.
func Outstanding(records []v1alpha1.NoticeStatus, term int64, n Notice, ownerID string, admins []string) []string {
	var out []string
	for _, to := range Recipients(n, ownerID, admins) {
		if r := Record(records, term, n, to); r == nil || r.State == v1alpha1.NoticePending {
			out = append(out, to)
		}
	}
	return out
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
	// The owner's own message is an admin's too.
	if ownerTold && slices.Contains(admins, ownerID) {
		return owner, true
	}
	for _, a := range admins {
		r := Record(records, term, n, a)
		if r != nil && r.State == v1alpha1.NoticeDelivered && (admin.IsZero() || r.Time.Time.Before(admin)) {
			admin = r.Time.Time
		}
	}
	if admin.IsZero() {
		return time.Time{}, false
	}
	if ownerTold && owner.After(admin) {
		return owner, true
	}
	return admin, true
}

// expiryDelivered is when the first expiry notice of the term counted as delivered.
func expiryDelivered(l *v1alpha1.AccessKeyLease, term int64, admins []string) (time.Time, bool) {
	var first time.Time
	seen := map[int32]bool{}
	for _, r := range l.Status.Notices {
		if r.Term != term || r.Kind != v1alpha1.NoticeExpiry || r.DaysBefore == nil || seen[*r.DaysBefore] {
			continue
		}
		seen[*r.DaysBefore] = true
		n := Notice{Kind: v1alpha1.NoticeExpiry, DaysBefore: r.DaysBefore, Owner: true}
		if t, ok := deliveredAt(l.Status.Notices, term, n, OwnerID(l), admins); ok && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first, !first.IsZero()
}

// OwnerID is the owner's Slack user ID, empty where the name matches nobody or several people.
func OwnerID(l *v1alpha1.AccessKeyLease) string {
	if l.Status.Owner == nil {
		return ""
	}
	return l.Status.Owner.SlackUserID
}
