package lifecycle

import (
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Input is everything a decision rests on. Nothing is looked up while deciding.
type Input struct {
	Now    time.Time
	Lease  *v1alpha1.AccessKeyLease
	Policy Policy
	Sheet  SheetFacts
	// AWS as it was just read; nil: not asked in this reconcile.
	AWS *Reading
	// AWSError is why AWS could not be read, empty otherwise. AWSReason is AWSUnavailable where that passes by itself,
	// AWSForbidden where people must mend something.
	AWSError, AWSReason string
	// SettleTime is how long AWS may go on showing what is no more, or not show yet what is.
	SettleTime time.Duration
	// Listed is what the daily list of the account's keys says, for a lease that is over; zero: nothing.
	Listed KeyList
	// Retry: what AWS refused lately is to be tried again at once. A person asked for it by annotation, or this process has
	// not tried it yet: credentials are often mended by a restart.
	Retry bool
	// LimitReached is why the account's daily limit of revocations makes this lease wait; empty: it does not.
	LimitReached string
}

// SheetFacts are what the last syncs of the sheet established.
type SheetFacts struct {
	// Exists: the AccessKeySheet is there.
	Exists bool
	// ReadStart is when the last accepted read of the sheet by this process began; zero: none yet.
	ReadStart time.Time
	// Resumed is when the operator last came back after more than seven days.
	Resumed time.Time
	// SlackError is why nobody can be warned; empty: Slack is well. SlackReason is that of the condition SlackReady; empty:
	// Slack refuses the token.
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
	// SourceUser and SourceAccessKeyID, where a role is assumed by an IAM user of this same account: the operator's own
	// user and key, which must survive as well.
	SourceUser, SourceAccessKeyID string
}

// Observation is what AWS says of one key and its user at one moment.
type Observation struct {
	Time     time.Time
	Identity Identity
	// UserExists: GetUser found the user. UserID (AIDA…), Path and Tags are its own.
	UserExists   bool
	UserID, Path string
	Tags         map[string]string
	// Key as ListAccessKeys shows it: Active, Inactive, or Absent.
	Key v1alpha1.KeyState
	// CreateDate of the key. Zero where it is absent.
	CreateDate time.Time
	// OtherKeys are the user's other access key IDs.
	OtherKeys []string
	// LastUsed, nil where never, or where AWS did not say.
	LastUsed *v1alpha1.LastUsed
	// UseUnknown: the key is there, and AWS did not say when it was last used.
	UseUnknown bool
	// KeyUser is the user that GetAccessKeyLastUsed names as the key's; empty where AWS did not say.
	KeyUser string
	// AccountHasUsers is false where the account shows no IAM user at all: then nothing counts as gone.
	AccountHasUsers bool
	// ConsolePassword: the user has a login profile.
	ConsolePassword bool
}

// ActionKind is what a decision asks for.
type ActionKind string

// The actions. At most one is asked for at a time; after it, decide again.
const (
	// ActionNone: wait until Next.
	ActionNone ActionKind = ""
	// ActionObserve: read AWS and decide again with what it says.
	ActionObserve ActionKind = "Observe"
	// ActionNotify: deliver the notice.
	ActionNotify ActionKind = "Notify"
	// ActionDeactivate the key; after the grace period it is deleted.
	ActionDeactivate ActionKind = "Deactivate"
	// ActionReactivate the key that we deactivated: its lease was extended in the grace period.
	ActionReactivate ActionKind = "Reactivate"
	// ActionRevoke: run the teardown, from wherever it stands.
	ActionRevoke ActionKind = "Revoke"
	// ActionComplete: the key is gone without our doing; record it as Reason.
	ActionComplete ActionKind = "Complete"
)

// Action to be done now.
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
	// Owner gets it too, if known; the admins always do.
	Owner bool
}

// Block is a guard that stops what is due.
type Block struct {
	// Guard is its name, as in docs/guards.md.
	Guard string
	// Reason is a condition's; Message a sentence that names the thing and what to do.
	Reason, Message string
}

// Finding is a condition of the lease, decided.
type Finding struct {
	True            bool
	Reason, Message string
}

// Decision is what should be so, and the one thing to do about it.
type Decision struct {
	Phase v1alpha1.Phase
	// Term to record; nil: none begun (the lease is not on a sheet).
	Term *v1alpha1.Term
	// TermBegan: this decision begins it.
	TermBegan bool
	// Hold is why the lease is out of all processing; nil: it is not.
	Hold   *Block
	Action Action
	// Next moment at which the lease does something by itself; zero: never. Where Blocked stops what is due it is the
	// moment at which that became due, which is past: it is done as soon as nothing stops it.
	Next time.Time
	// Again is when to decide again though nothing becomes due then: AWS is asked once more, or patience with the sheet
	// ends. Zero: no need.
	Again time.Time
	// Blocked is the guard that stops what is due; nil: nothing is due, or nothing stops it.
	Blocked *Block
	// Verified is KeyVerified; nil: nothing new is known.
	Verified *Finding
	// DeleteAt is when the key will be deleted if nothing changes; zero: not known yet.
	DeleteAt time.Time
}
