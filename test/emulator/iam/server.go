package iam

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/utils/clock"
)

const (
	serviceIAM = "iam"
	serviceSTS = "sts"
)

// api is one of the services: the Query protocol tells them apart by version.
type api struct {
	service    string
	version    string
	namespace  string
	operations map[string]operation
}

// Options are the settings of a server; the zero value is ready for use.
type Options struct {
	// Clock gives creation dates and the age of changes. Default: the real one.
	Clock clock.PassiveClock
	// PageSize is the most that one answer of a list holds, 1 to 1000; a
	// smaller MaxItems wins. Default: 100, as IAM's.
	PageSize int
	// EmptyFirstPage makes every list begin with an empty page that says
	// IsTruncated: IAM "might return fewer results, even when there are more".
	EmptyFirstPage bool
	// Lag is how long reads go on showing a thing that was deleted, or an
	// access key as active that was deactivated; such a key also goes on
	// working. Default: 0, changes are seen at once.
	Lag time.Duration
}

// Server is the emulator. It is an http.Handler; Start also gives it an
// address. All methods may be used at any time from any goroutine.
type Server struct {
	options Options
	apis    []api

	mu          sync.Mutex
	accounts    map[string]*Account
	credentials map[string]credential // by access key ID
	keyOwners   map[string]*user      // by access key ID, deleted keys included
	faults      []*Injected
	hooks       Hooks
	calls       []Call
	arrived     int
	listeners   []func(Call)

	telling sync.Mutex // keeps listeners in the order of the log

	http     *http.Server
	listener net.Listener
}

// New makes a server without an address: serve it with net/http/httptest, or
// use Start.
func New(options Options) *Server {
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	if options.PageSize == 0 {
		options.PageSize = 100
	}
	return &Server{
		options: options,
		apis: []api{
			{serviceIAM, "2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/", iamOperations()},
			{serviceSTS, "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/", stsOperations()},
		},
		accounts:    map[string]*Account{},
		credentials: map[string]credential{},
		keyOwners:   map[string]*user{},
	}
}

// Start makes a server and listens on the address, "127.0.0.1:0" for any free
// port. Close ends it.
func Start(address string, options Options) (*Server, error) {
	s := New(options)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("IAM emulator: listen on %s: %w", address, err)
	}
	s.listener = listener
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic("IAM emulator: " + err.Error())
		}
	}()
	return s, nil
}

// URL is the endpoint of a started server, for IAM and STS alike.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Close releases stalled calls, drops all connections and stops listening.
func (s *Server) Close() error {
	s.ClearFaults()
	if s.http == nil {
		return nil
	}
	return s.http.Close()
}

// ServeHTTP answers one call of either service.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "use GET or POST", http.StatusMethodNotAllowed)
		return
	}
	_ = r.ParseForm() // what cannot be parsed is missing, and reported as such
	call := s.newCall(r.Form)
	service, found, failure := s.find(r.Form)
	call.Service = service.service
	var result any
	var lose, gone bool
	if failure == nil {
		var caller caller
		caller, failure = s.authenticate(r.Header, service.service)
		if failure == nil {
			call.AccountID, call.Principal, call.AccessKeyID = caller.account.id, caller.arn, caller.keyID
			req := &request{server: s, account: caller.account, caller: caller, form: r.Form, operation: found,
				action: call.Action, service: service.service}
			result, lose, gone, failure = s.carryOut(r, req, &call)
		}
	}
	if gone {
		call.Status, call.Lost = 0, true
		s.record(call)
		panic(http.ErrAbortHandler)
	}
	reply := s.reply(service, &call, result, failure)
	call.Lost = lose
	s.record(call) // before a hook ends the client: whoever waits for that must find the call in the log
	s.runHook(func(h Hooks) func(Call) { return h.After }, call)
	if lose {
		panic(http.ErrAbortHandler) // net/http closes the connection without an answer
	}
	reply.write(w)
}

// carryOut lets hooks and faults have the call before the operation has it.
func (s *Server) carryOut(r *http.Request, req *request, call *Call) (result any, lose, gone bool, failure *apiError) {
	s.runHook(func(h Hooks) func(Call) { return h.Before }, *call)
	if fault := s.faultFor(*call); fault != nil {
		if failure, gone = fault.apply(r.Context()); gone || failure != nil {
			return nil, fault.fault.LoseAnswer, gone, failure
		}
		lose = fault.fault.LoseAnswer
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	req.now = s.options.Clock.Now()
	result, err := req.run()
	return result, lose, false, asAPIError(err)
}

func asAPIError(err error) *apiError {
	if err == nil {
		return nil
	}
	if failure, ok := errors.AsType[*apiError](err); ok {
		return failure
	}
	return fail("InternalFailure", "%s", err.Error())
}

func (s *Server) reply(service api, call *Call, result any, failure *apiError) answer {
	if failure != nil {
		call.Status, call.Code = failure.status, failure.code
		return errorAnswer(service.namespace, call.RequestID, failure)
	}
	call.Status = http.StatusOK
	return successAnswer(service.namespace, call.Action, call.RequestID, result)
}

// find looks the action up; a service answers InvalidAction for the actions of
// another version, as AWS does.
func (s *Server) find(form url.Values) (api, operation, *apiError) {
	version, action := form.Get("Version"), form.Get("Action")
	service := s.apis[0]
	for _, candidate := range s.apis {
		if candidate.version == version {
			service = candidate
		}
	}
	if action == "" {
		return service, operation{}, fail("MissingAction", "The request must contain the parameter Action.")
	}
	found, ok := service.operations[action]
	if !ok || service.version != version {
		return service, operation{}, fail("InvalidAction", "Could not find operation %s for version %s", action, version)
	}
	return service, found, nil
}

func (s *Server) newCall(form url.Values) Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrived++
	call := Call{
		Number:    s.arrived,
		Time:      s.options.Clock.Now(),
		Action:    form.Get("Action"),
		Params:    map[string]string{},
		RequestID: string(uuid.NewUUID()),
	}
	for name, values := range form {
		if name != "Action" && name != "Version" && !secretParam(name) {
			call.Params[name] = strings.Join(values, ",")
		}
	}
	return call
}

func (s *Server) runHook(choose func(Hooks) func(Call), call Call) {
	s.mu.Lock()
	hook := choose(s.hooks)
	s.mu.Unlock()
	if hook != nil {
		hook(call)
	}
}
