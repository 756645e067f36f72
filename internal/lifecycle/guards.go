package lifecycle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

// Names of the guards, as docs/guards.md lists them.
const (
	guardOnSheet      = "OnSheet"
	guardHeld         = "NotHeld"
	guardEnded        = "EndDatePassed"
	guardNotice       = "NoticeDelivered"
	guardFresh        = "SheetFresh"
	guardSlack        = "SlackReady"
	guardDailyLimit   = "Breaker"
	guardAWSReadable  = "AWSReadable"
	guardAccount      = "Account"
	guardKeyState     = "KeyStateKnown"
	guardEmptyAccount = "AccountNotEmpty"
	guardOwnIdentity  = "NotTheOperator"
	guardProtected    = "NotProtected"
	guardPath         = "InsidePath"
	guardUserPin      = "SameUser"
	guardKeyPin       = "SameKey"
	guardKeyOwner     = "KeyOwner"
	guardPinned       = "Pinned"
	guardRecentUse    = "NotRecentlyUsed"
	guardMode         = "Mode"
)

// removal is a deactivation or deletion that is about to be done.
type removal struct {
	// noticed is when the term's notice counted as delivered; zero: it did not.
	noticed time.Time
	// due is when the removal became due.
	due time.Time
}

// guard is one condition without which no key is deactivated or deleted.
type guard struct {
	name string
	stop func(in Input, x removal) *Block
}

// guards in the order in which they are checked. The first that stops a key answers "why is this one not deleted?".
var guards = slices.Concat([]guard{
	// Without this, anyone who may create leases could delete any user.
	{guardOnSheet, stopOffSheet},
	// Someone asked for more time, or the row is unclear.
	{guardHeld, func(in Input, _ removal) *Block { return sheetHold(in) }},
	// Until the hour of dailyAt on the day after the end date, the key is the owner's.
	{guardEnded, stopNotEnded},
	// Nobody loses a key by surprise: this term's notice must have been delivered long enough ago.
	{guardNotice, stopUnnoticed},
	// The owner may have extended the key a minute ago, in the sheet or in the lease. Only a reading that began after the
	// key became due counts.
	{guardFresh, stopStale},
	// Nobody could be warned or told. A token that was revoked while nothing had to be posted is only found by asking.
	{guardSlack, stopSilent},
	// One bad day or one bad paste must not cost more keys than people can replace.
	{guardDailyLimit, func(in Input, _ removal) *Block {
		return stopIf(in.LimitReached != "", v1alpha1.ReasonBreakerOpen, in.LimitReached)
	}},
	// Without AWS's answer nothing is known.
	{guardAWSReadable, func(in Input, _ removal) *Block { return stopIf(in.AWSError != "", in.AWSReason, in.AWSError) }},
}, shownByAWS(), []guard{
	// A key that was never pinned may be anyone's.
	{guardPinned, func(in Input, _ removal) *Block {
		if in.AWS == nil {
			return nil
		}
		return CheckPinned(in.AWS.Observation, TargetOf(in.Lease, in.Policy))
	}},
	// Someone still uses it: an admin decides.
	{guardRecentUse, func(in Input, _ removal) *Block { return stopRecentlyUsed(in) }},
	// DryRun reports everything above and stops here.
	{guardMode, stopDryRun},
})

// shownByAWS lists awsGuards as guards. They let a key pass while AWS was not asked; no change is made without its
// answer.
func shownByAWS() []guard {
	out := make([]guard, 0, len(awsGuards))
	for _, g := range awsGuards {
		out = append(out, guard{g.name, func(in Input, _ removal) *Block {
			if in.AWS == nil || in.AWS.Refused == nil || in.AWS.Refused.Guard != g.name {
				return nil
			}
			return in.AWS.Refused
		}})
	}
	return out
}

// firstStop checks every guard in order.
func firstStop(in Input, x removal) *Block {
	for _, g := range guards {
		if b := g.stop(in, x); b != nil {
			b.Guard = g.name
			return b
		}
	}
	return nil
}

func stopIf(stops bool, reason, message string) *Block {
	if !stops {
		return nil
	}
	return &Block{Reason: reason, Message: message}
}

// onSheet tells whether an accepted sync has agreed with a row of this key. A row that could never be read does not
// count.
func onSheet(l *v1alpha1.AccessKeyLease) bool {
	return l.NamedAfterKey() && l.Status.Sheet != nil && l.Status.Sheet.EndDate != ""
}

func stopOffSheet(in Input, _ removal) *Block {
	if l := in.Lease; !l.NamedAfterKey() {
		return &Block{Reason: v1alpha1.ReasonNeverOnSheet, Message: fmt.Sprintf(
			"the sheet speaks of this key to the lease %s alone: delete this one, which is not acted on", strings.ToLower(l.Spec.AccessKeyID))}
	}
	return stopIf(!onSheet(in.Lease), v1alpha1.ReasonNeverOnSheet,
		"this key never stood on a row of the sheet that was read: it is not acted on")
}

func stopNotEnded(in Input, _ removal) *Block {
	due := in.Policy.Due(in.Lease.Spec.EndDate, 1)
	return stopIf(!keyIsDeleted(in) && (due.IsZero() || in.Now.Before(due)), v1alpha1.ReasonWaiting,
		fmt.Sprintf("the end date %s has not passed yet", in.Lease.Spec.EndDate))
}

func stopUnnoticed(in Input, x removal) *Block {
	// Once the key is deleted, a warning is useless. The rest of the user is deleted too.
	if keyIsDeleted(in) {
		return nil
	}
	if x.noticed.IsZero() {
		return &Block{Reason: v1alpha1.ReasonAwaitingNotice, Message: "nothing is deleted until the owner and an admin have been told"}
	}
	until := x.noticed.Add(in.Policy.MinimumNotice)
	return stopIf(in.Now.Before(until), v1alpha1.ReasonWaiting, fmt.Sprintf(
		"the notice was delivered at %s: nothing is deleted before %s (spec.schedule.minimumNotice)", in.shown(x.noticed), in.shown(until)))
}

func stopStale(in Input, x removal) *Block {
	r := in.Sheet.ReadStart
	switch {
	case r.IsZero():
		return &Block{Reason: v1alpha1.ReasonWaiting, Message: "the sheet was not read and accepted yet: see the AccessKeySheet's conditions"}
	// A clock that was ahead and was set back makes an old reading look newer than the due time. Compare wall clocks.
	case r.Round(0).After(in.Now.Round(0).Add(clocksDiffer)):
		return &Block{Reason: v1alpha1.ReasonWaiting, Message: "the clock was set back since the sheet was read: waiting for a new reading"}
	// A restored backup may end earlier than the row that was read.
	case !in.Sheet.Applied:
		return &Block{Reason: v1alpha1.ReasonWaiting, Message: "the lease changed since the sheet was read: waiting for a new reading"}
	case r.Before(x.due):
		return &Block{Reason: v1alpha1.ReasonWaiting, Message: "waiting for a reading of the sheet that began after the key became due"}
	// An extension asked for in the lease becomes a hold only when the sheet is merged, and it may be newer than the reading.
	case !keyIsDeleted(in) && in.Lease.Spec.ExtensionRequested && !sheet.Marked(in.Lease.Status.Sheet):
		return &Block{Reason: v1alpha1.ReasonWaiting, Message: "spec.extensionRequested was set since the sheet was read: waiting for a new reading"}
	case in.Now.Sub(r) > in.Policy.FreshFor():
		return &Block{Reason: v1alpha1.ReasonWaiting, Message: fmt.Sprintf(
			"the sheet was last read and accepted at %s, too long ago: see the AccessKeySheet's conditions", in.shown(r))}
	}
	return nil
}

func stopSilent(in Input, _ removal) *Block {
	if b := stopNoSlack(in, "nothing is deleted while nobody can be warned"); b != nil || in.Policy.DryRun {
		return b // DryRun posts nothing
	}
	return stopIf(!in.Sheet.TokenAsked, v1alpha1.ReasonWaiting, "waiting for a sync that asks Slack whether it still accepts the token")
}

// stopNoSlack stops if Slack cannot deliver notices. what is the first part of the message.
func stopNoSlack(in Input, what string) *Block {
	return stopIf(in.Sheet.SlackError != "", cmp.Or(in.Sheet.SlackReason, v1alpha1.ReasonSlackTokenInvalid), what+": "+in.Sheet.SlackError)
}

func stopRecentlyUsed(in Input) *Block {
	within := in.Policy.HoldIfUsedWithin
	switch {
	case within <= 0 || in.AWS == nil || in.AWS.Key == v1alpha1.KeyAbsent:
		return nil
	case in.AWS.UseUnknown:
		// A missing permission must not look like "never used".
		return &Block{Reason: v1alpha1.ReasonLastUseUnknown, Message: fmt.Sprintf(
			"AWS does not say when key %s was last used: allow iam:GetAccessKeyLastUsed to the operator, or remove spec.aws.holdIfUsedWithin",
			in.Lease.Spec.AccessKeyID)}
	case in.AWS.LastUsed == nil || in.Now.Sub(in.AWS.LastUsed.Date.Time) >= within:
		return nil
	}
	return &Block{Reason: v1alpha1.ReasonRecentlyUsed, Message: fmt.Sprintf(
		"key %s was used at %s: stop its use, or extend it", in.Lease.Spec.AccessKeyID, in.shown(in.AWS.LastUsed.Date.Time))}
}

func stopDryRun(in Input, _ removal) *Block {
	what := "deleted"
	switch {
	case keyIsDeleted(in):
		what = "deleted with all that hangs on its user"
	case in.Policy.GracePeriod > 0 && graceBegan(in.Lease) == nil:
		what = "deactivated"
	}
	return stopIf(in.Policy.DryRun, v1alpha1.ReasonDryRun, fmt.Sprintf(
		"mode DryRun: key %s of user %s would be %s now", in.Lease.Spec.AccessKeyID, in.Lease.Spec.UserName, what))
}

// shown formats a time for people.
func (in Input) shown(t time.Time) string { return t.In(in.Policy.Location).Format("2006-01-02 15:04") }
