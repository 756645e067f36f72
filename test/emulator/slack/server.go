package slack

import (
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"

	"k8s.io/utils/clock"
)

// The identities of the emulated workspace and app, as auth.test reports them.
const (
	TeamID    = "T0EMULATOR"
	BotUserID = "U0KEYLEASE"
	BotID     = "B0KEYLEASE"
	AppID     = "A0KEYLEASE"
	// BotToken is a bot token that every new or reset Server accepts, with
	// the scopes of BotScopes.
	BotToken = "xoxb-emulator"
)

// Options of a Server. The zero value is a strict server on the real clock.
type Options struct {
	// Clock gives message timestamps and the passing of rate limits;
	// nil is the real clock.
	Clock clock.PassiveClock
	// Limits are the rate limits; nil is DefaultLimits(), &Limits{} is none.
	Limits *Limits
	// PageSize is the most messages that one page of conversations.history
	// holds, whatever limit is asked for (Slack may always return fewer than
	// asked for); 0 is 10.
	PageSize int
	// Address to listen on, "host:port"; empty is a free port of 127.0.0.1.
	Address string
}

// Server is the emulator. It listens from New until Close, and it is an
// http.Handler too, for which NewHandler is enough. All methods are safe for concurrent use.
type Server struct {
	options Options
	http    *httptest.Server
	done    chan struct{}
	close   sync.Once

	mu        sync.Mutex
	state     state
	listeners []func(Message)
}

// state is everything that Reset throws away.
type state struct {
	tokens   map[string]*token
	users    map[string]User
	channels map[string]*channel
	calls    map[string]int
	faults   []*Injection
	limiter  *limiter
	pageSize int
	blockSeq int
	posted   []*Message // in order of arrival
}

// NewHandler makes a server that does not listen: only an http.Handler.
func NewHandler(options Options) *Server {
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	if options.Limits == nil {
		limits := DefaultLimits()
		options.Limits = &limits
	}
	if options.PageSize == 0 {
		options.PageSize = 10
	}
	s := &Server{options: options, done: make(chan struct{})}
	s.Reset()
	return s
}

// New starts a server. It panics if the address cannot be listened on, as
// httptest.NewServer does.
func New(options Options) *Server {
	s := NewHandler(options)
	s.http = httptest.NewUnstartedServer(s)
	if options.Address != "" {
		listener, err := net.Listen("tcp", options.Address)
		if err != nil {
			panic("slack emulator: cannot listen on " + options.Address + ": " + err.Error())
		}
		_ = s.http.Listener.Close()
		s.http.Listener = listener
	}
	s.http.Start()
	return s
}

// APIURL is the base for slack.OptionAPIURL and SLACK_API_URL, with the slash
// at the end that slack-go needs: "http://127.0.0.1:1234/api/".
func (s *Server) APIURL() string { return s.http.URL + "/api/" }

// Close releases every stalled call and stops the server.
func (s *Server) Close() {
	s.close.Do(func() {
		close(s.done)
		if s.http != nil {
			s.http.Close()
		}
	})
}

// Reset forgets messages, users, channels, faults, counters and tokens and
// puts the limits and page size of the Options back. OnMessage callbacks stay,
// and calls that are stalled stay stalled.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = state{
		tokens:   map[string]*token{BotToken: {scopes: BotScopes()}},
		users:    map[string]User{BotUserID: {ID: BotUserID, Name: "keylease", Bot: true}},
		channels: map[string]*channel{},
		calls:    map[string]int{},
		limiter:  newLimiter(*s.options.Limits),
		pageSize: s.options.PageSize,
	}
}

// SetPageSize changes the most messages that one page of history holds.
func (s *Server) SetPageSize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.pageSize = n
}

// OnMessage adds a callback that is called for each message stored and for
// each update of one (Message.Edited), before Slack's answer goes out and also
// when that answer is going to be lost. Callbacks of concurrent calls may run
// at the same time.
func (s *Server) OnMessage(callback func(Message)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, callback)
}

// Calls returns how often each method was called, refused and failed calls
// included.
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.state.calls)
}

// AllMessages returns every message in the order in which they were posted.
func (s *Server) AllMessages() []Message {
	return s.messagesWhere(func(*Message) bool { return true })
}

// Messages returns the messages of a channel (D…, C…, G…) or of the direct
// message channel of a user (U…, W…), oldest first.
func (s *Server) Messages(channelOrUser string) []Message {
	return s.messagesWhere(func(m *Message) bool {
		return m.Channel == channelOrUser || m.User != "" && m.User == channelOrUser
	})
}

func (s *Server) messagesWhere(keep func(*Message) bool) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Message
	for _, m := range s.state.posted {
		if keep(m) {
			out = append(out, m.clone())
		}
	}
	return out
}

var _ http.Handler = (*Server)(nil)
