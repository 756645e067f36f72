package sheet

import (
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Options say how the requests tab is laid out. They come from AccessKeySheet.spec.
type Options struct {
	// Tab is the name of the tab, for messages.
	Tab        string
	HeaderRows int
	Columns    v1alpha1.RequestColumns
	// AccountID of rows that do not name one.
	AccountID string
	Marks     v1alpha1.Marks
}

// Requests is the requests tab, parsed.
type Requests struct {
	// Rows are the usable rows, in the sheet's order, at most one for each access key ID.
	Rows []Row
	// Problems of the unusable rows.
	Problems []Problem
	// Pending rows have no access key ID yet.
	Pending int
	// Total is the number of rows that are not blank.
	Total int
}

// Row is one usable request.
type Row struct {
	// Number of the row in the tab, from 1, the header counted.
	Number int
	// AccessKeyID, trimmed, in upper case.
	AccessKeyID string
	UserName    string
	AccountID   string
	FullName    string
	Purpose     string
	Resource    string
	// StartDate and EndDate, YYYY-MM-DD. StartDate may be empty.
	StartDate, EndDate string
	// EndDateCell is the cell as it was read: string or float64 (a serial). A new date is written in the same form.
	EndDateCell any
	Status      StatusCell
}

// Problem is a row that cannot be used.
type Problem struct {
	Row int
	// AccessKeyID of the row; if it is unreadable, the text in its cell, cut.
	AccessKeyID string
	// Reason is one of the v1alpha1.Row… constants.
	Reason string
	// Value is the wrong value as in the sheet, cut. With key ID and reason it identifies the problem.
	Value string
	// Message names the value and what to do; it does not name the row.
	Message string
}

// Mark is what a status cell says.
type Mark string

const (
	// MarkNone means: the cell is empty or has only a remark.
	MarkNone Mark = ""
	// MarkNotified is Keylease's own (通知済み).
	MarkNotified Mark = "Notified"
	// MarkExpired is Keylease's own (期限切れ).
	MarkExpired Mark = "Expired"
	// MarkDeleted means: 削除済み, 削除済, or the configured text.
	MarkDeleted Mark = "Deleted"
	// MarkExtension means: 延長申請済み, 延長済み, 延長申請, 延長, or the configured text.
	MarkExtension Mark = "Extension"
	// MarkUnclear means: a text with 削除, 延長, 不要, 取消 or ない that is none of the above. It is never taken for its
	// opposite.
	MarkUnclear Mark = "Unclear"
)

// StatusCell is a status cell, parsed.
type StatusCell struct {
	// Text as it was read, surrounding blanks and all.
	Text string
	Mark Mark
	// Remark is the person's text after the mark, or the whole text if there is no mark.
	Remark string
}

// Facts are what Merge must know beside row and lease.
type Facts struct {
	Now time.Time
	// Exempt: extensionPolicy Exempt.
	Exempt bool
	// DryRun: nothing is written to the sheet.
	DryRun bool
	Marks  v1alpha1.Marks
	// FirstNoticeDue tells whether, for this end date, the first notice is due at Now.
	FirstNoticeDue func(endDate string) bool
	// OwnedElsewhere: another server-side apply manager owns spec.endDate of the lease.
	OwnedElsewhere bool
	// FlagOwnedElsewhere: another server-side apply manager owns spec.extensionRequested. Keylease does not change it
	// then, and a false in it does not ask to remove the mark.
	FlagOwnedElsewhere bool
	// TextsOwnedElsewhere: another field manager last wrote owner, purpose, resource or startDate of the lease.
	// Keylease reverts them in any case; this only tells that a person may have changed the lease and not the row.
	TextsOwnedElsewhere bool
}

// Outcome is the result of a merge for one key: what to write on each side, and what to tell.
type Outcome struct {
	// Spec to apply; nil: leave the lease's spec alone (unchanged, Revoked, or the row is gone or invalid).
	Spec *v1alpha1.AccessKeyLeaseSpec
	// Sheet is the new status.sheet.
	Sheet v1alpha1.SheetRowStatus
	// StatusText wanted in the status cell; nil: leave the cell alone.
	StatusText *string
	// EndDate wanted in the end-date cell, YYYY-MM-DD; empty: leave the cell alone.
	EndDate string
	// Changes for Events, audit lines and messages.
	Changes []Change
}

// Change is a decision of a merge that people must be told.
type Change struct {
	// Reason is one of the v1alpha1.Event… constants.
	Reason string
	// Old and New values, if there are any; dates YYYY-MM-DD.
	Old, New string
	// Via is how it came: sheet, mark, lease.
	Via     string
	Message string
}

// CellWrite is one cell to write as it is (RAW).
type CellWrite struct {
	// Range in A1 notation with the tab: 'key_request_form'!K3.
	Range string
	Value any
}
