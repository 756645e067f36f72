package judge

import (
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// gaveUp is when a person put the annotation that holds a lease, if no person took it away until a moment and since. What
// the garbage collector takes away holds on.
func gaveUp(versions []ledger.Lease, l *ledger.Ledger, until time.Time) (at time.Time, held bool) {
	had := false
	for _, v := range versions {
		has := v.Object != nil && v.Object.Annotations[v1alpha1.AnnotationGiveUp] == "true"
		switch {
		case v.By != ledger.Person || collected(l, v):
		case has && !had:
			at, held = v.At, true
		case !has && (had || v.Object == nil):
			held = false
		}
		had = has
	}
	return at, held && !at.After(until)
}

// collected tells whether the garbage collector deleted a lease, because a person gave it an owner that does not exist.
func collected(l *ledger.Ledger, v ledger.Lease) bool {
	for _, a := range slices.Backward(l.Acts) {
		if a.Seq < v.Seq {
			return v.Object == nil && a.Verb == "mend" && len(a.Args) > 0 && strings.HasPrefix(a.Args[0], "orphan-lease")
		}
	}
	return false
}
