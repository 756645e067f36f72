package judge

import (
	"sort"
	"time"

	"github.com/keylease/keylease/test/simulation/ledger"
)

func rowStamp(e ledger.Row) ledger.Stamp      { return e.Stamp }
func leaseStamp(e ledger.Lease) ledger.Stamp  { return e.Stamp }
func sheetStamp(e ledger.Sheet) ledger.Stamp  { return e.Stamp }
func usersStamp(e ledger.Users) ledger.Stamp  { return e.Stamp }
func reachStamp(e ledger.Reach) ledger.Stamp  { return e.Stamp }
func postStamp(e ledger.Post) ledger.Stamp    { return e.Stamp }
func awsStamp(e ledger.AWS) ledger.Stamp      { return e.Stamp }
func callStamp(e ledger.Call) ledger.Stamp    { return e.Stamp }
func actStamp(e ledger.Act) ledger.Stamp      { return e.Stamp }
func cellStamp(e ledger.Cell) ledger.Stamp    { return e.Stamp }
func stampItself(s ledger.Stamp) ledger.Stamp { return s }

// upTo is the part of a list that is not later than a moment.
func upTo[E any](list []E, of func(E) ledger.Stamp, at time.Time) []E {
	n := sort.Search(len(list), func(i int) bool { return of(list[i]).At.After(at) })
	return list[:n:n] // what is appended to it must not get into the ledger
}

// within is the part of a list that came after a moment and not later than another.
func within[E any](list []E, of func(E) ledger.Stamp, from, to time.Time) []E {
	list = upTo(list, of, to)
	return list[len(upTo(list, of, from)):]
}

// standing is what stood at any moment between two, oldest first: the entry that stood at the first, and all that came
// later.
func standing[E any](list []E, of func(E) ledger.Stamp, from, to time.Time) []E {
	list = upTo(list, of, to)
	return list[max(len(upTo(list, of, from))-1, 0):]
}

// all tells whether something holds of every entry of a list that is not empty.
func all[E any](list []E, holds func(E) bool) bool {
	for _, e := range list {
		if !holds(e) {
			return false
		}
	}
	return len(list) > 0
}

func byOperator(s ledger.Stamp) bool { return s.By != ledger.Person && s.By != ledger.Service }
