package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/emulator/slack"
)

const (
	owner    = "U0EMPLOY01"
	admin    = "U0ADMIN01"
	admin2   = "U0ADMIN02"
	fullName = "山田 太郎"
)

// keyRow is one row of a small sheet; its owner is 山田 太郎 unless said otherwise.
type keyRow struct {
	user, key, ends string
	status          string
	owner           string
	account         string
}

// rowsStage is a world whose sheet has these rows, and whose account has their keys.
func rowsStage(t *testing.T, now string, rows ...keyRow) *stage {
	t.Helper()
	s := newStage(t, now)
	s.Seed(rowsSheet(t, rows))
	for _, r := range rows {
		if r.account == "" {
			s.Key(r.user, r.key, jst("2026-06-01 09:00"))
		}
	}
	return s
}

func rowsSheet(t *testing.T, rows []keyRow) *sheets.Spreadsheet {
	t.Helper()
	sp := bigSheet(t, 0)
	for _, r := range rows {
		who := r.owner
		if who == "" {
			who = fullName
		}
		_, err := sp.Tab("key_request_form").AppendRow("", who, "試験", "", "S3", "", "", "2026/06/01", r.ends, r.user, r.status, r.key, r.account)
		if err != nil {
			t.Fatal(err)
		}
	}
	return sp
}

// rowsOf so many users, a key each, that all end on a day.
func rowsOf(n int, ends string) []keyRow {
	var rows []keyRow
	for i := range n {
		rows = append(rows, keyRow{user: fmt.Sprintf("svc-%04d", i), key: fmt.Sprintf("AKIAROWS%012d", i), ends: ends})
	}
	return rows
}

// toldTo are the messages to somebody that hold all of the texts.
func (s *stage) toldTo(to string, texts ...string) []slack.Message {
	return slices.DeleteFunc(s.Slack.Messages(to), func(m slack.Message) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(m.PlainText(), text) })
	})
}

func (s *stage) expectTold(to string, times int, texts ...string) {
	s.Helper()
	if got := len(s.toldTo(to, texts...)); got != times {
		s.Errorf("%s has %d messages with %q, want %d", to, got, texts, times)
	}
}

// expectOneOfEach: no message was sent twice, by the key that each carries in its metadata.
func (s *stage) expectOneOfEach() {
	s.Helper()
	seen := map[string]bool{}
	for _, m := range s.Slack.AllMessages() {
		key := fmt.Sprint(m.Metadata.EventPayload["key"])
		if seen[key] {
			s.Errorf("sent twice: %s\n%s", key, m.PlainText())
		}
		seen[key] = true
	}
}

func (s *stage) expectPhase(accessKeyID string, want v1alpha1.Phase) {
	s.Helper()
	if l := s.lease(accessKeyID); l.Status.Phase != want {
		s.Errorf("%s is %s, want %s (%s)", accessKeyID, l.Status.Phase, want, ready(l))
	}
}

func (s *stage) expectKey(accessKeyID, want string) {
	s.Helper()
	if got := s.Account.KeyStatus(accessKeyID); got != want {
		s.Errorf("key %s is %q, want %q (%s)", accessKeyID, got, want, ready(s.lease(accessKeyID)))
	}
}

func containsAll(text string, parts ...string) bool {
	return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(text, p) })
}

// expectEvent about a lease. The recorder writes from a goroutine of its own, so that it may come a little later.
func (s *stage) expectEvent(accessKeyID, reason, says string) {
	s.Helper()
	for range 200 {
		list := &eventsv1.EventList{}
		s.must(s.Client.List(s.Context(), list, client.InNamespace(s.Namespace)))
		for _, e := range list.Items {
			if e.Regarding.Name == strings.ToLower(accessKeyID) && e.Reason == reason && strings.Contains(e.Note, says) {
				return
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.Errorf("no Event %s of %s that says %q", reason, accessKeyID, says)
}
