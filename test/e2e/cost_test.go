package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"
)

// requests counts what an operator asks of the API server.
type requests struct {
	mu     sync.Mutex
	writes []string
	reads  []string
}

func (r *requests) count(next http.RoundTripper) http.RoundTripper {
	return world.RoundTripper(func(req *http.Request) (*http.Response, error) {
		line := req.Method + " " + req.URL.Path
		r.mu.Lock()
		switch {
		case req.URL.Query().Has("watch"):
		case req.Method == http.MethodGet:
			r.reads = append(r.reads, line)
		default:
			r.writes = append(r.writes, line)
		}
		r.mu.Unlock()
		return next.RoundTrip(req)
	})
}

func (r *requests) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writes, r.reads = nil, nil
}

func (r *requests) made() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.writes...)
}

// bigSheet has n rows, none of which ends soon.
func bigSheet(t *testing.T, n int) *sheets.Spreadsheet {
	t.Helper()
	rows := make([]fixture.Row, n)
	for i := range rows {
		rows[i] = fixture.Row{User: fmt.Sprintf("svc-%04d", i), Key: bigKey(i), Ends: "2027/06/30"}
	}
	return fixture.Rows(t, rows...)
}

func TestAnUnchangedSheetOfAThousandRowsCostsOneRequestAndNoWrite(t *testing.T) {
	asked := &requests{}
	s := newStage(t, "2026-12-01 10:00", func(o *world.Options) { o.Config.Wrap(asked.count) })
	sp := bigSheet(t, 1000)
	s.Sheets.Add(world.SpreadsheetID, sp)
	created := fixture.JST("2026-06-01 09:00")
	for i := range 1000 {
		s.Key(fmt.Sprintf("svc-%04d", i), fmt.Sprintf("AKIABIG%013d", i), created)
	}
	s.Begin()
	s.Until("2026-12-01 10:30")
	if got := s.Sheet().Status.Rows.Leases; got != 1000 {
		t.Fatalf("%d leases: %+v", got, s.Sheet().Status.Conditions)
	}

	s.Sheets.ResetStats()
	s.IAM.ResetCalls()
	slackBefore := total(s.Slack.Calls())
	asked.forget()
	last := s.Sheet().Status.LastSyncTime
	// One sync, five minutes after the last; the heartbeat is not due yet, or is the only write.
	next, ok := s.Clock.Next()
	if !ok {
		t.Fatal("nothing is to come")
	}
	s.Clock.Set(next)
	s.Settle()

	if got := s.Sheets.Stats(); got.Reads != 1 || got.Writes != 0 {
		t.Errorf("requests to Sheets: %+v, want one read", got)
	}
	if got := asked.made(); len(got) > 0 && s.Sheet().Status.LastSyncTime.Equal(last) || len(got) > 1 {
		t.Errorf("writes to the API server: %v", got)
	}
	if got := s.IAM.Calls(); len(got) > 0 {
		t.Errorf("%d calls to IAM, the first %s", len(got), got[0].Action)
	}
	if got := total(s.Slack.Calls()); got != slackBefore {
		t.Errorf("%d calls to Slack", got-slackBefore)
	}
}

func TestTheHeartbeatIsWrittenOnceInTenMinutes(t *testing.T) {
	asked := &requests{}
	s := newStage(t, "2026-12-01 10:00", func(o *world.Options) { o.Config.Wrap(asked.count) })
	s.Sheets.Add(world.SpreadsheetID, bigSheet(t, 3))
	for i := range 3 {
		s.Key(fmt.Sprintf("svc-%04d", i), fmt.Sprintf("AKIABIG%013d", i), fixture.JST("2026-06-01 09:00"))
	}
	s.Begin()
	s.Until("2026-12-01 10:30")
	asked.forget()
	s.Sheets.ResetStats()
	ctx := s.Context()
	s.Must(s.Operator().Until(ctx, fixture.JST("2026-12-01 12:30"), time.Minute))
	if got, reads := len(asked.made()), s.Sheets.Stats().Reads; got != 12 || reads != 24 {
		t.Errorf("two hours: %d writes to the API server, want 12; %d requests to Sheets, want 24\n%v", got, reads, asked.made())
	}
}

func total(calls map[string]int) int {
	n := 0
	for _, c := range calls {
		n += c
	}
	return n
}
