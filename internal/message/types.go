package message

import (
	"encoding/json"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Message is what is sent to Slack: blocks, and the plain text shown in notifications.
type Message struct {
	Text string
	// Blocks is a JSON array of Block Kit blocks.
	Blocks json.RawMessage
}

// Audience of a message.
type Audience string

// The audiences.
const (
	ToOwner Audience = "Owner"
	ToAdmin Audience = "Admin"
)

// Owner is the person the message is about, as far as the users tab tells.
type Owner struct {
	// SlackUserID; empty: the name matches nobody, or several people.
	SlackUserID string
	Candidates  []string
	// Unreachable is Slack's error code if the owner's message could not be delivered.
	Unreachable string
	// NotYet: it is tried again.
	NotYet bool
}

// Notice is a message about one key to one audience.
type Notice struct {
	// Kind is a v1alpha1.Notice… constant: Expiry, Deactivated, Revoked, KeyStillExists, RowGone, DateConflict,
	// FieldOwnedElsewhere, Stalled, Protected, RecentlyUsed, LastUseUnknown.
	Kind     string
	Audience Audience
	// Lease of the key. All its texts come from the sheet and may hold anything.
	Lease *v1alpha1.AccessKeyLease
	Owner Owner
	// Today, YYYY-MM-DD, in the sheet's time zone. The days left are EndDate - Today, and may be negative.
	Today string
	// DeleteAt is when the key will be deleted if nothing changes, in the sheet's time zone. Zero: not known.
	DeleteAt time.Time
	// DeactivateAt is when the key stops working, if that is before DeleteAt (a grace period). Zero: it is not.
	DeactivateAt time.Time
	// Zone of the sheet, for the time of the last use. Nil: that of DeleteAt, or else UTC.
	Zone *time.Location
	// Plan of the deletion, if the admins are to see it.
	Plan *v1alpha1.RevocationPlan
	// SheetURL is where people edit the row. MarkExtended is the text that asks for an extension.
	SheetURL, MarkExtended string
	// Reason is the constant that Detail explains: a condition's reason or an error's code. The message says it in the
	// recipient's language, if there are words for it.
	Reason string
	// Detail is one plain English sentence of the operator about an error or a conflict. The message only quotes it.
	Detail string
}

// SheetMessage is a message about a sheet, always to the admins.
type SheetMessage struct {
	// Kind: InvalidRows, UnclearMarks, FoundMarks, SheetGuard, Breaker, ForeignClaim, WeeklySummary, UnleasedKeys,
	// AccountCheckFailed, WrongAccount, SharedKeys, SheetUnreadable.
	Kind                 string
	Namespace, SheetName string
	Tab, SheetURL        string
	// Items, one line each.
	Items []Item
	// Part of Parts, from 1, if Split made several messages of one. 0 of 0: undivided.
	Part, Parts int
	// MarkExtended is the text that asks for an extension. Empty: 延長申請済み.
	MarkExtended string
	// Approval is the value of the annotation that approves what was stopped: the hash of SheetGuard, the
	// "<YYYY-MM-DD>=<N>" of Breaker, or the claim that ForeignClaim found. Empty: the message names no way.
	Approval string
	// Detail is one plain English sentence of the operator; the items' reasons say the same in words.
	Detail string
}

// Item is one line of a SheetMessage.
type Item struct {
	// Row in the tab; 0: there is none. AlsoRows are further rows with the same problem.
	Row         int
	AlsoRows    []int
	AccessKeyID string
	UserName    string
	OwnerName   string
	// EndDate, YYYY-MM-DD, if it matters.
	EndDate string
	// Reason is a v1alpha1 constant; Value the text in question.
	Reason, Value string
	// DeleteAt is when the key will be deleted, in the sheet's time zone. Zero: not known.
	DeleteAt time.Time
	// Detail is one plain English sentence of the operator. It is shown if the language has no words of its own.
	Detail string
}
