package judge

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/keylease/keylease/test/simulation/ledger"
)

// Bounds of invariant 9. They are plain numbers, far above what is needed and far below what hurts.
const (
	leaseBytes = 16 << 10
	sheetBytes = 64 << 10
	// loop is how many calls within a minute are a loop.
	loop = 2000
	// In an hour, each service may get so many calls, and so many more for each lease, each change and each act.
	hourly, hourlyLease, hourlyChange, hourlyAct = 300, 60, 60, 400
	// sameWrites are how often the same text may be written into one cell within a day.
	sameWrites = 10

	googleWrites = "google write"
)

// counting is invariant 9: calls, status and lists stay small.
type counting struct {
	calls  reader[ledger.Call]
	sheets reader[ledger.Sheet]
	leases map[string]*leaseNews
	slowed reader[ledger.Slowed]

	minute, hour window
	told         map[string]bool

	cells reader[ledger.Cell]
	day   window // writes of one text into one cell
}

// window counts calls from a moment on.
type window struct {
	from  time.Time
	total int
	of    map[string]int
}

func bounds() check {
	b := &counting{leases: map[string]*leaseNews{}, told: map[string]bool{}}
	return check{name: "9 without bounds", step: b.step, end: func(l *ledger.Ledger) []Finding { return b.endHour(l, lastMoment(l)) }}
}

func (b *counting) step(l *ledger.Ledger) []Finding {
	found := append(b.sizes(l), b.writes(l)...)
	found = append(found, b.circles(l)...)
	for _, c := range b.calls.news(l.Calls) {
		if c.At.Sub(b.minute.from) > time.Minute {
			b.minute = window{from: c.At}
		}
		if b.minute.total++; b.minute.total == loop {
			found = append(found, Finding{At: c.At, Text: fmt.Sprintf("%d calls since %s, the last %s %s", loop, shown(b.minute.from), c.Service, c.Op)})
		}
		if c.At.Sub(b.hour.from) > time.Hour {
			found = append(found, b.endHour(l, c.At)...)
			b.hour = window{from: c.At, of: map[string]int{}}
		}
		b.hour.of[what(c)]++
	}
	return found
}

// what is counted together.
func what(c ledger.Call) string {
	if c.Service == "google" && c.Op == "write" {
		return googleWrites
	}
	return c.Service
}

// writes of the same text into the cell of one key.
func (b *counting) writes(l *ledger.Ledger) (found []Finding) {
	for _, c := range b.cells.news(l.Cells) {
		if !byOperator(c.Stamp) {
			continue
		}
		if c.At.Sub(b.day.from) > aDay {
			b.day = window{from: c.At, of: map[string]int{}}
		}
		id := c.Key + " " + c.Header + " " + c.New
		if b.day.of[id]++; b.day.of[id] == sameWrites+1 {
			found = append(found, Finding{Key: c.Key, At: c.At, Text: fmt.Sprintf("%q was written into %s %d times since %s", c.New, c.Cell, sameWrites+1, shown(b.day.from))})
		}
	}
	return found
}

// sizes of what is new. Only the last version of a step is measured.
func (b *counting) sizes(l *ledger.Ledger) (found []Finding) {
	if fresh := b.sheets.news(l.Sheets); len(fresh) > 0 {
		if s := fresh[len(fresh)-1]; s.Object != nil {
			found = b.size(found, "", s.Stamp, s.Object.Status, sheetBytes)
		}
	}
	for name, versions := range l.Leases {
		r := b.leases[name]
		if r == nil {
			r = &leaseNews{}
			b.leases[name] = r
		}
		if fresh := r.read(versions); len(fresh) > 0 {
			if v := fresh[len(fresh)-1]; v.Object != nil {
				found = b.size(found, v.Object.Spec.AccessKeyID, v.Stamp, v.Object.Status, leaseBytes)
			}
		}
	}
	return found
}

func (b *counting) size(found []Finding, key string, s ledger.Stamp, status any, most int) []Finding {
	data, err := json.Marshal(status)
	if err != nil || len(data) <= most || b.told[key] {
		return found
	}
	b.told[key] = true
	return append(found, Finding{Key: key, At: s.At, Text: fmt.Sprintf("a status of %d bytes", len(data))})
}

// endHour judges the calls of the hour that ends.
func (b *counting) endHour(l *ledger.Ledger, now time.Time) (found []Finding) {
	if len(b.hour.of) == 0 || now.Before(b.hour.from) {
		return nil
	}
	end := b.hour.from.Add(time.Hour)
	acts, changes := b.happened(l, b.hour.from.Add(-2*time.Hour), end)
	syncs := 2 * b.syncs(l)
	for service, n := range b.hour.of {
		most := hourly + hourlyLease*len(l.Leases) + hourlyAct*acts + hourlyChange*changes
		if service == "google" || service == "api" {
			most += syncs
		}
		if n > most {
			found = append(found, Finding{At: b.hour.from, Text: fmt.Sprintf("%d calls to %s within an hour, with %d leases, %d changes and %d acts", n, service, len(l.Leases), changes, acts)})
		}
	}
	if b.atRest(l, b.hour.from.Add(-resting), end) {
		found = append(found, b.rest(l, syncs)...)
	}
	return found
}
