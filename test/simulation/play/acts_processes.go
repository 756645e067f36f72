package play

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/keylease/keylease/api/v1alpha1"
)

var _ = register(map[string]func(*World, []string) error{
	"second-cluster": secondCluster,
	"boot":           func(w *World, _ []string) error { _, err := w.boot(w.clusters[0]); return err },
	"kill":           killOne,
	"second-leader":  secondLeader,
	"freeze":         freeze,
	"weave":          weave,
	"stale":          stale,
	"api":            troubleAPI,
	"late":           lateAnswers,
})

// of is the process whose call is interrupted, or else the one that runs longest.
func (w *World) of() (*process, error) {
	if t := w.stage.current; t != nil && !t.process.dead {
		return t.process, nil
	}
	if living := w.living(); len(living) > 0 {
		return living[0], nil
	}
	return nil, fmt.Errorf("no operator runs")
}

// restart after so many seconds, unless another one runs.
func (w *World) restart(of *cluster, after time.Duration) {
	w.after(after, func() {
		if w.runs(of) {
			return
		}
		if _, err := w.boot(of); err != nil {
			panic(err) // it could be made before
		}
	})
}

// killOne before|behind SECONDS: the process dies before or behind its present call, and the next starts after that time.
func killOne(w *World, args []string) error {
	p, err := w.of()
	if err != nil {
		return err
	}
	if len(args) < 2 {
		return fmt.Errorf("want before or behind, and seconds")
	}
	wait, err := seconds(args[1])
	if err != nil {
		return err
	}
	if args[0] == "behind" && w.stage.current != nil {
		p.diesBehind = true
	} else {
		w.kill(p)
	}
	w.restart(p.of, wait)
	return nil
}

// secondLeader SECONDS: another process takes over, while the first goes on for that time.
func secondLeader(w *World, args []string) error {
	p, err := w.of()
	if err != nil {
		return err
	}
	return w.takeOver(p, args)
}

func (w *World) takeOver(from *process, args []string) error {
	if len(args) < 1 {
		return fmt.Errorf("want seconds")
	}
	wait, err := seconds(args[0])
	if err != nil {
		return err
	}
	if _, err := w.boot(from.of); err != nil {
		return err
	}
	w.after(wait, func() { w.kill(from) })
	return nil
}

// freeze SECONDS MORE: the process stands still, as with its machine. Another takes over. The first goes on for so many
// seconds more before it notices.
func freeze(w *World, args []string) error {
	p, err := w.of()
	if err != nil {
		return err
	}
	if len(args) < 2 {
		return fmt.Errorf("want two numbers of seconds")
	}
	still, err := seconds(args[0])
	if err != nil {
		return err
	}
	more, err := seconds(args[1])
	if err != nil {
		return err
	}
	p.frozenUntil = w.Clock.Now().Add(still)
	return w.takeOver(p, []string{fmt.Sprint((still + more).Seconds())})
}

// weave SEED SECONDS: tasks are interleaved at random.
func weave(w *World, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want a seed and seconds")
	}
	seed, err := strconv.ParseUint(args[0], 10, 64)
	if err != nil {
		return err
	}
	span, err := seconds(args[1])
	w.stage.weave, w.stage.weaveUntil = rand.New(rand.NewPCG(seed, 0)), w.Clock.Now().Add(span)
	return err
}

// stale SECONDS: the cache of the process receives nothing for that time.
func stale(w *World, args []string) error {
	p, err := w.of()
	if err != nil {
		return err
	}
	if len(args) < 1 {
		return fmt.Errorf("want seconds")
	}
	span, err := seconds(args[0])
	p.cache.staleUntil = w.Clock.Now().Add(span)
	return err
}

// troubleAPI OP EFFECT TIMES [NAME]: the API server does that to the next requests: see apiTrouble and refuse. OP is
// apply, status, read or any.
func troubleAPI(w *World, args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("want what, how and how often")
	}
	times, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	t := &apiTrouble{op: args[0], effect: args[1], times: times}
	if t.op == "any" {
		t.op = ""
	}
	if len(args) > 3 {
		t.name = args[3]
	}
	w.apiTroubles = append(w.apiTroubles, t)
	return nil
}

// lateAnswers SERVICE SECONDS TIMES: google, slack or aws answers its next calls late, or, from ten seconds on, too late.
func lateAnswers(w *World, args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("want a service, seconds and how often")
	}
	by, err := seconds(args[1])
	if err != nil {
		return err
	}
	times, err := strconv.Atoi(args[2])
	w.late = append(w.late, &lateness{args[0], by, times})
	return err
}

// secondCluster [YAML]: another cluster's operator comes to the same spreadsheet, by an AccessKeySheet of its own. Its
// leases, and what it calls, are not in the ledger. If its sheet has a claim cell, it comes when the first has claimed.
func secondCluster(w *World, args []string) error {
	if len(w.clusters) > 1 {
		return fmt.Errorf("there are two already")
	}
	if !w.claimed(args) {
		return fmt.Errorf("the first has not claimed the sheet")
	}
	if err := w.addCluster("second", w.Namespace+"-second"); err != nil {
		return err
	}
	c := w.clusters[1]
	if err := w.createSheetIn(c, args); err != nil {
		return err
	}
	_, err := w.boot(c)
	return err
}

// claimed tells whether the first cluster's claim stands in the claim cell of another's spec, if that has one.
func (w *World) claimed(spec []string) bool {
	want := v1alpha1.AccessKeySheetSpec{}
	if len(spec) == 0 || yaml.Unmarshal([]byte(spec[0]), &want) != nil || want.ClaimCell == "" {
		return true
	}
	form := w.Form()
	return form != nil && strings.HasPrefix(form.Cell(want.ClaimCell).String(), "Keylease "+w.Namespace+"/")
}
