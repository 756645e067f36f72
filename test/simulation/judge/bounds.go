package judge

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
	// In an hour at rest.
	restAPI, restGoogle, restAWS, restAWSKey, restSlack, restSlackKey = 24, 60, 40, 20, 20, 4
	// sameWrites are how often the same text may be written into one cell within a day.
	sameWrites = 10
	// restWrites are of cells that alone are refused.
	restWrites = 4
	// resting: after so much time without acts, faults have ended and their aftermath too.
	resting = 24 * time.Hour

	googleWrites = "google write"
)

// counting is invariant 9: calls, status and lists stay small.
type counting struct {
	calls  reader[ledger.Call]
	sheets reader[ledger.Sheet]
	leases map[string]*reader[ledger.Lease]

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
	b := &counting{leases: map[string]*reader[ledger.Lease]{}, told: map[string]bool{}}
	return check{name: "9 without bounds", step: b.step, end: func(l *ledger.Ledger) []Finding { return b.endHour(l, lastMoment(l)) }}
}

func (b *counting) step(l *ledger.Ledger) []Finding {
	found := append(b.sizes(l), b.writes(l)...)
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
			r = &reader[ledger.Lease]{}
			b.leases[name] = r
		}
		if fresh := r.news(versions); len(fresh) > 0 {
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
	acts, changes := b.happened(l, 2*time.Hour)
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
	if acts, changes := b.happened(l, resting); acts == 0 && changes == 0 && !inTrouble(l, b.hour.from.Add(-resting)) {
		found = append(found, b.rest(l, syncs)...)
	}
	return found
}

// services are how the verbs of acts begin that bring a service's trouble.
var services = []string{"api", "aws", "google", "late", "slack", "stale"}

// inTrouble tells whether an act's trouble with a service lasted longer than until a moment.
func inTrouble(l *ledger.Ledger, at time.Time) bool {
	return slices.ContainsFunc(l.Acts, func(a ledger.Act) bool {
		of := slices.ContainsFunc(services, func(s string) bool { return strings.HasPrefix(a.Verb, s) })
		return of && slices.ContainsFunc(a.Args, func(arg string) bool {
			seconds, err := strconv.Atoi(arg)
			return err == nil && a.At.Add(time.Duration(seconds)*time.Second).After(at)
		})
	})
}

// rest judges an hour at rest, for each cluster that has an operator.
func (b *counting) rest(l *ledger.Ledger, syncs int) (found []Finding) {
	most := map[string]int{googleWrites: restWrites, "google": restGoogle + syncs, "api": restAPI,
		"aws": restAWS + restAWSKey*len(l.Leases), "slack": restSlack + restSlackKey*len(l.Leases)}
	clusters := 1
	if acted(l, "second-cluster") {
		clusters = 2
	}
	for service, n := range b.hour.of {
		if n > clusters*most[service] {
			found = append(found, Finding{At: b.hour.from, Text: fmt.Sprintf("%d calls to %s within an hour at rest", n, service)})
		}
	}
	return found
}

// syncs in an hour, of the quickest sheet there ever was.
func (b *counting) syncs(l *ledger.Ledger) int {
	quickest := 5 * time.Minute
	for _, s := range l.Sheets {
		if s.Object != nil && s.Object.Spec.Schedule.SyncInterval != nil {
			quickest = min(quickest, s.Object.Spec.Schedule.SyncInterval.Duration)
		}
	}
	return int(time.Hour / max(quickest, time.Second))
}

// happened counts acts, and changes that the operator made, in the hour that ends and some time before.
func (b *counting) happened(l *ledger.Ledger, before time.Duration) (acts, changes int) {
	from := b.hour.from.Add(-before)
	to := b.hour.from.Add(time.Hour)
	in := func(s ledger.Stamp) bool { return s.At.After(from) && !s.At.After(to) }
	acts = countLast(l.Acts, func(a ledger.Act) ledger.Stamp { return a.Stamp }, from, in)
	changes = countLast(l.Posts, func(p ledger.Post) ledger.Stamp { return p.Stamp }, from, in) +
		countLast(l.AWS, func(a ledger.AWS) ledger.Stamp { return a.Stamp }, from, in) +
		countLast(l.Cells, func(c ledger.Cell) ledger.Stamp { return c.Stamp }, from, in)
	for _, versions := range l.Leases {
		changes += countLast(versions, func(v ledger.Lease) ledger.Stamp { return v.Stamp }, from, in)
	}
	return acts, changes
}

// countLast counts entries from the end of a list, as long as they are not too old.
func countLast[E any](list []E, of func(E) ledger.Stamp, from time.Time, in func(ledger.Stamp) bool) (n int) {
	for i := len(list) - 1; i >= 0 && of(list[i]).At.After(from); i-- {
		if in(of(list[i])) {
			n++
		}
	}
	return n
}
