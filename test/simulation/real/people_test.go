package real

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
)

const (
	people, clients = 3, 2
	// acts of each person and client in one round.
	acts = 12
)

// rounds in make test; in make soak there are as many as fit into -soak-duration.
const rounds = 10

// pause lets that much time pass behind each round, so that keys become due.
const pause = 7 * time.Hour

// role of a key: who has the last word on its cells, so that it is known of each what must stand there in the end, whoever
// came first.
type role int

const (
	bySheet  role = iota // people move its date, delete its row and bring it back
	byClient             // clients extend it
	byMark               // people put its mark and take it away, delete its row and bring it back
	byGit                // a GitOps tool owns its date
	byBoth               // a GitOps tool owns its date, and people move it in the sheet all the same
	due                  // nobody touches it: it becomes due and is revoked
	kept                 // it becomes due, and the mark in its row keeps it
)

// roles of the keys, in their order.
var roles = func() []role {
	var all []role
	for range 8 {
		all = append(all, bySheet, byClient, byMark)
	}
	return append(all, byGit, byGit, byBoth, byBoth, due, due, due, due, kept, kept)
}()

// keysOf these roles.
func keysOf(wanted ...role) []string {
	var keys []string
	for n, is := range roles {
		for _, w := range wanted {
			if is == w {
				keys = append(keys, keyOf(n))
			}
		}
	}
	return keys
}

// asked is what people and clients asked for, by key: the last word on each cell that only one of them edits.
type asked struct {
	mu    sync.Mutex
	dates map[string]string // YYYY-MM-DD, of the row
	git   map[string]string // of the GitOps tool
	marks map[string]string
	notes map[string]string
	// purposes are a column that the lease has too.
	purposes map[string]string
	// gone are the keys whose row a person deleted.
	gone map[string]bool
	last int
	// unseen are the keys whose cell a person edited since the operator last read the sheet. What it writes over one then is
	// lost: the service knows no conditional write. lost are those.
	unseen map[string]int
	lost   map[string]bool
	// doubtful counts what the operator could not tell from a person's own, by lease.
	doubtful map[string]int
	// edits so far, and how many of them the reading under way began after.
	edits, reading int
}

func newAsked() *asked {
	a := &asked{unseen: map[string]int{}, lost: map[string]bool{}, doubtful: map[string]int{}, gone: map[string]bool{}, dates: map[string]string{},
		git: map[string]string{}, marks: map[string]string{}, notes: map[string]string{}, purposes: map[string]string{}}
	for n, role := range roles {
		a.dates[keyOf(n)], a.purposes[keyOf(n)] = "2027-06-30", "連携"
		switch role {
		case due:
			a.dates[keyOf(n)] = fmt.Sprintf("2026-12-%02d", 2+n%2)
		case kept:
			a.dates[keyOf(n)], a.marks[keyOf(n)] = "2026-12-02", "延長申請済み"
		}
	}
	return a
}

// row of a key as it is asked for.
func (a *asked) row(n int) []any {
	key := keyOf(n)
	values := line(n+1, slashed(a.dates[key]), a.marks[key], key)
	values[2], values[6] = a.purposes[key], a.notes[key]
	return values
}

// mark that the row of a key is to show, but for what its phase says.
func (a *asked) mark(n int) string {
	if roles[n] == byGit && a.git[keyOf(n)] != "" {
		return "延長申請済み"
	}
	return a.marks[keyOf(n)]
}

// reads: the operator reads all that was written so far, and what is written meanwhile perhaps.
func (a *asked) reads(*sheets.Spreadsheet) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reading = a.edits
}

// seen: the operator has read it.
func (a *asked) seen(*sheets.Spreadsheet) {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.unseen, func(_ string, edit int) bool { return edit <= a.reading })
}

// edited by a person: the operator is to see it.
func (a *asked) edited(key string) {
	a.edits++
	a.unseen[key] = a.edits
	delete(a.lost, key)
}

// overwritten by the operator: the only word of a person's that may be lost is one that it could not have read.
func (a *asked) overwritten(c sheets.Change) {
	if c.By != sheets.API || c.Old == c.New {
		return // a person, who holds the lock already
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for key := range a.unseen {
		date := c.Range[0] == 'I' && c.Old.String() == slashed(a.dates[key])
		mark := c.Range[0] == 'K' && c.Old.String() == a.marks[key]
		if date || mark {
			a.lost[key] = true
		}
	}
}

// laterDate than any asked for before.
func (a *asked) laterDate() string {
	a.last++
	return time.Date(2027, 7, a.last, 0, 0, 0, 0, time.UTC).Format("2006-01-02")
}

func slashed(date string) string { return date[:4] + "/" + date[5:7] + "/" + date[8:] }

func TestPeopleClientsAndTheOperatorAtOnce(t *testing.T) {
	simulate(t, *seedFlag, false, func(round int) bool { return round < rounds })
}

// TestSoak goes on for as long as -soak-duration says: make soak DURATION=1h. Requests and answers are lost now and then.
func TestSoak(t *testing.T) {
	if *soakDuration == 0 {
		t.Skip("-soak-duration says how long")
	}
	end := time.Now().Add(*soakDuration)
	simulate(t, *seedFlag, true, func(int) bool { return time.Now().Before(end) })
}

func simulate(t *testing.T, seed uint64, faults bool, more func(round int) bool) {
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d: again with -seed %d", seed, seed)
	said := newAsked()
	var lines [][]any
	for n := range roles {
		lines = append(lines, said.row(n))
	}
	s := newStage(t, "2026-12-01 15:10", spreadsheet(t, lines...))
	s.begin(generous, func(a *v1alpha1.AccessKeySheet) {
		a.Spec.Schedule.SyncInterval = &metav1.Duration{Duration: time.Hour}
	})
	s.Sheets.OnBeforeRead(said.reads)
	s.Sheets.OnAfterRead(said.seen)
	s.Sheets.OnChange(said.overwritten)
	round := 0
	for ; more(round) && !t.Failed(); round++ {
		if faults && round%2 == 1 {
			s.disturb(rand.New(rand.NewPCG(seed, uint64(round*100+99))))
		}
		s.round(seed, round, said)
		s.mendDoubtful(said)
		s.expectAgreement(round, said)
		s.expectRest(round, said)
		s.Pass(pause)
	}
	if t.Failed() {
		return
	}
	t.Logf("%d rounds, in which %d keys were met with their row moved under a write", round, s.moved())
	s.expectDeeds()
}

// round lets everybody do some things while the operator works, then all come to rest.
func (s *stage) round(seed uint64, round int, said *asked) {
	s.Helper()
	var group sync.WaitGroup
	between := make(chan func())
	hook := s.Sheets.Inject(sheets.Fault{Times: -1, Before: func(*sheets.Spreadsheet) {
		select {
		case move := <-between:
			move()
		default:
		}
	}})
	defer hook.Remove()
	for who := range people + clients + 1 {
		random := rand.New(rand.NewPCG(seed, uint64(round*100+who)))
		group.Go(func() {
			for range acts {
				switch {
				case who < people:
					s.personActs(random, said, between)
				case who < people+clients:
					s.clientActs(random, said)
				default:
					s.gitActs(random, said)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	for working := true; working; {
		select {
		case <-done:
			working = false
		default:
			s.Sync()
		}
	}
	s.tidyUp(said)
	// What the last edits lead to is read, written, and read again, also where it failed at first.
	s.Pass(2 * time.Minute)
	for range 3 {
		s.Sync()
	}
}

// tidyUp brings back the rows that are gone, and deletes copies that nobody needs.
func (s *stage) tidyUp(said *asked) {
	s.Helper()
	said.mu.Lock()
	defer said.mu.Unlock()
	s.Must(s.form.Edit(func(g *sheets.Grid) error {
		for n := range roles {
			if err := said.bringBack(g, n); err != nil {
				return err
			}
		}
		for row := len(g.Texts()); row > 3*len(roles); row-- {
			if !g.Cell(fmt.Sprint("L", row)).Empty() {
				continue
			}
			if err := g.DeleteRows(row, 1); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (s *stage) context() context.Context { return context.WithoutCancel(s.Context()) }
