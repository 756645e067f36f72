package sheets

import (
	"context"
	"slices"
	"sync"
)

// Fault is what happens to some of the next calls. The steps of a call are, in
// this order: Before, Stall, LoseRequest or Answer or else the real handling,
// After, StallAnswer, LoseAnswer. Several faults may hit one call; then each
// step runs for all of them, in the order of injection.
type Fault struct {
	// On restricts it to reads or writes.
	On Op
	// Match restricts it further; nil matches every call. It must not use the
	// server.
	Match func(Call) bool
	// Skip lets that many matching calls pass first.
	Skip int
	// Times is how many calls it hits: 0 means one, negative all until Remove.
	Times int

	// Before runs before the call is handled, After when it has been handled and
	// not yet answered: the moments to sort or insert rows. They get the
	// spreadsheet and do not run if there is none.
	Before, After func(*Spreadsheet)
	// Stall holds the call back before it is handled until the channel is
	// closed. If the client goes away meanwhile, it is never handled.
	Stall <-chan struct{}
	// StallAnswer holds the answer of a call that has been handled back.
	StallAnswer <-chan struct{}
	// Answer is given in the place of handling the call.
	Answer *Response
	// LoseRequest breaks the connection before the call is handled.
	LoseRequest bool
	// LoseAnswer breaks it after: the client cannot know that it succeeded.
	LoseAnswer bool
}

// Injection is a fault in a server.
type Injection struct {
	server *Server
	fault  Fault
	seen   int
	hits   int
	// arrived is closed with the first hit.
	arrived chan struct{}
}

// Inject arms a fault.
func (s *Server) Inject(f Fault) *Injection {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := &Injection{server: s, fault: f, arrived: make(chan struct{})}
	s.faults = append(s.faults, i)
	return i
}

// Remove disarms the fault. Calls that it stalls stay stalled.
func (i *Injection) Remove() {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	i.server.faults = slices.DeleteFunc(i.server.faults, func(other *Injection) bool { return other == i })
}

// Hits is the number of calls that the fault has hit.
func (i *Injection) Hits() int {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	return i.hits
}

// FailNext answers the next call of that kind with r.
func (s *Server) FailNext(op Op, r Response) *Injection {
	return s.Inject(Fault{On: op, Answer: &r})
}

// LoseNextAnswer lets the next call of that kind succeed and breaks the
// connection before the answer.
func (s *Server) LoseNextAnswer(op Op) *Injection {
	return s.Inject(Fault{On: op, LoseAnswer: true})
}

// StallNext holds the next call of that kind back until release is called
// (which may be called more than once). arrived is closed when it has come.
func (s *Server) StallNext(op Op) (arrived <-chan struct{}, release func()) {
	gate := make(chan struct{})
	return s.Inject(Fault{On: op, Stall: gate}).arrived, sync.OnceFunc(func() { close(gate) })
}

// OnBeforeRead runs f before every read is handled, until the injection is
// removed.
func (s *Server) OnBeforeRead(f func(*Spreadsheet)) *Injection {
	return s.Inject(Fault{On: Read, Times: -1, Before: f})
}

// OnAfterRead runs f after every read was handled and before it is answered.
func (s *Server) OnAfterRead(f func(*Spreadsheet)) *Injection {
	return s.Inject(Fault{On: Read, Times: -1, After: f})
}

// OnBeforeWrite runs f before every write is handled.
func (s *Server) OnBeforeWrite(f func(*Spreadsheet)) *Injection {
	return s.Inject(Fault{On: Write, Times: -1, Before: f})
}

// OnAfterWrite runs f after every write was handled and before it is answered.
func (s *Server) OnAfterWrite(f func(*Spreadsheet)) *Injection {
	return s.Inject(Fault{On: Write, Times: -1, After: f})
}

// take returns the faults that hit a call and counts them.
func (s *Server) take(call Call) []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var hit []Fault
	s.faults = slices.DeleteFunc(s.faults, func(i *Injection) bool {
		f := i.fault
		if (f.On != Any && f.On != call.Op) || (f.Match != nil && !f.Match(call)) {
			return false
		}
		i.seen++
		if i.seen <= f.Skip {
			return false
		}
		if i.hits++; i.hits == 1 {
			close(i.arrived)
		}
		hit = append(hit, f)
		return f.Times >= 0 && i.hits >= max(f.Times, 1)
	})
	return hit
}

// withFaults handles a call among its faults. sent is false if the client is
// not to see the response; its status is 0 if the call was not handled.
func (s *Server) withFaults(ctx context.Context, req *request, faults []Fault) (response Response, sent bool) {
	sp := s.Spreadsheet(req.id)
	for _, f := range faults {
		if f.Before != nil && sp != nil {
			f.Before(sp)
		}
	}
	var canned *Response
	for _, f := range faults {
		if !wait(ctx, f.Stall) || f.LoseRequest {
			return Response{}, false
		}
		if canned == nil {
			canned = f.Answer
		}
	}
	if canned != nil {
		response = *canned
	} else {
		response = s.answer(req)
	}
	sent = true
	for _, f := range faults {
		if f.After != nil && sp != nil {
			f.After(sp)
		}
	}
	for _, f := range faults {
		sent = wait(ctx, f.StallAnswer) && sent && !f.LoseAnswer
	}
	return response, sent
}

// wait returns false if the client went away first. A nil gate is open.
func wait(ctx context.Context, gate <-chan struct{}) bool {
	if gate == nil {
		return true
	}
	select {
	case <-gate:
		return true
	case <-ctx.Done():
		return false
	}
}
