package real

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/fixture"
)

// rowsByKey as they stand. No row without a key says anything in its status cell, and no key stands twice.
func (s *stage) rowsByKey(round int) map[string][]string {
	s.Helper()
	rows := map[string][]string{}
	for _, row := range s.form.Texts()[1:] {
		for len(row) < 12 {
			row = append(row, "")
		}
		switch {
		case row[11] == "" && row[10] != "":
			s.Errorf("round %d: a row without a key says %q", round, row[10])
		case row[11] != "" && rows[row[11]] != nil:
			s.Errorf("round %d: %s stands in two rows", round, row[11])
		}
		if row[11] != "" {
			rows[row[11]] = row
		}
	}
	return rows
}

// expectAgreement of sheet and cluster on what was asked for.
func (s *stage) expectAgreement(round int, said *asked) {
	s.Helper()
	rows := s.rowsByKey(round)
	for n, role := range roles {
		key := keyOf(n)
		row, l := rows[key], s.Lease(key)
		if row == nil {
			s.Errorf("round %d: %s stands in no row any more", round, key)
			continue
		}
		if row[6] != said.notes[key] {
			s.Errorf("round %d: the note of %s is %q, want %q", round, key, row[6], said.notes[key])
		}
		if want := said.purposes[key]; row[2] != want || (l.Spec.Purpose != want && l.Status.Phase != v1alpha1.PhaseRevoked) {
			s.Errorf("round %d: the purpose of %s is %q in the sheet and %q in the cluster, want %q", round, key, row[2], l.Spec.Purpose, want)
		}
		if said.lost[key] {
			s.Logf("round %d: a person edited %s between the last reading and the write over it", round, key)
			continue
		}
		s.expectDate(round, said, key, role, row[8], l)
		s.expectMark(round, said, n, row[10], l)
	}
}

func (s *stage) expectDate(round int, said *asked, key string, role role, date string, l *v1alpha1.AccessKeyLease) {
	s.Helper()
	want := said.dates[key]
	leases := want
	if git := said.git[key]; role == byBoth && git != "" {
		leases = git
	}
	if date != slashed(want) || l.Spec.EndDate != leases {
		s.Errorf("round %d: %s ends %s in the sheet and %s in the cluster, want %s and %s", round, key, date, l.Spec.EndDate, want, leases)
		s.tellOf(slashed(want))
	}
	if held := heldFor(l); (leases != want) != (held == v1alpha1.ReasonFieldOwnedElsewhere) {
		s.Errorf("round %d: %s ends %s in the sheet and %s in the cluster, held %q", round, key, want, leases, held)
	}
}

func (s *stage) expectMark(round int, said *asked, n int, mark string, l *v1alpha1.AccessKeyLease) {
	s.Helper()
	key, role := keyOf(n), roles[n]
	want := said.mark(n)
	held := (role == byMark || role == kept) && strings.HasPrefix(want, "延長")
	switch role {
	case byBoth:
		return // whether the mark was written before a hold began is chance
	case due:
		want = map[v1alpha1.Phase]string{v1alpha1.PhaseNotified: "通知済み", v1alpha1.PhaseExpired: "期限切れ", v1alpha1.PhaseRevoked: "削除済み"}[l.Status.Phase]
	}
	if mark != want {
		s.Errorf("round %d: %s says %q, want %q", round, key, mark, want)
		s.tellOf("")
	}
	if (heldFor(l) == v1alpha1.ReasonExtensionRequested) != held {
		s.Errorf("round %d: %s is held %q, want %v (it says %q)", round, key, heldFor(l), held, mark)
	}
}

// heldFor is why a lease is held, empty where it is not.
func heldFor(l *v1alpha1.AccessKeyLease) string {
	if c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionHeld); c != nil && c.Status == "True" {
		return c.Reason
	}
	return ""
}

// expectRest: once all agree, nothing is written any more, however often the sheet is read and GitOps applies the same.
func (s *stage) expectRest(round int, said *asked) {
	s.Helper()
	before := s.versions()
	s.Sheets.ResetStats()
	for range 2 {
		s.gitApply(said)
		s.Sync()
	}
	if got := s.Sheets.Stats().Writes; got != 0 {
		s.Errorf("round %d: %d write requests at rest", round, got)
	}
	if diff := cmp.Diff(before, s.versions()); diff != "" {
		s.Errorf("round %d: leases were written at rest (-before +after):\n%s", round, diff)
	}
}

func (s *stage) versions() map[string]string {
	s.Helper()
	list := &v1alpha1.AccessKeyLeaseList{}
	s.Must(s.Client.List(s.Context(), list, client.InNamespace(s.Namespace)))
	versions := map[string]string{}
	for _, l := range list.Items {
		versions[l.Name] = l.ResourceVersion
	}
	return versions
}

// expectDeeds at the end: what was due is gone, and nothing else; nobody heard anything twice.
func (s *stage) expectDeeds() {
	s.Helper()
	for n, role := range roles {
		key := keyOf(n)
		end := s.Lease(key).Spec.EndDate
		got, deletion := s.Account.KeyStatus(key), fixture.JST(end+" 15:00").AddDate(0, 0, 1)
		switch now := s.Clock.Now(); {
		case role == due && now.After(deletion.Add(2*time.Hour)):
			if got != "" {
				s.Errorf("%s, which ends %s, is %q in AWS", key, end, got)
			}
		case role == due && !now.Before(deletion): // about now
		case got != "Active":
			s.Errorf("%s, which ends %s, is %q in AWS", key, end, got)
		}
	}
	heard := map[string]int{}
	for _, m := range s.Slack.AllMessages() {
		heard[fmt.Sprint("the message ", m.Metadata.EventPayload["key"])]++
		if strings.Contains(m.PlainText(), "（週次）") {
			continue // the same keys are in it every week
		}
		for _, key := range keysOf(due, kept) {
			if strings.Contains(m.PlainText(), key) {
				heard[m.Channel+": "+m.PlainText()]++
			}
		}
	}
	if told := len(s.Slack.Messages("U0EMPLOY29")); told == 0 {
		s.Error("nobody heard of the keys that became due")
	}
	for text, times := range heard {
		if times > 1 {
			s.Errorf("%d times: %s", times, text)
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
