package main

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/cmd/internal/table"
)

// lastNotices that are shown.
const lastNotices = 10

// tell everything, in the order in which people ask for it. Everything comes from status: no rule is applied here.
func (s *story) tell() {
	l := s.lease
	s.line("Key %s of IAM user %s, for %s.", l.Spec.AccessKeyID, l.Spec.UserName, orUnknown(l.Spec.Owner.FullName))
	s.dates()
	s.line("")
	s.line("%s", s.verdict())
	s.aboutTheSheet()
	s.conditions()
	s.notices()
	s.deeds()
	s.line("")
	s.line("%s", s.next())
}

// line of text; what people typed into a sheet does not get to the terminal as more than text.
func (s *story) line(format string, args ...any) {
	s.text.WriteString(table.OneLine(fmt.Sprintf(format, args...)) + "\n")
}

func (s *story) dates() {
	status := s.lease.Status
	text := fmt.Sprintf("End date %s", s.lease.Spec.EndDate)
	if end, err := time.ParseInLocation(time.DateOnly, s.lease.Spec.EndDate, s.zone); err == nil {
		text += " (" + s.distance(end) + ")"
	}
	if status.Phase != "" {
		text += fmt.Sprintf("; phase %s", status.Phase)
	}
	if status.Sheet != nil && status.Sheet.Row > 0 {
		text += fmt.Sprintf("; row %d of sheet %s", status.Sheet.Row, s.lease.Spec.SheetRef.Name)
	} else {
		text += fmt.Sprintf("; sheet %s", s.lease.Spec.SheetRef.Name)
	}
	s.line("%s.", text)
	if t := status.Term; t != nil {
		s.line("Term %d since %s (%s).", t.Number, s.at(t.StartTime), t.Reason)
	}
}

// distance in calendar days.
func (s *story) distance(end time.Time) string {
	year, month, day := s.now.In(s.zone).Date()
	today := time.Date(year, month, day, 0, 0, 0, 0, s.zone)
	// Rounded, for the days on which clocks change.
	switch days := int(end.Sub(today).Round(24*time.Hour) / (24 * time.Hour)); {
	case days == 0:
		return "today"
	case days == 1:
		return "tomorrow"
	case days == -1:
		return "yesterday"
	case days < 0:
		return fmt.Sprintf("%d days ago", -days)
	default:
		return fmt.Sprintf("in %d days", days)
	}
}

// verdict is the one sentence: deleted, or not, and why.
func (s *story) verdict() string {
	l := s.lease
	revocation := l.Status.Revocation
	ready := s.condition(v1alpha1.ConditionReady)
	switch held, stalled := s.condition(v1alpha1.ConditionHeld), s.condition(v1alpha1.ConditionStalled); {
	case revocation != nil && revocation.CompletionTime != nil:
		return fmt.Sprintf("GONE since %s (%s): AWS confirmed that there is no such key.", s.at(*revocation.CompletionTime), revocation.Reason)
	case l.Status.Phase == v1alpha1.PhaseRevoked:
		return "NOT DELETED BY KEYLEASE: the sheet says that the key was deleted. " + message(s.condition(v1alpha1.ConditionKeyVerified))
	case revocation != nil && revocation.KeyDeletedTime != nil:
		return fmt.Sprintf("DELETED at %s; what hangs on the key follows. %s", s.at(*revocation.KeyDeletedTime), message(ready))
	case held != nil && held.Status == metav1.ConditionTrue:
		return fmt.Sprintf("NOT DELETED: held (%s): %s", held.Reason, message(held))
	case stalled != nil && stalled.Status == metav1.ConditionTrue:
		return fmt.Sprintf("NOT DELETED: stalled (%s): %s Once it is mended: kubectl keylease retry -n %s %s", stalled.Reason, message(stalled), l.Namespace, l.Name)
	case ready == nil:
		return "NOT DELETED: the operator has not looked at this lease yet. Is it running?"
	case ready.Status != metav1.ConditionTrue:
		return fmt.Sprintf("NOT DELETED: %s: %s", ready.Reason, message(ready))
	case l.Status.Phase == v1alpha1.PhaseExpired:
		return "NOT DELETED YET: its end has passed, and its time has not come. " + message(ready)
	}
	return "NOT DELETED: it has not ended. " + message(ready)
}

// aboutTheSheet: what stops every lease of it.
func (s *story) aboutTheSheet() {
	if s.sheet == nil {
		s.line("AccessKeySheet %s cannot be read: without it nothing is done.", s.lease.Spec.SheetRef.Name)
		return
	}
	if s.sheet.Spec.Mode == v1alpha1.ModeDryRun {
		s.line("AccessKeySheet %s is in mode DryRun: nothing is told, written or deleted.", s.sheet.Name)
	}
	for _, kind := range []string{v1alpha1.ConditionSheetReadable, v1alpha1.ConditionSheetAccepted, v1alpha1.ConditionSlackReady, v1alpha1.ConditionAWSReady} {
		if c := meta.FindStatusCondition(s.sheet.Status.Conditions, kind); c != nil && c.Status == metav1.ConditionFalse {
			s.line("AccessKeySheet %s: not %s (%s): %s", s.sheet.Name, kind, c.Reason, message(c))
		}
	}
}

func (s *story) conditions() {
	rows := [][]string{{"CONDITION", "IS", "SINCE", "REASON", "MESSAGE"}}
	for _, kind := range []string{
		v1alpha1.ConditionReady, v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled, v1alpha1.ConditionHeld,
		v1alpha1.ConditionRowPresent, v1alpha1.ConditionOwnerResolved, v1alpha1.ConditionSheetSynced, v1alpha1.ConditionKeyVerified,
	} {
		if c := s.condition(kind); c != nil {
			rows = append(rows, []string{c.Type, string(c.Status), s.at(c.LastTransitionTime), c.Reason, c.Message})
		}
	}
	s.table(rows)
}

// notices, the last ones, the newest at the bottom.
func (s *story) notices() {
	all := s.lease.Status.Notices
	if len(all) > lastNotices {
		all = all[len(all)-lastNotices:]
	}
	rows := [][]string{{"TERM", "NOTICE", "TO", "STATE", "AT", "REASON"}}
	for _, n := range all {
		kind := n.Kind
		if n.DaysBefore != nil {
			kind = fmt.Sprintf("%s, %d days before", kind, *n.DaysBefore)
		}
		rows = append(rows, []string{fmt.Sprint(n.Term), kind, n.Recipient, string(n.State), s.at(n.Time), n.Reason})
	}
	if len(rows) == 1 && s.lease.Status.Phase != v1alpha1.PhaseRevoked {
		s.line("")
		s.line("Nobody was told anything yet.")
	}
	s.table(rows)
}

// deeds in AWS: done, kept, and planned.
func (s *story) deeds() {
	if r := s.lease.Status.Revocation; r != nil {
		rows := [][]string{{"DONE IN AWS", "TO", "AT"}}
		for _, step := range r.Steps {
			rows = append(rows, []string{step.Action, step.Target, s.at(step.Time)})
		}
		s.table(rows)
		for _, kept := range r.Retained {
			s.line("Kept: %s (%s).", kept.Target, kept.Reason)
		}
		return
	}
	switch p := s.lease.Status.Plan; {
	case p == nil:
	case p.Blocked != "":
		s.line("")
		s.line("A deletion would be stopped, as AWS stood at %s: %s", s.at(p.Time), period(p.Blocked))
	case len(p.Steps) > 0:
		s.line("")
		s.line("A deletion would do this, as AWS stood at %s: %s.", s.at(p.Time), strings.Join(p.Steps, "; "))
	}
}

func (s *story) next() string {
	t := s.lease.Status.NextTransitionTime
	switch {
	case t == nil:
		return "Next: nothing by itself."
	case t.Time.After(s.now):
		return fmt.Sprintf("Next: the operator comes back to it at %s.", s.at(*t))
	}
	return fmt.Sprintf("Next: what was due at %s, as soon as nothing stops it.", s.at(*t))
}

func (s *story) condition(kind string) *metav1.Condition {
	return meta.FindStatusCondition(s.lease.Status.Conditions, kind)
}

func (s *story) table(rows [][]string) {
	if len(rows) == 1 {
		return
	}
	s.line("")
	table.Write(&s.text, rows)
}

func (s *story) at(t metav1.Time) string { return t.In(s.zone).Format("2006-01-02 15:04 MST") }

func message(c *metav1.Condition) string {
	if c == nil {
		return ""
	}
	return period(c.Message)
}

// period ends what is no ended sentence yet.
func period(text string) string {
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".?!") {
		return text
	}
	return text + "."
}

func orUnknown(text string) string {
	if text == "" {
		return "nobody named"
	}
	return text
}
