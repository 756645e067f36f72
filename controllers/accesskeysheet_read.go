package controllers

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
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
		reason, message := readReason(err), err.Error()
		if reason == v1alpha1.ReasonCredentialsInvalid {
			message = r.ofGoogleSecret(err)
		}
		if f := failure.Of(err); f != nil && f.Code == failure.CodeGridLimits && spec.ClaimCell != "" && strings.Contains(f.Message, "!"+spec.ClaimCell) {
			reason, message = v1alpha1.ReasonInvalidSpec, fmt.Sprintf(
				"spec.claimCell %s lies outside tab %s, and Google refuses the whole reading: name a cell within the tab, or add columns to it", spec.ClaimCell, spec.Requests.Tab)
		}
		r.sheetCondition(v1alpha1.ConditionSheetReadable, metav1.ConditionFalse, reason, message)
		return err
	}
	r.sheetCondition(v1alpha1.ConditionSheetReadable, metav1.ConditionTrue, v1alpha1.ReasonReadable, "both tabs were read")
	r.readable = true
	r.rows = tabs[0]
	r.requests = sheet.ParseRequests(r.rows, r.options())
	r.directory = sheet.ParseDirectory(tabs[1], sheet.HeaderRows(spec.Users.HeaderRows), spec.Users.Columns)
	if len(tabs) > 2 {
		r.claim = sheet.ClaimText(tabs[2])
	}
	return nil
}

func readReason(err error) string {
	f := failure.Of(err)
	switch {
	case f == nil:
		return v1alpha1.ReasonUnavailable
	case f.Code == failure.CodeTabMissing:
		return v1alpha1.ReasonTabMissing
	case f.Class == failure.NotFound:
		return v1alpha1.ReasonSpreadsheetNotFound
	case f.Class == failure.Denied:
		return v1alpha1.ReasonSpreadsheetForbidden
	case f.Class == failure.Credentials:
		return v1alpha1.ReasonCredentialsInvalid
	case f.Code == failure.CodeQuota:
		return v1alpha1.ReasonQuotaExceeded
	case f.Code == failure.CodeGridLimits:
		return v1alpha1.ReasonColumnsMoved
	}
	return v1alpha1.ReasonUnavailable
}

// loadLeases of the sheet.
func (r *sheetRun) loadLeases(ctx context.Context) error {
	load := r.leasesOf
	if r.mem.writing == nil && r.sheet.Status.Writing != nil {
		load = r.liveLeasesOf
	}
	leases, err := load(ctx, r.key)
	if err != nil {
		return &failure.Error{Class: failure.Retry, Service: "kubernetes", Operation: "list leases", Code: v1alpha1.ReasonUnavailable,
			Message: fmt.Sprintf("the leases of AccessKeySheet %s cannot be listed: %v", r.key, err)}
	}
	r.leases = map[string]*v1alpha1.AccessKeyLease{}
	for i := range leases {
		if leases[i].NamedAfterKey() {
			r.leases[leases[i].Spec.AccessKeyID] = &leases[i]
		}
	}
	return nil
}

// unreadable ends a sync without a reading. What people should hear does not wait for one.
func (r *sheetRun) unreadable(ctx context.Context, err error) error {
	if c := meta.FindStatusCondition(r.sheet.Status.Conditions, v1alpha1.ConditionSheetReadable); c != nil {
		metrics.SheetFailed(r.key.Namespace, r.key.Name, c.Reason)
	}
	if listErr := r.loadLeases(ctx); listErr != nil {
		return listErr
	}
	r.mustBeMended = stalled(err)
	if tellErr := r.tellSheet(ctx); tellErr != nil {
		return tellErr
	}
	return err
}

func (r *sheetRun) options() sheet.Options { return sheet.OptionsOf(r.sheet.Spec) }
