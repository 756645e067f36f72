package notice

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// maxRecords is the limit of status.notices in the CRD.
const maxRecords = 500

// RetryUnreachable is how long an unreachable admin is left alone, while no other admin has the message: somebody may
// have to invite the app to the channel, and until then the key would outlive its date.
const RetryUnreachable = time.Hour

// Notice is one notice of one term of a lease, to whomever.
type Notice struct {
	Term int64
	// Kind: a v1alpha1.Notice… constant.
	Kind string
	// DaysBefore the end date, of the kind Expiry alone.
	DaysBefore *int32
}

// Key identifies the message of a notice to a recipient for ever; it travels as metadata of the Slack message. uid is
// that of the lease: a lease that was deleted and made again tells anew.
func (n Notice) Key(uid, recipient string) string {
	return Key(uid, n.Term, n.Kind, n.DaysBefore, recipient)
}

// Key is Notice.Key, spelled out: "<uid>/<term>/<kind>/<daysBefore or ->/<recipient>".
func Key(uid string, term int64, kind string, daysBefore *int32, recipient string) string {
	days := "-"
	if daysBefore != nil {
		days = strconv.Itoa(int(*daysBefore))
	}
	return fmt.Sprintf("%s/%d/%s/%s/%s", uid, term, kind, days, recipient)
}

func (n Notice) is(r v1alpha1.NoticeStatus) bool {
	return r.Term == n.Term && r.Kind == n.Kind && sameDays(r.DaysBefore, n.DaysBefore)
}

func sameDays(a, b *int32) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// Recipients of a lease's message: the admins without the owner, who gets the owner's message only, and none twice.
// owner is empty where the message does not go to one.
func Recipients(owner string, admins []string) []string {
	var out []string
	for _, a := range admins {
		if a != owner && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// Due is a recipient whose message is to be sent now.
type Due struct {
	Recipient string
	// Owner gets the owner's message, all others the admins'.
	Owner bool
	// PendingSince for Target.
	PendingSince time.Time
}

// Outstanding gives those who are to get the notice now, the owner first. owner is empty where the notice is for the
// admins alone, or the owner is unknown.
//
//   - A record in state Pending is always due.
//   - Without a record of anybody's, all are due. Later, somebody without a record came later: an owner who was not
//     known before is due a notice of expiry, which a deletion waits for; an admin who was configured later is due only
//     while no admin has the notice, so that a new admin is not sent the past.
//   - An admin in state Unreachable is due after RetryUnreachable, while no admin has the notice. An owner is not: what
//     a deletion needs then is an admin.
func Outstanding(records []v1alpha1.NoticeStatus, n Notice, owner string, admins []string, now time.Time) []Due {
	fresh := !slices.ContainsFunc(records, n.is)
	_, told := n.firstDelivery(records, admins)
	var due []Due
	consider := func(to string, isOwner bool) {
		r, known := find(records, n, to)
		switch {
		case !known && (fresh || isOwner && n.Kind == v1alpha1.NoticeExpiry || !isOwner && !told):
			due = append(due, Due{Recipient: to, Owner: isOwner})
		case known && r.State == v1alpha1.NoticePending:
			due = append(due, Due{Recipient: to, Owner: isOwner, PendingSince: r.Time.Time})
		case known && n.retriable(r, admins, told) && !now.Before(r.Time.Add(RetryUnreachable)):
			// It was refused outright, so there is nothing to look for.
			due = append(due, Due{Recipient: to, Owner: isOwner})
		}
	}
	if owner != "" {
		consider(owner, true)
	}
	for _, to := range Recipients(owner, admins) {
		consider(to, false)
	}
	return due
}

func (n Notice) retriable(r v1alpha1.NoticeStatus, admins []string, told bool) bool {
	return r.State == v1alpha1.NoticeUnreachable && !told && slices.Contains(admins, r.Recipient)
}

// RetryAt is the next time at which Outstanding will name an unreachable admin; ok is false where it will not.
func RetryAt(records []v1alpha1.NoticeStatus, n Notice, admins []string) (at time.Time, ok bool) {
	_, told := n.firstDelivery(records, admins)
	for _, to := range admins {
		r, known := find(records, n, to)
		if !known || !n.retriable(r, admins, told) {
			continue
		}
		if next := r.Time.Add(RetryUnreachable); !ok || next.Before(at) {
			at, ok = next, true
		}
	}
	return at, ok
}

func find(records []v1alpha1.NoticeStatus, n Notice, recipient string) (v1alpha1.NoticeStatus, bool) {
	for _, r := range records {
		if n.is(r) && r.Recipient == recipient {
			return r, true
		}
	}
	return v1alpha1.NoticeStatus{}, false
}

// Pend gives the records with the intent to send the notice to those who are due. To be written to status before
// Deliver. A record that is Pending keeps its time: the message may stand in Slack from then on.
func Pend(records []v1alpha1.NoticeStatus, n Notice, due []Due, now time.Time) []v1alpha1.NoticeStatus {
	out := slices.Clone(records)
	for _, d := range due {
		if d.PendingSince.IsZero() {
			out = put(out, n.record(d.Recipient, v1alpha1.NoticePending, now))
		}
	}
	return prune(out)
}

// Merge gives the records with the results of a delivery in them: one entry for each (term, kind, daysBefore,
// recipient), the newest term's and those of the one before. A record that stays Pending keeps its time, and changes
// only where the error code does, so that a Slack that is down does not write to status at every attempt. What was
// delivered stays delivered.
func Merge(records []v1alpha1.NoticeStatus, n Notice, results []Result) []v1alpha1.NoticeStatus {
	out := slices.Clone(records)
	for _, r := range results {
		old, known := find(out, n, r.Recipient)
		if known && old.State == v1alpha1.NoticeDelivered {
			continue
		}
		next := n.record(r.Recipient, r.State, r.Time)
		next.Reason, next.Channel, next.MessageTS = r.Reason, r.Receipt.Channel, r.Receipt.TS
		if known && old.State == v1alpha1.NoticePending && r.State == v1alpha1.NoticePending {
			next.Time = old.Time
		}
		out = put(out, next)
	}
	return prune(out)
}

func (n Notice) record(recipient string, state v1alpha1.NoticeState, at time.Time) v1alpha1.NoticeStatus {
	return v1alpha1.NoticeStatus{
		Term: n.Term, Kind: n.Kind, DaysBefore: n.DaysBefore, Recipient: recipient, State: state,
		Time: metav1.NewTime(at.Truncate(time.Second)), // as it comes back from the API server
	}
}

func put(records []v1alpha1.NoticeStatus, r v1alpha1.NoticeStatus) []v1alpha1.NoticeStatus {
	n := Notice{Term: r.Term, Kind: r.Kind, DaysBefore: r.DaysBefore}
	for i := range records {
		if n.is(records[i]) && records[i].Recipient == r.Recipient {
			records[i] = r
			return records
		}
	}
	return append(records, r)
}

// prune drops what no rule asks for any more: terms before the last two, and beyond the CRD's limit (50 admins and 10
// notices a term can reach it) the term before and then the oldest.
func prune(records []v1alpha1.NoticeStatus) []v1alpha1.NoticeStatus {
	var newest int64
	for _, r := range records {
		newest = max(newest, r.Term)
	}
	keep := func(since int64) {
		records = slices.DeleteFunc(records, func(r v1alpha1.NoticeStatus) bool { return r.Term < since })
	}
	keep(newest - 1)
	if len(records) > maxRecords {
		keep(newest)
	}
	if over := len(records) - maxRecords; over > 0 {
		slices.SortStableFunc(records, func(a, b v1alpha1.NoticeStatus) int { return a.Time.Compare(b.Time.Time) })
		records = records[over:]
	}
	return records
}
