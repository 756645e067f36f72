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
	// races are the writes of the last days between whose reading and writing people changed what was written.
	races []ledger.Cell
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
			c.races = append(slices.DeleteFunc(c.races, func(r ledger.Cell) bool { return w.At.Sub(r.At) > raceSpan }), w)
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

// putBack: the cell still has what was written there while people changed it, and gets what stood in it before, or what stood
// in that key's row not long ago.
func (c *writing) putBack(l *ledger.Ledger, w ledger.Cell) bool {
	stood := func() bool {
		return slices.ContainsFunc(within(l.Rows[w.Key], rowStamp, w.At.Add(-7*aDay), w.At), func(r ledger.Row) bool {
			return r.Seq < w.Seq && (r.Mark == w.New || r.Ends == w.New)
		})
	}
	return slices.ContainsFunc(c.races, func(r ledger.Cell) bool {
		return w.At.Sub(r.At) <= raceSpan && r.New == w.Old && (r.Old == w.New || stood())
	})
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
	if wrong := c.untrue(l, w.Key, means, w.Seq); wrong != "" || means == was {
		return wrong
	}
	return wrongDate(l, w, means)
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

// wrongDate says why a new mark does not belong to the end date of a key's lease; empty: it may.
func wrongDate(l *ledger.Ledger, w ledger.Cell, means sign) string {
	from := w.At.Add(-leeway(l, w.At))
	versions := standing(l.Leases[strings.ToLower(w.Key)], leaseStamp, from, w.At)
	some := func(of func(day) bool) bool {
		return slices.ContainsFunc(versions, func(v ledger.Lease) bool { return v.Object == nil || of(specDay(v.Object.Spec.EndDate)) })
	}
	passed := func(end day) bool {
		return slices.ContainsFunc(specsIn(l, from, w.At), func(s *v1alpha1.AccessKeySheetSpec) bool {
			zone := zoneOf(*s)
			return zone == nil || !w.At.Before(end.at("00:00", zone, 1))
		})
	}
	told := func(end day) bool { return toldOfEnd(l, w, end) }
	switch {
	case len(versions) == 0:
	case means == signExpired && !some(passed):
		return "its end date has not passed"
	case (means == signNotified || means == signExpired) && !some(told) && !typed(l, w.Key, w.Seq):
		return "nobody was told of that end date"
	}
	return ""
}

// toldOfEnd: a message before a write named the key and that end date, or the key among others.
func toldOfEnd(l *ledger.Ledger, w ledger.Cell, end day) bool {
	return slices.ContainsFunc(l.Posts, func(p ledger.Post) bool {
		if p.Seq > w.Seq || !strings.Contains(p.Plain, w.Key) {
			return false
		}
		n, ofOne := noticeOf(p)
		return !ofOne || (n.key == w.Key && (n.end == end || !n.end.known()))
	})
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
	has := func(v ledger.Lease) bool { return v.Object != nil && specDay(v.Object.Spec.EndDate) == to }
	versions := l.Leases[strings.ToLower(w.Key)]
	extension := slices.ContainsFunc(standing(versions, leaseStamp, w.At.Add(-leeway(l, w.At)), w.At), has) &&
		slices.ContainsFunc(versions, func(v ledger.Lease) bool { return v.Seq < w.Seq && !byOperator(v.Stamp) && has(v) })
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
