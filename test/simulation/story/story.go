// Package story holds what happens to one simulated world from outside: what people do, how services fail, when the
// operator dies. A story is a list of acts. It can be drawn at random, printed, pasted into a test, and made shorter.
package story

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Zone of all moments in a story's text.
var Zone = time.FixedZone("JST", 9*60*60)

const layout = "2006-01-02 15:04:05"

// Act is one thing that happens.
type Act struct {
	// At is the moment, in whole seconds.
	At time.Time
	// Call: if not 0, the act happens right before the operator's Call-th external call from At on. If the operator does
	// not make so many, it happens when the operator has nothing more to do.
	Call int
	// Verb says what happens. Args say to whom and how.
	Verb string
	Args []string
}

// Story of one world. Acts are in order of time.
type Story struct {
	Acts []Act
	// End is when faults have stopped, people rest, and everything due must get done.
	End time.Time
}

// String is one line, such as
//
//	2026-12-01 15:00:00 +3 slack-error chat.postMessage internal_error
func (a Act) String() string {
	var b strings.Builder
	b.WriteString(a.At.In(Zone).Format(layout))
	if a.Call > 0 {
		fmt.Fprintf(&b, " +%d", a.Call)
	}
	b.WriteString(" " + a.Verb)
	for _, arg := range a.Args {
		b.WriteString(" " + quoted(arg))
	}
	return b.String()
}

func quoted(arg string) string {
	if arg == "" || strings.ContainsAny(arg, " \t\n\"\\\u3000`") {
		return strconv.Quote(arg)
	}
	return arg
}

// String is the text that Parse reads: one line for each act, and the end.
func (s Story) String() string {
	var b strings.Builder
	for _, a := range s.Acts {
		b.WriteString(a.String() + "\n")
	}
	b.WriteString(s.End.In(Zone).Format(layout) + " end\n")
	return b.String()
}

// Parse reads a story's text. Blank lines and lines that begin with # mean nothing.
func Parse(text string) (Story, error) {
	var s Story
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		a, err := parseAct(line)
		if err != nil {
			return s, fmt.Errorf("line %d: %w: %s", n+1, err, line)
		}
		if a.Verb == "end" {
			s.End = a.At
			continue
		}
		s.Acts = append(s.Acts, a)
	}
	if s.End.IsZero() {
		return s, fmt.Errorf("the story has no line with its end")
	}
	s.Sort()
	return s, nil
}

// Sort brings the acts into order. Acts of the same moment keep theirs.
func (s *Story) Sort() {
	slices.SortStableFunc(s.Acts, func(a, b Act) int { return a.At.Compare(b.At) })
}

func parseAct(line string) (Act, error) {
	words, err := split(line)
	if err != nil || len(words) < 3 {
		return Act{}, fmt.Errorf("want a date, a time and a verb")
	}
	at, err := time.ParseInLocation(layout, words[0]+" "+words[1], Zone)
	if err != nil {
		return Act{}, err
	}
	a, err := verbOf(words[2:])
	a.At = at
	return a, err
}

// ParseAct reads an act's text without its moment, such as "+3 kill before 5".
func ParseAct(text string) (Act, error) {
	words, err := split(text)
	if err != nil || len(words) == 0 {
		return Act{}, fmt.Errorf("want a verb")
	}
	return verbOf(words)
}

func verbOf(words []string) (a Act, err error) {
	if call, ok := strings.CutPrefix(words[0], "+"); ok {
		if a.Call, err = strconv.Atoi(call); err != nil || len(words) < 2 {
			return a, fmt.Errorf("want a number of calls and a verb behind +")
		}
		words = words[1:]
	}
	a.Verb, a.Args = words[0], words[1:]
	return a, nil
}

// split cuts a line at blanks outside of quoted words.
func split(line string) ([]string, error) {
	var words []string
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		if line[0] == '"' {
			prefix, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, err
			}
			word, err := strconv.Unquote(prefix)
			if err != nil {
				return nil, err
			}
			words, line = append(words, word), line[len(prefix):]
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		words, line = append(words, word), rest
	}
	return words, nil
}
