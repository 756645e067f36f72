package v1alpha1

// Conditions of an AccessKeyLease. Ready, Reconciling and Stalled follow kstatus, and are of an AccessKeySheet too.
const (
	ConditionReady       = "Ready"
	ConditionReconciling = "Reconciling"
	ConditionStalled     = "Stalled"
	// ConditionOwnerResolved: the owner's name matches exactly one Slack user.
	ConditionOwnerResolved = "OwnerResolved"
	// ConditionRowPresent: the key stands in a row of the sheet that was last accepted.
	ConditionRowPresent = "RowPresent"
	// ConditionSheetSynced: the row says what the lease says. Unknown where there is no row that is written: it is gone or
	// invalid, or the mode is DryRun.
	ConditionSheetSynced = "SheetSynced"
	// ConditionKeyVerified: AWS shows the key as the lease believes it to be.
	ConditionKeyVerified = "KeyVerified"
	// ConditionHeld: the lease is out of all processing.
	ConditionHeld = "Held"
)

// Conditions of an AccessKeySheet.
const (
	ConditionSheetReadable = "SheetReadable"
	ConditionSheetAccepted = "SheetAccepted"
	ConditionSlackReady    = "SlackReady"
	ConditionAWSReady      = "AWSReady"
)

// Reasons of Held.
const (
	ReasonExtensionRequested  = "ExtensionRequested"
	ReasonUnclearMark         = "UnclearMark"
	ReasonInvalidRow          = "InvalidRow"
	ReasonFieldOwnedElsewhere = "FieldOwnedElsewhere"
	ReasonProtected           = "Protected"
	ReasonRecentlyUsed        = "RecentlyUsed"
	// ReasonLastUseUnknown: spec.aws.holdIfUsedWithin asks for the last use, and AWS does not tell it.
	ReasonLastUseUnknown = "LastUseUnknown"
	ReasonGivenUp        = "GivenUp"
)

// Reasons of Ready, Reconciling and Stalled.
const (
	ReasonSucceeded       = "Succeeded"
	ReasonWaiting         = "Waiting"
	ReasonInProgress      = "InProgress"
	ReasonHeld            = "Held"
	ReasonDryRun          = "DryRun"
	ReasonRevoked         = "Revoked"
	ReasonStalled         = "Stalled"
	ReasonSheetMissing    = "SheetMissing"
	ReasonInvalidSpec     = "InvalidSpec"
	ReasonRetrying        = "Retrying"
	ReasonNeverOnSheet    = "NeverOnSheet"
	ReasonAwaitingNotice  = "AwaitingNotice"
	ReasonAwaitingSummary = "AwaitingSummary"
)

// Reasons of OwnerResolved, RowPresent, SheetSynced.
const (
	ReasonOwnerFound     = "OwnerFound"
	ReasonOwnerUnknown   = "OwnerUnknown"
	ReasonOwnerAmbiguous = "OwnerAmbiguous"
	ReasonRowFound       = "RowFound"
	ReasonRowGone        = "RowGone"
	ReasonSynced         = "Synced"
	ReasonWriteFailed    = "WriteFailed"
	ReasonReadOnly       = "ReadOnly"
)

// Reasons of KeyVerified.
const (
	ReasonKeyMatches     = "KeyMatches"
	ReasonKeyGone        = "KeyGone"
	ReasonKeyStillExists = "KeyStillExists"
	ReasonUserRecreated  = "UserRecreated"
	ReasonKeyRecreated   = "KeyRecreated"
	// ReasonIdentityNotPinned: key and user were never recorded while both were seen.
	ReasonIdentityNotPinned = "IdentityNotPinned"
	ReasonOtherUser         = "OtherUser"
	ReasonWrongAccount      = "WrongAccount"
	ReasonEmptyAccount      = "EmptyAccount"
	ReasonKeyDeactivated    = "KeyDeactivatedElsewhere"
	ReasonAWSUnavailable    = "AWSUnavailable"
	ReasonAWSForbidden      = "AWSForbidden"
	ReasonKeyAlreadyGone    = "KeyAlreadyGone"
	ReasonEndDatePassed     = "EndDatePassed"
	ReasonMarkedDeleted     = "MarkedDeleted"
	ReasonAssumeRoleError   = "AssumeRoleFailed"
)

// Reasons of a sheet's conditions.
const (
	ReasonReadable             = "Readable"
	ReasonSecretMissing        = "SecretMissing"
	ReasonSecretForbidden      = "SecretForbidden"
	ReasonCredentialsInvalid   = "CredentialsInvalid"
	ReasonSpreadsheetNotFound  = "SpreadsheetNotFound"
	ReasonSpreadsheetForbidden = "SpreadsheetForbidden"
	ReasonTabMissing           = "TabMissing"
	ReasonQuotaExceeded        = "QuotaExceeded"
	ReasonUnavailable          = "Unavailable"
	ReasonAccepted             = "Accepted"
	ReasonTooManyChanges       = "TooManyChanges"
	ReasonEmptySheet           = "EmptySheet"
	ReasonColumnsMoved         = "ColumnsMoved"
	ReasonForeignClaim         = "ForeignClaim"
	ReasonSlackReady           = "SlackReady"
	ReasonSlackTokenInvalid    = "SlackTokenInvalid"
	ReasonSlackUnavailable     = "SlackUnavailable"
	ReasonAWSReady             = "AWSReady"
	ReasonCredentialsForbidden = "CredentialsNotAllowed"
	ReasonBreakerOpen          = "BreakerOpen"
)

// Codes of Keylease's own errors. They are reasons of Reconciling and Stalled, as the codes of AWS and Slack are.
const (
	// ReasonNotConnected: this process has not synced the sheet yet.
	ReasonNotConnected   = "NotConnected"
	ReasonTemplateFailed = "TemplateFailed"
	// ReasonConflict: someone else changed an object at the same time.
	ReasonConflict = "Conflict"
	// ReasonNotVerified: what was written to the sheet could not be read back.
	ReasonNotVerified = "NotVerified"
	// ReasonNoCredentials: the environment has no AWS credentials.
	ReasonNoCredentials  = "NoCredentials"
	ReasonInvalidRequest = "InvalidRequest"
	// ReasonNotSent: the rate limit left no time for the call.
	ReasonNotSent = "NotSent"
	// ReasonNoConnection: the service could not be reached.
	ReasonNoConnection = "NoConnection"
	// ReasonTimeout: no answer in time.
	ReasonTimeout        = "Timeout"
	ReasonCanceled       = "Canceled"
	ReasonConnectionLost = "ConnectionLost"
	// ReasonHTTPStatus: an HTTP error without a code.
	ReasonHTTPStatus          = "HTTP"
	ReasonInvalidAnswer       = "InvalidAnswer"
	ReasonIncompleteAnswer    = "IncompleteAnswer"
	ReasonInconsistentAnswers = "InconsistentAnswers"
	// ReasonDeleteConflict is IAM's code. The teardown uses it too, if something is in use and nothing shows by whom.
	ReasonDeleteConflict = "DeleteConflict"
)

// Reasons of an invalid row.
const (
	RowInvalidDate         = "InvalidDate"
	RowEndBeforeStart      = "EndBeforeStart"
	RowUserNameMissing     = "UserNameMissing"
	RowUserNameInvalid     = "InvalidUserName"
	RowAccessKeyIDInvalid  = "InvalidAccessKeyID"
	RowDuplicateID         = "DuplicateAccessKeyID"
	RowIdentityChanged     = "IdentityChanged"
	RowAccountIDInvalid    = "InvalidAccountID"
	RowOwnedByAnotherSheet = "OwnedByAnotherSheet"
	// RowAlsoInAnotherSheet is told of the sheet that owns the key: its own row is used as usual.
	RowAlsoInAnotherSheet = "AlsoInAnotherSheet"
)

// Kinds of notices. All but Expiry, Deactivated and Revoked go to the admins alone.
const (
	NoticeExpiry         = "Expiry"
	NoticeDeactivated    = "Deactivated"
	NoticeRevoked        = "Revoked"
	NoticeKeyStillExists = "KeyStillExists"
	NoticeRowGone        = "RowGone"
	NoticeDateConflict   = "DateConflict"
	NoticeFieldOwned     = "FieldOwnedElsewhere"
	NoticeStalled        = "Stalled"
	NoticeProtected      = "Protected"
	NoticeRecentlyUsed   = "RecentlyUsed"
	NoticeLastUseUnknown = "LastUseUnknown"
	// Kinds about a sheet.
	NoticeInvalidRows   = "InvalidRows"
	NoticeUnclearMarks  = "UnclearMarks"
	NoticeFoundMarks    = "FoundMarks"
	NoticeSheetGuard    = "SheetGuard"
	NoticeBreaker       = "Breaker"
	NoticeForeignClaim  = "ForeignClaim"
	NoticeWeeklySummary = "WeeklySummary"
	NoticeUnleasedKeys  = "UnleasedKeys"
	NoticeCheckFailed   = "AccountCheckFailed"
	NoticeWrongAccount  = "WrongAccount"
	NoticeSharedKeys    = "SharedKeys"
	NoticeUnreadable    = "SheetUnreadable"
)

// Reasons of Events. Where a condition has a reason of the same meaning, the Event carries that one.
const (
	EventLeaseCreated     = "LeaseCreated"
	EventPhaseChanged     = "PhaseChanged"
	EventNoticeDelivered  = "NoticeDelivered"
	EventNoticeFailed     = "NoticeFailed"
	EventEndDateExtended  = "EndDateExtended"
	EventEndDateShortened = "EndDateShortened"
	EventEndDateConflict  = "EndDateConflict"
	EventSpecReverted     = "SpecReverted"
	EventExtensionRefused = "ExtensionRefused"
	EventHeld             = "Held"
	EventReleased         = "Released"
	// EventRowMoved: the row moved while it was written, and what was meant for it went elsewhere.
	EventRowMoved = "RowMoved"
	// EventMarkRewritten: the row got a mark or date of another row in that way, and its own back.
	EventMarkRewritten = "MarkRewritten"
	// EventMarkDoubtful: the row holds what may have come in that way or from a person, and keeps it; or it was brought back
	// in that moment, and got what it said before it went; or columns moved under the write.
	EventMarkDoubtful = "MarkDoubtful"
	// EventWriteUnverified: the operator stopped between a write to the sheet and its read-back, and no record was kept.
	EventWriteUnverified = "WriteUnverified"
	EventRowGone         = "RowGone"
	EventRowBack         = "RowBack"
	EventInvalidRow      = "InvalidRow"
	EventSheetRejected   = "SheetRejected"
	EventSheetApproved   = "SheetApproved"
	EventSheetClaimed    = "SheetClaimed"
	EventCheckFailed     = "AccountCheckFailed"
	EventKeyDeactivated  = "KeyDeactivated"
	EventKeyReactivated  = "KeyReactivated"
	EventRevoked         = "Revoked"
	EventBlocked         = "Blocked"
	EventDryRun          = "DryRun"
	EventStalled         = "Stalled"
)
