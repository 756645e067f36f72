package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/notice"
	"github.com/keylease/keylease/internal/sheet"
)

// dateConflict is an end date that was moved on both sides to different dates.
type dateConflict struct {
	accessKeyID, old, winner, message string
}

// id is readable, unlike those of other problems: when a message is sent again after a crash, the merge that decided it is
// long done, and this is all that is left of it.
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

// foreseeConflicts records which conflicts this sync is about to decide, and that the admins are to be told, before any
// lease is written: the next merge finds both sides agreed, so a process that died in between would leave them untold.
func (r *sheetRun) foreseeConflicts(ctx context.Context, entries []entry) error {
	if r.policy.DryRun {
		return nil
	}
	for _, e := range entries {
		// Who owns the lease's date is asked only where it matters: it can settle a conflict, and never makes one.
		if e.row == nil || e.lease == nil || len(conflictsIn(e.id, sheet.Merge(e.row, e.problem, e.lease, r.plainFacts()).Changes)) == 0 {
			continue
		}
		facts, lease, err := r.facts(ctx, e, e.lease)
		if err != nil {
			return fmt.Errorf("lease %s/%s: %w", r.key.Namespace, strings.ToLower(e.id), err)
		}
		r.conflicts = append(r.conflicts, conflictsIn(e.id, sheet.Merge(e.row, e.problem, lease, facts).Changes)...)
	}
	if len(r.conflicts) == 0 {
		return nil
	}
	for _, c := range r.conflicts {
		for _, id := range notice.Untold(r.sheet.Status.Notices, v1alpha1.NoticeDateConflict, []string{c.id()}, r.policy.Admins) {
			b := notice.NewBatch(v1alpha1.NoticeDateConflict, []string{id})
			r.sheet.Status.Notices = notice.PendBatch(r.sheet.Status.Notices, b, r.policy.Admins, r.now())
		}
	}
	return r.saveStatus(ctx)
}

// unforeseen is the error of a merge that decides a conflict which was not recorded: the lease changed meanwhile.
func (r *sheetRun) unforeseen(accessKeyID string, changes []sheet.Change) error {
	for _, c := range conflictsIn(accessKeyID, changes) {
		if !r.policy.DryRun && !slices.Contains(r.conflicts, c) {
			return &failure.Error{Class: failure.Retry, Service: "kubernetes", Operation: "merge lease", Code: v1alpha1.ReasonConflict,
				Message: "the end date was changed on both sides while it was merged: the next sync decides"}
		}
	}
	return nil
}

// dateConflicts that were decided now, and those of before that somebody may still have to hear of.
func (r *sheetRun) dateConflicts() telling {
	t := telling{kind: v1alpha1.NoticeDateConflict}
	seen := map[string]bool{}
	add := func(id, accessKeyID, detail string) {
		// What could not be applied is decided again, perhaps to another date.
		if !seen[id] && r.leases[accessKeyID] != nil && r.failed[accessKeyID] == nil {
			seen[id] = true
			t.problems = append(t.problems, problem{id: id, item: message.Item{AccessKeyID: accessKeyID, Detail: detail}})
		}
	}
	for _, c := range r.conflicts {
		add(c.id(), c.accessKeyID, c.message)
	}
	for _, n := range r.sheet.Status.Notices {
		if n.Kind == t.kind && n.State != v1alpha1.NoticeDelivered {
			accessKeyID, _, _ := strings.Cut(n.Problem, "/")
			add(n.Problem, accessKeyID, "")
		}
	}
	return t
}

// conflictMessage is about one key, and says what all messages about a key say.
func (r *sheetRun) conflictMessage(item message.Item) ([]message.Message, error) {
	l := r.leases[item.AccessKeyID]
	n := message.Notice{
		Kind: v1alpha1.NoticeDateConflict, Audience: message.ToAdmin, Detail: item.Detail,
		Today: r.policy.Today(r.now()), Zone: r.policy.Location,
		SheetURL: sheetURL(r.sheet.Spec.SpreadsheetID), MarkExtended: r.sheet.Spec.Marks.Extended,
		Lease: messageLease(l),
	}
	if l.Status.Owner != nil {
		n.Owner = message.Owner{SlackUserID: l.Status.Owner.SlackUserID, Candidates: l.Status.Owner.Candidates}
	}
	m, err := r.Texts.Notice(r.sheet.Spec.Slack.Language, n)
	return []message.Message{m}, err
}
