package delivery

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// RetryUnreachable is how long an unreachable recipient is left alone, while nobody else has the message: someone may have
// to invite the app to the channel, and until then the key would outlive its date.
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
	// Since is when an earlier attempt recorded its intent: the message may be in Slack. Zero: it was never tried.
	Since time.Time
}

// Key identifies the post for ever. It travels as metadata of the Slack message, and is what Slack is searched for.
func (p Post) Key() string { return p.ID + "/" + p.Recipient }

// Find gives the record of a subject's message to a recipient; nil: nothing was tried yet.
func Find[R any, P Record[R]](records []R, subject R, recipient string) *R {
	for i := range records {
		if r := P(&records[i]); r.Sent().Recipient == recipient && r.SameSubject(&subject) {
			return &records[i]
		}
	}
	return nil
}

// Due tells whether the recipient of a record is to get its message now. An unreachable one is tried again only if retry.
func Due(d v1alpha1.Delivery, retry bool, now time.Time) bool {
	if d.State == v1alpha1.NoticeUnreachable {
		return retry && !now.Before(d.Time.Add(RetryUnreachable))
	}
	return d.State == v1alpha1.NoticePending
}

// Intend gives the records with the intent to send one message about the subjects to each recipient, and the posts to make.
// Write the records to status before posting: a message found Pending later is looked for in Slack before it is sent again.
//
// A record that is Pending keeps its time and its message ID: the message may be in Slack since then, under that ID. It
// names the later of two deletion times, because either may be in Slack.
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

// Settle gives the records with the outcome of one message to one recipient in them. A record that stays Pending keeps its
// time, and changes only where the error code does, so that a Slack that is down does not write to status at every
// attempt. What was delivered stays delivered.
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

// Limit gives at most that many records. While there are more it forgets what dispensable names, then the oldest.
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

// stored is a time as it comes back from the API server.
func stored(t time.Time) metav1.Time { return metav1.NewTime(t.UTC().Truncate(time.Second)) }

func later(a, b *metav1.Time) *metav1.Time {
	if a == nil || (b != nil && a.Before(b)) {
		return b
	}
	return a
}
