package lifecycle

import (
	"fmt"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Names of the guards, as docs/guards.md lists them.
const (
	guardOnSheet      = "OnSheet"
	guardHeld         = "NotHeld"
	guardEnded        = "EndDatePassed"
	guardNotice       = "NoticeDelivered"
	guardFresh        = "SheetFresh"
	guardSlack        = "SlackReady"
	guardAWSReadable  = "AWSReadable"
	guardAccount      = "Account"
	guardEmptyAccount = "AccountNotEmpty"
	guardOwnIdentity  = "NotTheOperator"
	guardProtected    = "NotProtected"
	guardPath         = "InsidePath"
	guardKeyOwner     = "KeyOwner"
	guardUserPin      = "UserPinned"
	guardKeyPin       = "KeyPinned"
	guardRecentUse    = "NotRecentlyUsed"
	guardBreaker      = "Breaker"
	guardMode         = "Mode"
)

// guard is one condition without which no key is deactivated or deleted.
type guard struct {
	name string
	stop func(in Input, due time.Time) *Block
}

// guards in the order they are asked; the first that stops is what people read in "why is this one not deleted?".
// NotHeld, EndDatePassed and NoticeDelivered are decided before: without them nothing is due.
var guards = []guard{
	// A lease made with kubectl alone would let whoever may create leases delete any user.
	{guardOnSheet, func(in Input, _ time.Time) *Block {
		if in.Lease.Status.Sheet != nil {
			return nil
		}
		return &Block{Reason: v1alpha1.ReasonNeverOnSheet, Message: "this key never stood on a row of the sheet: it is not acted on"}
	}},
	// The owner may have extended in the sheet a minute ago: only a reading begun after the moment counts.
	{guardFresh, stopStale},
	// Nobody could be warned, nobody told.
	{guardSlack, func(in Input, _ time.Time) *Block {
		if in.Sheet.SlackError == "" {
			return nil
		}
		return &Block{Reason: v1alpha1.ReasonSlackTokenInvalid, Message: "nothing is deleted while nobody can be warned: " + in.Sheet.SlackError}
	}},
	// One bad day, one bad paste, must not cost more keys than people can give back.
	{guardBreaker, func(in Input, _ time.Time) *Block {
		if in.Breaker == "" {
			return nil
		}
		return &Block{Reason: v1alpha1.ReasonBreakerOpen, Message: in.Breaker}
	}},
	// Without AWS's word nothing is known.
	{guardAWSReadable, func(in Input, _ time.Time) *Block {
		if in.AWSError == "" {
			return nil
		}
		return &Block{Reason: in.AWSReason, Message: in.AWSError}
	}},
	// Everything that AWS shows of account, user and key: see awsGuards.
	{"AWS", func(in Input, _ time.Time) *Block {
		if in.AWS == nil {
			return nil
		}
		return CheckAWS(*in.AWS, TargetOf(in.Lease, in.Policy))
	}},
	// Somebody still works with it: an admin decides.
	{guardRecentUse, stopRecentlyUsed},
	// DryRun reports everything above and goes no further.
	{guardMode, func(in Input, _ time.Time) *Block {
		if !in.Policy.DryRun {
			return nil
		}
		return &Block{Reason: v1alpha1.ReasonDryRun, Message: fmt.Sprintf(
			"mode DryRun: key %s of user %s would be deleted now", in.Lease.Spec.AccessKeyID, in.Lease.Spec.UserName)}
	}},
}

func stopStale(in Input, due time.Time) *Block {
	r := in.Sheet.ReadStart
	switch {
	case r.IsZero():
		return &Block{Reason: v1alpha1.ReasonWaiting, Message: "the sheet was not read and accepted yet: see the AccessKeySheet's conditions"}
	case r.Before(due):
		return &Block{Reason: v1alpha1.ReasonWaiting, Message: "waiting for a reading of the sheet that began after the key became due"}
	case in.Now.Sub(r) > in.Policy.FreshFor():
		return &Block{Reason: v1alpha1.ReasonWaiting, Message: fmt.Sprintf(
			"the sheet was last read and accepted at %s, too long ago: see the AccessKeySheet's conditions", r.In(in.Policy.Location).Format("2006-01-02 15:04"))}
	}
	return nil
}

func stopRecentlyUsed(in Input, _ time.Time) *Block {
	within := in.Policy.HoldIfUsedWithin
	if within <= 0 || in.AWS == nil || in.AWS.LastUsed == nil || in.Now.Sub(in.AWS.LastUsed.Date.Time) >= within {
		return nil
	}
	return &Block{Reason: v1alpha1.ReasonRecentlyUsed, Message: fmt.Sprintf(
		"key %s was used at %s: stop its use, or extend it", in.Lease.Spec.AccessKeyID,
		in.AWS.LastUsed.Date.In(in.Policy.Location).Format("2006-01-02 15:04"))}
}

// firstStop asks every guard in order.
func firstStop(in Input, due time.Time) *Block {
	for _, g := range guards {
		if b := g.stop(in, due); b != nil {
			if b.Guard == "" {
				b.Guard = g.name
			}
			return b
		}
	}
	return nil
}
