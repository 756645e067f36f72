package lifecycle

import "time"

// purpose is what AWS is asked for: it says how old AWS's last answer may be. A reading is half a dozen calls, and IAM's rates
// are low.
type purpose time.Duration

// When AWS is asked.
const (
	// A key is changed only on an answer that this reconcile got.
	toChange = purpose(0)
	// What DryRun would do.
	toReport = purpose(time.Hour)
	// A notice says when the key was last used, and nobody is told of a key that is not there.
	toTell = purpose(time.Hour)
	// The key's identity was never recorded, because AWS could not be read.
	toPin = purpose(time.Hour)
	// The same, and AWS has no such key.
	toPinMissing = purpose(24 * time.Hour)
	// AWS refused, or its answer blocks the lease. After a refusal it is asked no more often than that, for whatever purpose.
	toRecheck = purpose(time.Hour)
	// A protected user mostly stays so for years.
	whileProtected = purpose(24 * time.Hour)
	// The key is held because it is in use, or because AWS does not say whether it is.
	whileUsed = purpose(time.Hour)
	// The sheet says deleted, and a person has to do it.
	whileMarked = purpose(24 * time.Hour)
)

// clocksDiffer is by how much the clocks of two machines that the operator ran on may differ.
const clocksDiffer = time.Minute

// asks tells whether AWS is to be asked: it was not in this reconcile, and its last answer is too old for the purpose.
func asks(in Input, p purpose) bool {
	if Refused(in.Lease) {
		p = max(p, toRecheck)
	}
	return in.AWS == nil && in.AWSError == "" && !answers(in, p)
}

// answers tells whether AWS's last answer is young enough for the purpose.
func answers(in Input, p purpose) bool {
	k := in.Lease.Status.Key
	if in.Retry || k == nil || k.ObservedTime == nil {
		return false
	}
	// An answer from a time that is still to come was noted by a clock that has been set right since: nobody knows how old
	// it is.
	age := in.Now.Sub(k.ObservedTime.Time)
	return p > 0 && age >= -clocksDiffer && age < time.Duration(p)
}

// asksAgainAt is when AWS's last answer becomes too old for the purpose; where that has passed, AWS could not be asked, and is
// an hour from now.
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
