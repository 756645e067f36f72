package accesskeysheet

import (
	"context"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/lookup"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/sheet"
)

// reading is what the sheet says.
type reading struct {
	start time.Time
	// rows of the requests tab as Google returns them; requests are the same rows, parsed.
	rows      [][]any
	requests  sheet.Requests
	directory sheet.Directory
	// claim is the text of the claim cell.
	claim string
}

// read both tabs in one request.
func read(ctx context.Context, d *draft, google state.Spreadsheets) (reading, error) {
	spec, start := d.spec(), d.now()
	tabs, err := google.Read(ctx, spec.SpreadsheetID, sheet.ReadRanges(spec.Requests, spec.Users, spec.ClaimCell))
	if err != nil {
		reason, message := readReason(err), err.Error()
		if reason == v1alpha1.ReasonCredentialsInvalid {
			message = ofGoogleSecret(d, err)
		}
		if f := failure.Of(err); f != nil && f.Code == failure.CodeGridLimits && spec.ClaimCell != "" && strings.Contains(f.Message, "!"+spec.ClaimCell) {
			reason, message = v1alpha1.ReasonInvalidSpec, fmt.Sprintf(
				"spec.claimCell %s lies outside tab %s, and Google refuses the whole reading: name a cell within the tab, or add columns to it", spec.ClaimCell, spec.Requests.Tab)
		}
		d.condition(v1alpha1.ConditionSheetReadable, metav1.ConditionFalse, reason, message)
		return reading{start: start}, err
	}
	d.condition(v1alpha1.ConditionSheetReadable, metav1.ConditionTrue, v1alpha1.ReasonReadable, "both tabs were read")
	in := reading{
		start: start,
		rows:  tabs[0], requests: sheet.ParseRequests(tabs[0], d.options()),
		directory: sheet.ParseDirectory(tabs[1], sheet.HeaderRows(spec.Users.HeaderRows), spec.Users.Columns),
	}
	if len(tabs) > 2 {
		in.claim = sheet.ClaimText(tabs[2])
	}
	return in, nil
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

// leasesOf lists the sheet's leases, except those that are not named after their key.
//
// If another process left the record of a write, the leases are read live. The record leaves out what the leases say,
// and the cache may not show the last writes of that process yet.
func (r *Reconciler) leasesOf(ctx context.Context, d *draft, mem *memory) (leaseSet, error) {
	key := d.key
	listed, err := lookup.OfSheet(ctx, r.Client, key)
	if mem.write.write == nil && d.status().Writing != nil {
		listed, err = lookup.OfSheetLive(ctx, r.Live, key)
	}
	if err != nil {
		return nil, &failure.Error{Class: failure.Retry, Service: "kubernetes", Operation: "list leases", Code: v1alpha1.ReasonUnavailable,
			Message: fmt.Sprintf("the leases of AccessKeySheet %s cannot be listed: %v", key, err)}
	}
	leases := leaseSet{}
	for i := range listed {
		if listed[i].NamedAfterKey() {
			leases[listed[i].Spec.AccessKeyID] = &listed[i]
		}
	}
	return leases, nil
}
