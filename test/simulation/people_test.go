package simulation

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
)

const (
	people, clients = 3, 2
	// keys of the sheet. Every third is extended by date in the sheet, every third in the cluster, every third has the mark
	// put and taken away: so it is known for each cell what must stand in it in the end, whoever came first.
	keys = 24
	// acts of each person and client in one round.
	acts = 12
)

// In make test there are so many rounds, and in make soak as many as fit into -soak-duration. Rows move a few times in each,
// right between two requests where it can be. More than people ever do in those milliseconds cannot be followed: copies of
// rows that hold a stray value, and of copies, look like people's own.
const rounds, calmMoves, anyMoves = 12, 1, people * acts

// asked is what people and clients asked for, by key: the last word on each cell that only one of them edits.
type asked struct {
	mu    sync.Mutex
	dates map[string]string // YYYY-MM-DD
	marks map[string]string
	notes map[string]string
	last  int
	// unseen are the keys whose cell a person edited since the operator last read the sheet. What it writes over one then is
	// lost: the service knows no conditional write. lost are those.
	unseen map[string]int
	lost   map[string]bool
	// edits so far, and how many of them the reading under way began after.
	edits, reading int
	// moves of rows that people may still make in this round.
	moves int
}

// mayMove rows once more.
func (a *asked) mayMove() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.moves--
	return a.moves >= 0
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
		date := strings.HasPrefix(c.Range, "I") && strings.ReplaceAll(c.Old.String(), "/", "-") == a.dates[key]
		mark := strings.HasPrefix(c.Range, "K") && c.Old.String() == a.marks[key]
		if date || mark {
			a.lost[key] = true
		}
	}
}

// laterDate than any asked for before, in the sheet's form.
func (a *asked) laterDate() string {
	a.last++
	return time.Date(2027, 7, a.last, 0, 0, 0, 0, time.UTC).Format("2006/01/02")
}

func TestPeopleClientsAndTheOperatorAtOnce(t *testing.T) {
	simulate(t, *seedFlag, calmMoves, func(round int) bool { return round < rounds })
}

// TestSoak goes on for as long as -soak-duration says: make soak DURATION=1h.
func TestSoak(t *testing.T) {
	if *soakDuration == 0 {
		t.Skip("-soak-duration says how long")
	}
	end := time.Now().Add(*soakDuration)
	simulate(t, *seedFlag, anyMoves, func(int) bool { return time.Now().Before(end) })
}

func simulate(t *testing.T, seed uint64, moves int, more func(round int) bool) {
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d: again with -seed %d", seed, seed)
	var lines [][]any
	said := &asked{dates: map[string]string{}, marks: map[string]string{}, notes: map[string]string{}, unseen: map[string]int{}, lost: map[string]bool{}}
	for n := range keys {
		lines = append(lines, line(n+1, "2027/06/30", "", keyOf(n)))
		said.dates[keyOf(n)] = "2027-06-30"
	}
	s := newStage(t, "2026-12-01 15:10", spreadsheet(t, lines...))
	s.begin(generous)
	s.Sheets.OnBeforeRead(said.reads)
	s.Sheets.OnAfterRead(said.seen)
	s.Sheets.OnChange(said.overwritten)
	for round := 0; more(round); round++ {
		said.moves = moves
		s.round(seed, round, said)
		s.expectAgreement(round, said)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d keys were met with their row moved under a write", s.moved())
	if got := len(s.Slack.AllMessages()); got != 0 {
		t.Errorf("%d messages, though nothing is due for months: %s", got, s.Slack.AllMessages()[0].PlainText())
	}
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
	for who := range people + clients {
		random := rand.New(rand.NewPCG(seed, uint64(round*100+who)))
		group.Go(func() {
			for range acts {
				if who < people {
					s.personActs(random, said, between)
				} else {
					s.clientActs(random, said)
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
			s.sync()
		}
	}
	// What the last edits lead to is read, written, and read again.
	for range 3 {
		s.sync()
	}
}

// personActs once: rows go elsewhere, or cells of one row change.
func (s *stage) personActs(random *rand.Rand, said *asked, between chan<- func()) {
	key := keyOf(random.IntN(keys))
	if random.IntN(2) == 0 && said.mayMove() {
		m := moves[random.IntN(len(moves))]
		done := make(chan struct{})
		move := func() { m.around(s.T, s.form, key); close(done) }
		// Right between two requests of the operator's, if there is one soon: that is where a move can do harm.
		select {
		case between <- move:
			<-done
		case <-time.After(5 * time.Millisecond):
			move()
		}
		return
	}
	said.mu.Lock()
	defer said.mu.Unlock()
	err := s.form.Edit(func(g *sheets.Grid) error {
		row, ok := g.FindRow("L", key)
		if !ok {
			return fmt.Errorf("%s stands in no row", key)
		}
		note := fmt.Sprintf("備考 %d", random.Uint32())
		said.notes[key] = note
		if err := g.SetCell(fmt.Sprint("G", row), note); err != nil {
			return err
		}
		switch number(key) % 3 {
		case 0:
			date := said.laterDate()
			said.dates[key] = strings.ReplaceAll(date, "/", "-")
			said.edited(key)
			return g.SetCell(fmt.Sprint("I", row), date)
		case 2:
			mark := []string{"", "延長申請済み", "要確認", "延長 部長承認"}[random.IntN(4)]
			said.marks[key] = mark
			said.edited(key)
			return g.SetCell(fmt.Sprint("K", row), mark)
		}
		return nil
	})
	if err != nil {
		s.Error(err)
	}
}

// clientActs once: a later end date, by kubectl patch.
func (s *stage) clientActs(random *rand.Rand, said *asked) {
	key := keyOf(3*random.IntN(keys/3) + 1)
	said.mu.Lock()
	defer said.mu.Unlock()
	date := strings.ReplaceAll(said.laterDate(), "/", "-")
	if err := s.patch(key, fmt.Sprintf(`{"endDate":%q}`, date)); err != nil {
		s.Error(err)
		return
	}
	said.dates[key], said.marks[key] = date, "延長申請済み"
}

// number of a key.
func number(key string) int {
	var n int
	_, _ = fmt.Sscanf(strings.TrimPrefix(key, "AKIASIMULATE"), "%d", &n) // keyOf made it
	return n
}

// expectAgreement of sheet and cluster on what was asked for.
func (s *stage) expectAgreement(round int, said *asked) {
	s.Helper()
	rows := map[string][]string{}
	for _, row := range s.form.Texts()[1:] {
		for len(row) < 12 {
			row = append(row, "")
		}
		if row[11] == "" {
			if row[10] != "" {
				s.Errorf("round %d: a row without a key says %q", round, row[10])
			}
			continue
		}
		if rows[row[11]] != nil {
			s.Errorf("round %d: %s stands in two rows", round, row[11])
		}
		rows[row[11]] = row
	}
	for n := range keys {
		key := keyOf(n)
		row, l := rows[key], s.lease(key)
		if row == nil {
			s.Errorf("round %d: %s stands in no row any more", round, key)
			continue
		}
		if said.lost[key] {
			s.Logf("round %d: a person edited %s between the last reading and the write over it", round, key)
			continue
		}
		if want := said.dates[key]; strings.ReplaceAll(row[8], "/", "-") != want || l.Spec.EndDate != want {
			s.Errorf("round %d: %s ends %s in the sheet and %s in the cluster, want %s", round, key, row[8], l.Spec.EndDate, want)
			s.tellOf(strings.ReplaceAll(want, "-", "/"))
		}
		if row[10] != said.marks[key] {
			s.Errorf("round %d: %s says %q, want %q", round, key, row[10], said.marks[key])
			s.tellOf("")
		}
		if row[6] != said.notes[key] {
			s.Errorf("round %d: the note of %s is %q, want %q", round, key, row[6], said.notes[key])
		}
		held := meta.IsStatusConditionTrue(l.Status.Conditions, v1alpha1.ConditionHeld)
		if want := n%3 == 2 && strings.HasPrefix(said.marks[key], "延長"); held != want {
			s.Errorf("round %d: %s is held: %v, want %v (it says %q)", round, key, held, want, row[10])
		}
	}
}

// tellOf a value that should stand in the sheet: what became of it, and of all in the last moments of the round.
func (s *stage) tellOf(value string) {
	s.Helper()
	changes := s.sheet.Changes()
	for i, c := range changes {
		if i > len(changes)-150 || (value != "" && (c.New.String() == value || c.Old.String() == value)) {
			s.Log(c.Seq, c)
		}
	}
}
