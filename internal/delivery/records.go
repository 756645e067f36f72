package delivery

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// RetryUnreachable is the wait before an unreachable recipient is tried again, while nobody else has the message.
// Perhaps someone must invite the app to the channel, and the key's deletion waits for it.
const RetryUnreachable = time.Hour

// Record is an entry of a list of records.
type Record[R any] interface {
	*R
	SameSubject(*R) bool
	Sent() *v1alpha1.Delivery
}

// Post is one message to send to one recipient.
type Post struct {
	// ID of the message.
	ID string
	// Recipient is a Slack user ID (U…, W…) or channel ID (C…, G…).
	Recipient string
	// Since is when an earlier attempt recorded its intent: Slack may have the message. Zero: it was never tried.
	Since time.Time
}

// Key identifies the post. The Slack message carries it as metadata, and Keylease searches Slack for it.
func (p Post) Key() string { return p.ID + "/" + p.Recipient }

// Find returns the record of a subject's message to a recipient; nil: it was never tried.
func Find[R any, P Record[R]](records []R, subject R, recipient string) *R {
	for i := range records {
		if r := P(&records[i]); r.Sent().Recipient == recipient && r.SameSubject(&subject) {
			return &records[i]
		}
	}
	return nil
}

// Due tells whether the recipient of a record must get its message now. An unreachable one is tried again only if retry
// is set.
func Due(d v1alpha1.Delivery, retry bool, now time.Time) bool {
	if d.State == v1alpha1.NoticeUnreachable {
		return retry && !now.Before(d.Time.Add(RetryUnreachable))
	}
	return d.State == v1alpha1.NoticePending
}

// Intend returns the records with the intent to send one message about the subjects to each recipient, and the posts to
// make. Write the records to status before posting. If a message is Pending later, Keylease searches Slack for it
// before sending it again.
//
// A record that is already Pending keeps its time and its message ID, because Slack may have the message under that ID.
// Of two deletion times it keeps the later one, because either may be in Slack.
func Intend[R any, P Record[R]](records, subjects []R, recipients []string, now time.Time) ([]R, []Post) {
	out := slices.Clone(records)
	var posts []Post
	for _, to := range recipients {
		for _, next := range subjects {
			d := P(&next).Sent()
			d.Recipient, d.State, d.Time = to, v1alpha1.NoticePending, stored(now)
			post := Post{ID: d.MessageID, Recipient: to}
			switch old := P(Find[R, P](out, next, to)); {
			case old == nil:
				out = append(out, next)
			case old.Sent().State == v1alpha1.NoticeDelivered:
				continue
			case old.Sent().State == v1alpha1.NoticePending:
				before := old.Sent()
				before.Announced = later(before.Announced, d.Announced)
				post.ID, post.Since = before.MessageID, before.Time.Time
			default:
				*old = next
			}
			if !slices.ContainsFunc(posts, func(p Post) bool { return p.Key() == post.Key() }) {
				posts = append(posts, post)
			}
		}
	}
	return out, posts
}

// Settle returns the records with the outcome of one message to one recipient. A record that stays Pending keeps its
// time. It changes only with the error code, so a Slack outage does not write status at every attempt. A delivered
// record stays delivered.
func Settle[R any, P Record[R]](records []R, outcome v1alpha1.Delivery) []R {
	out := slices.Clone(records)
	outcome.Time = stored(outcome.Time.Time)
	for i := range out {
		d := P(&out[i]).Sent()
		if d.MessageID != outcome.MessageID || d.Recipient != outcome.Recipient || d.State == v1alpha1.NoticeDelivered {
			continue
		}
		next := outcome
		next.Announced = d.Announced
		if d.State == v1alpha1.NoticePending && next.State == v1alpha1.NoticePending {
			next.Time, next.Reason = d.Time, cmp.Or(next.Reason, d.Reason)
		}
		*d = next
	}
	return out
}

// Forget drops the records that gone names.
func Forget[R any](records []R, gone func(*R) bool) []R {
	return slices.DeleteFunc(slices.Clone(records), func(r R) bool { return gone(&r) })
}

// Limit returns at most that many records. If there are more, it drops those that dispensable names, and then the
// oldest.
func Limit[R any, P Record[R]](records []R, most int, dispensable func(*R) bool) []R {
	if len(records) > most {
		records = Forget(records, dispensable)
	}
	if over := len(records) - most; over > 0 {
		slices.SortStableFunc(records, func(a, b R) int { return P(&a).Sent().Time.Compare(P(&b).Sent().Time.Time) })
		records = records[over:]
	}
	return records
}

// stored is a time as the API server returns it.
func stored(t time.Time) metav1.Time { return metav1.NewTime(t.UTC().Truncate(time.Second)) }

func later(a, b *metav1.Time) *metav1.Time {
	if a == nil || (b != nil && a.Before(b)) {
		return b
	}
	return a
}
