package real

import (
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/test/simulation/play"
	"github.com/keylease/keylease/test/simulation/story"
	"github.com/keylease/keylease/test/world"
)

// wholeLife of one lease, with as few calls as can be: the notice is due at once, and the key goes two days later.
const wholeLife = `
2026-12-07 14:59:00 owner 1
2026-12-07 14:59:00 request 1 1 2026/12/08
2026-12-07 14:59:00 create-sheet
2026-12-07 14:59:00 boot
%s
2026-12-09 16:00:00 end
`

// everyCrash in one run takes a minute or two; make test leaves most of them to make crashes.
var everyCrash = flag.Bool("every-crash", false, "kill behind each call of a life, not only behind each tenth")

// TestACrashAtAnyCallOfALifeChangesNothingOfIt kills the operator behind each of its calls in one lease's whole
// life, on the real control plane.
func TestACrashAtAnyCallOfALifeChangesNothingOfIt(t *testing.T) {
	t.Parallel()
	c, err := client.New(plane.Config(), client.Options{Scheme: world.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	live := func(t *testing.T, kill string) *play.World {
		s, err := story.Parse(fmt.Sprintf(wholeLife, kill))
		if err != nil {
			t.Fatal(err)
		}
		w, err := play.Play(s, play.Options{Namespace: plane.Namespace(t), NewAPI: realAPI(c)})
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	calls := len(live(t, "").Ledger.Calls)
	t.Logf("%d calls in a life", calls)
	next, both := make(chan string), sync.WaitGroup{}
	for range 2 {
		both.Go(func() {
			for kill := range next {
				w := live(t, kill)
				if problem := lived(w); problem != "" {
					t.Errorf("%s: %s\n%s", kill, problem, w.Tale())
				}
			}
		})
	}
	stride := 10
	if *everyCrash {
		stride = 1
	}
	for n := 1; n <= calls; n += stride {
		next <- fmt.Sprintf("2026-12-07 14:59:00 +%d kill behind 20", n)
	}
	close(next)
	both.Wait()
}

// lived tells what is not as it should be after a whole life: the owner and each admin have two messages, the key, its
// user and its policy are gone, and the row says so.
func lived(w *play.World) string {
	told := map[string]int{}
	for _, p := range w.Ledger.Posts {
		told[p.User]++
	}
	for _, who := range append([]string{play.Owner(1)}, play.Admins...) {
		if told[who] != 2 {
			return fmt.Sprintf("%s has %d messages", who, told[who])
		}
	}
	if left := w.Account.KeyStatus(play.Key(1)); left != "" || w.Account.UserExists(play.User(1)) {
		return "the key or its user is there: " + left
	}
	rows := w.Ledger.Rows[play.Key(1)]
	if mark := rows[len(rows)-1].Mark; !strings.HasPrefix(mark, "削除済み") {
		return "the row says " + mark
	}
	return ""
}
