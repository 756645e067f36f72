package lifecycle

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// A lease that is Revoked is never looked at again: lists of IAM lag behind, so one empty answer must not end it.
func TestOneEmptyReadingEndsNoLease(t *testing.T) {
	goneByMark := condition(v1alpha1.ConditionKeyVerified, metav1.ConditionTrue, v1alpha1.ReasonKeyGone)
	nobody := func(o *Observation) { absent(o); o.KeyUser = user } // GetAccessKeyLastUsed still knows the key
	decisions{
		"past its end: AWS is asked once more": {
			at("2026-12-20 09:00:00", answered(absent)), "Active; blocked by KeyStateKnown: InProgress; next 2026-12-01 15:00; again 2026-12-20 09:00",
		},
		"and not before its time": {
			at("2026-12-20 09:00:09", missedAt("2026-12-20 09:00:00")), "Active; blocked by KeyStateKnown: InProgress; next 2026-12-01 15:00; again 2026-12-20 09:00",
		},
		"in its time":                        {at("2026-12-20 09:00:10", missedAt("2026-12-20 09:00:00")), "Active; do Observe"},
		"gone twice: Revoked":                {at("2026-12-20 09:00:10", missedAt("2026-12-20 09:00:00"), answered(absent)), "Active; do Complete KeyAlreadyGone"},
		"gone twice, remembered by name":     {at("2026-12-20 09:00:10", missedAt("2026-12-20 09:00:00"), answered(nobody)), "Active; do Complete KeyAlreadyGone"},
		"alive the second time: its notice":  {at("2026-12-20 09:00:10", missedAt("2026-12-20 09:00:00"), asked, answered(func(*Observation) {})), "Active; do Notify Expiry 7"},
		"a second reading that began early":  {at("2026-12-20 09:00:10", missedAt("2026-12-20 09:00:00"), answered(func(o *Observation) { absent(o); o.Time = jst("2026-12-20 09:00:09") })), "Active; blocked by KeyStateKnown: InProgress; next 2026-12-01 15:00; again 2026-12-20 09:00"},
		"a first one noted by another clock": {at("2026-12-20 09:00:00", missedAt("2026-12-21 09:00:00")), "Active; do Observe"},
		"in DryRun there is nothing to end":  {at("2026-12-20 09:00:00", dryRun, answered(absent)), "Active; blocked by Mode: DryRun; next 2026-12-01 15:00; again 2026-12-21 09:00"},
		"marked deleted: AWS is asked once more": {
			at("2026-12-03 09:00:00", markedDeleted, answered(absent)), "Revoked; again 2026-12-03 09:00",
		},
		"marked deleted, too early": {
			at("2026-12-03 09:00:09", markedDeleted, phase(v1alpha1.PhaseRevoked), goneByMark, missedAt("2026-12-03 09:00:00")), "Revoked; again 2026-12-03 09:00",
		},
		"marked deleted, in its time": {
			at("2026-12-03 09:00:10", markedDeleted, phase(v1alpha1.PhaseRevoked), goneByMark, missedAt("2026-12-03 09:00:00")), "Revoked; do Observe",
		},
		"marked deleted and gone twice": {
			at("2026-12-03 09:00:10", markedDeleted, phase(v1alpha1.PhaseRevoked), goneByMark, missedAt("2026-12-03 09:00:00"), answered(absent)), "Revoked; do Complete MarkedDeleted",
		},
		"marked deleted and alive the second time": {
			at("2026-12-03 09:00:10", markedDeleted, phase(v1alpha1.PhaseRevoked), goneByMark, missedAt("2026-12-03 09:00:00"), asked), "Revoked; do Notify KeyStillExists",
		},
	}.check(t)
}

func TestSinceWhenAKeyIsAbsentIsNotedOfItsOwnReadingsOnly(t *testing.T) {
	since, now := moment("2026-12-20 09:00:00"), jst("2026-12-20 09:00:10").Add(time.Millisecond)
	gone, wrong := observation(), observation()
	absent(&gone)
	absent(&wrong)
	wrong.Identity.AccountID = "999999999999"
	renamed := observation()
	absent(&renamed)
	renamed.KeyUser, renamed.Tags = "svc-report-2", map[string]string{ProtectedTag: "true"}
	in := at("2026-12-20 09:00:10")
	for name, tc := range map[string]struct {
		since *metav1.Time
		o     Observation
		want  *metav1.Time
	}{
		"the first, to the second after it":   {nil, gone, moment("2026-12-20 09:00:11")},
		"the first stays":                     {since, gone, since},
		"a key that is there":                 {since, observation(), nil},
		"another account says nothing":        {nil, wrong, nil},
		"and ends nothing":                    {since, wrong, since},
		"a user that took the key along":      {nil, renamed, nil},
		"a note that another clock made late": {moment("2026-12-21 09:00:00"), gone, moment("2026-12-20 09:00:11")},
	} {
		t.Run(name, func(t *testing.T) {
			r := Judge(tc.o, TargetOf(in.Lease, in.Policy), func() bool { return false })
			if got := r.KeyStatus(&v1alpha1.KeyStatus{AbsentSince: tc.since}, now).AbsentSince; !got.Equal(tc.want) {
				t.Errorf("absent since %v, want %v", got, tc.want)
			}
		})
	}
}
