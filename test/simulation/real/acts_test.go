package real

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	applyv1alpha1 "github.com/keylease/keylease/api/v1alpha1/applyconfiguration/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
)

func oneOf[T any](random *rand.Rand, all []T) T { return all[random.IntN(len(all))] }

// personActs once: rows go elsewhere, or cells of one row change.
func (s *stage) personActs(random *rand.Rand, said *asked, between chan<- func()) {
	if random.IntN(2) == 0 {
		m, around := oneOf(random, moves), oneOf(random, keysOf(byClient, byGit, due))
		done := make(chan struct{})
		move := func() { m.around(s.T, s.form, around); close(done) }
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
	n := random.IntN(len(roles))
	err := s.form.Edit(func(g *sheets.Grid) error {
		switch random.IntN(8) {
		case 0:
			return said.deleteRow(g, n)
		case 1:
			return said.pasteDown(g, random)
		}
		if said.gone[keyOf(n)] {
			return said.bringBack(g, n)
		}
		return said.editRow(g, random, n)
	})
	if err != nil {
		s.Error(err)
	}
}

// editRow of a key: a note that only people read, and the cell that is theirs.
func (a *asked) editRow(g *sheets.Grid, random *rand.Rand, n int) error {
	key := keyOf(n)
	row, ok := g.FindRow("L", key)
	if !ok {
		return fmt.Errorf("%s stands in no row", key)
	}
	a.notes[key] = fmt.Sprintf("備考 %d", random.Uint32())
	if err := g.SetCell(fmt.Sprint("G", row), a.notes[key]); err != nil {
		return err
	}
	switch roles[n] {
	case bySheet, byBoth:
		a.dates[key] = a.laterDate()
		a.edited(key)
		return g.SetCell(fmt.Sprint("I", row), slashed(a.dates[key]))
	case byMark:
		a.marks[key] = oneOf(random, []string{"", "延長申請済み", "要確認", "延長 部長承認"})
		a.edited(key)
		return g.SetCell(fmt.Sprint("K", row), a.marks[key])
	}
	return nil
}

// deleteRow of a key that people have the only word on.
func (a *asked) deleteRow(g *sheets.Grid, n int) error {
	key := keyOf(n)
	if a.gone[key] || (roles[n] != bySheet && roles[n] != byMark) {
		return nil
	}
	row, ok := g.FindRow("L", key)
	if !ok {
		return fmt.Errorf("%s stands in no row", key)
	}
	a.gone[key] = true
	return g.DeleteRows(row, 1)
}

// bringBack a row that was deleted, at the end of the sheet. Written over at that moment it gets what was agreed before it
// went, and a person is told to look at it: that is no word lost.
func (a *asked) bringBack(g *sheets.Grid, n int) error {
	if !a.gone[keyOf(n)] {
		return nil
	}
	delete(a.gone, keyOf(n))
	delete(a.lost, keyOf(n))
	_, err := g.AppendRow(a.row(n)...)
	return err
}

// pasteDown one purpose over a block of rows, whosever they are.
func (a *asked) pasteDown(g *sheets.Grid, random *rand.Rand) error {
	purpose := fmt.Sprintf("目的 %d", random.Uint32())
	first := 2 + random.IntN(len(roles)/2)
	block := [][]any{{purpose}, {purpose}, {purpose}}
	for row := first; row < first+len(block); row++ {
		if key := g.Cell(fmt.Sprint("L", row)).String(); key != "" {
			a.purposes[key] = purpose
		}
	}
	return g.PasteBlock(fmt.Sprint("C", first), block)
}

// clientActs once: a later end date by kubectl patch, or kubectl delete of a lease whose row has all that is asked for.
func (s *stage) clientActs(random *rand.Rand, said *asked) {
	if random.IntN(6) == 0 {
		l := &v1alpha1.AccessKeyLease{}
		l.Name, l.Namespace = strings.ToLower(oneOf(random, keysOf(bySheet, byMark))), s.Namespace
		if err := s.Client.Delete(s.context(), l); client.IgnoreNotFound(err) != nil {
			s.Error(err)
		}
		return
	}
	key := oneOf(random, keysOf(byClient))
	said.mu.Lock()
	defer said.mu.Unlock()
	date := said.laterDate()
	if err := s.Patch(key, fmt.Sprintf(`{"endDate":%q}`, date)); err != nil {
		s.Error(err)
		return
	}
	said.dates[key], said.marks[key] = date, "延長申請済み"
}

// gitActs once: now and then a commit, and always all of it applied again.
func (s *stage) gitActs(random *rand.Rand, said *asked) {
	said.mu.Lock()
	defer said.mu.Unlock()
	if random.IntN(3) == 0 {
		key := oneOf(random, keysOf(byGit, byBoth))
		said.git[key] = said.laterDate()
		said.dates[key] = said.git[key] // later than what the row says, so it goes there
	}
	s.gitApply(said)
}

func (s *stage) gitApply(said *asked) {
	for key, date := range said.git {
		spec := applyv1alpha1.AccessKeyLeaseSpec().WithEndDate(date)
		apply := applyv1alpha1.AccessKeyLease(strings.ToLower(key), s.Namespace).WithSpec(spec)
		if err := s.Client.Apply(s.context(), apply, client.FieldOwner("argocd"), client.ForceOwnership); err != nil && !apierrors.IsConflict(err) {
			s.Error(err)
		}
	}
}

// disturb two of the operator's next requests.
func (s *stage) disturb(random *rand.Rand) {
	unavailable := &sheets.Response{Status: http.StatusServiceUnavailable, Body: `{"error":{"code":503,"status":"UNAVAILABLE","message":"later"}}`}
	for range 2 {
		fault := oneOf(random, []sheets.Fault{{LoseAnswer: true}, {LoseRequest: true}, {Answer: unavailable}})
		fault.On, fault.Skip = oneOf(random, []sheets.Op{sheets.Read, sheets.Write}), random.IntN(6)
		s.Sheets.Inject(fault)
	}
}

// mendDoubtful has people look at what the operator could not tell from their own, and say what they meant.
func (s *stage) mendDoubtful(said *asked) {
	s.Helper()
	now := map[string]int{}
	for n := range roles { // of Events of one reason that come close together, clients of the API server write no more than two
		now[strings.ToLower(keyOf(n))] = len(s.Audit.With(`"markDoubtful"`, strings.ToLower(keyOf(n))))
	}
	s.mendRows(said, now)
	s.Sync()
	s.Sync()
}

func (s *stage) mendRows(said *asked, now map[string]int) {
	s.Helper()
	said.mu.Lock()
	defer said.mu.Unlock()
	for n := range roles {
		name := strings.ToLower(keyOf(n))
		if now[name] == said.doubtful[name] {
			continue
		}
		said.doubtful[name] = now[name]
		s.Logf("%s: a person has to look at what it says", keyOf(n))
		s.Must(s.form.Edit(func(g *sheets.Grid) error {
			row, _ := g.FindRow("L", keyOf(n))
			if err := g.SetCell(fmt.Sprint("I", row), slashed(said.dates[keyOf(n)])); err != nil {
				return err
			}
			return g.SetCell(fmt.Sprint("K", row), said.mark(n))
		}))
	}
}
