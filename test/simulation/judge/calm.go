package judge

import (
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// settledAfter is how long after the last fault everything due must be done.
const settledAfter = 14 * 24 * time.Hour

// simple verbs are people's that bring no fault.
var simple = map[string]bool{"owner": true, "request": true, "create-sheet": true, "boot": true, "move-end": true, "mark": true}

// calmSince is when faults ended and people went to rest; zero: they have not.
func calmSince(l *ledger.Ledger) time.Time {
	var since time.Time
	harmless := true
	for _, a := range l.Acts {
		switch {
		case a.Verb == "calm":
			since, harmless = a.At, true
		case !simple[a.Verb]:
			since, harmless = time.Time{}, false
		default:
			since = a.At
		}
	}
	if !harmless {
		return time.Time{}
	}
	return since
}

// calm: it has been so for long enough.
func calm(l *ledger.Ledger, now time.Time) bool {
	since := calmSince(l)
	return !since.IsZero() && now.Sub(since) >= settledAfter
}

// enforced: there is a sheet at last, and its mode is Enforce.
func enforced(l *ledger.Ledger) bool {
	s := sheetAtLast(l)
	return s != nil && s.Spec.Mode != v1alpha1.ModeDryRun
}

func sheetAtLast(l *ledger.Ledger) *v1alpha1.AccessKeySheet {
	if n := len(l.Sheets); n > 0 {
		return l.Sheets[n-1].Object
	}
	return nil
}
