package judge

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// demand is a line that must be there: its message, and fields that it must have.
type demand struct {
	what   string
	fields map[string]string
}

func (d demand) String() string { return fmt.Sprintf("%q %v", d.what, d.fields) }

// met: a line of a key, later than an entry, is what is demanded.
func (a *evidence) met(d demand, key string, after int) bool {
	return slices.ContainsFunc(a.told[d.what+" "+key], func(line ledger.Audit) bool {
		if line.Seq < after {
			return false
		}
		for name, value := range d.fields {
			if field(line, name) != value {
				return false
			}
		}
		return true
	})
}

// versions asks for a line of what each version of a lease by the operator changed. No status is believed here: what the
// operator claims there, its log must say too.
func (a *evidence) versions(l *ledger.Ledger) {
	for name, all := range l.Leases {
		if a.leases[name] == nil {
			a.leases[name] = &reader[ledger.Lease]{}
		}
		from := a.leases[name].seen
		for i, v := range a.leases[name].news(all) {
			if v.Object == nil || !byOperator(v.Stamp) {
				continue
			}
			before := &v1alpha1.AccessKeyLease{}
			if i += from; i > 0 && all[i-1].Object != nil {
				before = all[i-1].Object
			}
			a.version(l, before, v)
		}
	}
}

func (a *evidence) version(l *ledger.Ledger, before *v1alpha1.AccessKeyLease, v ledger.Lease) {
	key := v.Object.Spec.AccessKeyID
	for _, d := range append(ofStatus(before, v.Object), ofRow(before, v.Object)...) {
		a.waiting = append(a.waiting, unsaid{Stamp: v.Stamp, key: key, text: d.String(), service: "api",
			said: func() bool { return a.met(d, key, v.Seq) }})
	}
	end := v.Object.Spec.EndDate
	switch {
	case before.Spec.EndDate == "":
		d := demand{"created", map[string]string{"endDate": end}}
		a.waiting = append(a.waiting, unsaid{Stamp: v.Stamp, key: key, text: d.String(), service: "api",
			said: func() bool { return a.met(d, key, v.Seq) }})
	case before.Spec.EndDate != end:
		a.waiting = append(a.waiting, unsaid{Stamp: v.Stamp, key: key, text: "the end date " + end + ", which was " + before.Spec.EndDate, service: "api",
			said:     func() bool { return a.toldOfDate(key, before.Spec.EndDate, end, v.Seq) },
			hindered: func() bool { return hindered(l, v.Stamp, v.At.Add(underWay)) }})
	}
}

// toldOfDate: a line tells of a lease's new end date. In a conflict the former one is that on which both sides agreed once.
func (a *evidence) toldOfDate(key, before, end string, after int) bool {
	d := demand{"change", map[string]string{"new": end, "reason": v1alpha1.EventEndDateConflict}}
	if a.met(d, key, after) {
		return true
	}
	d.fields = map[string]string{"new": end, "old": before}
	return a.met(d, key, after)
}

// ofStatus are the lines about what the lease's controller says of a lease.
func ofStatus(before, after *v1alpha1.AccessKeyLease) []demand {
	var all []demand
	is := after.Status
	if is.Phase != before.Status.Phase {
		all = append(all, demand{"phase", map[string]string{"from": string(before.Status.Phase), "to": string(is.Phase)}})
	}
	if is.Term != nil && (before.Status.Term == nil || before.Status.Term.Number != is.Term.Number) {
		all = append(all, demand{"term", map[string]string{"number": fmt.Sprint(is.Term.Number), "endDate": is.Term.EndDate}})
	}
	switch was, held := heldBy(before), heldBy(after); {
	case was == held:
	case held != "":
		all = append(all, demand{"held", map[string]string{"reason": held}})
	default:
		all = append(all, demand{"released", map[string]string{"reason": was}})
	}
	return all
}

// ofRow are the lines about a row that went or came back.
func ofRow(before, after *v1alpha1.AccessKeyLease) []demand {
	was, is := onSheet(before), onSheet(after)
	switch {
	case was == metav1.ConditionTrue && is == metav1.ConditionFalse:
		return []demand{{"rowGone", nil}}
	case was == metav1.ConditionFalse && is == metav1.ConditionTrue:
		return []demand{{"rowBack", nil}}
	}
	return nil
}

func heldBy(o *v1alpha1.AccessKeyLease) string { return conditionOf(o, v1alpha1.ConditionHeld).Reason }

func onSheet(o *v1alpha1.AccessKeyLease) metav1.ConditionStatus {
	return conditionOf(o, v1alpha1.ConditionRowPresent).Status
}

// conditionOf a lease; zero: it has none of that type.
func conditionOf(o *v1alpha1.AccessKeyLease, kind string) metav1.Condition {
	for _, c := range o.Status.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return metav1.Condition{}
}

// movedByPerson asks for a line of a date that a person gave a lease, when it is written into the row.
func (a *evidence) movedByPerson(l *ledger.Ledger, c ledger.Cell) {
	end, how := readDate(c.New)
	set, ok := setByPerson(l, c.Key, c.At)
	if !ok || c.Header != headEnds || how != dated || specDay(set.Object.Spec.EndDate) != end {
		return
	}
	d := demand{"change", map[string]string{"new": set.Object.Spec.EndDate}}
	a.waiting = append(a.waiting, unsaid{Stamp: c.Stamp, key: c.Key, text: d.String(),
		said:     func() bool { return a.met(d, c.Key, set.Seq) },
		hindered: func() bool { return hindered(l, set.Stamp, c.At) }})
}

// hindered: between an entry and a moment some process died, or the API server failed. What was merged may be told by nobody
// then.
func hindered(l *ledger.Ledger, since ledger.Stamp, until time.Time) bool {
	for _, c := range l.Calls {
		if c.Seq > since.Seq && !c.At.After(until) && ((c.Service == "api" && c.Failed) || died(l, c.Stamp)) {
			return true
		}
	}
	return false
}
