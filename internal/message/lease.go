package message

import (
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
)

// LeaseOf is what every message about one key says of it.
func LeaseOf(l *v1alpha1.AccessKeyLease) Lease {
	m := Lease{
		Namespace: l.Namespace, Name: l.Name, AccessKeyID: l.Spec.AccessKeyID, UserName: l.Spec.UserName, AccountID: l.Spec.AccountID,
		OwnerName: l.Spec.Owner.FullName, Purpose: l.Spec.Purpose, Resource: l.Spec.Resource,
		StartDate: l.Spec.StartDate, EndDate: l.Spec.EndDate,
	}
	if k := l.Status.Key; k != nil {
		m.LastUsed, m.LastUsedKnown = k.LastUsed, k.Status != "" && !k.LastUseUnknown
	}
	if l.Status.Sheet != nil {
		m.Row = int(l.Status.Sheet.Row)
	}
	return m
}

// SheetURL of a spreadsheet; empty for an ID that would break a link.
func SheetURL(spreadsheetID string) string {
	if strings.ContainsAny(spreadsheetID, "<>|& \t\n") {
		return ""
	}
	return "https://docs.google.com/spreadsheets/d/" + spreadsheetID + "/edit"
}
