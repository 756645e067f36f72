package accesskeysheet

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/notice"
	"github.com/keylease/keylease/internal/sheet"
)

// dateConflict is an end date that sheet and lease changed to different dates.
type dateConflict struct {
	accessKeyID, old, winner, message string
}

// id is readable, unlike the IDs of other problems. After a crash the message is sent again, and this ID is all that is
// left of the merge.
func (c dateConflict) id() string { return strings.Join([]string{c.accessKeyID, c.old, c.winner}, "/") }

func conflictsIn(accessKeyID string, changes []sheet.Change) []dateConflict {
	var out []dateConflict
	for _, c := range changes {
		if c.Reason == v1alpha1.EventEndDateConflict {
			out = append(out, dateConflict{accessKeyID: accessKeyID, old: c.Old, winner: c.New, message: c.Message})
		}
	}
	return out
}

// recordConflicts records the conflicts that this pass will decide, and that the admins must be told, before it writes
// any lease. Both sides agree in the next merge, so after a crash in between nobody would be told.
func (p *pass) recordConflicts(ctx context.Context, entries []entry) error {
	d := p.draft
	if d.policy.DryRun {
		return nil
	}
	for _, e := range entries {
		if e.row == nil || e.lease == nil || e.row.EndDate == e.lease.Spec.EndDate {
			continue // no conflict; merging every row here too would double the work of a sync at rest
		}
		// The field owners are read only if there is a conflict: they can settle one, but never cause one.
		if len(conflictsIn(e.id, sheet.Merge(e.row, e.problem, e.lease, p.plainFacts()).Changes)) == 0 {
			continue
		}
		facts, lease, err := p.facts(ctx, e, e.lease)
		if err != nil {
			return fmt.Errorf("lease %s/%s: %w", d.key.Namespace, strings.ToLower(e.id), err)
		}
		p.conflicts = append(p.conflicts, conflictsIn(e.id, sheet.Merge(e.row, e.problem, lease, facts).Changes)...)
	}
	if len(p.conflicts) == 0 {
		return nil
	}
	s := d.status()
	for _, c := range p.conflicts {
		for _, id := range notice.Untold(s.Notices, v1alpha1.NoticeDateConflict, []string{c.id()}, d.policy.Admins) {
			b := notice.NewBatch(string(d.sheet.UID), v1alpha1.NoticeDateConflict, []string{id}, d.policy.Admins)
			s.Notices, _ = b.Intend(s.Notices, d.now())
		}
	}
	return d.save(ctx)
}

// unrecordedConflict reports a merge that decides a conflict that was not recorded, because the lease changed meanwhile.
func (p *pass) unrecordedConflict(accessKeyID string, changes []sheet.Change) error {
	for _, c := range conflictsIn(accessKeyID, changes) {
		if !p.draft.policy.DryRun && !slices.Contains(p.conflicts, c) {
			return conflict("merge lease", "the end date was changed on both sides while it was merged: the next sync decides")
		}
	}
	return nil
}

// conflictMessage is about one key, so it has the form of all messages about a key.
func (t teller) conflictMessage(item message.Item) (message.Message, error) {
	d, spec, l := t.draft, t.draft.spec(), t.leases[item.AccessKeyID]
	n := message.Notice{
		Kind: v1alpha1.NoticeDateConflict, Audience: message.ToAdmin, Detail: item.Detail,
		Today: d.policy.Today(d.now()), Zone: d.policy.Location,
		SheetURL: message.SheetURL(spec.SpreadsheetID), MarkExtended: spec.Marks.Extended,
		Lease: l,
	}
	if l.Status.Owner != nil {
		n.Owner = message.Owner{SlackUserID: l.Status.Owner.SlackUserID, Candidates: l.Status.Owner.Candidates}
	}
	return t.texts.Notice(spec.Slack.Language, n)
}
