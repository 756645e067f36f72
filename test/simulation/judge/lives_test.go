package judge_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keylease/keylease/test/simulation/judge"
	"github.com/keylease/keylease/test/simulation/play"
	"github.com/keylease/keylease/test/simulation/story"
)

func drawn(seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	t0 := time.Date(2026, 11, 2, 9, 0, 0, 0, story.Zone)
	line := func(at time.Time, format string, args ...any) {
		fmt.Fprintf(&b, "%s %s\n", at.Format("2006-01-02 15:04:05"), fmt.Sprintf(format, args...))
	}
	n := 1 + r.IntN(3)
	for i := 1; i <= n; i++ {
		line(t0, "owner %d", i)
		line(t0, "request %d %d %s", i, i, t0.AddDate(0, 0, 10+r.IntN(40)).Format("2006/01/02"))
	}
	line(t0, "create-sheet")
	line(t0, "boot")
	verbs := []func() string{
		func() string {
			return fmt.Sprintf("kill %s %d", []string{"before", "behind"}[r.IntN(2)], 1+r.IntN(5000))
		},
		func() string { return fmt.Sprintf("freeze %d %d", r.IntN(4000), r.IntN(100)) },
		func() string { return fmt.Sprintf("second-leader %d", r.IntN(60)) },
		func() string { return fmt.Sprintf("weave %d 3000", r.IntN(1000)) },
		func() string { return fmt.Sprintf("stale %d", r.IntN(1000)) },
		func() string {
			return fmt.Sprintf("api %s %s %d", []string{"apply", "status", "read", "any"}[r.IntN(4)], []string{"conflict", "timeout", "lost", "refused", "unavailable"}[r.IntN(5)], 1+r.IntN(30))
		},
		func() string {
			return fmt.Sprintf("late %s %d %d", []string{"google", "slack", "aws"}[r.IntN(3)], r.IntN(20), 1+r.IntN(5))
		},
		func() string {
			return fmt.Sprintf("move-end %d %s", 1+r.IntN(n), t0.AddDate(0, 0, 5+r.IntN(50)).Format("2006/01/02"))
		},
		func() string {
			return fmt.Sprintf("mark %d %q", 1+r.IntN(n), []string{"", "延長申請済み", "要確認", "通知済み 要確認", "削除済み", "延長不要"}[r.IntN(6)])
		},
	}
	for range 10 {
		at := t0.AddDate(0, 0, r.IntN(55)).Add(time.Duration(r.IntN(6)) * time.Hour)
		call := ""
		if r.IntN(3) > 0 {
			call = fmt.Sprintf("+%d ", 1+r.IntN(25))
		}
		line(at, "%s%s", call, verbs[r.IntN(len(verbs))]())
	}
	line(t0.AddDate(0, 0, 62), "calm")
	line(t0.AddDate(0, 0, 100), "end")
	return b.String()
}

func TestDrawnLives(t *testing.T) {
	from, _ := strconv.Atoi(os.Getenv("FROM"))
	to, _ := strconv.Atoi(os.Getenv("TO"))
	start := time.Now()
	for seed := from; seed < to; seed++ {
		s, err := story.Parse(drawn(uint64(seed)))
		if err != nil {
			t.Fatal(err)
		}
		j := judge.New()
		var found []judge.Finding
		var spent time.Duration
		w, err := play.Play(s, play.Options{Watch: func(w *play.World) bool {
			b := time.Now()
			found = append(found, j.Step(w.Ledger)...)
			spent += time.Since(b)
			return false
		}})
		if err != nil {
			t.Fatal(err)
		}
		b := time.Now()
		found = append(found, j.End(w.Ledger)...)
		spent += time.Since(b)
		for _, f := range found {
			if f.Invariant > "4" || strings.HasPrefix(f.Invariant, "10") {
				t.Errorf("seed %d: %+v", seed, f)
			}
		}
		if len(found) > 0 && os.Getenv("TALE") != "" {
			t.Log(w.Tale())
			for _, a := range w.Ledger.Audit {
				t.Log(a.At.In(story.Zone).Format("01-02 15:04:05.00"), a.Seq, a.By, a.What, a.Fields)
			}
		}
		if os.Getenv("TALE") != "" {
			t.Log("judging", spent)
		}
	}
	t.Log(time.Since(start))
}
