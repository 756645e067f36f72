// Package chance draws stories at random: companies with their keys, what their people do, and how services fail, at the
// moments that matter.
package chance

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/keylease/keylease/test/simulation/play"
	"github.com/keylease/keylease/test/simulation/story"
)

const (
	// faultsOfLife is about how many acts each key's life has around it.
	faultsOfLife = 10
	// mostMoves of one key's end to a later day.
	mostMoves = 3
	// longName of an AccessKeySheet is longer than the value of a label may be.
	longName = 64
	// otherSpec of another cluster's AccessKeySheet. It has admins of its own.
	otherSpec = "{claimCell: Z1, slack: {admins: [U0ADMIN03]}}"
	// rest at the end of a story, in which everything due gets done.
	rest = 20 * day
)

// owners that have names of their own.
var owners = play.Owners

// beginning of every story.
var beginning = time.Date(2026, 11, 2, 9, 0, 0, 0, story.Zone)

// draw is a story that is being drawn.
type draw struct {
	*rand.Rand
	settings
	acts []story.Act
	keys []*key
	// last number that a key has.
	last int
	// key and at are what the next act is about, and when.
	key *key
	at  time.Time
	// free: from then on another act may happen that has to be alone.
	free time.Time
}

// key of a story, as far as its acts are known already.
type key struct {
	n, owner int
	since    time.Time
	end      time.Time
	moves    int
	faults   int
}

// Draw a story. The same seed gives the same.
func Draw(seed uint64) story.Story {
	d := &draw{Rand: rand.New(rand.NewPCG(seed, seed)), at: beginning}
	d.settings = d.drawSettings()
	d.company()
	for i := 0; i < len(d.keys); i++ { // lives add keys
		d.life(d.keys[i])
	}
	s := story.Story{Acts: d.acts}
	s.Sort()
	return d.ended(s)
}

func (d *draw) chance(percent int) bool { return d.IntN(100) < percent }

func (d *draw) upTo(t time.Duration) time.Duration {
	return time.Duration(d.Int64N(int64(t))).Truncate(time.Second)
}

func (d *draw) add(at time.Time, verb string, args ...string) {
	d.acts = append(d.acts, story.Act{At: at, Verb: verb, Args: args})
}

// company: its sheet, its owners and its keys, and the operator.
func (d *draw) company() {
	for n := 1; n <= owners; n++ {
		switch {
		case d.chance(10): // nobody wrote them into the users tab
		case d.chance(5):
			d.add(d.at, "owner", fmt.Sprint(n), "admin1")
		default:
			d.add(d.at, "owner", fmt.Sprint(n))
		}
	}
	count, faults := 3+d.IntN(7), faultsOfLife
	if d.chance(5) {
		count, faults = 25+d.IntN(16), 2
	}
	common := d.at.AddDate(0, 0, 10+d.IntN(35))
	for range count {
		k := d.newKey(d.at, faults)
		if k.end = d.at.AddDate(0, 0, 10+d.IntN(36)); d.chance(25) {
			k.end = common
		}
		d.request(k)
	}
	spec := []string{d.yaml()}
	if d.chance(1) {
		spec = append(spec, strings.Repeat("k", longName))
	}
	d.add(d.at, "create-sheet", spec...)
	d.add(d.at, "boot")
	if d.claims && d.chance(25) {
		d.add(d.at.Add(day+d.upTo(20*day)), "second-cluster", otherSpec)
	}
	if d.dryRun > 0 {
		d.add(d.at.Add(d.dryRun), "edit-sheet", "{mode: Enforce}", play.Stays)
	}
}

func (d *draw) newKey(since time.Time, faults int) *key {
	d.last++
	k := &key{n: d.last, owner: 1 + d.IntN(owners), since: since, end: since.AddDate(0, 0, 10), faults: faults}
	d.keys = append(d.keys, k)
	return k
}

func (d *draw) request(k *key) {
	mark := ""
	switch d.IntN(12) {
	case 0:
		mark = "通知済み"
	case 1:
		mark = "期限切れ"
	}
	args := []string{fmt.Sprint(k.n), fmt.Sprint(k.owner), d.written(k.end), mark}
	if k.n == 2 && d.chance(30) {
		args = append(args, "1") // two keys of one user
	}
	d.add(d.at, "request", args...)
}

// fresh is the number of a new key, which has a few acts of its own.
func (d *draw) fresh() string {
	k := d.newKey(d.at, 2)
	k.end = d.key.end
	return fmt.Sprint(k.n)
}

// life of one key: acts come in bunches around what is due, with calm between them.
func (d *draw) life(k *key) {
	for at, left := k.since, k.faults; left > 0; {
		next, due := d.due(k, at)
		if !due {
			return
		}
		if d.chance(20) {
			next = at.Add(d.upTo(next.Sub(at)))
		}
		at = next
		for bunch := 1 + d.IntN(4); bunch > 0 && left > 0; bunch-- {
			d.key, d.at = k, d.around(at)
			d.one()
			left--
		}
	}
}

// due is what comes next in a key's life behind a moment: a notice, the end, or what is done at it.
func (d *draw) due(k *key, behind time.Time) (next time.Time, ok bool) {
	daily := func(days int) time.Time {
		return time.Date(k.end.Year(), k.end.Month(), k.end.Day()+days, d.hour, d.minute, 0, 0, story.Zone)
	}
	midnight := time.Date(k.end.Year(), k.end.Month(), k.end.Day()+1, 0, 0, 0, 0, story.Zone)
	moments := []time.Time{midnight, daily(1), daily(1).Add(d.grace), daily(1).Add(d.grace + d.notice)}
	for _, days := range d.noticeDays {
		moments = append(moments, daily(-days))
	}
	for _, m := range moments {
		if m.After(behind.Add(time.Minute)) && (!ok || m.Before(next)) {
			next, ok = m, true
		}
	}
	return next, ok
}

// around a moment: right before it, right behind it, or some hours from it.
func (d *draw) around(at time.Time) time.Time {
	switch d.IntN(5) {
	case 0:
		at = at.Add(-d.upTo(2 * time.Minute))
	case 1:
		at = at.Add(d.upTo(10 * time.Minute))
	case 2:
		at = at.Add(d.upTo(8*hour) - 2*hour)
	}
	if at.Before(beginning.Add(time.Minute)) {
		return beginning.Add(time.Minute)
	}
	return at
}

// one act, and what follows it.
func (d *draw) one() {
	kind := d.kind()
	if kind.alone {
		d.free = d.at.Add(3 * day)
	}
	act := d.filled(kind.act)
	if kind.alone {
		d.free = d.at.Add(lasts(act) + 2*hour)
	}
	if d.chance(50) {
		act.Call = 1 + d.IntN(40)
	}
	d.acts = append(d.acts, act)
	if kind.then != "" {
		d.at = d.at.Add(kind.within/2 + d.upTo(kind.within/2))
		d.acts = append(d.acts, d.filled(kind.then))
	}
}

// kind of act, by weight.
func (d *draw) kind() kind {
	for {
		n := d.IntN(weights)
		for _, k := range table {
			if n -= k.weight; n >= 0 {
				continue
			}
			if !k.alone || d.at.After(d.free) {
				return k
			}
			break
		}
	}
}

var weights = func() (sum int) {
	for _, k := range table {
		sum += k.weight
	}
	return sum
}()

// filled is an act of the table's text, with all that is to be drawn.
func (d *draw) filled(text string) story.Act {
	act, err := story.ParseAct(text)
	if err != nil {
		panic("chance: " + text + ": " + err.Error())
	}
	act.At = d.at
	act.Verb = d.pick(act.Verb)
	for i, arg := range act.Args {
		act.Args[i] = d.pick(arg)
		if word := words[act.Args[i]]; word != nil {
			act.Args[i] = word(d)
		}
	}
	return act
}

func (d *draw) pick(alternatives string) string {
	all := strings.Split(alternatives, "|")
	return all[d.IntN(len(all))]
}

// lasts is how long a trouble lasts.
func lasts(a story.Act) time.Duration {
	t, err := time.ParseDuration(a.Args[len(a.Args)-1] + "s")
	if err != nil {
		return day
	}
	return t
}
