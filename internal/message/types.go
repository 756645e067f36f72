package message

import (
	"encoding/json"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Message is what Slack is sent: blocks and the plain text that stands in notifications.
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

// Owner is whom the message is about, as far as the users tab tells.
type Owner struct {
	// SlackUserID, empty where the name matches nobody or several.
	SlackUserID string
	Candidates  []string
	// Unreachable is Slack's error code where the owner's message could not be delivered.
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
	// Today, YYYY-MM-DD, in the sheet's zone; days left are EndDate - Today and may be negative.
	Today string
	// DeleteAt is when the key will be deleted if nothing changes, in the sheet's zone. Zero: not known.
	DeleteAt time.Time
	// DeactivateAt is when the key stops working, where that is before DeleteAt (a grace period). Zero: not before.
	DeactivateAt time.Time
	// Zone of the sheet, for the time of the last use. nil: that of DeleteAt, else UTC.
	Zone *time.Location
	// Plan of the deletion, where the admins are to see it.
	Plan *v1alpha1.RevocationPlan
	// SheetURL where the row can be edited; MarkExtended is the text that asks for an extension.
	SheetURL, MarkExtended string
	// Reason is the constant that Detail explains: a condition's reason, an error's code. The message says it in the
	// recipient's language, if there are words for it.
	Reason string
	// Detail is one plain sentence of the operator, in English: an error, a conflict. It is quoted, never the explanation.
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
	// Part of Parts, from 1, where Split made several messages of one. 0 of 0: undivided.
	Part, Parts int
	// MarkExtended is the text that asks for an extension. Empty: 延長申請済み.
	MarkExtended string
	// Approval is the value of the annotation that lets through what was stopped: the hash of SheetGuard, the
	// "<YYYY-MM-DD>=<N>" of Breaker, the claim that ForeignClaim found. Empty: the message tells no way.
	Approval string
	// Detail is one plain sentence of the operator, in English; the items' reasons say the same in words.
	Detail string
}

// Item is one line of a SheetMessage.
type Item struct {
	// Row in the tab, 0 where there is none; AlsoRows are others of which the very same is to be said.
	Row         int
	AlsoRows    []int
	AccessKeyID string
	UserName    string
	OwnerName   string
	// EndDate, YYYY-MM-DD, where it matters.
	EndDate string
	// Reason is a v1alpha1 constant; Value the text in question.
	Reason, Value string
	// DeleteAt is when the key will be deleted, in the sheet's zone. Zero: not known.
	DeleteAt time.Time
	// Detail is one plain sentence of the operator, in English. It is shown where the language has no words of its own.
	Detail string
}
