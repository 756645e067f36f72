package lifecycle

import (
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Input is everything a decision needs. Deciding looks nothing up.
type Input struct {
	Now    time.Time
	Lease  *v1alpha1.AccessKeyLease
	Policy Policy
	Sheet  SheetFacts
	// AWS as it was just read; nil: not asked in this reconcile.
	AWS *Reading
	// AWSError is why AWS could not be read; empty: it could. AWSReason is AWSUnavailable if that passes by itself, and
	// AWSForbidden if people must fix something.
	AWSError, AWSReason string
	// SettleTime is how long AWS may show what was deleted, or not show what was created.
	SettleTime time.Duration
	// Listed is what the daily list of the account's keys says about a completed lease; zero: nothing.
	Listed KeyList
	// Retry: what AWS refused recently is tried again at once. A person asked for it by annotation, or this process has
	// not tried it yet: a restart often fixes credentials.
	Retry bool
	// LimitReached is why the account's daily limit makes this lease wait; empty: it does not.
	LimitReached string
}

// SheetFacts are what the last syncs of the sheet established.
type SheetFacts struct {
	// Exists: the AccessKeySheet exists.
	Exists bool
	// ReadStart is when this process's last accepted reading of the sheet began; zero: none yet.
	ReadStart time.Time
	// Applied: what the sheet says of the lease is still as that reading left it.
	Applied bool
	// TokenAsked: the sync of that reading asked Slack about the token.
	TokenAsked bool
	// Resumed is when syncs last started again after more than seven days.
	Resumed time.Time
	// SlackError is why Slack cannot deliver notices; empty: it can. SlackReason is the reason of the condition
	// SlackReady; empty: Slack refuses the token.
	SlackError, SlackReason string
	// Foreign: another cluster has claimed the sheet, and works on it.
	Foreign bool
}

// Identity is whose credentials are in use (sts:GetCallerIdentity).
type Identity struct {
	AccountID, ARN string
	// UserName of an IAM user's own credentials; empty for a role.
	UserName string
	// AccessKeyID in use.
	AccessKeyID string
	// SourceUser and SourceAccessKeyID are set if an IAM user of this same account assumes the role. They are the
	// operator's own user and key, and must not be deleted either.
	SourceUser, SourceAccessKeyID string
}

// Observation is what AWS says about one key and its user at one moment.
type Observation struct {
	Time     time.Time
	Identity Identity
	// UserExists: GetUser found the user. UserID (AIDA…), Path and Tags are its own.
	UserExists   bool
	UserID, Path string
	Tags         map[string]string
	// Key as ListAccessKeys shows it: Active, Inactive, or Absent.
	Key v1alpha1.KeyState
	// CreateDate of the key; zero: it is absent.
	CreateDate time.Time
	// OtherKeys are the user's other access key IDs.
	OtherKeys []string
	// LastUsed; nil: never, or AWS did not say.
	LastUsed *v1alpha1.LastUsed
	// UseUnknown: the key exists, and AWS did not say when it was last used.
	UseUnknown bool
	// KeyUser is the user whom GetAccessKeyLastUsed names as the key's; empty: AWS did not say.
	KeyUser string
	// AccountHasUsers is false if the account shows no IAM user at all; then nothing counts as gone.
	AccountHasUsers bool
	// ConsolePassword: the user has a login profile.
	ConsolePassword bool
}

// ActionKind is what a decision asks for.
type ActionKind string

// The actions. A decision asks for at most one; after it, decide again.
const (
	// ActionNone: wait until Next.
	ActionNone ActionKind = ""
	// ActionObserve: read AWS, and decide again with the result.
	ActionObserve ActionKind = "Observe"
	// ActionNotify: deliver the notice.
	ActionNotify ActionKind = "Notify"
	// ActionDeactivate the key; after the grace period it is deleted.
	ActionDeactivate ActionKind = "Deactivate"
	// ActionReactivate the key that we deactivated: its lease was extended in the grace period.
	ActionReactivate ActionKind = "Reactivate"
	// ActionRevoke: run the teardown, from the step it has reached.
	ActionRevoke ActionKind = "Revoke"
	// ActionComplete: the key is gone although we did not delete it; record it as Reason.
	ActionComplete ActionKind = "Complete"
)

// Action to do now.
type Action struct {
	Kind ActionKind
	// Notice, of ActionNotify.
	Notice Notice
	// Reason, of ActionComplete: a v1alpha1 constant.
	Reason string
}

// Notice names one message to several recipients.
type Notice struct {
	// Kind is a v1alpha1.Notice… constant.
	Kind string
	// DaysBefore, of the kind Expiry.
	DaysBefore *int32
	// Owner gets it too, if known. The admins always do.
	Owner bool
}

// Block is a guard that stops what is due.
type Block struct {
	// Guard is its name, as in docs/guards.md.
	Guard string
	// Reason is a condition's reason. Message is a sentence that names the problem and what to do.
	Reason, Message string
}

// Finding is a condition to set on the lease.
type Finding struct {
	True            bool
	Reason, Message string
}

// Decision is what must be true of the lease, and the one action to do about it.
type Decision struct {
	Phase v1alpha1.Phase
	// Term to record; nil: none has begun (the lease is not on a sheet).
	Term *v1alpha1.Term
	// TermBegan: this decision begins it.
	TermBegan bool
	// Hold is why the lease is held; nil: it is not.
	Hold   *Block
	Action Action
	// Next is when the lease next does something by itself; zero: never. If Blocked stops something due, Next is when
	// that became due, in the past: it is done as soon as nothing stops it.
	Next time.Time
	// Again is when to decide again although nothing becomes due then: AWS is asked once more, or a wait for the sheet
	// ends. Zero: not needed.
	Again time.Time
	// Blocked is the guard that stops what is due; nil: nothing is due, or nothing stops it.
	Blocked *Block
	// Verified is KeyVerified; nil: nothing new is known.
	Verified *Finding
	// DeleteAt is when the key will be deleted if nothing changes; zero: not known yet.
	DeleteAt time.Time
}
