package v1alpha1

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// AccessKeyLeaseSpec is what the sheet says of one access key, and the end date that people may edit here too.
//
// +kubebuilder:validation:XValidation:rule="has(self.accountID) == has(oldSelf.accountID) && (!has(self.accountID) || self.accountID == oldSelf.accountID)",message="accountID is immutable: delete the lease to accept another account, the next sync makes it again"
// +kubebuilder:validation:XValidation:rule="!has(self.startDate) || size(self.startDate) == 0 || self.startDate <= self.endDate",message="endDate is before startDate: set an endDate on or after it"
type AccessKeyLeaseSpec struct {
	// SheetRef names the AccessKeySheet, in the same namespace, that this key stands in.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="sheetRef is immutable: a key that moved to another sheet gets its lease there once this one is deleted"
	SheetRef SheetReference `json:"sheetRef"`

	// AccessKeyID is the ID of the AWS access key, upper case.
	// +kubebuilder:validation:MinLength=16
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Z0-9]{16,128}$')",message="accessKeyID must be 16 to 128 characters of A-Z and 0-9, as AWS shows it"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="accessKeyID is immutable: another key is another lease"
	AccessKeyID string `json:"accessKeyID"`

	// UserName is the IAM user that owns the key.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9A-Za-z_+=,.@-]+$')",message="userName must be an IAM user name: 1 to 64 letters, digits and _+=,.@-"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="userName is immutable: delete the lease to accept another user, the next sync makes it again"
	UserName string `json:"userName"`

	// AccountID is the AWS account, twelve digits. The sync always writes it.
	// +optional
	// +kubebuilder:validation:MaxLength=12
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{12}$')",message="accountID must be twelve digits, with leading zeros"
	AccountID string `json:"accountID,omitempty"`

	// Owner is the person who asked for the key.
	// +optional
	Owner LeaseOwner `json:"owner,omitempty,omitzero"`

	// Purpose as the sheet gives it.
	// +optional
	// +kubebuilder:validation:MaxLength=50000
	Purpose string `json:"purpose,omitempty"`

	// Resource is the AWS resource that the key is for, as the sheet gives it.
	// +optional
	// +kubebuilder:validation:MaxLength=50000
	Resource string `json:"resource,omitempty"`

	// StartDate is the first day of use, YYYY-MM-DD. It informs; a start in the future has no effect.
	// +optional
	// +kubebuilder:validation:MaxLength=10
	// +kubebuilder:validation:XValidation:rule="size(self) == 0 || !format.date().validate(self).hasValue()",message="startDate must be a calendar date, YYYY-MM-DD"
	StartDate string `json:"startDate,omitempty"`

	// EndDate is the last day on which the key may be used, YYYY-MM-DD, in the sheet's time zone. Edit it to extend.
	// +kubebuilder:validation:MaxLength=10
	// +kubebuilder:validation:XValidation:rule="!format.date().validate(self).hasValue()",message="endDate must be a calendar date, YYYY-MM-DD"
	EndDate string `json:"endDate"`

	// ExtensionRequested mirrors the sheet's extension mark (延長申請済み): the lease is held until its end date moves.
	// +optional
	// +kubebuilder:default=false
	ExtensionRequested bool `json:"extensionRequested"`
}

// SheetReference names an AccessKeySheet in the lease's own namespace.
type SheetReference struct {
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// LeaseOwner is the person who asked for the key.
type LeaseOwner struct {
	// FullName as the sheet gives it (氏名).
	// +optional
	// +kubebuilder:validation:MaxLength=50000
	FullName string `json:"fullName,omitempty"`
}

// Phase of a lease. Phases follow one another in this order; a later end date leads back to Active.
// +kubebuilder:validation:Enum=Active;Notified;Expired;Revoked
type Phase string

// The phases of a lease.
const (
	PhaseActive   Phase = "Active"
	PhaseNotified Phase = "Notified"
	PhaseExpired  Phase = "Expired"
	PhaseRevoked  Phase = "Revoked"
)

// AccessKeyLeaseStatus is what the operator knows and did. `owner`, `sheet` and the conditions RowPresent, SheetSynced
// and OwnerResolved come from the sheet's controller, all else from the lease's.
type AccessKeyLeaseStatus struct {
	// +optional
	Phase Phase `json:"phase,omitempty"`
	// NextTransitionTime is the next moment at which the lease does something by itself. Absent: never.
	// +optional
	NextTransitionTime *metav1.Time `json:"nextTransitionTime,omitempty"`
	// +optional
	Term *Term `json:"term,omitempty"`
	// +optional
	Owner *OwnerStatus `json:"owner,omitempty"`
	// +optional
	Key *KeyStatus `json:"key,omitempty"`
	// Notices of this term and of the one before.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=500
	Notices []NoticeStatus `json:"notices,omitempty"`
	// Plan is what the deletion would do, worked out when the notice goes out.
	// +optional
	Plan *RevocationPlan `json:"plan,omitempty"`
	// +optional
	Revocation *RevocationStatus `json:"revocation,omitempty"`
	// +optional
	Sheet *SheetRowStatus `json:"sheet,omitempty"`
	// LastHandledRetry is the value of the annotation iam.keylease.dev/retry that Keylease acted on last.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	LastHandledRetry string `json:"lastHandledRetry,omitempty"`
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Term is one uninterrupted stretch toward one end date. Notices belong to a term.
type Term struct {
	// Number counts the terms of a lease from 1.
	Number int64 `json:"number"`
	// EndDate, YYYY-MM-DD.
	// +kubebuilder:validation:MaxLength=10
	EndDate string `json:"endDate"`
	// +optional
	StartTime metav1.Time `json:"startTime,omitempty,omitzero"`
	// Reason the term began: FirstSeen, EndDateChanged, HoldReleased, ModeEnforced, OperatorAway.
	// +optional
	Reason string `json:"reason,omitempty"`
	// DryRun is true while the sheet's mode was DryRun; the change to Enforce begins a new term.
	// +optional
	DryRun bool `json:"dryRun,omitempty"`
}

// OwnerStatus is what the users tab makes of the owner's name.
type OwnerStatus struct {
	// SlackUserID, U… or W…; absent when the name matches nobody or several people.
	// +optional
	SlackUserID string `json:"slackUserID,omitempty"`
	// Candidates are the Slack user IDs that the name could mean, when there are several.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	Candidates []string `json:"candidates,omitempty"`
}

// KeyState of an access key in AWS.
// +kubebuilder:validation:Enum=Active;Inactive;Absent
type KeyState string

// The states of a key.
const (
	KeyActive   KeyState = "Active"
	KeyInactive KeyState = "Inactive"
	KeyAbsent   KeyState = "Absent"
)

// KeyStatus is the key as AWS showed it when it was last read. CreateDate and UserID are pinned when first seen.
type KeyStatus struct {
	// +optional
	Status KeyState `json:"status,omitempty"`
	// CreateDate of the key, pinned.
	// +optional
	CreateDate *metav1.Time `json:"createDate,omitempty"`
	// UserID (AIDA…) of the IAM user, pinned: a recreated user of the same name has another.
	// +optional
	UserID string `json:"userID,omitempty"`
	// +optional
	LastUsed *LastUsed `json:"lastUsed,omitempty"`
	// LastUseUnknown: AWS did not tell when the key was last used. lastUsed is what it told before, if anything; without it
	// "never used" would be a guess.
	// +optional
	LastUseUnknown bool `json:"lastUseUnknown,omitempty"`
	// AbsentSince is when AWS first showed that it has no such key, as all readings since do; absent while it shows one. A
	// key counts as gone only when a later reading says so again: lists lag behind.
	// +optional
	AbsentSince *metav1.Time `json:"absentSince,omitempty"`
	// ObservedTime of the last reading. One that shows nothing new is written at most once a day.
	// +optional
	ObservedTime *metav1.Time `json:"observedTime,omitempty"`
}

// LastUsed is what GetAccessKeyLastUsed tells.
type LastUsed struct {
	Date metav1.Time `json:"date"`
	// +optional
	Service string `json:"service,omitempty"`
	// +optional
	Region string `json:"region,omitempty"`
}

// NoticeStatus records one message about the lease to one recipient.
type NoticeStatus struct {
	Term int64 `json:"term"`
	// Kind: see the Notice… constants.
	Kind string `json:"kind"`
	// DaysBefore the end date, of the kind Expiry: the entry of spec.schedule.noticeDays that made it due.
	// +optional
	DaysBefore *int32 `json:"daysBefore,omitempty"`
	Delivery   `json:",inline"`
}

// SameSubject tells whether both are about the same notice.
func (n *NoticeStatus) SameSubject(o *NoticeStatus) bool {
	return n.Term == o.Term && n.Kind == o.Kind && ptr.Equal(n.DaysBefore, o.DaysBefore)
}

// SheetRowStatus holds the last values both sides agreed on, what each side last had if that is different, and what the
// row asks for.
type SheetRowStatus struct {
	// Row number in the requests tab, from 1, when last seen. It informs; identity is the access key ID.
	// +optional
	Row int32 `json:"row,omitempty"`
	// EndDate both sides agreed on, YYYY-MM-DD.
	// +optional
	EndDate string `json:"endDate,omitempty"`
	// Mark is the text of the status cell as it was last accepted or written, cut at 256 characters.
	// +optional
	Mark string `json:"mark,omitempty"`
	// RowEndDate is the row's end date when both sides were last merged, if it is not endDate.
	// +optional
	RowEndDate string `json:"rowEndDate,omitempty"`
	// LeaseEndDate is the lease's end date at that time, if it is not endDate. While the two differ, the row waits for
	// the lease's date: Keylease writes it until it is read back, and tells it once.
	// +optional
	LeaseEndDate string `json:"leaseEndDate,omitempty"`
	// RefusedEndDate is an end date of the row that was seen and told, but not taken, because another manager owns the
	// lease's date or the key is being deleted.
	// +optional
	RefusedEndDate string `json:"refusedEndDate,omitempty"`
	// ExtensionMark says which of the two had the extension mark (延長申請済み). Absent: neither.
	// +optional
	ExtensionMark *ExtensionMark `json:"extensionMark,omitempty"`
	// MovedFrom is the row's end date before people changed it to a later one. An extension mark that follows within
	// minutes belongs to that edit. It is removed with the mark, or at the next change.
	// +optional
	MovedFrom *MovedDate `json:"movedFrom,omitempty"`
	// Hold is why the row holds the lease, other than by the extension mark.
	// +optional
	Hold *SheetHold `json:"hold,omitempty"`
	// MarkedDeleted is true while the status cell says that the key was deleted (削除済み).
	// +optional
	MarkedDeleted bool `json:"markedDeleted,omitempty"`
	// FoundMark is a mark of Keylease's that the row already had when it was first seen, without a record of ours.
	// +optional
	FoundMark *FoundMark `json:"foundMark,omitempty"`
}

// ExtensionMark is the extension mark as each side last had it. If only one side has it, the cell is still to get the
// mark, or to lose it.
type ExtensionMark struct {
	// Row had it in its status cell.
	// +optional
	Row bool `json:"row,omitempty"`
	// Lease carried it.
	// +optional
	Lease bool `json:"lease,omitempty"`
	// EndDate is the end date that it was set for, if the lease has it. With another end date the lease continues.
	// +optional
	EndDate string `json:"endDate,omitempty"`
	// ByKeylease: Keylease set it together with an end date that the lease was given. Nobody asked for an extension by
	// it, so it holds no date.
	// +optional
	ByKeylease bool `json:"byKeylease,omitempty"`
}

// MovedDate is an end date that a row has no more.
type MovedDate struct {
	// EndDate before the move, YYYY-MM-DD.
	EndDate string `json:"endDate"`
	// Time of the reading that saw the move.
	Time metav1.Time `json:"time"`
}

// SheetHold is why a row holds its lease.
type SheetHold struct {
	// Reason: UnclearMark, InvalidRow, FieldOwnedElsewhere; ExtensionRequested where the lease's spec could not be given the
	// extension mark, because the lease is Revoked or its key is being deleted.
	Reason string `json:"reason"`
	// EndDate that it holds alone, YYYY-MM-DD. Absent: any.
	// +optional
	EndDate string `json:"endDate,omitempty"`
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	Message string `json:"message,omitempty"`
	// Time since when.
	Time metav1.Time `json:"time"`
}

// FoundMark stands for a notice that somebody gave before this cluster knew the key: the owner is spared a second one,
// the admins get a summary, and the minimum notice counts from that.
type FoundMark struct {
	// EndDate that the mark was found with.
	EndDate string `json:"endDate"`
	// SummaryTime at which the admins' summary that names this key was delivered.
	// +optional
	SummaryTime *metav1.Time `json:"summaryTime,omitempty"`
}

// AccessKeyLease is the lease of one AWS access key: who has it, for what, and until when.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=akl,categories=keylease
// +kubebuilder:selectablefield:JSONPath=`.spec.userName`
// +kubebuilder:selectablefield:JSONPath=`.spec.accountID`
// +kubebuilder:selectablefield:JSONPath=`.spec.endDate`
// +kubebuilder:selectablefield:JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="User",type=string,JSONPath=`.spec.userName`
// +kubebuilder:printcolumn:name="Owner",type=string,JSONPath=`.spec.owner.fullName`
// +kubebuilder:printcolumn:name="Phase",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="Ends",type=string,JSONPath=`.spec.endDate`
// +kubebuilder:printcolumn:name="Held",type=string,JSONPath=`.status.conditions[?(@.type=="Held")].reason`
// +kubebuilder:printcolumn:name="Last Used",type=date,JSONPath=`.status.key.lastUsed.date`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Key Status",type=string,JSONPath=`.status.key.status`,priority=1
// +kubebuilder:printcolumn:name="Resource",type=string,JSONPath=`.spec.resource`,priority=1
// +kubebuilder:printcolumn:name="Next",type=string,JSONPath=`.status.nextTransitionTime`,priority=1
// +kubebuilder:printcolumn:name="Ready Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:validation:XValidation:rule="self.spec == oldSelf.spec || !has(oldSelf.status) || !has(oldSelf.status.phase) || oldSelf.status.phase != 'Revoked'",message="this lease is Revoked: its key is gone and cannot be extended; request a new key in the sheet"
// +kubebuilder:validation:XValidation:rule="self.spec == oldSelf.spec || !has(oldSelf.status) || !has(oldSelf.status.revocation) || (has(oldSelf.status.phase) && oldSelf.status.phase == 'Revoked') || !(has(oldSelf.status.revocation.keyDeletedTime) || (has(oldSelf.status.revocation.intent) && oldSelf.status.revocation.intent.action == 'DeleteAccessKey'))",message="the key of this lease is already being deleted in AWS and cannot be extended; request a new key in the sheet"
// +kubebuilder:validation:XValidation:rule="oldSelf.hasValue() || self.metadata.name == self.spec.accessKeyID.lowerAscii()",optionalOldSelf=true,message="name the lease after its key: metadata.name is spec.accessKeyID in lower case, and one key has one lease"
type AccessKeyLease struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   AccessKeyLeaseSpec   `json:"spec"`
	Status AccessKeyLeaseStatus `json:"status,omitempty,omitzero"`
}

// NamedAfterKey tells whether the lease is the one of its key. Another could only be made before the CRD refused it, and is
// not acted on.
func (l *AccessKeyLease) NamedAfterKey() bool { return l.Name == strings.ToLower(l.Spec.AccessKeyID) }

// Completed tells whether the lease is over: that its key is gone is on record.
func (l *AccessKeyLease) Completed() bool {
	return l.Status.Revocation != nil && l.Status.Revocation.CompletionTime != nil
}

// AccessKeyLeaseList is a list of leases.
//
// +kubebuilder:object:root=true
type AccessKeyLeaseList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AccessKeyLease `json:"items"`
}
