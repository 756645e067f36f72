package play

import (
	"fmt"
	"time"

	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/test/simulation/ledger"
	"github.com/keylease/keylease/test/simulation/story"
)

// acts by verb. An error means that the act is impossible as things stand, and is noted; nothing follows from it.
var acts = map[string]func(*World, []string) error{}

// Knows tells whether there is such a verb.
func Knows(verb string) bool { return acts[verb] != nil }

func register(more map[string]func(*World, []string) error) struct{} {
	for verb, do := range more {
		if acts[verb] != nil {
			panic("simulation: two acts are called " + verb)
		}
		acts[verb] = do
	}
	return struct{}{}
}

// do an act now.
func (w *World) do(a story.Act) {
	by := w.by
	w.by = ""
	w.look("") // what the operator did before is its own
	entry := ledger.Act{Stamp: w.stamp(), Text: a.String(), Verb: a.Verb, Args: a.Args}
	if err := w.try(a); err != nil {
		entry.Skipped = err.Error()
	}
	w.Ledger.Acts = append(w.Ledger.Acts, entry)
	w.look("")
	w.by = by
	w.stage.stops, w.stage.idles = stops{}, 0
}

func (w *World) try(a story.Act) error {
	do := acts[a.Verb]
	if do == nil {
		return fmt.Errorf("nobody knows how to %s", a.Verb)
	}
	return do(w, a.Args)
}

// Play a story to its end, or until somebody has seen enough.
func Play(s story.Story, o Options) (*World, error) {
	if len(s.Acts) == 0 {
		return nil, fmt.Errorf("a story without acts")
	}
	w, err := New(s.Acts[0].At, o)
	if err != nil {
		return nil, err
	}
	defer w.close()
	for _, a := range s.Acts {
		if a.At.After(w.Clock.Now()) {
			w.until(a.At)
		}
		if w.stopped {
			return w, nil
		}
		if a.Call > 0 {
			w.stage.armed = append(w.stage.armed, &armed{a, a.Call})
			continue
		}
		w.do(a)
	}
	w.until(s.End)
	return w, nil
}

// close ends the tasks that still wait.
func (w *World) close() {
	for _, p := range w.living() {
		w.kill(p)
	}
	for len(w.stage.tasks) > 0 {
		t := w.stage.tasks[0]
		w.run(t)
		if t.ended {
			w.stage.tasks = w.stage.tasks[1:]
		}
	}
	for _, c := range w.clusters {
		metrics.ForgetSheet(c.namespace, w.sheetName)
	}
}

// seconds of an argument.
func seconds(arg string) (time.Duration, error) {
	d, err := time.ParseDuration(arg + "s")
	if err != nil {
		return 0, fmt.Errorf("want a number of seconds: %w", err)
	}
	return d, nil
}
