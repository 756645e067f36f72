// Package expect says what must be so on a stage, in the words of those who look at it: people with kubectl, at the sheet,
// in Slack and in AWS.
package expect

import (
	"fmt"
	"slices"
	"strings"
	"time"

	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/slack"
	"github.com/keylease/keylease/test/fixture"
)

// Stage that is asked whether everything is as it must be.
type Stage struct{ *fixture.Stage }

// On a stage.
func On(s *fixture.Stage) *Stage { return &Stage{s} }

// ExpectPhase of a key's lease.
func (s *Stage) ExpectPhase(accessKeyID string, want v1alpha1.Phase) {
	s.Helper()
	if l := s.Lease(accessKeyID); l.Status.Phase != want {
		s.Errorf("%s is %s, want %s (%s)", accessKeyID, l.Status.Phase, want, Ready(l))
	}
}

// ExpectKey in AWS: "Active", "Inactive", or "" where it is gone.
func (s *Stage) ExpectKey(accessKeyID, want string) {
	s.Helper()
	if got := s.Account.KeyStatus(accessKeyID); got != want {
		s.Errorf("key %s is %q, want %q (%s)", accessKeyID, got, want, Ready(s.Lease(accessKeyID)))
	}
}

// ExpectMark in the status cell of a row.
func (s *Stage) ExpectMark(row int, want string) {
	s.Helper()
	if got := s.Cell(fmt.Sprintf("K%d", row)); got != want {
		s.Errorf("row %d: status cell %q, want %q", row, got, want)
	}
}

// ExpectSheet has a condition, with a message that holds the texts.
func (s *Stage) ExpectSheet(kind string, want metav1.ConditionStatus, reason string, says ...string) {
	s.Helper()
	c := meta.FindStatusCondition(s.Sheet().Status.Conditions, kind)
	if c == nil || c.Status != want || c.Reason != reason {
		s.Errorf("condition %s is %+v, want %s with reason %s", kind, c, want, reason)
		return
	}
	for _, text := range says {
		if !strings.Contains(c.Message, text) {
			s.Errorf("condition %s does not say %q: %s", kind, text, c.Message)
		}
	}
}

// ToldTo are the messages to somebody that hold all of the texts.
func (s *Stage) ToldTo(to string, texts ...string) []slack.Message {
	return slices.DeleteFunc(s.Slack.Messages(to), func(m slack.Message) bool { return !ContainsAll(m.PlainText(), texts...) })
}

// ExpectTold so many times, in messages that hold all of the texts.
func (s *Stage) ExpectTold(to string, times int, texts ...string) {
	s.Helper()
	if got := len(s.ToldTo(to, texts...)); got != times {
		s.Errorf("%s has %d messages with %q, want %d", to, got, texts, times)
	}
}

// ExpectOneOfEach message was sent, by the key that each carries in its metadata.
func (s *Stage) ExpectOneOfEach() {
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

// ExpectEvent about a lease. The recorder writes from a goroutine of its own, so that it may come a little later.
func (s *Stage) ExpectEvent(accessKeyID, reason, says string) {
	s.Helper()
	for range 200 {
		for _, note := range s.Events(reason, strings.ToLower(accessKeyID)) {
			if strings.Contains(note, says) {
				return
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.Errorf("no Event %s of %s that says %q", reason, accessKeyID, says)
}

// Events about an object that were recorded so far, by reason.
func (s *Stage) Events(reason, name string) []string {
	s.Helper()
	list := &eventsv1.EventList{}
	s.Must(s.Client.List(s.Context(), list, client.InNamespace(s.Namespace)))
	var out []string
	for _, e := range list.Items {
		if e.Reason == reason && e.Regarding.Name == name {
			out = append(out, e.Note)
		}
	}
	return out
}

// ContainsAll parts.
func ContainsAll(text string, parts ...string) bool {
	return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(text, p) })
}

// Held is why a lease is held, "" where it is not.
func Held(l *v1alpha1.AccessKeyLease) string {
	if c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionHeld); c != nil {
		return c.Reason
	}
	return ""
}

// Ready is what a lease says of itself.
func Ready(l *v1alpha1.AccessKeyLease) string {
	if c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return c.Reason + ": " + c.Message
	}
	return "no condition"
}
