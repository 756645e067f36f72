package controllers

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/sheet"
)

// read both tabs in one request.
func (r *sheetRun) read(ctx context.Context) error {
	r.start = r.now()
	r.mem.lastRead = r.start
	spec := r.sheet.Spec
	tabs, err := r.google.Read(ctx, spec.SpreadsheetID, sheet.ReadRanges(spec.Requests, spec.Users, spec.ClaimCell))
	if err != nil {
		r.sheetCondition(v1alpha1.ConditionSheetReadable, metav1.ConditionFalse, readReason(err), err.Error())
		return err
	}
	r.sheetCondition(v1alpha1.ConditionSheetReadable, metav1.ConditionTrue, v1alpha1.ReasonReadable, "both tabs were read")
	r.rows = tabs[0]
	r.requests = sheet.ParseRequests(r.rows, r.options())
	r.directory = sheet.ParseDirectory(tabs[1], int(headerRows(spec.Users.HeaderRows)), spec.Users.Columns)
	if len(tabs) > 2 {
		r.claim = claimText(tabs[2])
	}
	return nil
}

func readReason(err error) string {
	f := failure.Of(err)
	switch {
	case f == nil:
		return v1alpha1.ReasonUnavailable
	case f.Code == "TAB_MISSING":
		return v1alpha1.ReasonTabMissing
	case f.Class == failure.NotFound:
		return v1alpha1.ReasonSpreadsheetNotFound
	case f.Class == failure.Denied:
		return v1alpha1.ReasonSpreadsheetForbidden
	case f.Class == failure.Credentials:
		return v1alpha1.ReasonCredentialsInvalid
	case f.RetryAfter > 0 || f.Code == "RESOURCE_EXHAUSTED":
		return v1alpha1.ReasonQuotaExceeded
	case f.Code == "GRID_LIMITS":
		return v1alpha1.ReasonColumnsMoved
	}
	return v1alpha1.ReasonUnavailable
}

func (r *sheetRun) options() sheet.Options {
	spec := r.sheet.Spec
	return sheet.Options{
		Tab: spec.Requests.Tab, HeaderRows: int(headerRows(spec.Requests.HeaderRows)), Columns: spec.Requests.Columns,
		AccountID: spec.AWS.AccountID, Marks: spec.Marks,
	}
}

func headerRows(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}

func claimText(cells [][]any) string {
	if len(cells) == 0 || len(cells[0]) == 0 {
		return ""
	}
	return fmt.Sprint(cells[0][0])
}

// accept judges the reading as a whole, before anything of it is applied.
func (r *sheetRun) accept(ctx context.Context) bool {
	hash := sheet.GuardedHash(r.requests)
	r.sheet.Status.ObservedHash = hash
	leases, err := r.leasesOf(ctx, r.key)
	if err != nil {
		r.reject(v1alpha1.ReasonUnavailable, "the leases cannot be listed: "+err.Error())
		return false
	}
	r.leases = map[string]*v1alpha1.AccessKeyLease{}
	for i := range leases {
		r.leases[leases[i].Spec.AccessKeyID] = leases[i].DeepCopy()
	}
	approved := r.sheet.Annotations[v1alpha1.AnnotationApproveChange] == hash && r.sheet.Status.ApprovedHash != hash
	verdict := sheet.Guard(leases, r.requests, r.sheet.Status.RecentChanges, r.sheet.Spec.Limits, r.start)
	reason, message := verdict.Reason, verdict.Message
	var shape *sheet.ShapeError
	if err := sheet.CheckShape(r.rows, r.options()); errors.As(err, &shape) {
		// An empty tab is only suspicious where there was something in it.
		if shape.Reason != v1alpha1.ReasonEmptySheet || len(leases) > 0 {
			reason, message, verdict.Accepted = shape.Reason, shape.Message, false
		}
	}
	switch {
	case !verdict.Accepted && !approved:
		r.reject(reason, message+fmt.Sprintf("; nothing was applied: repair the sheet, or approve exactly this with kubectl annotate accesskeysheet -n %s %s %s=%s --overwrite",
			r.key.Namespace, r.key.Name, v1alpha1.AnnotationApproveChange, hash))
		return false
	case !verdict.Accepted:
		r.sheet.Status.ApprovedHash = hash
		r.sheet.Status.RecentChanges = nil
		r.sheetEvent(corev1.EventTypeNormal, v1alpha1.EventSheetApproved, "the change was approved by annotation")
		r.auditSheet("approved", "hash", hash, "reason", reason)
	default:
		r.countChanges(verdict.Changes)
	}
	r.sheetCondition(v1alpha1.ConditionSheetAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted, "the sheet is as it was, or has changed as people change it")
	return true
}

func (r *sheetRun) reject(reason, message string) {
	r.sheetCondition(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, reason, message)
	r.rejected = reason
	metrics.SheetFailed(r.key.Namespace, r.key.Name, reason)
}

// countChanges keeps the accepted changes of the last 24 hours, which the guard adds to what it sees next.
func (r *sheetRun) countChanges(n int) {
	kept := r.sheet.Status.RecentChanges[:0:0]
	for _, c := range r.sheet.Status.RecentChanges {
		if r.start.Sub(c.Time.Time) < sheet.GuardWindow {
			kept = append(kept, c)
		}
	}
	if n > 0 {
		kept = append(kept, v1alpha1.SheetChange{Time: *moment(r.start), Rows: int32(n)}) //nolint:gosec // a sheet has at most 10 million cells
	}
	r.sheet.Status.RecentChanges = kept
}

// resume starts every term anew after more than seven days without an accepted sync: nobody's notice is that old.
// It is persisted before the reading is published, so that no lease can act on it first.
func (r *sheetRun) resume(ctx context.Context) error {
	last := r.sheet.Status.LastSyncTime
	if last == nil || r.start.Sub(last.Time) <= awayAfter {
		return nil
	}
	r.sheet.Status.ResumedTime = moment(r.start)
	r.sheet.Status.LastSyncTime = moment(r.start)
	r.mem.wakeAll = true
	r.auditSheet("resumed", "lastSyncTime", last.Time)
	return r.saveStatus(ctx)
}
