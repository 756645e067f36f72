package sheet

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
)

// maxRecord is the largest record in bytes. In base64, and with the fullest status around it, it must fit into one object
// of etcd (1.5 MiB). A write of 20 cells needs about 3 KB, and each row without a key up to 200 bytes more.
const maxRecord = 640 << 10

// Record encodes the write: the rows that were written to, the rows without a key, and everything that the leases do
// not say. It is nil if the result is too large to keep.
func (w *Write) Record(leases map[string]*v1alpha1.AccessKeyLease, o Options) ([]byte, error) {
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	if err := json.NewEncoder(zip).Encode(w.without(leases, o)); err != nil {
		return nil, fmt.Errorf("record of a write: %w", err)
	}
	if err := zip.Close(); err != nil {
		return nil, fmt.Errorf("record of a write: %w", err)
	}
	if b.Len() > maxRecord {
		return nil, nil
	}
	return b.Bytes(), nil
}

// without is the write without what the leases already say. Of a row with a key it keeps only the key and the cells
// that Keylease writes.
func (w *Write) without(leases map[string]*v1alpha1.AccessKeyLease, o Options) Write {
	seen, rows := lastSeen(leases, w.DateLike), readingOf(w.Before, o)
	for _, e := range w.Written {
		delete(seen, strings.TrimPrefix(e.Of, keyPrefix)) // this write changes what the lease says
	}
	kept := *w
	kept.Before, kept.Gone = nil, maps.Clone(w.Gone)
	var omitted []string
	for i, row := range w.Before {
		if id := rows.key(i); id != "" {
			cells := ownCells(row, o)
			if len(rows.of[keyPrefix+id]) == 1 && seen[id].is(cells, false) {
				omitted = append(omitted, id)
				continue
			}
			row = cells.row(id, o)
		}
		kept.Before = append(kept.Before, row)
	}
	maps.DeleteFunc(kept.Gone, func(id string, cells OwnCells) bool {
		if len(rows.of[keyPrefix+id]) > 0 {
			return true
		}
		known := seen[id].is(cells, true)
		if known {
			omitted = append(omitted, id)
		}
		return known
	})
	kept.Omitted = digestOf(omitted)
	return kept
}

// digestOf keys, in any order; empty: there are none.
func digestOf(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	slices.Sort(keys)
	sum := sha256.Sum256([]byte(strings.Join(keys, " ")))
	return hex.EncodeToString(sum[:8])
}

// ReadRecord decodes the write of a record. Read the leases live: the record left out what they said when it was made. If one
// was deleted since, nothing is known of its row, not even whether it existed: see [Recover].
func ReadRecord(record []byte, leases map[string]*v1alpha1.AccessKeyLease, o Options) (Write, error) {
	var w Write
	zip, err := gzip.NewReader(bytes.NewReader(record))
	if err != nil {
		return w, fmt.Errorf("record of a write: %w", err)
	}
	if err := json.NewDecoder(io.LimitReader(zip, 64<<20)).Decode(&w); err != nil {
		return w, fmt.Errorf("record of a write: %w", err)
	}
	seen, rows := lastSeen(leases, w.DateLike), readingOf(w.Before, o)
	if w.Gone == nil {
		w.Gone = map[string]OwnCells{}
	}
	var omitted []string
	for _, id := range slices.Sorted(maps.Keys(seen)) {
		if _, gone := w.Gone[id]; gone || len(rows.of[keyPrefix+id]) > 0 {
			continue // the record has it
		}
		omitted = append(omitted, id)
		if seen[id].gone {
			w.Gone[id] = seen[id].OwnCells
		} else {
			w.Before = append(w.Before, seen[id].row(id, o))
		}
	}
	w.incomplete = digestOf(omitted) != w.Omitted
	return w, nil
}

// seenCells are a row's cells as its lease last saw them.
type seenCells struct {
	OwnCells
	gone bool
}

// is tells whether the lease says the same as the tab. A missing lease says nothing.
func (s *seenCells) is(cells OwnCells, gone bool) bool {
	return s != nil && s.gone == gone && sameCell(s.EndDate, cells.EndDate) && sameCell(s.Status, cells.Status)
}

// lastSeen is what the leases know of their rows, by access key ID. An unreadable date, or one that was never agreed
// on, is unknown; the empty cell in its place keeps the key from being deleted.
func lastSeen(leases map[string]*v1alpha1.AccessKeyLease, dateLike any) map[string]*seenCells {
	seen := map[string]*seenCells{}
	for id, l := range leases {
		s := l.Status.Sheet
		if s == nil {
			continue
		}
		cells := &seenCells{OwnCells{EndDate: "", Status: s.Mark}, s.Row == 0}
		if date := cmp.Or(s.RefusedEndDate, s.RowEndDate, s.EndDate); date != "" && (s.Hold == nil || s.Hold.Reason != v1alpha1.ReasonInvalidRow) {
			cells.EndDate = FormatDate(date, dateLike)
		}
		seen[id] = cells
	}
	return seen
}

func ownCells(row []any, o Options) OwnCells {
	rows := [][]any{row}
	return OwnCells{EndDate: cellValue(rows, 0, ColumnIndex(o.Columns.EndDate)), Status: cellValue(rows, 0, ColumnIndex(o.Columns.Status))}
}
