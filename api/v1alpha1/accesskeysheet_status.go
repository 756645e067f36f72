package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AccessKeySheetStatus is what the last sync saw and did.
type AccessKeySheetStatus struct {
	// LastSyncTime is the start of the last sync that read the sheet and was accepted. Persisted with other changes, or
	// alone every ten minutes; the live value is the metric keylease_sheet_last_sync_timestamp_seconds.
	// +optional
	LastSyncTime *metav1.Time `json:"lastSyncTime,omitempty"`
	// ResumedTime is when the operator last came back after more than seven days: terms older than it start anew.
	// +optional
	ResumedTime *metav1.Time `json:"resumedTime,omitempty"`
	// ObservedHash of the guarded columns last read: what an approve-change annotation names.
	// +optional
	ObservedHash string `json:"observedHash,omitempty"`
	// ApprovedHash is the last approval that was used up.
	// +optional
	ApprovedHash string `json:"approvedHash,omitempty"`
	// RecentChanges are the accepted changes of the last 24 hours, which the sheet guard counts.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1000
	RecentChanges []SheetChange `json:"recentChanges,omitempty"`
	// Notices about the sheet itself, one per problem.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=2000
	Notices []SheetNotice `json:"notices,omitempty"`
	// Writing is a write to the sheet that was begun and not read back yet. Found by a later sync, it says where to look for
	// values that went astray because rows moved: the process died, or the answer was lost.
	// +optional
	Writing *SheetWrite `json:"writing,omitempty"`
	// +optional
	Rows RowCounts `json:"rows,omitempty,omitzero"`
	// +optional
	Phases PhaseCounts `json:"phases,omitempty,omitzero"`
	// InvalidRows, at most 50; rows.invalid has the total.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	InvalidRows []InvalidRow `json:"invalidRows,omitempty"`
	// Claim that the claim cell holds, when it is not ours.
	// +optional
	Claim string `json:"claim,omitempty"`
	// UnleasedCheckTime is when the access keys of the accounts were last compared with the rows (spec.aws.reportUnleased).
	// +optional
	UnleasedCheckTime *metav1.Time `json:"unleasedCheckTime,omitempty"`
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// SheetWrite is one write to the sheet, recorded before it is sent.
type SheetWrite struct {
	Time metav1.Time `json:"time"`
	// Cells that are written.
	Cells int32 `json:"cells"`
	// Record of the cells and of the tab as it was (JSON, gzip). Absent where the tab is too large to be kept.
	// +optional
	Record []byte `json:"record,omitempty"`
}

// SheetChange counts the rows that one accepted sync changed.
type SheetChange struct {
	Time metav1.Time `json:"time"`
	Rows int32       `json:"rows"`
}

// SheetNotice records one message about the sheet to one recipient. Problems found together are in one message.
type SheetNotice struct {
	// Problem is the identity of what is told: key ID, reason and value, hashed. Not the row number.
	Problem string `json:"problem"`
	// Kind: see the Notice… constants.
	Kind     string `json:"kind"`
	Delivery `json:",inline"`
}

// SameSubject tells whether both are about the same problem.
func (n *SheetNotice) SameSubject(o *SheetNotice) bool {
	return n.Kind == o.Kind && n.Problem == o.Problem
}

// RowCounts of the requests tab.
type RowCounts struct {
	// Total of the rows that are not blank.
	Total int32 `json:"total"`
	// Leases that stand on a row.
	Leases int32 `json:"leases"`
	// Pending rows have no access key ID yet.
	Pending int32 `json:"pending"`
	Invalid int32 `json:"invalid"`
}

// PhaseCounts of the sheet's leases. A held lease counts in its phase and in Held.
type PhaseCounts struct {
	Active   int32 `json:"active"`
	Notified int32 `json:"notified"`
	Expired  int32 `json:"expired"`
	Revoked  int32 `json:"revoked"`
	Held     int32 `json:"held"`
}

// InvalidRow is a row that cannot be used as it stands.
type InvalidRow struct {
	// Row number in the requests tab, from 1.
	Row int32 `json:"row"`
	// +optional
	// +kubebuilder:validation:MaxLength=128
	AccessKeyID string `json:"accessKeyID,omitempty"`
	// Reason: see the Row… constants.
	Reason string `json:"reason"`
	// Message names the value and what to do.
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message"`
}
