package sheets_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/googleapi"

	"github.com/keylease/keylease/test/emulator/sheets"
)

func TestTheQuotaIsFilledAgainByTheClock(t *testing.T) {
	w := start(t, []any{"a"})
	w.server.SetQuota(sheets.Quota{ReadsPerMinute: 2, WritesPerMinute: 1, RetryAfter: 30 * time.Second})
	w.read(t, "A1")
	w.read(t, "A1")
	_, err := w.Values.Get(id, "A1").Do()
	expectRefusal(t, err, 429, "rateLimitExceeded", "Quota exceeded for quota metric 'Read requests' and limit "+
		"'Read requests per minute per user' of service 'sheets.googleapis.com' for consumer 'project_number:123456789012'.")
	var refused *googleapi.Error
	if errors.As(err, &refused); refused.Header.Get("Retry-After") != "30" || len(refused.Details) != 1 {
		t.Errorf("Retry-After %q, details %v", refused.Header.Get("Retry-After"), refused.Details)
	}
	must(t, w.write(t, "A1", "x")) // a quota of its own
	w.clock.SetTime(w.clock.Now().Add(59 * time.Second))
	if w.write(t, "A1", "y") == nil {
		t.Error("the second write within a minute was accepted")
	}
	w.clock.SetTime(w.clock.Now().Add(time.Second))
	w.read(t, "A1")
	must(t, w.write(t, "A1", "y"))
}

func TestARateLimitCanComeAs403(t *testing.T) {
	w := start(t)
	w.server.SetQuota(sheets.Quota{WritesPerMinute: 1, As403: true})
	must(t, w.write(t, "A1", "x"))
	expectRefusal(t, w.write(t, "A1", "y"), 403, "userRateLimitExceeded", "User Rate Limit Exceeded")
}

func TestACallCanFailAndTheNextSucceeds(t *testing.T) {
	w := start(t, []any{"a"})
	w.server.FailNext(sheets.Write, sheets.Unavailable())
	w.read(t, "A1") // not a write
	expectRefusal(t, w.write(t, "A1", "x"), 503, "backendError", "The service is currently unavailable.")
	if got := w.tab.Cell("A1").String(); got != "a" {
		t.Errorf("the failed write left %q", got)
	}
	must(t, w.write(t, "A1", "x"))
	w.server.FailNext(sheets.Any, sheets.BadGateway())
	_, err := w.Values.Get(id, "A1").Do()
	var refused *googleapi.Error
	if !errors.As(err, &refused) || refused.Code != http.StatusBadGateway || refused.Message != "" {
		t.Errorf("error %v, want a 502 without an API message", err)
	}
}

func TestAFaultHitsTheCallsThatItNames(t *testing.T) {
	w := start(t, []any{"a"})
	answer := sheets.InternalError()
	fault := w.server.Inject(sheets.Fault{On: sheets.Read, Skip: 1, Times: 2, Answer: &answer,
		Match: func(c sheets.Call) bool { return c.Method == "values.batchGet" }})
	var codes []int
	for range 4 {
		w.read(t, "A1") // does not match
		r, err := w.Values.BatchGet(id).Ranges("A1").Do()
		var refused *googleapi.Error
		if errors.As(err, &refused) {
			codes = append(codes, refused.Code)
		} else {
			codes = append(codes, r.HTTPStatusCode)
		}
	}
	if diff := cmp.Diff([]int{200, 500, 500, 200}, codes); diff != "" || fault.Hits() != 2 {
		t.Errorf("%d hits, codes (-want +got):\n%s", fault.Hits(), diff)
	}
}

func TestALostAnswerLeavesTheWriteInTheSheet(t *testing.T) {
	w := start(t)
	w.server.LoseNextAnswer(sheets.Write)
	err := w.write(t, "K2", "通知済み")
	var refused *googleapi.Error
	if err == nil || errors.As(err, &refused) {
		t.Errorf("error %v, want a broken connection", err)
	}
	if got := w.tab.Cell("K2").String(); got != "通知済み" {
		t.Errorf("K2 is %q, want it written", got)
	}
	if calls := w.server.Calls(); len(calls) != 1 || !calls[0].AnswerLost || calls[0].Status != 200 {
		t.Errorf("calls %+v, want one, its answer lost", calls)
	}
}

func TestALostReadIsNotRepeatedByTheTransport(t *testing.T) {
	w := start(t, []any{"a"})
	w.read(t, "A1") // so that the connection is one that is used again
	w.server.LoseNextAnswer(sheets.Read)
	if _, err := w.Values.Get(id, "A1").Do(); err == nil {
		t.Error("no error from half an answer")
	}
	if got := w.server.Stats().Reads; got != 2 {
		t.Errorf("%d reads arrived, want 2", got)
	}
}

func TestALostRequestChangesNothing(t *testing.T) {
	w := start(t)
	w.server.Inject(sheets.Fault{On: sheets.Write, LoseRequest: true})
	if w.write(t, "K2", "x") == nil || !w.tab.Cell("K2").Empty() {
		t.Errorf("K2 is %q after a request that never arrived", w.tab.Cell("K2"))
	}
}

func TestAStalledCallGoesOnWhenReleased(t *testing.T) {
	w := start(t)
	arrived, release := w.server.StallNext(sheets.Write)
	defer release()
	done := make(chan error, 1)
	go func() { done <- w.write(t, "K2", "x") }()
	<-arrived
	if !w.tab.Cell("K2").Empty() {
		t.Error("the stalled write was handled")
	}
	release()
	must(t, <-done)
	if got := w.tab.Cell("K2").String(); got != "x" {
		t.Errorf("K2 is %q after the release", got)
	}
}

func TestAClientThatGivesUpAStalledCallHasWrittenNothing(t *testing.T) {
	w := start(t)
	arrived, release := w.server.StallNext(sheets.Write)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := w.Values.Update(id, "K2", values("", []any{"x"})).ValueInputOption("RAW").Context(ctx).Do()
		done <- err
	}()
	<-arrived
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the cancellation", err)
	}
	for !w.server.Calls()[0].AnswerLost { // until the server has noticed
		time.Sleep(time.Millisecond)
	}
	release()
	if !w.tab.Cell("K2").Empty() {
		t.Errorf("K2 is %q", w.tab.Cell("K2"))
	}
}

func TestAnAnswerCanBeLateForAWriteThatHappened(t *testing.T) {
	w := start(t)
	gate := make(chan struct{})
	defer close(gate)
	handled := make(chan struct{})
	w.server.Inject(sheets.Fault{On: sheets.Write, StallAnswer: gate, After: func(*sheets.Spreadsheet) { close(handled) }})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-handled; cancel() }()
	_, err := w.Values.Update(id, "K2", values("", []any{"x"})).ValueInputOption("RAW").Context(ctx).Do()
	if err == nil || w.tab.Cell("K2").String() != "x" {
		t.Errorf("error %v, K2 %q, want a cancelled call whose write stands", err, w.tab.Cell("K2"))
	}
}

func TestRowsCanBeMovedBetweenAReadAndAWrite(t *testing.T) {
	w := start(t, []any{"id", "mark"}, []any{"KEY2", ""}, []any{"KEY1", ""})
	hook := w.server.OnBeforeWrite(func(s *sheets.Spreadsheet) { expectDone(t, s.Tab(tab).SortBy("A", 1, true)) })
	must(t, w.write(t, "B2", "mark of KEY2"))
	if diff := cmp.Diff([][]string{{"id", "mark"}, {"KEY1", "mark of KEY2"}, {"KEY2"}}, w.tab.Texts()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	hook.Remove()
	must(t, w.tab.SortBy("A", 1, false))
	must(t, w.write(t, "B2", "mark of KEY2"))
	if got := w.tab.Cell("A2").String(); got != "KEY2" {
		t.Errorf("A2 is %q, want no sort any more", got)
	}
}

func TestHooksRunAtTheirMoment(t *testing.T) {
	w := start(t, []any{"v0"})
	set := func(v string) func(*sheets.Spreadsheet) {
		return func(s *sheets.Spreadsheet) { expectDone(t, s.Tab(tab).SetCell("A1", v)) }
	}
	w.server.OnBeforeRead(set("before read"))
	w.server.OnAfterRead(set("after read"))
	if got := w.read(t, "A1").Values[0][0]; got != "before read" {
		t.Errorf("read %q", got)
	}
	if got := w.tab.Cell("A1").String(); got != "after read" {
		t.Errorf("after the read A1 is %q", got)
	}
	w.server.OnAfterWrite(set("after write"))
	must(t, w.write(t, "A1", "written"))
	if got := w.tab.Cell("A1").String(); got != "after write" {
		t.Errorf("after the write A1 is %q", got)
	}
}
