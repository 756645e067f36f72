package play

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keylease/keylease/test/simulation/ledger"
	"github.com/keylease/keylease/test/simulation/story"
)

// Stays stands in the place of a trouble's seconds, and is for ever: nobody takes it back, not even calm.
const Stays = "stays"

var _ = register(map[string]func(*World, []string) error{
	"calm": calm,
	"mend": mend,
})

// trouble that has an end.
type trouble struct {
	name string
	end  func() error
}

// mended ends something after so many seconds, or with calm if that is sooner. It returns an error, and ends nothing,
// if the seconds are none.
func (w *World) mended(after, name string, end func() error) error {
	if after == Stays {
		return nil
	}
	span, err := seconds(after)
	if err != nil {
		return err
	}
	w.open = append(w.open, &trouble{fmt.Sprint(name, "#", len(w.Ledger.Acts)), end})
	name = w.open[len(w.open)-1].name
	w.after(span, func() {
		if w.isOpen(name) {
			w.do(story.Act{At: w.Clock.Now(), Verb: "mend", Args: []string{name}})
		}
	})
	return nil
}

func (w *World) isOpen(name string) bool {
	return slices.ContainsFunc(w.open, func(t *trouble) bool { return t.name == name })
}

// mend NAME: a trouble ends. The world does this itself. One that cannot end now, such as that of a row whose tab is away,
// ends with calm.
func mend(w *World, args []string) error {
	for _, t := range w.open {
		if len(args) > 0 && t.name == args[0] {
			if err := t.end(); err != nil {
				return err
			}
			w.open = slices.DeleteFunc(w.open, func(o *trouble) bool { return o == t })
			return nil
		}
	}
	return fmt.Errorf("there is no such trouble")
}

// calm: every trouble ends, the latest first. One that cannot end yet is tried again after the others. What waits for a call
// does not come any more.
func calm(w *World, _ []string) error {
	w.apiTroubles, w.late, w.stage.armed, w.stage.weave = nil, nil, nil, nil
	for {
		var left []*trouble
		var failed []string
		for _, t := range slices.Backward(slices.Clone(w.open)) {
			if err := t.end(); err != nil {
				left = append([]*trouble{t}, left...)
				failed = append(failed, t.name+": "+err.Error())
			}
		}
		done := len(left) == len(w.open)
		w.open = left
		switch {
		case failed == nil:
			return nil
		case done: // what they would put right is not there any more
			w.open = nil
			return fmt.Errorf("%s", strings.Join(failed, "; "))
		}
	}
}

// howLong of a service's trouble: "3x" is for the next three calls, "3600" for so many seconds (times is 0 then).
func howLong(arg string) (times int, err error) {
	if n, ok := strings.CutSuffix(arg, "x"); ok {
		times, err = strconv.Atoi(n)
		if err != nil || times < 1 {
			return 0, fmt.Errorf("want a number of calls before x, have %q", arg)
		}
		return times, nil
	}
	_, err = seconds(arg)
	return 0, err
}

// faulty puts in a fault of an emulator for as long as arg says. inject gets the number of calls, 0 for no end, and
// returns what takes the fault out.
func (w *World) faulty(arg, name string, inject func(times int) (remove func())) error {
	times, err := howLong(arg)
	if err != nil {
		return err
	}
	remove := inject(times)
	end := func() error { remove(); return nil }
	if times > 0 {
		w.open = append(w.open, &trouble{fmt.Sprint(name, "#", len(w.Ledger.Acts)), end})
		return nil
	}
	return w.mended(arg, name, end)
}

// unreach notes that Slack can not reach somebody ("": nobody at all) from now on, and reach that this trouble is over.
func (w *World) unreach(to string) {
	if w.unreachable == nil {
		w.unreachable = map[string]int{}
	}
	if w.unreachable[to]++; w.unreachable[to] == 1 {
		w.Ledger.Reach = append(w.Ledger.Reach, ledger.Reach{Stamp: w.stamp(), To: to})
	}
}

func (w *World) reach(to string) {
	if w.unreachable[to]--; w.unreachable[to] == 0 {
		w.Ledger.Reach = append(w.Ledger.Reach, ledger.Reach{Stamp: w.stamp(), To: to, OK: true})
	}
}

// splitTime of "429:30", a code and seconds.
func splitTime(effect string) (string, time.Duration, error) {
	code, after, ok := strings.Cut(effect, ":")
	if !ok {
		return effect, 0, nil
	}
	d, err := seconds(after)
	return code, d, err
}
