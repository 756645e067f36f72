package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// Headers of the two columns that the operator may write.
const (
	headEnds   = "終了日"
	headStatus = "状態"
)

// peoples are the headers that tell that a column is not the operator's.
var peoples = []string{"氏名", "利用目的", "AWSリソース名", "開始日", "アカウント名", "アクセスキーID", "ユーザーID", "姓", "名"}

// writing is invariant 6: the operator changes its own cells only, and each with what is true of its row.
type writing struct {
	account *account
	read    reader[ledger.Cell]
	// raced is the last write between whose reading and writing people changed something.
	raced time.Time
}

func cells() check {
	c := &writing{account: newAccount()}
	return check{name: "6 another's cell or a wrong mark", step: c.step, end: c.end}
}

func (c *writing) step(l *ledger.Ledger) (found []Finding) {
	c.account.catchUp(l, nil)
	for _, w := range c.read.news(l.Cells) {
		if !byOperator(w.Stamp) || w.Old == w.New {
			continue
		}
		if raced(l, w) {
			c.raced = w.At
			continue
		}
		if wrong := c.judge(l, w); wrong != "" {
			found = append(found, Finding{Key: w.Key, At: w.At, Text: fmt.Sprintf("%s wrote %q over %q into %s!%s (%s): %s", w.By, cut(w.New), cut(w.Old), w.Tab, w.Cell, w.Header, wrong)})
		}
	}
	return found
}

// cut a cell's text to what fits a line.
func cut(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// raced tells whether somebody acted between the process's last reading and the write. Then the operator could not know
// better, and puts right afterwards what it can.
func raced(l *ledger.Ledger, w ledger.Cell) bool {
	since := 0
	for i := len(l.Calls) - 1; i >= 0; i-- {
		if c := l.Calls[i]; c.Seq < w.Seq && c.By == w.By && c.Service == "google" && c.Op == "read" {
			since = c.Seq
			break
		}
	}
	between := func(s ledger.Stamp) bool { return s.Seq > since && s.Seq < w.Seq }
	for i := len(l.Acts) - 1; i >= 0 && l.Acts[i].Seq > since; i-- {
		if between(l.Acts[i].Stamp) {
			return true
		}
	}
	for i := len(l.Cells) - 1; i >= 0 && l.Cells[i].Seq > since; i-- {
		if between(l.Cells[i].Stamp) && l.Cells[i].By != w.By {
			return true
		}
	}
	return false
}

// judge says what is wrong with a write; empty: nothing.
func (c *writing) judge(l *ledger.Ledger, w ledger.Cell) string {
	in := specsIn(l, w.At.Add(-leeway(l, w.At)), w.At)
	some := func(of func(*v1alpha1.AccessKeySheetSpec) bool) bool { return slices.ContainsFunc(in, of) }
	letters := strings.TrimRight(w.Cell, "0123456789")
	column := func(header string, of func(v1alpha1.RequestColumns) v1alpha1.ColumnLetter) bool {
		return w.Header == header || (!slices.Contains(peoples, w.Header) && w.Header != headEnds && w.Header != headStatus &&
			some(func(s *v1alpha1.AccessKeySheetSpec) bool { return string(of(s.Requests.Columns)) == letters }))
	}
	switch {
	case len(in) == 0:
		return "there is no sheet"
	case !some(func(s *v1alpha1.AccessKeySheetSpec) bool { return s.Mode != v1alpha1.ModeDryRun }):
		return "the mode is DryRun"
	case !some(func(s *v1alpha1.AccessKeySheetSpec) bool { return s.Requests.Tab == w.Tab }):
		return "it is not the requests tab"
	case some(func(s *v1alpha1.AccessKeySheetSpec) bool { return s.ClaimCell == w.Cell }):
		return ""
	case w.Key == "" && c.takesBack(l, w):
		return ""
	case w.Key == "":
		return "there is no key in that row"
	case column(headStatus, func(c v1alpha1.RequestColumns) v1alpha1.ColumnLetter { return c.Status }):
		return c.judgeMark(l, w)
	case column(headEnds, func(c v1alpha1.RequestColumns) v1alpha1.ColumnLetter { return c.EndDate }):
		return c.judgeDate(l, w)
	}
	return "the column is people's"
}

// putBack: people moved rows during a write not long ago, and the text stood in some cell before.
func (c *writing) putBack(l *ledger.Ledger, w ledger.Cell) bool {
	if c.raced.IsZero() || w.At.Sub(c.raced) > 2*24*time.Hour {
		return false
	}
	recent := func(s ledger.Stamp) bool { return s.Seq < w.Seq && w.At.Sub(s.At) < 7*24*time.Hour }
	return slices.ContainsFunc(l.Cells, func(o ledger.Cell) bool { return recent(o.Stamp) && o.Old == w.New }) ||
		slices.ContainsFunc(l.Rows[w.Key], func(r ledger.Row) bool { return r.Seq < w.Seq && (r.Mark == w.New || r.Ends == w.New) })
}

// takesBack: the row went while the operator wrote into it, and it takes its own text out of the cell again.
func (c *writing) takesBack(l *ledger.Ledger, w ledger.Cell) bool {
	return c.putBack(l, w) && slices.ContainsFunc(l.Cells, func(o ledger.Cell) bool {
		return o.Seq < w.Seq && byOperator(o.Stamp) && o.Tab == w.Tab && o.Header == w.Header && o.Old == w.New && o.New == w.Old
	})
}

func (c *writing) judgeMark(l *ledger.Ledger, w ledger.Cell) string {
	all := marksOf(l)
	was, _ := readStatus(w.Old, all)
	means, remark := readStatus(w.New, all)
	switch {
	case c.putBack(l, w):
		return ""
	case !keeps(w.Old, w.New, all):
		return "a remark of a person is lost"
	case means == noSign && remark != "" && was == noSign:
		return "that is no mark"
	case was == signExtended && means != signExtended && means != signRevoked && c.holds(l, w):
		return "the mark of a person holds that date"
	case was == signRevoked && means != signRevoked && byPerson(l, w):
		return "a person says that the key is deleted"
	}
	return c.untrue(l, w.Key, means, w.Seq)
}

// untrue says why a mark does not belong into a key's row; empty: it may be right. seq is when it was written.
func (c *writing) untrue(l *ledger.Ledger, key string, means sign, seq int) string {
	k := c.account.keys[key]
	switch {
	case k == nil || k.user == "":
	case means == signRevoked && k.gone.IsZero():
		return "the key lives"
	case (means == signNotified || means == signExpired) && !namedIn(l, key, seq) && !typed(l, key, seq):
		return "nobody was told of the key"
	}
	return ""
}

// namedIn: some message has named the key before that entry.
func namedIn(l *ledger.Ledger, key string, seq int) bool {
	return slices.ContainsFunc(l.Posts, func(p ledger.Post) bool { return p.Seq < seq && strings.Contains(p.Plain, key) })
}

// typed: people put such a mark into the key's row themselves.
func typed(l *ledger.Ledger, key string, seq int) bool {
	all := marksOf(l)
	return slices.ContainsFunc(l.Rows[key], func(r ledger.Row) bool {
		means, _ := readStatus(r.Mark, all)
		return r.Seq < seq && !byOperator(r.Stamp) && (means == signNotified || means == signExpired)
	})
}

// markUnder is how a key's row was right before an entry, and the row when its mark was put. Two rows: nothing is known.
func markUnder(l *ledger.Ledger, w ledger.Cell) (put, is ledger.Row, known bool) {
	rows := l.Rows[w.Key]
	i := len(rows) - 1
	for i >= 0 && rows[i].Seq >= w.Seq {
		i--
	}
	if i < 0 || rows[i].Count != 1 || rows[i].Mark != w.Old {
		return put, is, false
	}
	is, put = rows[i], rows[i]
	for i > 0 && rows[i-1].Mark == is.Mark {
		if i--; rows[i].Count != 1 {
			return put, is, false
		}
		put = rows[i]
	}
	return put, is, true
}

// byPerson: a person typed the mark that is overwritten, a while ago.
func byPerson(l *ledger.Ledger, w ledger.Cell) bool {
	put, _, known := markUnder(l, w)
	return known && !byOperator(put.Stamp) && w.At.Sub(put.At) > leeway(l, w.At)
}

// holds: a person put the mark against the date that still stands, and neither date was moved near that time or since. Other
// words for the same, and what stood in between for less than a day, change nothing.
func (c *writing) holds(l *ledger.Ledger, w ledger.Cell) bool {
	put, is, known := markUnder(l, w)
	if k := c.account.keys[w.Key]; !known || byOperator(put.Stamp) || w.At.Sub(put.At) < leeway(l, w.At) || (k != nil && !k.gone.IsZero()) {
		return false
	}
	texts, rows, since := marksOf(l), upTo(l.Rows[w.Key], rowStamp, w.At), put.At
	for i := len(rows) - 1; i >= 0; i-- {
		if as, _ := readStatus(rows[i].Mark, texts); as == signExtended {
			since = rows[i].At
		} else if since.Sub(rows[i].At) > 24*time.Hour {
			break
		}
	}
	near := since.Add(-2 * 24 * time.Hour)
	for i, r := range rows {
		if i > 0 && r.At.After(near) && (r.Ends != rows[i-1].Ends || r.Count != 1) {
			return false
		}
	}
	versions := upTo(l.Leases[strings.ToLower(w.Key)], leaseStamp, w.At)
	for i, v := range versions {
		if i > 0 && v.At.After(near) && (v.Object == nil || versions[i-1].Object == nil || v.Object.Spec.EndDate != versions[i-1].Object.Spec.EndDate ||
			(v.By == ledger.Person && v.Object.Spec.ExtensionRequested != versions[i-1].Object.Spec.ExtensionRequested)) {
			return false // moved, or a person took the mark back in the lease
		}
	}
	return is.Ends == put.Ends
}

func (c *writing) judgeDate(l *ledger.Ledger, w ledger.Cell) string {
	was, before := readDate(w.Old)
	to, now := readDate(w.New)
	extension := slices.ContainsFunc(l.Leases[strings.ToLower(w.Key)], func(v ledger.Lease) bool {
		return v.Seq < w.Seq && !byOperator(v.Stamp) && v.Object != nil && specDay(v.Object.Spec.EndDate) == to
	})
	switch {
	case c.putBack(l, w):
		return ""
	case now != dated && before != dated: // a number that is a date to who wrote it, and shown as another
		return ""
	case now != dated || !extension:
		return "nobody asked for that date in the lease"
	case before == dated && was.known() && shape(w.Old) != shape(w.New):
		return "the date has another form"
	}
	return ""
}

// shape of a date: what stands between its numbers.
func shape(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, folded(text))
}

// end judges the marks that stand at last, also those that were written while people moved rows.
func (c *writing) end(l *ledger.Ledger) (found []Finding) {
	if n := len(l.Acts); n == 0 || lastMoment(l).Sub(l.Acts[n-1].At) < 24*time.Hour {
		return nil
	}
	all := marksOf(l)
	for key, rows := range l.Rows {
		n := len(rows) - 1
		if n < 0 || rows[n].Count != 1 {
			continue
		}
		put := n
		for put > 0 && rows[put-1].Mark == rows[n].Mark {
			put--
		}
		if !byOperator(rows[put].Stamp) {
			continue
		}
		means, _ := readStatus(rows[n].Mark, all)
		if wrong := c.untrue(l, key, means, rows[put].Seq); wrong != "" {
			found = append(found, Finding{Key: key, At: rows[n].At, Text: fmt.Sprintf("%q stands in row %d at last, and %s", rows[n].Mark, rows[n].Row, wrong)})
		}
	}
	return found
}
