package judge_test

import (
	"testing"

	"github.com/keylease/keylease/test/simulation/judge"
	"github.com/keylease/keylease/test/simulation/play"
	"github.com/keylease/keylease/test/simulation/story"
)

// played stories in which Keylease does what it should, beside people who do what is hardest to judge.
var played = map[string]string{
	"one life": `
2026-11-02 09:00:00 owner 1
2026-11-02 09:00:00 request 1 1 2026/12/08
2026-11-02 09:00:00 create-sheet
2026-11-02 09:00:00 boot
2026-12-20 00:00:00 end
`,
	"another cluster comes to a claimed sheet, and the first is away for a while": `
2026-11-20 09:00:00 owner 1
2026-11-20 09:00:00 request 1 1 2026/12/08
2026-11-20 09:00:00 create-sheet "{claimCell: Z1}"
2026-11-20 09:00:00 boot
2026-11-22 09:00:00 second-cluster "{claimCell: Z1, slack: {admins: [U0ADMIN03]}}"
2026-12-04 09:00:00 kill before 60
2026-12-05 09:00:00 delete-sheet 86400
2026-12-20 00:00:00 end
`,
}

func TestNothingIsFoundWhereNothingIsWrong(t *testing.T) {
	for name, text := range played {
		t.Run(name, func(t *testing.T) {
			s, err := story.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			j := judge.New()
			w, err := play.Play(s, play.Options{Watch: func(w *play.World) bool {
				for _, f := range j.Step(w.Ledger) {
					t.Errorf("%s: %s", f.Invariant, f.Text)
				}
				return false
			}})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range j.End(w.Ledger) {
				t.Errorf("%s: %s", f.Invariant, f.Text)
			}
			if w.Account.KeyStatus(play.Key(1)) != "" {
				t.Error("the key is still there")
			}
		})
	}
}
