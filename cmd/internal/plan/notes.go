package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
)

// notes on the whole: what was assumed, and what would stop some of it.
func notes(p Plan, spec v1alpha1.AccessKeySheetSpec, dryRun bool) []string {
	out := []string{}
	if p.Counts.Total == 0 {
		out = append(out, fmt.Sprintf("Tab %q holds no request.", spec.Requests.Tab))
	}
	if len(p.Rows) > 0 {
		out = append(out, "AWS and Slack were not asked: every key is taken to exist, to belong to its row's user and to be unprotected, and every message to arrive. A key that is gone already becomes Revoked instead.")
	}
	if dryRun {
		out = append(out, "The manifest's mode is DryRun: the operator would report this and do none of it.")
	}
	return append(out, breaker(p, spec.Limits)...)
}

// breaker names the days on which more keys are due than may be deleted.
func breaker(p Plan, limits v1alpha1.Limits) []string {
	if limits.MaxRevocationsPerDay == nil {
		return nil
	}
	limit := int(*limits.MaxRevocationsPerDay)
	due := map[string]int{}
	for _, row := range p.Rows {
		for _, step := range slices.Concat(row.Today, row.Later) {
			if step.Action == ActionDelete {
				day, _, _ := strings.Cut(step.Time, "T")
				if row.AccountID != "" {
					day += " in account " + row.AccountID
				}
				due[day]++
			}
		}
	}
	var out []string
	for day, n := range due {
		if n > limit {
			out = append(out, fmt.Sprintf("%d keys are due for deletion on %s: the first %d in order of end date go, the rest waits for the days after or for an approval (limits.maxRevocationsPerDay).", n, day, limit))
		}
	}
	slices.Sort(out)
	return out
}
