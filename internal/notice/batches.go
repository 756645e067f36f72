package notice

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/delivery"
)

// maxSheetRecords is the limit of an AccessKeySheet's status.notices in the CRD.
const maxSheetRecords = 2000

// ProblemID identifies a problem of the sheet: a hash of its key ID, reason and value. The row number is not part of
// it, because it changes when people sort.
func ProblemID(parts ...string) string { return digest(parts) }

// Batch is one message about problems that were found together, and who must get it now.
type Batch struct {
	ID string
	// Problems, with the message's ID. Set Announced of those whose deletion time the message names.
	Problems []v1alpha1.SheetNotice
	Due      []string
}

// NewBatch makes a message of problems, in any order. Its ID is "<uid>/<kind>/<digest of the problems>". uid is that of
// the AccessKeySheet; kind is a v1alpha1.Notice… constant about a sheet.
func NewBatch(uid, kind string, problems, recipients []string) Batch {
	sorted := slices.Compact(slices.Sorted(slices.Values(problems)))
	b := Batch{ID: strings.Join([]string{uid, kind, digest(append([]string{kind}, sorted...))}, "/"), Due: recipients}
	for _, p := range sorted {
		b.add(kind, p)
	}
	return b
}

func (b *Batch) add(kind, problem string) {
	b.Problems = append(b.Problems, v1alpha1.SheetNotice{Problem: problem, Kind: kind, Delivery: v1alpha1.Delivery{MessageID: b.ID}})
}

// Has tells whether the batch is about the problem.
func (b *Batch) Has(problem string) bool {
	return slices.ContainsFunc(b.Problems, func(p v1alpha1.SheetNotice) bool { return p.Problem == problem })
}

func digest(parts []string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0}) // so that ("a", "bc") is not ("ab", "c")
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Untold returns the problems that no message of the kind was about, each once, in their order. An admin who is added
// later is not told about old problems. It never returns more than status can remember, because forgotten ones would be
// told again at every sync.
func Untold(records []v1alpha1.SheetNotice, kind string, problems, recipients []string) []string {
	known := map[string]bool{}
	for _, r := range records {
		if r.Kind == kind {
			known[r.Problem] = true
		}
	}
	room := (maxSheetRecords - len(delivery.Forget(records, repeated(records)))) / max(len(recipients), 1)
	var out []string
	for _, p := range problems {
		if !known[p] && len(out) < room {
			known[p] = true
			out = append(out, p)
		}
	}
	return out
}

// OpenBatches returns the messages of a kind that some recipient still needs. It retries an unreachable recipient while
// nobody has the message. Do not send a batch whose problems are all gone.
func OpenBatches(records []v1alpha1.SheetNotice, kind string, now time.Time) []Batch {
	var batches []Batch
	at, told := map[string]int{}, map[string]bool{}
	for _, r := range records {
		if r.Kind != kind {
			continue
		}
		if _, ok := at[r.MessageID]; !ok {
			at[r.MessageID] = len(batches)
			batches = append(batches, Batch{ID: r.MessageID})
		}
		if b := &batches[at[r.MessageID]]; !b.Has(r.Problem) {
			b.add(kind, r.Problem)
		}
		told[r.MessageID] = told[r.MessageID] || r.State == v1alpha1.NoticeDelivered
	}
	for _, r := range records {
		if r.Kind != kind || !delivery.Due(r.Delivery, !told[r.MessageID], now) {
			continue
		}
		if b := &batches[at[r.MessageID]]; !slices.Contains(b.Due, r.Recipient) {
			b.Due = append(b.Due, r.Recipient)
		}
	}
	return slices.DeleteFunc(batches, func(b Batch) bool { return len(b.Due) == 0 })
}

// Intend returns the records with the intent to send the batch to the recipients that are due, and the posts to make:
// see delivery.Intend.
func (b *Batch) Intend(records []v1alpha1.SheetNotice, now time.Time) ([]v1alpha1.SheetNotice, []delivery.Post) {
	records, posts := delivery.Intend(records, b.Problems, b.Due, now)
	return delivery.Limit(records, maxSheetRecords, repeated(records)), posts
}
