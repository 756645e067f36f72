package notice

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
)

// maxSheetRecords is the limit of an AccessKeySheet's status.notices in the CRD.
const maxSheetRecords = 2000

// ProblemID is what a problem of the sheet is known by: its key ID, reason and value, hashed, never the row number,
// which changes when people sort.
func ProblemID(parts ...string) string { return digest(parts) }

// Batch is one message about problems that were found together.
type Batch struct {
	// Kind: a v1alpha1.Notice… constant about a sheet.
	Kind string
	// ID is the identity of the message.
	ID       string
	Problems []string
}

// NewBatch makes a message's identity of its problems, in whatever order.
func NewBatch(kind string, problems []string) Batch {
	sorted := slices.Compact(slices.Sorted(slices.Values(problems)))
	return Batch{Kind: kind, ID: digest(append([]string{kind}, sorted...)), Problems: sorted}
}

// Key identifies the message of a batch to a recipient for ever: "<uid>/<kind>/<batch>/<recipient>". uid is that of the
// AccessKeySheet.
func (b Batch) Key(uid, recipient string) string {
	return strings.Join([]string{uid, b.Kind, b.ID, recipient}, "/")
}

func digest(parts []string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0}) // so that ("a", "bc") is not ("ab", "c")
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Untold gives the problems that no message of the kind was about, in their order, each once. An admin who is
// configured later is not told of what is old. There are never more than status can remember, because what is
// forgotten would be told again at every sync.
func Untold(records []v1alpha1.SheetNotice, kind string, problems, recipients []string) []string {
	known := map[string]bool{}
	for _, r := range records {
		if r.Kind == kind {
			known[r.Problem] = true
		}
	}
	room := (maxSheetRecords - len(compact(slices.Clone(records)))) / max(len(recipients), 1)
	var out []string
	for _, p := range problems {
		if !known[p] && len(out) < room {
			known[p] = true
			out = append(out, p)
		}
	}
	return out
}

// OpenBatches gives the batches of a kind that some recipient has still to get, with the recipients due, as Outstanding
// does. A batch whose problems are all gone need not be sent any more.
func OpenBatches(records []v1alpha1.SheetNotice, kind string, now time.Time) []OpenBatch {
	var ids []string
	batches := map[string]*OpenBatch{}
	delivered := map[string]bool{}
	for _, r := range records {
		if r.Kind != kind {
			continue
		}
		b, ok := batches[r.Batch]
		if !ok {
			ids = append(ids, r.Batch)
			b = &OpenBatch{Batch: Batch{Kind: kind, ID: r.Batch}}
			batches[r.Batch] = b
		}
		if !slices.Contains(b.Problems, r.Problem) {
			b.Problems = append(b.Problems, r.Problem)
		}
		delivered[r.Batch] = delivered[r.Batch] || r.State == v1alpha1.NoticeDelivered
	}
	for _, r := range records {
		if r.Kind == kind {
			batches[r.Batch].consider(r, delivered[r.Batch], now)
		}
	}
	var open []OpenBatch
	for _, id := range ids {
		if len(batches[id].Due) > 0 {
			open = append(open, *batches[id])
		}
	}
	return open
}

// Due is a recipient whose message is to be sent now.
type Due struct {
	Recipient string
	// PendingSince for Target.
	PendingSince time.Time
}

// OpenBatch is a batch and those who have still to get it.
type OpenBatch struct {
	Batch
	Due []Due
}

func (b *OpenBatch) consider(r v1alpha1.SheetNotice, delivered bool, now time.Time) {
	if slices.ContainsFunc(b.Due, func(d Due) bool { return d.Recipient == r.Recipient }) {
		return
	}
	switch {
	case r.State == v1alpha1.NoticePending:
		b.Due = append(b.Due, Due{Recipient: r.Recipient, PendingSince: r.Time.Time})
	case r.State == v1alpha1.NoticeUnreachable && !delivered && !now.Before(r.Time.Add(lifecycle.RetryUnreachable)):
		b.Due = append(b.Due, Due{Recipient: r.Recipient})
	}
}

// PendBatch gives the records with the intent to send the batch to the recipients. To be written to status before
// Deliver. Recipients that are Pending keep their time.
func PendBatch(records []v1alpha1.SheetNotice, b Batch, recipients []string, now time.Time) []v1alpha1.SheetNotice {
	out := slices.Clone(records)
	for _, to := range recipients {
		for _, p := range b.Problems {
			i := b.index(out, p, to)
			switch {
			case i < 0:
				out = append(out, b.record(p, to, v1alpha1.NoticePending, now))
			case out[i].State == v1alpha1.NoticeUnreachable:
				out[i] = b.record(p, to, v1alpha1.NoticePending, now)
			}
		}
	}
	return limit(out)
}

// MergeBatch gives the records with the results of a batch's delivery in them, by the rules of lifecycle.Settle.
func MergeBatch(records []v1alpha1.SheetNotice, b Batch, results []Result) []v1alpha1.SheetNotice {
	out := slices.Clone(records)
	for _, r := range results {
		for _, p := range b.Problems {
			next := b.record(p, r.Recipient, r.State, r.Time)
			next.Reason, next.Channel, next.MessageTS = r.Reason, r.Receipt.Channel, r.Receipt.TS
			i := b.index(out, p, r.Recipient)
			if i < 0 {
				out = append(out, next)
				continue
			}
			if out[i].State == v1alpha1.NoticeDelivered {
				continue
			}
			if out[i].State == v1alpha1.NoticePending && r.State == v1alpha1.NoticePending {
				next.Time = out[i].Time
			}
			out[i] = next
		}
	}
	return limit(out)
}

func (b Batch) index(records []v1alpha1.SheetNotice, problem, recipient string) int {
	return slices.IndexFunc(records, func(r v1alpha1.SheetNotice) bool {
		return r.Kind == b.Kind && r.Batch == b.ID && r.Problem == problem && r.Recipient == recipient
	})
}

func (b Batch) record(problem, recipient string, state v1alpha1.NoticeState, at time.Time) v1alpha1.SheetNotice {
	return v1alpha1.SheetNotice{
		Problem: problem, Kind: b.Kind, Batch: b.ID, Recipient: recipient, State: state,
		Time: metav1.NewTime(at.Truncate(time.Second)),
	}
}
