package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/emulator/slack"
)

// screen prints what happens, as it happens, and remembers what must have.
type screen struct {
	lab  *laboratory
	zone *time.Location

	mu  sync.Mutex
	out io.Writer
	// phases that each lease was seen in, by access key ID.
	phases map[string][]v1alpha1.Phase
	// reads of IAM since they were last told: they are many.
	reads int
}

func newScreen(lab *laboratory, out io.Writer, zone *time.Location) *screen {
	return &screen{lab: lab, out: out, zone: zone, phases: map[string][]v1alpha1.Phase{}}
}

// listen to the three services and to the API server, from now on: a watch that begins after the operator would miss
// phases, and judge would look for them in vain.
func (s *screen) listen(ctx context.Context) error {
	leases, err := s.lab.Client.Watch(ctx, &v1alpha1.AccessKeyLeaseList{}, client.InNamespace(namespace))
	if err != nil {
		return fmt.Errorf("watch leases: %w", err)
	}
	s.lab.Slack.OnMessage(func(m slack.Message) {
		s.say("slack", fmt.Sprintf("→ %s  %s", m.User, oneLine(m.Text)))
	})
	s.lab.IAM.OnCall(func(c iam.Call) {
		if !c.Changing() {
			s.mu.Lock()
			s.reads++
			s.mu.Unlock()
			return
		}
		result := "ok"
		if c.Code != "" {
			result = c.Code
		}
		s.say("iam", fmt.Sprintf("%s %s %s", c.Action, subject(c), result))
	})
	s.lab.Sheets.OnChange(func(c sheets.Change) {
		if c.By != sheets.API {
			return
		}
		s.say("sheet", fmt.Sprintf("%s: %q → %q", c.Range, c.Old.String(), c.New.String()))
	})
	go s.follow(leases)
	return nil
}

// subject of an IAM call, for people.
func subject(c iam.Call) string {
	for _, name := range []string{"AccessKeyId", "PolicyName", "PolicyArn", "SerialNumber", "GroupName", "SSHPublicKeyId", "UserName"} {
		if v := c.Params[name]; v != "" {
			if user := c.User(); user != "" && user != v {
				return user + " " + v
			}
			return v
		}
	}
	return ""
}

// follow the leases' phases. The watch ends before the API server does, which would wait a minute for it.
func (s *screen) follow(leases watch.Interface) {
	for event := range leases.ResultChan() {
		l, ok := event.Object.(*v1alpha1.AccessKeyLease)
		if !ok || l.Status.Phase == "" {
			continue
		}
		s.mu.Lock()
		seen := s.phases[l.Spec.AccessKeyID]
		news := len(seen) == 0 || seen[len(seen)-1] != l.Status.Phase
		if news {
			s.phases[l.Spec.AccessKeyID] = append(seen, l.Status.Phase)
		}
		s.mu.Unlock()
		if news {
			s.say("lease", fmt.Sprintf("%s (%s) is %s", l.Spec.UserName, l.Spec.AccessKeyID, l.Status.Phase))
		}
	}
}

// say one thing that happened, with the moment.
func (s *screen) say(who, what string) {
	s.line(fmt.Sprintf("%s  %-6s %s", s.lab.clock.Now().In(s.zone).Format("01-02 15:04"), who, what))
}

func (s *screen) line(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintln(s.out, text)
}

// flush tells of the reads, in one line.
func (s *screen) flush() {
	s.mu.Lock()
	n := s.reads
	s.reads = 0
	s.mu.Unlock()
	if n > 0 {
		s.say("iam", fmt.Sprintf("(reading calls: %d)", n))
	}
}

// table of all leases as they stand, and how many there are.
func (s *screen) table(ctx context.Context) (int, error) {
	list := &v1alpha1.AccessKeyLeaseList{}
	if err := s.lab.Client.List(ctx, list, client.InNamespace(namespace)); err != nil {
		return 0, err
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.AccessKeyLease) int { return strings.Compare(a.Name, b.Name) })
	form := s.lab.Sheets.Spreadsheet(s.lab.AccessKeySheet().Spec.SpreadsheetID).Tab(requestsTab)
	rows := [][]string{{"NAME", "USER", "OWNER", "PHASE", "ENDS", "HELD", "NEXT", "状態 (K)"}}
	for _, l := range list.Items {
		held, next, mark := "", "", ""
		if c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionHeld); c != nil {
			held = c.Reason
		}
		if t := l.Status.NextTransitionTime; t != nil {
			next = t.In(s.zone).Format("01-02 15:04")
		}
		if l.Status.Sheet != nil && l.Status.Sheet.Row > 0 {
			mark = form.Cell(fmt.Sprintf("K%d", l.Status.Sheet.Row)).String()
		}
		rows = append(rows, []string{l.Name, l.Spec.UserName, l.Spec.Owner.FullName, string(l.Status.Phase), l.Spec.EndDate, held, next, mark})
	}
	s.line("")
	s.line("── " + s.lab.clock.Now().In(s.zone).Format("2006-01-02 15:04 MST") + " ──")
	for _, text := range aligned(rows) {
		s.line(text)
	}
	s.line("")
	return len(list.Items), nil
}

// aligned columns, where a Japanese character takes two places.
func aligned(rows [][]string) []string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], runewidth.StringWidth(cell))
		}
	}
	var lines []string
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(runewidth.FillRight(cell, widths[i]+2))
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return lines
}

// judge whether everything came that had to.
func (s *screen) judge() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var missing []string
	all := []v1alpha1.Phase{v1alpha1.PhaseActive, v1alpha1.PhaseNotified, v1alpha1.PhaseExpired, v1alpha1.PhaseRevoked}
	seen := s.phases[keyWholeWay]
	for _, p := range all {
		if !slices.Contains(seen, p) {
			missing = append(missing, fmt.Sprintf("%s was never %s", keyWholeWay, p))
		}
	}
	for _, key := range []string{keyByKubectl, keyByMark} {
		if last := s.phases[key]; len(last) == 0 || last[len(last)-1] != v1alpha1.PhaseActive || !slices.Contains(last, v1alpha1.PhaseNotified) {
			missing = append(missing, fmt.Sprintf("%s was not extended (%v)", key, last))
		}
	}
	if s.lab.Account.KeyStatus(keyWholeWay) != "" {
		missing = append(missing, keyWholeWay+" still exists in AWS")
	}
	if len(missing) > 0 {
		return fmt.Errorf("not everything came that was expected: %s", strings.Join(missing, "; "))
	}
	fmt.Fprintln(s.out, "demo: one lease went all the way, one was extended with kubectl and one by the mark")
	return nil
}

func oneLine(text string) string {
	return runewidth.Truncate(strings.Join(strings.Fields(text), " "), 110, "…")
}
