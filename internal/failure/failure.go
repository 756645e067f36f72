// Package failure holds the classes that every vendor error is turned into, so that the rest of Keylease decides by
// class and never by a vendor's type. Adapters make these errors; they carry no secret and no request ID, because a
// message that changes by itself re-triggers the reconcile that reported it.
package failure

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Class says what can be done about an error.
type Class string

const (
	// Retry means: nothing happened; the same call may succeed later (throttling, 5xx, a lost connection on a read).
	Retry Class = "Retry"
	// Uncertain means: the call may have taken effect although it failed. Look before doing it again.
	Uncertain Class = "Uncertain"
	// NotFound means: the thing named does not exist.
	NotFound Class = "NotFound"
	// Conflict means: something else must go first (DeleteConflict); list again and continue.
	Conflict Class = "Conflict"
	// Credentials means: the token, role or account is bad; every call with it will fail.
	Credentials Class = "Credentials"
	// Denied means: these credentials may not do this.
	Denied Class = "Denied"
	// Recipient means: this Slack recipient cannot be reached; others can.
	Recipient Class = "Recipient"
	// Terminal means: the same call can never succeed.
	Terminal Class = "Terminal"
)

// Error is an error of a dependency, classified.
type Error struct {
	Class Class
	// Service and Operation, such as "slack" and "chat.postMessage".
	Service, Operation string
	// Code is the vendor's own: DeleteConflict, channel_not_found, RESOURCE_EXHAUSTED.
	Code string
	// Message for people: the thing, the place, what to do.
	Message string
	// RetryAfter that the service asked for, or the least wait of what is Uncertain. 0: it did not say.
	RetryAfter time.Duration
}

// Error gives "<service> <operation>: <code>: <message>".
func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: %s: %s", e.Service, e.Operation, e.Code, e.Message)
}

// Of gives the classified error inside err, or nil.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// Is tells whether err holds a classified error of one of the classes.
func Is(err error, classes ...Class) bool {
	e := Of(err)
	return e != nil && slices.Contains(classes, e.Class)
}

// NeedsFix tells whether the same call cannot succeed until someone fixes something.
func NeedsFix(err error) bool { return Is(err, Denied, Credentials, Terminal, NotFound) }
