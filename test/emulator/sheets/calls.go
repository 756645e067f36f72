package sheets

import (
	"slices"
	"time"
)

// Op is the kind of a request; reads and writes have separate quotas.
type Op int

const (
	// Any matches both kinds, in a [Fault].
	Any Op = iota
	// Read is a request that changes nothing.
	Read
	// Write is a request that changes cells.
	Write
)

// String returns "any", "read" or "write".
func (o Op) String() string { return [...]string{"any", "read", "write"}[o] }

// Call is one request that reached the API.
type Call struct {
	// Seq counts from 1.
	Seq  int
	Time time.Time
	Op   Op
	// Method is the API's name of it, such as "values.batchGet".
	Method        string
	SpreadsheetID string
	// Ranges are those asked for, as the client wrote them.
	Ranges []string
	// Status is the HTTP status of the answer; 0 while the call runs, and if the
	// connection was lost before it was handled.
	Status int
	// AnswerLost tells that the client never saw the status.
	AnswerLost bool
}

// Stats are counters since the start or the last ResetStats.
type Stats struct {
	// Reads and Writes are the requests that arrived, also those refused.
	Reads, Writes int
	// CellsWritten are the cells that accepted requests wrote, also those that
	// held the value already.
	CellsWritten int
}

// Stats returns the counters.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// ResetStats sets the counters to zero and empties the log of calls.
func (s *Server) ResetStats() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats, s.calls = Stats{}, nil
}

// Calls returns the log of requests, oldest first.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := make([]Call, len(s.calls))
	for i, c := range s.calls {
		calls[i] = *c
		calls[i].Ranges = slices.Clone(c.Ranges)
	}
	return calls
}

func (s *Server) begin(req *request) *Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
	if req.op == Write {
		s.stats.Writes++
	} else {
		s.stats.Reads++
	}
	call := &Call{Seq: s.seq, Time: s.clock.Now(), Op: req.op, Method: req.method,
		SpreadsheetID: req.id, Ranges: slices.Clone(req.ranges)}
	s.calls = append(s.calls, call)
	return call
}

func (s *Server) finish(call *Call, status int, sent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call.Status, call.AnswerLost = status, !sent
}

func (s *Server) countCells(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.CellsWritten += n
}
