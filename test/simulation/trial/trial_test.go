package trial

import (
	"testing"

	"github.com/keylease/keylease/test/simulation/judge"
)

func TestAFindingStaysTheSameAtAnotherMomentOnly(t *testing.T) {
	found := Trial{Findings: []judge.Finding{{Invariant: "2 removed without notice", Key: "AKIASIM0000000000001",
		Text: `its owner U0OWNER001 was not told of it between 2026-12-01 15:00:00 JST and 2026-12-08 15:00:00 JST: "通知済み".`}}}
	for _, same := range []string{
		`its owner U0OWNER001 was not told of it between 2026-12-02 15:00:00 JST and 2026-12-08 15:00:02 JST: "通知済み".`,
		`its owner U0OWNER001 was not told of it between 2026-12-01 15:00:00 JST and 2026-12-08 15:00:00 JST: "".`,
	} {
		if !found.Shows(judge.Finding{Invariant: "2 removed without notice", Key: "AKIASIM0000000000001", Text: same}) {
			t.Errorf("another trouble: %s", same)
		}
	}
	text := found.Findings[0].Text
	for _, other := range []judge.Finding{
		{Invariant: "3 removed while held", Key: "AKIASIM0000000000001", Text: text},
		{Invariant: "2 removed without notice", Key: "AKIASIM0000000000002", Text: text},
		{Invariant: "2 removed without notice", Key: "AKIASIM0000000000001", Text: "no admin" + text[len("its owner U0OWNER001"):]},
	} {
		if found.Shows(other) {
			t.Errorf("the same trouble: %+v", other)
		}
	}
}
