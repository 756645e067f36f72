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
	had, put := false, ledger.Lease{}
	for _, v := range versions {
		has := v.Object != nil && v.Object.Annotations[v1alpha1.AnnotationGiveUp] == "true"
		switch {
		case v.By != ledger.Person || collected(l, v):
		case has && !had:
			at, held, put = v.At, true, v
		case !has && (had || v.Object == nil):
			held = false
		}
		had = has
	}
	return at, held && !at.After(until) && !tookBack(l, put)
}

// tookBack tells whether people took the annotation back, though no version shows it: the lease was made anew without it.
func tookBack(l *ledger.Ledger, put ledger.Lease) bool {
	forGood := stays(l, func(a ledger.Act) bool { return a.Verb == "give-up" })
	return slices.ContainsFunc(l.Acts, func(a ledger.Act) bool {
		return a.Seq > put.Seq && (mends(a, "give-up "+put.Object.Name+"#") || a.Verb == "calm" && !forGood)
	})
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

// mends tells whether an act is the end of a trouble whose name begins so.
func mends(a ledger.Act, trouble string) bool {
	return a.Verb == "mend" && a.Skipped == "" && len(a.Args) > 0 && strings.HasPrefix(a.Args[0], trouble)
}
