package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

const (
	// leastFresh is how old the reading may be on which a key is deleted, at least.
	leastFresh = 10 * time.Minute
	// underWay is how long a decision may be on its way to AWS: calls are answered late, and its intent is recorded first.
	underWay = time.Minute
	// second is the grain of the times that the operator stores.
	second = time.Second
)

// removal is a deactivation or a deletion of a key by the operator.
type removal struct {
	ledger.Stamp
	key, user string
	deletes   bool
}

func (r removal) String() string {
	if r.deletes {
		return "deleted"
	}
	return "deactivated"
}

func removalOf(a ledger.AWS) (removal, bool) {
	deletes := a.Action == "DeleteAccessKey"
	deactivates := a.Action == "UpdateAccessKey" && a.Params["Status"] == "Inactive"
	return removal{a.Stamp, a.Params["AccessKeyId"], a.User(), deletes}, byOperator(a.Stamp) && (deletes || deactivates)
}

// scene is what could be known when a key was deactivated or deleted.
type scene struct {
	removal
	l *ledger.Ledger
	// since is the earliest moment at which the reading of the sheet may have begun that the removal rests on.
	since time.Time
	// rows, settings and versions of the lease that stood at any moment from then on.
	rows     []ledger.Row
	settings []v1alpha1.AccessKeySheetSpec
	leases   []ledger.Lease
}

// removals makes a check of what is to hold of each removal.
func removals(name string, look func(scene) []string) check {
	var aws reader[ledger.AWS]
	return check{name: name, step: func(l *ledger.Ledger) []Finding {
		var found []Finding
		for _, a := range aws.news(l.AWS) {
			r, ok := removalOf(a)
			if !ok {
				continue
			}
			s, ok := sceneOf(l, r)
			if !ok {
				continue
			}
			for _, text := range look(s) {
				found = append(found, Finding{Key: r.key, At: r.At, Text: fmt.Sprintf("%s was %s by %s at %s: %s.", r.key, r, r.By, shown(r.At), text)})
			}
		}
		return found
	}}
}

// sceneOf a removal; false: no sheet is known that it belongs to, so nothing is known of its rules.
func sceneOf(l *ledger.Ledger, r removal) (scene, bool) {
	s := scene{removal: r, l: l}
	name := sheetOf(l, r.key, r.At)
	fresh := leastFresh
	for _, spec := range settingsOf(l, name, r.At.Add(-time.Hour), r.At) {
		if every := spec.Schedule.SyncInterval; every != nil {
			fresh = max(fresh, 2*every.Duration)
		}
	}
	s.since = r.At.Add(-fresh - underWay - second)
	s.settings = settingsOf(l, name, s.since, r.At)
	s.rows = standing(l.Rows[r.key], rowStamp, s.since, r.At)
	s.leases = standing(l.Leases[strings.ToLower(r.key)], leaseStamp, s.since, r.At)
	return s, len(s.settings) > 0
}

// sheetOf is the name of the AccessKeySheet of a key's lease.
func sheetOf(l *ledger.Ledger, key string, at time.Time) string {
	versions := upTo(l.Leases[strings.ToLower(key)], leaseStamp, at)
	for _, v := range slices.Backward(versions) {
		if v.Object != nil {
			return v.Object.Spec.SheetRef.Name
		}
	}
	return ""
}

// settingsOf a sheet that stood at any moment between two.
func settingsOf(l *ledger.Ledger, name string, from, to time.Time) []v1alpha1.AccessKeySheetSpec {
	var specs []v1alpha1.AccessKeySheetSpec
	last := int64(-1)
	for _, v := range sheetsOf(l, name, from, to) {
		if v.Object != nil && v.Object.Generation != last {
			last = v.Object.Generation
			specs = append(specs, v.Object.Spec)
		}
	}
	return specs
}

// sheetsOf are the versions of one sheet that stood at any moment between two.
func sheetsOf(l *ledger.Ledger, name string, from, to time.Time) []ledger.Sheet {
	list := upTo(l.Sheets, sheetStamp, to)
	var found []ledger.Sheet
	for _, v := range slices.Backward(list) {
		if v.Name != name {
			continue
		}
		found = append(found, v)
		if !v.At.After(from) {
			break
		}
	}
	slices.Reverse(found)
	return found
}

// due is the moment from which a key with this end date may be deactivated or deleted, by the setting that is earliest.
func (s scene) due(end day) time.Time {
	var earliest time.Time
	for _, spec := range s.usable() {
		due := end.at(spec.Schedule.DailyAt, zoneOf(spec), 1)
		if grace := spec.Schedule.GracePeriod; grace != nil && s.deletes && !s.inactiveFor(grace.Duration) {
			due = due.Add(grace.Duration)
		}
		if earliest.IsZero() || due.Before(earliest) {
			earliest = due
		}
	}
	return earliest
}

// usable are the settings whose time zone is known, or else the last that was.
func (s scene) usable() []v1alpha1.AccessKeySheetSpec {
	return usableSettings(s.l, s.settings, sheetOf(s.l, s.key, s.At), s.At)
}

func usableSettings(l *ledger.Ledger, settings []v1alpha1.AccessKeySheetSpec, name string, at time.Time) []v1alpha1.AccessKeySheetSpec {
	unusable := func(spec v1alpha1.AccessKeySheetSpec) bool { return zoneOf(spec) == nil }
	good := slices.DeleteFunc(slices.Clone(settings), unusable)
	if len(good) > 0 {
		return good
	}
	good = slices.DeleteFunc(settingsOf(l, name, time.Time{}, at), unusable)
	return good[max(len(good)-1, 0):]
}

// zoneOf a spec; nil: nobody knows it.
func zoneOf(spec v1alpha1.AccessKeySheetSpec) *time.Location {
	zone, err := time.LoadLocation(spec.Schedule.TimeZone)
	if err != nil {
		return nil
	}
	return zone
}

// inactiveFor tells whether the operator deactivated the key so long ago. The grace period counts from there, whatever
// became of the schedule since.
func (s scene) inactiveFor(grace time.Duration) bool {
	for _, a := range slices.Backward(upTo(s.l.AWS, awsStamp, s.At.Add(-grace+second))) {
		if r, ok := removalOf(a); ok && r.key == s.key {
			return !r.deletes
		}
	}
	return false
}

// minimumNotice is the shortest that stood.
func (s scene) minimumNotice() time.Duration {
	shortest := 24 * time.Hour
	for i, spec := range s.settings {
		if m := spec.Schedule.MinimumNotice; m != nil && (i == 0 || m.Duration < shortest) {
			shortest = m.Duration
		}
	}
	return shortest
}

// isAdmin tells whether somebody is an admin by any setting that stood.
func (s scene) isAdmin(id string) bool {
	return slices.ContainsFunc(s.settings, func(spec v1alpha1.AccessKeySheetSpec) bool { return slices.Contains(spec.Slack.Admins, id) })
}

// lease as it was last; nil: there is none.
func (s scene) lease() *v1alpha1.AccessKeyLease {
	if len(s.leases) == 0 {
		return nil
	}
	return s.leases[len(s.leases)-1].Object
}

var japan = time.FixedZone("JST", 9*60*60)

func shown(t time.Time) string { return t.In(japan).Format("2006-01-02 15:04:05 MST") }
