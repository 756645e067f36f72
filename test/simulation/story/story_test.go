package story

import (
	"slices"
	"testing"
)

const text = `2026-11-02 09:00:00 request 1 2 2026/12/08
2026-12-01 15:00:00 +3 slack-error chat.postMessage internal_error
2026-12-03 11:00:00 type status 1 "延長申請済み 確認中"
2026-12-03 11:00:00 type status 1 ""
2027-01-08 00:00:00 end
`

func TestAStoryIsWhatItsTextSays(t *testing.T) {
	s, err := Parse("# a comment\n\n" + text)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.String(); got != text {
		t.Errorf("got\n%s", got)
	}
	if a := s.Acts[1]; a.Call != 3 || a.Verb != "slack-error" || !slices.Equal(a.Args, []string{"chat.postMessage", "internal_error"}) {
		t.Errorf("%+v", a)
	}
	for _, wrong := range []string{"", "2026-11-02 09:00:00 request", "2026-11-02 request 1\n" + text, "2026-11-02 09:00:00 +x kill\n" + text} {
		if _, err := Parse(wrong); err == nil {
			t.Errorf("no error: %q", wrong)
		}
	}
}

func TestAStoryIsShrunkToTheActsThatMatter(t *testing.T) {
	var s Story
	for _, verb := range []string{"a", "b", "X", "c", "d", "e", "Y", "f", "g"} {
		s.Acts = append(s.Acts, Act{Verb: verb})
	}
	has := func(s Story, verb string) bool {
		return slices.ContainsFunc(s.Acts, func(a Act) bool { return a.Verb == verb })
	}
	asked := 0
	short := Shrink(s, 1000, func(s Story) bool { asked++; return has(s, "X") && has(s, "Y") })
	if len(short.Acts) != 2 || asked > 60 {
		t.Errorf("%v after %d questions", short.Acts, asked)
	}
}
