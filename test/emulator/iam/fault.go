package iam

import (
	"context"
	"sync"
)

// Fault is a disturbance of calls. The zero Fault matches every call, for ever,
// and does nothing; the fields narrow what it matches and say what happens.
type Fault struct {
	// Action and User restrict it to one action and one UserName parameter,
	// AccountID to one account, Match to whatever it says. All must hold.
	Action, User, AccountID string
	Match                   func(Call) bool

	// Skip lets that many matching calls pass first.
	Skip int
	// Every disturbs each Every-th matching call only; 0 and 1 mean each one.
	Every int
	// Times ends the fault after that many disturbed calls; 0 means that it
	// stays until it is cleared.
	Times int

	// Code is the error to answer with ("Throttling"), nothing being carried
	// out. Status and Message default to what AWS gives with the code.
	Code    string
	Status  int
	Message string
	// Stall holds the call until Release or Clear, or until the client gives
	// up; in that last case the call is not carried out.
	Stall bool
	// LoseAnswer carries the call out and then drops the connection.
	LoseAnswer bool
}

// Injected is a fault at work.
type Injected struct {
	fault    Fault
	mu       sync.Mutex
	matched  int
	hits     int
	reached  chan struct{}
	released chan struct{}
	cleared  bool
}

// Inject puts a fault to work. Of several that match a call, the one injected
// first disturbs it.
func (s *Server) Inject(fault Fault) *Injected {
	injected := &Injected{
		fault:    fault,
		reached:  make(chan struct{}),
		released: make(chan struct{}),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, injected)
	return injected
}

// ClearFaults ends all faults and releases what they hold.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	faults := s.faults
	s.faults = nil
	s.mu.Unlock()
	for _, injected := range faults {
		injected.Clear()
	}
}

// Clear ends the fault and releases the calls that it holds.
func (i *Injected) Clear() {
	i.mu.Lock()
	i.cleared = true
	i.mu.Unlock()
	i.Release()
}

// Release lets stalled calls go on, and those that would still be stalled by
// this fault.
func (i *Injected) Release() {
	i.mu.Lock()
	defer i.mu.Unlock()
	select {
	case <-i.released:
	default:
		close(i.released)
	}
}

// Hits tells how many calls were disturbed so far.
func (i *Injected) Hits() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.hits
}

// Reached is closed when the first call is disturbed: a test waits for it
// instead of sleeping.
func (i *Injected) Reached() <-chan struct{} { return i.reached }

// takes decides whether the fault disturbs the call, and counts it.
func (i *Injected) takes(call Call) bool {
	f := i.fault
	if f.Action != "" && f.Action != call.Action ||
		f.User != "" && f.User != call.User() ||
		f.AccountID != "" && f.AccountID != call.AccountID ||
		f.Match != nil && !f.Match(call) {
		return false
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.cleared || f.Times > 0 && i.hits >= f.Times {
		return false
	}
	i.matched++
	if i.matched <= f.Skip || f.Every > 1 && (i.matched-f.Skip)%f.Every != 0 {
		return false
	}
	i.hits++
	if i.hits == 1 {
		close(i.reached)
	}
	return true
}

// faultFor returns the fault that disturbs the call, or nil.
func (s *Server) faultFor(call Call) *Injected {
	s.mu.Lock()
	faults := append([]*Injected(nil), s.faults...)
	s.mu.Unlock()
	for _, injected := range faults {
		if injected.takes(call) {
			return injected
		}
	}
	return nil
}

// apply stalls and fails the call as the fault says. gone tells that the
// client gave up while it was stalled.
func (i *Injected) apply(ctx context.Context) (failure *apiError, gone bool) {
	if i.fault.Stall {
		select {
		case <-i.released:
		case <-ctx.Done():
			return nil, true
		}
	}
	if i.fault.Code == "" {
		return nil, false
	}
	message := i.fault.Message
	if message == "" {
		message = faultMessages[i.fault.Code]
	}
	failure = fail(i.fault.Code, "%s", message)
	if i.fault.Status != 0 {
		failure.status = i.fault.Status
	}
	return failure, false
}

// faultMessages are the texts of errors that no handler produces.
var faultMessages = map[string]string{
	"AccessDenied":                  "User is not authorized to perform this action.",
	"ConcurrentModification":        "The request was rejected because multiple requests to change this object were submitted simultaneously.",
	"EntityTemporarilyUnmodifiable": "The entity is temporarily unmodifiable. Please try again later.",
	"ExpiredToken":                  "The security token included in the request is expired",
	"InternalFailure":               "The request processing has failed because of an unknown error, exception or failure.",
	"RequestLimitExceeded":          "Request limit exceeded.",
	"ServiceFailure":                "The request processing has failed because of an unknown error, exception or failure.",
	"ServiceUnavailable":            "The request has failed due to a temporary failure of the server.",
	"Throttling":                    "Rate exceeded",
}
