package judge

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// observed is a version of the lease by the operator, as AWS was read then, and more that it says.
func observed(more ...func(*v1alpha1.AccessKeyLeaseStatus)) deed {
	return func(l *ledger.Ledger, at time.Time) {
		lease(operator)(l, at)
		versions := l.Leases["akiasim0000000000001"]
		o := versions[len(versions)-1].Object
		o.Generation = versions[len(versions)-2].Object.Generation
		o.Status.Key = &v1alpha1.KeyStatus{Status: v1alpha1.KeyActive, ObservedTime: &metav1.Time{Time: at}}
		for _, m := range more {
			m(&o.Status)
		}
	}
}

func slowed(turns int) deed {
	return func(l *ledger.Ledger, at time.Time) {
		l.Slowed = append(l.Slowed, ledger.Slowed{Stamp: l.Stamp(at, ledger.Person), Item: "accesskeylease a", Turns: turns})
	}
}

func TestALookAtAWSIsNoChange(t *testing.T) {
	story := func(last deed) *story {
		return wholeLife().on("11-03 10:00", "look", observed()).on("11-19 20:00", "look", last).on("11-20 10:00", "hot", calls("api", "get", 27))
	}
	story(observed()).broke(t, "9: 27 calls to api")
	story(both(observed(func(s *v1alpha1.AccessKeyLeaseStatus) { s.Phase = v1alpha1.PhaseNotified }), line("phase", map[string]any{"from": "", "to": "Notified"}))).right(t)
	story(lease(ledger.Person)).right(t)
}

func TestWhatGoesRoundAtRestIsFound(t *testing.T) {
	wholeLife().on("11-20 10:00", "circle", slowed(31)).broke(t, `9: "accesskeylease a" asked for its turn and called something 31 times`)
	wholeLife().on("11-20 10:00", "many ask", slowed(4)).right(t)
	wholeLife().on("11-20 09:00", "act", act("mark")).on("11-20 10:00", "aftermath", slowed(31)).right(t)
	wholeLife().on("12-01 20:00", "aftermath", slowed(31)).right(t)
}
