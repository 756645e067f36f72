package lifecycle

import "time"

// purpose is why Keylease asks AWS. Its value is how old AWS's last answer may be. One observation takes about six
// calls, and IAM's rates are low.
type purpose time.Duration

// When AWS is asked.
const (
	// Before a change of the key, this reconcile must get the answer itself.
	toChange = purpose(0)
	// DryRun reports what it would do. It may last for months, and before a change AWS is asked anyway.
	toReport = purpose(24 * time.Hour)
	// A notice says when the key was last used, and nobody is told of a key that does not exist.
	toTell = purpose(time.Hour)
	// The key's identity was never recorded, because AWS could not be read.
	toPin = purpose(time.Hour)
	// It was never recorded, because AWS has no such key.
	toPinMissing = purpose(24 * time.Hour)
	// AWS refused, or its answer blocks the lease. After a refusal AWS is not asked more often, whatever the purpose.
	toRecheck = purpose(time.Hour)
	// A protected user usually stays protected for years.
	whileProtected = purpose(24 * time.Hour)
	// The key is held because it is in use, or because AWS does not say whether it is.
	whileUsed = purpose(time.Hour)
	// An extension holds the key, and AWS showed it after a deletion whose answer was lost.
	whileExtended = purpose(24 * time.Hour)
	// The sheet says deleted, and a person must delete the key.
	whileMarked = purpose(24 * time.Hour)
)

// clocksDiffer is how far the clocks of two machines of the operator may differ.
const clocksDiffer = time.Minute

// asks tells whether to ask AWS: this reconcile did not ask yet, and the last answer is too old for the purpose.
func asks(in Input, p purpose) bool {
	if Refused(in.Lease) {
		p = max(p, toRecheck)
	}
	return in.AWS == nil && in.AWSError == "" && !answers(in, p)
}

// answers tells whether AWS's last answer is recent enough for the purpose.
func answers(in Input, p purpose) bool {
	k := in.Lease.Status.Key
	if in.Retry || k == nil || k.ObservedTime == nil {
		return false
	}
	// An answer dated in the future came from a clock that was set back since. Its age is unknown.
	age := in.Now.Sub(k.ObservedTime.Time)
	return p > 0 && age >= -clocksDiffer && age < time.Duration(p)
}

// whileBlocked is why AWS is asked again, with nothing new in the sheet.
func whileBlocked(b *Block) purpose {
	if b.Guard == guardMode {
		return toReport
	}
	return toRecheck
}

// asksAgainAt is when AWS's last answer becomes too old for the purpose. If that time has passed, AWS could not be
// asked, and is asked again in an hour.
func asksAgainAt(in Input, p purpose) time.Time {
	answered := in.Now
	if k := in.Lease.Status.Key; k != nil && k.ObservedTime != nil {
		answered = k.ObservedTime.Time
	}
	if at := answered.Add(time.Duration(p)); at.After(in.Now) && !at.After(in.Now.Add(time.Duration(p)+clocksDiffer)) {
		return at
	}
	return in.Now.Add(time.Duration(toRecheck))
}
