package lifecycle

import "github.com/keylease/keylease/api/v1alpha1"

// ReasonFacts is what is known of a condition's reason, wherever it is shown.
type ReasonFacts struct {
	// Stalls: people must fix something before the lease can continue.
	Stalls bool
	// Passes: it passes by itself, unless it lasts.
	Passes bool
	// Account: it concerns the whole AWS account, not one key.
	Account bool
	// Approvable: a person may approve the sheet anyway.
	Approvable bool
	// Condition whose message the notice quotes; empty: the notice quotes none.
	Condition string
	// Notice is the kind that tells the admins of a lease with this reason, once a term; empty: they are not told.
	Notice string
	// Event about a lease that is not Ready for this reason; empty: Blocked. Quiet: there is no Event.
	Event string
	Quiet bool
	// ToDo is what people can do, as in the README's tables.
	ToDo string
	// guard that holds a lease because of what AWS shows, until AWS shows something else.
	guard string
}

// LeaseReason returns what is known of a reason of a lease's conditions. Codes of AWS and Slack can be reasons too;
// nothing is known of those.
func LeaseReason(reason string) ReasonFacts { return leaseReasons[reason] }

// SheetReason returns what is known of a reason of an AccessKeySheet's conditions.
func SheetReason(reason string) ReasonFacts { return sheetReasons[reason] }

// NoticeSpeaksOf is the condition whose reason and message a kind of notice quotes; empty: it quotes none.
func NoticeSpeaksOf(kind string) string {
	for _, f := range leaseReasons {
		if f.Notice == kind {
			return f.Condition
		}
	}
	return ""
}

const (
	tryAgain     = "nothing; it is tried again"
	correctRow   = "correct the row; or delete the lease, and the next sync makes it anew"
	allowWriting = "share the sheet as Editor; lift the protection of columns I and K"
	addRow       = "add the row or the sheet, or delete the lease"
	fixAWS       = "mend permissions, then annotate iam.keylease.dev/retry"
	fixUsers     = "correct the users tab; the admins are told in any case"
	fixAccount   = "correct identity, role or account"
	fixColumns   = "correct the sheet, or spec.requests and spec.users"
	shareSheet   = "share with the address in the message, as Editor"
	approve      = "repair the sheet, or approve"
)

var leaseReasons = map[string]ReasonFacts{
	// The row or a person holds the lease. The sheet's notices say what is wrong with a row.
	v1alpha1.ReasonExtensionRequested: {ToDo: "move the end date, or remove the mark"},
	v1alpha1.ReasonUnclearMark:        {ToDo: "write 延長申請済み, or clear the cell"},
	v1alpha1.ReasonInvalidRow:         {ToDo: "correct the row: status.invalidRows of the sheet says what is wrong"},
	v1alpha1.ReasonGivenUp:            {ToDo: "remove the annotation to let it run on"},
	v1alpha1.ReasonFieldOwnedElsewhere: {Notice: v1alpha1.NoticeFieldOwned, Condition: v1alpha1.ConditionHeld,
		ToDo: "bring the two together"},

	// What AWS shows holds the lease.
	v1alpha1.ReasonProtected: {Notice: v1alpha1.NoticeProtected, Condition: v1alpha1.ConditionHeld, guard: guardProtected,
		ToDo: "remove the tag or correct userPathPrefix, if the key is to go; looked at daily, or at once with kubectl keylease retry"},
	v1alpha1.ReasonRecentlyUsed: {Notice: v1alpha1.NoticeRecentlyUsed, Condition: v1alpha1.ConditionHeld, guard: guardRecentUse,
		ToDo: "stop its use, or extend it"},
	v1alpha1.ReasonLastUseUnknown: {Notice: v1alpha1.NoticeLastUseUnknown, Condition: v1alpha1.ConditionHeld, guard: guardRecentUse,
		ToDo: "allow iam:GetAccessKeyLastUsed, or remove the field"},

	// Ready, Reconciling, Stalled.
	v1alpha1.ReasonWaiting:    {Quiet: true, ToDo: "nothing; status.nextTransitionTime says until when"},
	v1alpha1.ReasonInProgress: {Quiet: true},
	// A new lease is on no row until its row is recorded a moment later. If that does not happen, the sheet's
	// controller tells people.
	v1alpha1.ReasonNeverOnSheet:    {Quiet: true, ToDo: addRow},
	v1alpha1.ReasonSheetMissing:    {ToDo: addRow},
	v1alpha1.ReasonForeignClaim:    {},
	v1alpha1.ReasonHeld:            {},
	v1alpha1.ReasonRevoked:         {},
	v1alpha1.ReasonAwaitingNotice:  {ToDo: "nothing, if Slack works: see status.notices"},
	v1alpha1.ReasonAwaitingSummary: {ToDo: "nothing, if Slack works: see the sheet's status.notices"},
	v1alpha1.ReasonDryRun:          {Event: v1alpha1.EventDryRun, ToDo: "set the mode to Enforce, when you want that"},
	v1alpha1.ReasonBreakerOpen:     {ToDo: "wait, or raise the day's limit"},
	v1alpha1.ReasonInvalidSpec:     {ToDo: "correct what the message names"},
	v1alpha1.ReasonRetrying:        {ToDo: "nothing; it is tried again, and becomes Stalled if that does not help"},
	v1alpha1.ReasonStalled: {Event: v1alpha1.EventStalled, Notice: v1alpha1.NoticeStalled, Condition: v1alpha1.ConditionStalled,
		ToDo: fixAWS},
	v1alpha1.ReasonSlackTokenInvalid: {},
	v1alpha1.ReasonSlackUnavailable:  {},

	// What AWS says.
	v1alpha1.ReasonKeyMatches: {},
	v1alpha1.ReasonKeyGone:    {},
	v1alpha1.ReasonKeyStillExists: {Notice: v1alpha1.NoticeKeyStillExists, Condition: v1alpha1.ConditionKeyVerified,
		ToDo: "clear the cell to have it deleted, or delete it by hand; where the lease is over (status.revocation.completionTime), delete the lease, then clear the cell"},
	v1alpha1.ReasonKeyDeactivated: {ToDo: "nothing; it is deleted on its date all the same, and Keylease does not activate it again if it is extended"},
	v1alpha1.ReasonAWSUnavailable: {Passes: true, ToDo: tryAgain},
	v1alpha1.ReasonAWSForbidden:   {Stalls: true, ToDo: fixAWS},
	v1alpha1.ReasonWrongAccount:   {Stalls: true, Account: true},
	v1alpha1.ReasonEmptyAccount:   {Stalls: true, Account: true},
	v1alpha1.ReasonUserRecreated:  {Stalls: true, ToDo: correctRow},
	v1alpha1.ReasonKeyRecreated:   {Stalls: true, ToDo: correctRow},
	v1alpha1.ReasonOtherUser:      {Stalls: true, ToDo: correctRow},
	v1alpha1.ReasonIdentityNotPinned: {Stalls: true,
		ToDo: "nothing, if AWS can be read: it is recorded with the next look"},

	// Owner and row.
	v1alpha1.ReasonOwnerFound:     {},
	v1alpha1.ReasonOwnerUnknown:   {ToDo: fixUsers},
	v1alpha1.ReasonOwnerAmbiguous: {ToDo: fixUsers},
	v1alpha1.ReasonRowFound:       {},
	v1alpha1.ReasonRowGone:        {Notice: v1alpha1.NoticeRowGone, ToDo: "put the row back, or leave it"},
	v1alpha1.ReasonSynced:         {},
	v1alpha1.ReasonWriteFailed:    {ToDo: allowWriting},
	v1alpha1.ReasonReadOnly:       {ToDo: allowWriting},

	// How a revocation ended.
	v1alpha1.ReasonEndDatePassed:  {},
	v1alpha1.ReasonKeyAlreadyGone: {},
	v1alpha1.ReasonMarkedDeleted:  {},

	// Codes of Keylease's own errors.
	v1alpha1.ReasonNotConnected:        {},
	v1alpha1.ReasonTemplateFailed:      {},
	v1alpha1.ReasonNoCredentials:       {},
	v1alpha1.ReasonInvalidRequest:      {},
	v1alpha1.ReasonNotSent:             {},
	v1alpha1.ReasonNoConnection:        {},
	v1alpha1.ReasonTimeout:             {},
	v1alpha1.ReasonCanceled:            {},
	v1alpha1.ReasonConnectionLost:      {},
	v1alpha1.ReasonHTTPStatus:          {},
	v1alpha1.ReasonInvalidAnswer:       {},
	v1alpha1.ReasonIncompleteAnswer:    {},
	v1alpha1.ReasonInconsistentAnswers: {},
	v1alpha1.ReasonDeleteConflict:      {},
}

var sheetReasons = map[string]ReasonFacts{
	v1alpha1.ReasonSucceeded:            {},
	v1alpha1.ReasonReadable:             {},
	v1alpha1.ReasonAccepted:             {},
	v1alpha1.ReasonSlackReady:           {},
	v1alpha1.ReasonAWSReady:             {},
	v1alpha1.ReasonInProgress:           {},
	v1alpha1.ReasonWriteFailed:          {},
	v1alpha1.ReasonReadOnly:             {},
	v1alpha1.ReasonAWSForbidden:         {},
	v1alpha1.ReasonInvalidSpec:          {ToDo: "correct the field that the message names"},
	v1alpha1.ReasonRetrying:             {ToDo: tryAgain},
	v1alpha1.ReasonSecretMissing:        {ToDo: "create it (step 5)"},
	v1alpha1.ReasonSecretForbidden:      {ToDo: "bind the role keylease-manager to its ServiceAccount in the sheet's namespace"},
	v1alpha1.ReasonCredentialsInvalid:   {ToDo: "make a new key of the service account, or give the operator its AWS identity again"},
	v1alpha1.ReasonSpreadsheetNotFound:  {ToDo: shareSheet},
	v1alpha1.ReasonSpreadsheetForbidden: {ToDo: shareSheet},
	v1alpha1.ReasonTabMissing:           {ToDo: fixColumns},
	v1alpha1.ReasonColumnsMoved:         {Approvable: true, ToDo: fixColumns},
	v1alpha1.ReasonTooManyChanges:       {Approvable: true, ToDo: approve},
	v1alpha1.ReasonEmptySheet:           {Approvable: true, ToDo: approve},
	v1alpha1.ReasonQuotaExceeded:        {ToDo: tryAgain},
	v1alpha1.ReasonUnavailable:          {Passes: true, ToDo: tryAgain},
	v1alpha1.ReasonSlackTokenInvalid:    {ToDo: "put a new token into the Secret"},
	v1alpha1.ReasonSlackUnavailable:     {Passes: true, ToDo: "nothing; it is asked again at the next sync"},
	v1alpha1.ReasonWrongAccount:         {ToDo: fixAccount},
	v1alpha1.ReasonEmptyAccount:         {ToDo: fixAccount},
	v1alpha1.ReasonAssumeRoleError:      {ToDo: "correct the ARN, or the role's trust policy and external ID"},
	v1alpha1.ReasonCredentialsForbidden: {ToDo: "set spec.aws.roleARN, or list it in --credentials-namespaces"},
	v1alpha1.ReasonForeignClaim: {
		ToDo: "stop one of the two; after a cluster was rebuilt, take the claim over with the command in the condition's message (iam.keylease.dev/take-claim)"},

	// Codes of Keylease's own errors.
	v1alpha1.ReasonConflict:    {},
	v1alpha1.ReasonNotVerified: {},
}
