package e2e

import (
	"testing"

	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"
)

const (
	owner    = fixture.Owner
	fullName = fixture.FullName
	admin    = "U0ADMIN01"
	admin2   = "U0ADMIN02"
)

// rowsStage is a world whose sheet has these rows, and whose account has their keys.
func rowsStage(t *testing.T, now string, rows ...fixture.Row) *stage {
	t.Helper()
	return rowsStageIn(t, now, rows)
}

// rowsStageIn a world that differs.
func rowsStageIn(t *testing.T, now string, rows []fixture.Row, change ...func(*world.Options)) *stage {
	t.Helper()
	s := newStage(t, now, change...)
	s.Seed(fixture.Rows(t, rows...))
	for _, r := range rows {
		if r.Account == "" {
			s.Key(r.User, r.Key, fixture.JST("2026-06-01 09:00"))
		}
	}
	return s
}
