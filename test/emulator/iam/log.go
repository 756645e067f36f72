package iam

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Call is one request as the server saw it.
type Call struct {
	// Number counts the calls of this server from 1.
	Number int
	// Time is the moment of arrival by the server's clock.
	Time time.Time
	// Service is "iam" or "sts", Action the API's name ("DeleteUser").
	Service, Action string
	// AccountID, Principal (an ARN) and AccessKeyID say whose credentials
	// signed; they are empty when authentication failed.
	AccountID, Principal, AccessKeyID string
	// Params holds the request's parameters without secrets (passwords,
	// one-time codes, key and certificate bodies, tokens).
	Params map[string]string
	// Status is the HTTP status of the answer, 0 when the client went away
	// before the call was carried out. Code is the error code, empty on success.
	Status int
	Code   string
	// Lost tells that the client did not get the answer.
	Lost bool
	// RequestID is the ID that the answer carries.
	RequestID string
}

// User returns the request's UserName, empty when it names none.
func (c Call) User() string { return c.Params["UserName"] }

// Changing reports whether the action changes anything in AWS. Assuming a role
// does not.
func (c Call) Changing() bool { return changing(c.Action) }

func changing(action string) bool {
	for _, prefix := range []string{"Get", "List", "AssumeRole"} {
		if strings.HasPrefix(action, prefix) {
			return false
		}
	}
	return true
}

// Counts sums the log up.
type Counts struct {
	// Reads and Changes count IAM calls of either kind, failed ones included.
	Reads, Changes int
	// STS counts calls of the token service.
	STS int
	// Failed counts the calls of any kind that were answered with an error.
	Failed int
}

// Hooks are called around every authenticated call, outside the server's lock:
// a hook may use all of the server's readers. A hook that blocks blocks its
// call only.
type Hooks struct {
	// Before runs before the call is carried out and before any fault.
	Before func(Call)
	// After runs when the call was carried out and before its answer leaves:
	// the place to kill a client whose call has taken effect.
	After func(Call)
}

// SetHooks replaces the hooks; the zero Hooks removes them.
func (s *Server) SetHooks(hooks Hooks) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = hooks
}

// OnCall registers a function that is told of every finished call, in the
// order of the log, after its answer was decided and before it leaves.
func (s *Server) OnCall(tell func(Call)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, tell)
}

// Calls returns the log, oldest first.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := slices.Clone(s.calls)
	for i := range calls {
		calls[i].Params = maps.Clone(calls[i].Params)
	}
	return calls
}

// Counts sums up the log.
func (s *Server) Counts() Counts {
	var counts Counts
	for _, call := range s.Calls() {
		switch {
		case call.Service == serviceSTS:
			counts.STS++
		case call.Changing():
			counts.Changes++
		default:
			counts.Reads++
		}
		if call.Code != "" {
			counts.Failed++
		}
	}
	return counts
}

// ResetCalls empties the log; numbers go on counting.
func (s *Server) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

// record appends a finished call and tells the listeners, one call at a time.
func (s *Server) record(call Call) {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.mu.Lock()
	s.calls = append(s.calls, call)
	listeners := slices.Clone(s.listeners)
	s.mu.Unlock()
	for _, tell := range listeners {
		told := call
		told.Params = maps.Clone(call.Params)
		tell(told)
	}
}
