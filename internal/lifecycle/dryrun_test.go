package lifecycle

import (
	"strings"
	"testing"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

func TestDryRunReportsTheWholeDecisionAndDoesNothing(t *testing.T) {
	late := "2026-12-20 09:00"
	decisions{
		"before anything is due it waits": {at("2026-11-20 09:00", dryRun), "Active; next 2026-12-01 15:00"},
		"a notice that is due":            {at("2026-12-02 09:00", dryRun), "Active; blocked by Mode: DryRun; next 2026-12-01 15:00"},
		"a notice that is due, of a mark that was found": {
			at("2026-12-02 09:00", dryRun, foundMark("")), "Active; blocked by Mode: DryRun; next 2026-12-01 15:00",
		},
		"the deletion, on a look at AWS": {at("2026-12-09 15:00", dryRun, asked), "Active; blocked by Mode: DryRun; next 2026-12-09 15:00; again 2026-12-10 15:00"},
		"which is taken daily at most":   {at("2026-12-10 14:30", dryRun, seenAt("2026-12-09 15:00")), "Active; blocked by Mode: DryRun; next 2026-12-09 15:00"},
		"and again then":                 {at("2026-12-10 15:30", dryRun, seenAt("2026-12-09 15:00")), "Active; do Observe"},
		"what AWS would stop is said":    {at("2026-12-09 15:00", dryRun, answered(func(o *Observation) { o.UserID = "AIDAOTHER" })), "Active; blocked by SameUser: UserRecreated; next 2026-12-01 15:00; again 2026-12-09 16:00"},
		"a protected user":               {at("2026-12-09 15:00", dryRun, answered(func(o *Observation) { o.Tags = map[string]string{ProtectedTag: "true"} })), "Active; held Protected; blocked by NotProtected: Protected; again 2026-12-10 15:00"},
		"the breaker":                    {at("2026-12-09 15:00", dryRun, asked, func(in *Input) { in.LimitReached = "20 today" }), "Active; blocked by Breaker: BreakerOpen; next 2026-12-09 15:00; again 2026-12-09 16:00"},
		"a lease that ended before the mode was set has its minimumNotice": {
			at(late, dryRun, asked, inTerm(func(t *v1alpha1.Term) { t.StartTime = *moment("2026-12-20 08:00") })),
			"Active; blocked by Mode: DryRun; next 2026-12-01 15:00; again 2026-12-21 08:00",
		},
		"a key that is gone":                {at(late, dryRun, answered(absent)), "Active; blocked by Mode: DryRun; next 2026-12-01 15:00; again 2026-12-21 09:00"},
		"and is looked for daily at most":   {at(late, dryRun, lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Key.Status = v1alpha1.KeyAbsent })), "Active; blocked by Mode: DryRun; next 2026-12-01 15:00; again 2026-12-21 08:59"},
		"a lease that was notified before":  {at("2026-12-09 15:00", dryRun, asked, noticed), "Expired; blocked by Mode: DryRun; next 2026-12-09 15:00; again 2026-12-10 15:00"},
		"one in its grace period":           {at("2026-12-12 15:00", dryRun, asked, noticed, grace(72*time.Hour), deactivated("2026-12-09 15:00")), "Expired; blocked by Mode: DryRun; next 2026-12-12 15:00; again 2026-12-13 15:00"},
		"one whose people are not told yet": {at("2026-12-10 15:00", dryRun, noticed, grace(72*time.Hour), deactivated("2026-12-09 15:00")), "Expired; next 2026-12-12 15:00"},
		"one whose key is deleted":          {at("2026-12-09 16:00", dryRun, answered(absent), noticed, deletedKey("2026-12-09 15:00")), "Expired; blocked by Mode: DryRun; next 2026-12-09 15:00; again 2026-12-10 16:00"},
		"one that is Revoked":               {at("2026-12-09 16:00", dryRun, noticed, deletedKey("2026-12-09 15:00"), revocation(func(r *v1alpha1.RevocationStatus) { r.CompletionTime = moment("2026-12-09 15:10") })), "Revoked"},
	}.check(t)
}

func TestDryRunSaysWhatWouldBeDone(t *testing.T) {
	for name, tc := range map[string]struct {
		in   Input
		says string
	}{
		"told":        {at("2026-12-02 09:00", dryRun), "would be told now"},
		"deleted":     {at("2026-12-09 15:30", dryRun), "would be deleted now"},
		"deactivated": {at("2026-12-09 15:30", dryRun, grace(time.Hour)), "would be deactivated now"},
	} {
		t.Run(name, func(t *testing.T) {
			if d := decide(tc.in); d.Blocked == nil || !strings.Contains(d.Blocked.Message, tc.says) {
				t.Errorf("it says %+v, want …%s…", d.Blocked, tc.says)
			}
		})
	}
}
