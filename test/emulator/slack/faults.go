package slack

import (
	"net/http"
	"slices"
	"time"
)

// Call is what a fault is matched against.
type Call struct {
	Method string // "chat.postMessage"
	// Channel is the conversation that the call is about, after a user ID
	// given as channel (or as users of conversations.open) became the ID of
	// the direct message channel; empty if the call names none.
	Channel string
	// User is the other person of that direct message channel, or the user
	// of users.info.
	User string
	Args map[string]string // without the token
}

// Match chooses calls; nil chooses all. It runs inside the server's lock and must
// not call methods of the Server.
type Match func(Call) bool

// OnMethod chooses the calls of one method.
func OnMethod(method string) Match {
	return func(c Call) bool { return c.Method == method }
}

// OnTarget chooses the calls of one method that are about a channel (C…, G…,
// D…) or a person (U…, W…), whichever way the call names it.
func OnTarget(method, channelOrUser string) Match {
	return func(c Call) bool {
		return c.Method == method && (c.Channel == channelOrUser || c.User == channelOrUser)
	}
}

// Effect is what happens to a call instead of, or before, the true answer.
// The fields work together in this order: Perform, Hold, then the first of
// Drop, RetryAfter, Status, Error that is set; else the true answer.
type Effect struct {
	// Perform does the call's work first (a message is stored), so that only
	// the answer is lost.
	Perform bool
	// Hold stalls until it is closed. If the client gives up or the server
	// closes before that, a call that is not performed yet never is.
	Hold <-chan struct{}
	// Drop closes the connection without an answer.
	Drop bool
	// RetryAfter answers 429 with this Retry-After, in whole seconds.
	RetryAfter time.Duration
	// Status answers with an HTTP status and the HTML page that Slack's
	// balancers send with 5xx.
	Status int
	// Error answers HTTP 200 with ok:false and this code.
	Error string
}

// FailWith answers ok:false with a code; nothing is stored.
func FailWith(code string) Effect { return Effect{Error: code} }

// FailStatus answers with an HTTP status such as 503; nothing is stored.
func FailStatus(status int) Effect { return Effect{Status: status} }

// RateLimit answers 429 with Retry-After; nothing is stored.
func RateLimit(retryAfter time.Duration) Effect { return Effect{RetryAfter: retryAfter} }

// Stall holds the call until release is closed, and then lets it go on as if
// nothing had been; a client that gave up has posted nothing.
func Stall(release <-chan struct{}) Effect { return Effect{Hold: release} }

// StallAnswer does the work and holds the answer until release is closed: a
// client that gives up has posted nevertheless.
func StallAnswer(release <-chan struct{}) Effect { return Effect{Perform: true, Hold: release} }

// Drop closes the connection before anything is done.
func Drop() Effect { return Effect{Drop: true} }

// DropAnswer does the work and closes the connection without an answer.
func DropAnswer() Effect { return Effect{Perform: true, Drop: true} }

// FailAnswer does the work and answers ok:false, as Slack may with
// internal_error and fatal_error.
func FailAnswer(code string) Effect { return Effect{Perform: true, Error: code} }

// Injection is a fault that was put in.
type Injection struct {
	server *Server
	match  Match
	effect Effect
	left   int // calls still to be hit; negative: no end
	hits   int
}

// Inject makes the next times calls that match fail, or all of them from now on
// if times is 0. Where several injections match, the oldest that is not used up
// hits. Authentication and limits come after faults, as behind a balancer.
func (s *Server) Inject(times int, match Match, effect Effect) *Injection {
	s.mu.Lock()
	defer s.mu.Unlock()
	if times == 0 {
		times = -1
	}
	i := &Injection{server: s, match: match, effect: effect, left: times}
	s.state.faults = append(s.state.faults, i)
	return i
}

// Remove ends an injection. Calls that it holds stay held.
func (i *Injection) Remove() {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	i.server.state.faults = slices.DeleteFunc(i.server.state.faults, func(f *Injection) bool { return f == i })
}

// Hits is how many calls the injection has hit. A call that is held counts
// from its arrival, so tests can wait for it.
func (i *Injection) Hits() int {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	return i.hits
}

// nextFault counts a call and returns the effect that hits it, or nil. s.mu is
// held.
func (s *Server) nextFault(c *call) *Effect {
	seen := s.describe(c)
	for _, f := range s.state.faults {
		if f.left == 0 || f.match != nil && !f.match(seen) {
			continue
		}
		f.hits++
		if f.left > 0 {
			f.left--
		}
		return &f.effect
	}
	return nil
}

// describe names the target of a call for matching, without changing anything.
func (s *Server) describe(c *call) Call {
	seen := Call{Method: c.method, Channel: c.args["channel"], Args: c.args}
	switch {
	case c.method == "users.info":
		seen.User = c.args["user"]
	case c.method == "conversations.open" && c.args["users"] != "":
		seen.User = c.args["users"]
	case isUserID(seen.Channel):
		seen.User = seen.Channel
	}
	if seen.User != "" && c.method != "users.info" {
		seen.Channel = DM(seen.User)
	} else if known := s.state.channels[seen.Channel]; known != nil {
		seen.User = known.user
	}
	return seen
}

// page5xx is the kind of body that comes with an HTTP error: not JSON.
func page5xx(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte("<!DOCTYPE html><title>" + http.StatusText(status) + "</title>"))
}
