package notice

import (
	"slices"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// DeliveredAt is when a notice of the kind was delivered in the term, as behaviour §3 means it: accepted by Slack for
// the owner and at least one admin; or, where the owner is unknown (owner empty) or unreachable, for at least one
// admin. It is the later of the two, and the earliest of the kind's reminders that are complete: a deletion needs one
// notice that all have had for long enough.
//
// An owner who is an admin has the owner's message only. It counts as the owner's; another admin has to have theirs
// too if another one can be reached, so that a deletion is never known to the owner alone where it can be helped.
func DeliveredAt(records []v1alpha1.NoticeStatus, term int64, kind, owner string, admins []string) (time.Time, bool) {
	var earliest time.Time
	found := false
	for _, days := range reminders(records, term, kind) {
		n := Notice{Term: term, Kind: kind, DaysBefore: days}
		if at, ok := n.deliveredAt(records, owner, admins); ok && (!found || at.Before(earliest)) {
			earliest, found = at, true
		}
	}
	return earliest, found
}

// reminders of a kind that have records in the term, by their daysBefore.
func reminders(records []v1alpha1.NoticeStatus, term int64, kind string) []*int32 {
	var days []*int32
	for _, r := range records {
		known := slices.ContainsFunc(days, func(d *int32) bool { return sameDays(d, r.DaysBefore) })
		if r.Term == term && r.Kind == kind && !known {
			days = append(days, r.DaysBefore)
		}
	}
	return days
}

func (n Notice) deliveredAt(records []v1alpha1.NoticeStatus, owner string, admins []string) (time.Time, bool) {
	others := Recipients(owner, admins)
	adminAt, adminHas := n.firstDelivery(records, others)
	if owner == "" || n.unreachable(records, owner) {
		return adminAt, adminHas
	}
	r, ok := find(records, n, owner)
	if !ok || r.State != v1alpha1.NoticeDelivered {
		return time.Time{}, false
	}
	if adminHas {
		return later(r.Time.Time, adminAt), true
	}
	if !slices.Contains(admins, owner) {
		return time.Time{}, false
	}
	for _, other := range others {
		if !n.unreachable(records, other) {
			return time.Time{}, false
		}
	}
	return r.Time.Time, true
}

func (n Notice) firstDelivery(records []v1alpha1.NoticeStatus, recipients []string) (at time.Time, ok bool) {
	for _, to := range recipients {
		r, found := find(records, n, to)
		if found && r.State == v1alpha1.NoticeDelivered && (!ok || r.Time.Time.Before(at)) {
			at, ok = r.Time.Time, true
		}
	}
	return at, ok
}

func (n Notice) unreachable(records []v1alpha1.NoticeStatus, recipient string) bool {
	r, ok := find(records, n, recipient)
	return ok && r.State == v1alpha1.NoticeUnreachable
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
