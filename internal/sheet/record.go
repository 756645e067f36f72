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

// maxRecord is the most bytes that a record may have: in base64, and with the fullest status around it, it must fit into one
// object of etcd (1.5 MiB). A write of 20 cells needs about 3 KB, and each row without a key up to 200 bytes more.
const maxRecord = 640 << 10

// Record gives the write as bytes to be kept: the rows that were written to, the rows without a key, and whatever else the
// leases do not say themselves. It is nil where it would be too large to be kept.
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

// without is the write less what the leases say of rows. Of a row with a key, no other cells are needed than the key and
// those that Keylease writes.
func (w *Write) without(leases map[string]*v1alpha1.AccessKeyLease, o Options) Write {
	seen, rows := lastSeen(leases, w.DateLike), readingOf(w.Before, o)
	for _, e := range w.Written {
		delete(seen, strings.TrimPrefix(e.Of, keyPrefix)) // a lease changes with its row
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

// digestOf keys, in whatever order; empty for none.
func digestOf(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	slices.Sort(keys)
	sum := sha256.Sum256([]byte(strings.Join(keys, " ")))
	return hex.EncodeToString(sum[:8])
}

// ReadRecord gives the write of a record. The leases must be read live: what the record left out is what they said then.
// Where one of them was deleted since, nothing is known of its row, not even that it was there: see [Recover].
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
			continue // the record knows better
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

// seenCells are the cells of a row as its lease last saw them.
type seenCells struct {
	OwnCells
	gone bool
}

// is tells whether the lease says the same as the tab. A lease that nobody knows says nothing.
func (s *seenCells) is(cells OwnCells, gone bool) bool {
	return s != nil && s.gone == gone && sameCell(s.EndDate, cells.EndDate) && sameCell(s.Status, cells.Status)
}

// lastSeen is what leases know of their rows, by access key ID. Of a date that could not be read, or that both sides never
// agreed on, nothing is known: an empty cell holds the key.
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
