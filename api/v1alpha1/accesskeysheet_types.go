package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AccessKeySheetSpec says where the requests are recorded and what becomes of them.
type AccessKeySheetSpec struct {
	// SpreadsheetID is the long part of the sheet's address between /d/ and /edit.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spreadsheetID is immutable: make another AccessKeySheet for another spreadsheet"
	SpreadsheetID string `json:"spreadsheetID"`
	// +optional
	// +kubebuilder:default={}
	Requests RequestsTab `json:"requests,omitempty"`
	// +optional
	// +kubebuilder:default={}
	Users UsersTab `json:"users,omitempty"`
	// +optional
	Google *GoogleAccess `json:"google,omitempty"`
	Slack  SlackAccess   `json:"slack"`
	AWS    AWSAccess     `json:"aws"`
	// +optional
	// +kubebuilder:default={}
	Schedule Schedule `json:"schedule,omitempty"`
	// ClaimCell (such as Z1) of the requests tab says which cluster's sheet this is. Empty: no claim is made or heeded.
	// +optional
	// +kubebuilder:default=""
	// +kubebuilder:validation:Pattern=`^([A-Z]{1,3}[1-9][0-9]{0,6})?$`
	ClaimCell string `json:"claimCell,omitempty"`
	// ExtensionPolicy: what an extension mark means. UntilEndDateMoves holds the date it was put against; Exempt leaves
	// the row out until the mark goes, whatever the date.
	// +optional
	// +kubebuilder:default=UntilEndDateMoves
	ExtensionPolicy ExtensionPolicy `json:"extensionPolicy,omitempty"`
	// Mode Enforce acts; DryRun decides and reports, and changes nothing in Slack, the sheet or AWS.
	// +optional
	// +kubebuilder:default=Enforce
	Mode Mode `json:"mode,omitempty"`
	// +optional
	// +kubebuilder:default={}
	Limits Limits `json:"limits,omitempty"`
	// +optional
	// +kubebuilder:default={}
	Marks Marks `json:"marks,omitempty"`
}

// ExtensionPolicy says what an extension mark means.
// +kubebuilder:validation:Enum=UntilEndDateMoves;Exempt
type ExtensionPolicy string

// The extension policies.
const (
	ExtensionUntilEndDateMoves ExtensionPolicy = "UntilEndDateMoves"
	ExtensionExempt            ExtensionPolicy = "Exempt"
)

// Mode of a sheet.
// +kubebuilder:validation:Enum=Enforce;DryRun
type Mode string

// The modes.
const (
	ModeEnforce Mode = "Enforce"
	ModeDryRun  Mode = "DryRun"
)

// RequestsTab is the tab that holds one row per request.
type RequestsTab struct {
	// +optional
	// +kubebuilder:default=key_request_form
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	Tab string `json:"tab,omitempty"`
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	HeaderRows *int32 `json:"headerRows,omitempty"`
	// +optional
	// +kubebuilder:default={}
	Columns RequestColumns `json:"columns,omitempty"`
}

// ColumnLetter names a column as the sheet does: A to ZZZ.
// +kubebuilder:validation:Pattern=`^[A-Z]{1,3}$`
// +kubebuilder:validation:MaxLength=3
type ColumnLetter string

// RequestColumns says which column holds what.
type RequestColumns struct {
	// +kubebuilder:default=B
	FullName ColumnLetter `json:"fullName,omitempty"`
	// +kubebuilder:default=C
	Purpose ColumnLetter `json:"purpose,omitempty"`
	// +kubebuilder:default=E
	Resource ColumnLetter `json:"resource,omitempty"`
	// +kubebuilder:default=H
	StartDate ColumnLetter `json:"startDate,omitempty"`
	// +kubebuilder:default=I
	EndDate ColumnLetter `json:"endDate,omitempty"`
	// +kubebuilder:default=J
	UserName ColumnLetter `json:"userName,omitempty"`
	// +kubebuilder:default=K
	Status ColumnLetter `json:"status,omitempty"`
	// +kubebuilder:default=L
	AccessKeyID ColumnLetter `json:"accessKeyID,omitempty"`
	// AccountID, where rows name their AWS account. Absent: spec.aws.accountID for all.
	// +optional
	AccountID ColumnLetter `json:"accountID,omitempty"`
}

// UsersTab is the tab that maps names to Slack users.
type UsersTab struct {
	// +optional
	// +kubebuilder:default=users_json
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	Tab string `json:"tab,omitempty"`
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	HeaderRows *int32 `json:"headerRows,omitempty"`
	// +optional
	// +kubebuilder:default={}
	Columns UserColumns `json:"columns,omitempty"`
}

// UserColumns says which column of the users tab holds what.
type UserColumns struct {
	// +kubebuilder:default=A
	SlackUserID ColumnLetter `json:"slackUserID,omitempty"`
	// +kubebuilder:default=D
	LastName ColumnLetter `json:"lastName,omitempty"`
	// +kubebuilder:default=E
	FirstName ColumnLetter `json:"firstName,omitempty"`
}

// SecretKeyReference names a key of a Secret in the sheet's own namespace.
type SecretKeyReference struct {
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Key string `json:"key"`
}

// GoogleAccess says how the sheet is reached.
type GoogleAccess struct {
	// CredentialsSecretRef names a service-account JSON. Omitted: Application Default Credentials.
	// +optional
	CredentialsSecretRef *SecretKeyReference `json:"credentialsSecretRef,omitempty"`
}

// SlackAccess says who is told, and as whom.
type SlackAccess struct {
	// TokenSecretRef names the bot token (xoxb-…).
	TokenSecretRef SecretKeyReference `json:"tokenSecretRef"`
	// AppTokenSecretRef names the app token (xapp-…) of Socket Mode. Reserved: not used yet.
	// +optional
	AppTokenSecretRef *SecretKeyReference `json:"appTokenSecretRef,omitempty"`
	// Admins are Slack user IDs (U…, W…) or channel IDs (C…, G…).
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:Pattern=`^[UWCG][A-Z0-9]{2,}$`
	Admins []string `json:"admins"`
	// Language of the messages.
	// +optional
	// +kubebuilder:default=ja
	// +kubebuilder:validation:Enum=ja;en
	Language string `json:"language,omitempty"`
}

// AWSAccess says which account, and what may be touched in it.
//
// +kubebuilder:validation:XValidation:rule="self.partition == oldSelf.partition",message="partition is immutable: make another AccessKeySheet"
type AWSAccess struct {
	// AccountID, twelve digits.
	// +kubebuilder:validation:Pattern=`^[0-9]{12}$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="accountID is immutable: make another AccessKeySheet, or use requests.columns.accountID"
	AccountID string `json:"accountID"`
	// +optional
	// +kubebuilder:default=aws
	// +kubebuilder:validation:Enum=aws;aws-cn;aws-us-gov
	Partition string `json:"partition,omitempty"`
	// PolicyName is the customer-managed policy that goes with the user. {{ .UserName }}, which it must contain, and
	// {{ .AccountID }} are replaced, and nothing else.
	// Empty: no policy is deleted.
	// +optional
	// +kubebuilder:default="{{ .UserName }}"
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="size(self) == 0 || self.contains('.UserName')",message="policyName must contain {{ .UserName }}, so that no policy of others is named"
	PolicyName *string `json:"policyName,omitempty"`
	// RoleARN to assume; {{ .AccountID }} is replaced, and nothing else. Empty: the operator's own credentials, where they are allowed.
	// +optional
	// +kubebuilder:default=""
	// +kubebuilder:validation:MaxLength=2048
	RoleARN string `json:"roleARN,omitempty"`
	// UserPathPrefix: users outside it are never changed. Empty: any path.
	// +optional
	// +kubebuilder:default=""
	// +kubebuilder:validation:MaxLength=512
	UserPathPrefix string `json:"userPathPrefix,omitempty"`
	// KeepConsoleUsers: a user with a console password loses only the key.
	// +optional
	// +kubebuilder:default=true
	KeepConsoleUsers *bool `json:"keepConsoleUsers,omitempty"`
	// ReportUnleased lists, once a day, keys in AWS that stand in no row. They are never touched.
	// +optional
	// +kubebuilder:default=true
	ReportUnleased *bool `json:"reportUnleased,omitempty"`
	// HoldIfUsedWithin holds a key that was used so recently for an admin instead of deleting it, and one of
	// which AWS does not tell the last use: that needs the right iam:GetAccessKeyLastUsed. Absent or 0: off.
	// +optional
	HoldIfUsedWithin *metav1.Duration `json:"holdIfUsedWithin,omitempty"`
}

// Schedule of the days' work.
type Schedule struct {
	// TimeZone, an IANA name: calendar days are its days.
	// +optional
	// +kubebuilder:default=Asia/Tokyo
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`
	// DailyAt, HH:MM: when a day's work becomes due.
	// +optional
	// +kubebuilder:default="15:00"
	// +kubebuilder:validation:Pattern=`^([01][0-9]|2[0-3]):[0-5][0-9]$`
	DailyAt string `json:"dailyAt,omitempty"`
	// NoticeDays before the end date on which the owner is told.
	// +optional
	// +kubebuilder:default={7}
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=10
	// +kubebuilder:validation:items:Minimum=0
	// +kubebuilder:validation:items:Maximum=365
	NoticeDays []int32 `json:"noticeDays,omitempty"`
	// MinimumNotice between a delivered notice and the deletion.
	// +optional
	// +kubebuilder:default="24h"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('0s')",message="minimumNotice must not be negative"
	MinimumNotice *metav1.Duration `json:"minimumNotice,omitempty"`
	// GracePeriod between deactivation and deletion.
	// +optional
	// +kubebuilder:default="0s"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('0s')",message="gracePeriod must not be negative"
	GracePeriod *metav1.Duration `json:"gracePeriod,omitempty"`
	// SyncInterval between two readings of the sheet.
	// +optional
	// +kubebuilder:default="5m"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s')",message="syncInterval must be at least 1s"
	SyncInterval *metav1.Duration `json:"syncInterval,omitempty"`
}

// Limits of what one sync and one day may do.
type Limits struct {
	// MaxRevocationsPerDay and AWS account.
	// +optional
	// +kubebuilder:default=20
	// +kubebuilder:validation:Minimum=0
	MaxRevocationsPerDay *int32 `json:"maxRevocationsPerDay,omitempty"`
	// MaxChangePercent of the rows that may change within 24 hours.
	// +optional
	// +kubebuilder:default=20
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	MaxChangePercent *int32 `json:"maxChangePercent,omitempty"`
	// MinChangeRows that may change in any case.
	// +optional
	// +kubebuilder:default=10
	// +kubebuilder:validation:Minimum=0
	MinChangeRows *int32 `json:"minChangeRows,omitempty"`
}

// Marks are the texts that Keylease writes into the status cell.
type Marks struct {
	// +kubebuilder:default=通知済み
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=50
	Notified string `json:"notified,omitempty"`
	// +kubebuilder:default=期限切れ
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=50
	Expired string `json:"expired,omitempty"`
	// +kubebuilder:default=削除済み
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=50
	Revoked string `json:"revoked,omitempty"`
	// +kubebuilder:default=延長申請済み
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=50
	Extended string `json:"extended,omitempty"`
}

// AccessKeySheet mirrors one Google Sheet of key requests into leases, and writes their state back.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=aksheet,categories=keylease
// +kubebuilder:printcolumn:name="Leases",type=integer,JSONPath=`.status.rows.leases`
// +kubebuilder:printcolumn:name="Invalid",type=integer,JSONPath=`.status.rows.invalid`
// +kubebuilder:printcolumn:name="Expired",type=integer,JSONPath=`.status.phases.expired`
// +kubebuilder:printcolumn:name="Last Sync",type=date,JSONPath=`.status.lastSyncTime`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type AccessKeySheet struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   AccessKeySheetSpec   `json:"spec"`
	Status AccessKeySheetStatus `json:"status,omitempty,omitzero"`
}

// AccessKeySheetList is a list of sheets.
//
// +kubebuilder:object:root=true
type AccessKeySheetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AccessKeySheet `json:"items"`
}
