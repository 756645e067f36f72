package judge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

const (
	// resting: after so much time without acts, faults have ended and their aftermath too.
	resting = 24 * time.Hour
	// In an hour at rest.
	restAPI, restGoogle, restAWS, restAWSKey, restSlack, restSlackKey = 24, 60, 40, 20, 20, 4
	// restWrites are of cells that alone are refused.
	restWrites = 4
	// restTurns are how often one item may ask for its turn and call something.
	restTurns = 8
)

// services are how the verbs of acts begin that bring a service's trouble.
var services = []string{"api", "aws", "google", "late", "slack", "stale"}

// inTrouble tells whether an act's trouble with a service lasted longer than until a moment.
func inTrouble(l *ledger.Ledger, at time.Time) bool {
	return slices.ContainsFunc(l.Acts, func(a ledger.Act) bool {
		of := slices.ContainsFunc(services, func(s string) bool { return strings.HasPrefix(a.Verb, s) })
		return of && slices.ContainsFunc(a.Args, func(arg string) bool {
			seconds, err := strconv.Atoi(arg)
			return err == nil && a.At.Add(time.Duration(seconds)*time.Second).After(at)
		})
	})
}

// rest judges an hour at rest, for each cluster that has an operator.
func (b *counting) rest(l *ledger.Ledger, syncs int) (found []Finding) {
	most := map[string]int{googleWrites: restWrites, "google": restGoogle + syncs, "api": restAPI,
		"aws": restAWS + restAWSKey*len(l.Leases), "slack": restSlack + restSlackKey*len(l.Leases)}
	clusters := 1
	if acted(l, "second-cluster") {
		clusters = 2
	}
	for service, n := range b.hour.of {
		if n > clusters*most[service] {
			found = append(found, Finding{At: b.hour.from, Text: fmt.Sprintf("%d calls to %s within an hour at rest", n, service)})
		}
	}
	return found
}

// syncs in an hour, of the quickest sheet there ever was.
func (b *counting) syncs(l *ledger.Ledger) int {
	quickest := 5 * time.Minute
	for _, s := range l.Sheets {
		if s.Object != nil && s.Object.Spec.Schedule.SyncInterval != nil {
			quickest = min(quickest, s.Object.Spec.Schedule.SyncInterval.Duration)
		}
	}
	return int(time.Hour / max(quickest, time.Second))
}

// atRest tells whether nothing happened between two moments, and no service was in trouble.
func (b *counting) atRest(l *ledger.Ledger, from, to time.Time) bool {
	acts, changes := b.happened(l, from, to)
	return acts == 0 && changes == 0 && !inTrouble(l, from)
}

// happened counts acts, and changes that the operator made, between two moments.
func (b *counting) happened(l *ledger.Ledger, from, to time.Time) (acts, changes int) {
	acts = len(within(l.Acts, actStamp, from, to))
	changes = len(within(l.Posts, postStamp, from, to)) + len(within(l.AWS, awsStamp, from, to)) + len(within(l.Cells, cellStamp, from, to))
	for _, r := range b.leases {
		changes += len(within(r.changes, stampItself, from, to))
	}
	return acts, changes
}

// leaseNews reads the versions of one lease, and keeps when it changed.
type leaseNews struct {
	reader[ledger.Lease]
	last    *v1alpha1.AccessKeyLease
	changes []ledger.Stamp
}

func (r *leaseNews) read(versions []ledger.Lease) []ledger.Lease {
	fresh := r.news(versions)
	for _, v := range fresh {
		if v.By == ledger.Person || !onlyLookedAt(r.last, v.Object) {
			r.changes = append(r.changes, v.Stamp)
		}
		r.last = v.Object
	}
	return fresh
}

// onlyLookedAt: a version says nothing new but when AWS was read.
func onlyLookedAt(before, now *v1alpha1.AccessKeyLease) bool {
	if before == nil || now == nil || before.Status.Key == nil || now.Status.Key == nil || before.Generation != now.Generation {
		return false
	}
	as := now.Status.DeepCopy()
	as.Key.ObservedTime = before.Status.Key.ObservedTime
	return equality.Semantic.DeepEqual(as, &before.Status)
}

// circles are what goes round at rest. The play slows down what asks for its turn too often, so its calls do not show it.
func (b *counting) circles(l *ledger.Ledger) (found []Finding) {
	for _, s := range b.slowed.news(l.Slowed) {
		if s.Turns > restTurns && b.atRest(l, s.At.Add(-resting-time.Hour), s.At) {
			found = append(found, Finding{At: s.At, Text: fmt.Sprintf("%q asked for its turn and called something %d times within an hour at rest", s.Item, s.Turns)})
		}
	}
	return found
}

// acted: the story has an act with such a word in its verb.
func acted(l *ledger.Ledger, word string) bool {
	return slices.ContainsFunc(l.Acts, func(a ledger.Act) bool { return strings.Contains(a.Verb, word) })
}
