package sheets

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"k8s.io/utils/clock"
)

// maxBody is the service's limit of one request.
const maxBody = 10 << 20

// Server answers Sheets v4 requests about its spreadsheets. It is an
// http.Handler for httptest or a listener of one's own.
type Server struct {
	clock clock.PassiveClock

	// mu is never taken while a spreadsheet's own lock is held.
	mu           sync.Mutex
	spreadsheets map[string]*Spreadsheet
	watchers     []func(Change)
	calls        []*Call
	seq          int
	stats        Stats
	quota        limiter
	faults       []*Injection
}

// NewServer returns a server without spreadsheets or quota. Its clock stamps
// the logs and fills the quota again.
func NewServer(clock clock.PassiveClock) *Server {
	return &Server{clock: clock, spreadsheets: map[string]*Spreadsheet{}}
}

// Add puts a spreadsheet under an ID, in the place of one that had it, and
// returns it.
func (s *Server) Add(id string, sp *Spreadsheet) *Spreadsheet {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp.mu.Lock()
	defer sp.mu.Unlock()
	sp.id, sp.clock = id, s.clock
	sp.watchers = append(sp.watchers, s.watchers...)
	s.spreadsheets[id] = sp
	return sp
}

// Remove deletes a spreadsheet: requests for it are answered with 404.
func (s *Server) Remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.spreadsheets, id)
}

// Spreadsheet returns the spreadsheet with that ID, nil if there is none.
func (s *Server) Spreadsheet(id string) *Spreadsheet {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spreadsheets[id]
}

// OnChange calls f after every change of every spreadsheet that is here or is
// added later; see [Spreadsheet.OnChange].
func (s *Server) OnChange(f func(Change)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers = append(s.watchers, f)
	for _, sp := range s.spreadsheets {
		sp.OnChange(f)
	}
}

// ServeHTTP reads the request to its end before anything else: only then does
// net/http notice that a stalled client has gone away.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		// Too long, or a client that went away while sending.
		send(w, invalidArgument("Request payload size exceeds the limit: %d bytes.", maxBody).response())
		return
	}
	req, refusal := route(r, body)
	if req == nil {
		send(w, *refusal)
		return
	}
	call := s.begin(req)
	faults := s.take(*call)
	response, sent := s.withFaults(r.Context(), req, faults)
	s.finish(call, response.Status, sent)
	if sent {
		send(w, response)
		return
	}
	if req.op == Read && response.Status != 0 {
		loseHalf(w, response)
	}
	// The only way to break off an answer: net/http closes the connection.
	panic(http.ErrAbortHandler)
}

// answer handles a request as the service does.
func (s *Server) answer(req *request) Response {
	result, err := s.handle(req)
	if err == nil {
		var body []byte
		if body, err = req.fields.render(result); err == nil {
			return Response{Status: http.StatusOK, Body: string(body)}
		}
	}
	var refused *apiError
	if errors.As(err, &refused) {
		return refused.response()
	}
	var limited *limitedError
	if errors.As(err, &limited) {
		return limited.response
	}
	return newError(http.StatusInternalServerError, "INTERNAL", "backendError", "emulator: "+err.Error()).response()
}

// handle checks in the service's order: quota, arguments, existence,
// permission, then the ranges.
func (s *Server) handle(req *request) (any, error) {
	if err := s.spend(req); err != nil {
		return nil, err
	}
	if req.invalid != nil {
		return nil, req.invalid
	}
	sp := s.Spreadsheet(req.id)
	if sp == nil {
		return nil, notFound()
	}
	var result any
	err := sp.edit(API, func() (err error) {
		if sp.access == NotShared || (sp.access == Reader && req.op == Write) {
			return permissionDenied()
		}
		result, err = req.run(sp)
		return err
	})
	s.countCells(req.cells)
	return result, err
}

func send(w http.ResponseWriter, r Response) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	for name, values := range r.Header {
		w.Header()[name] = slices.Clone(values)
	}
	w.WriteHeader(r.Status)
	_, _ = io.WriteString(w, r.Body) // the client may have gone away
}

// loseHalf sends the beginning of an answer. Without it Go's transport would
// see a connection that broke before the first byte and repeat a GET by itself.
func loseHalf(w http.ResponseWriter, r Response) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(r.Body)))
	w.WriteHeader(r.Status)
	_, _ = io.WriteString(w, r.Body[:len(r.Body)/2])
	_ = http.NewResponseController(w).Flush()
}
