package slack

import (
	"context"
	"net/http"
	"strings"
)

// method does the work of one Web API method. s.mu is held.
type method func(s *Server, t *token, c *call) *answer

var methods = map[string]method{
	"auth.test":             (*Server).authTest,
	"chat.postMessage":      (*Server).postMessage,
	"chat.update":           (*Server).updateMessage,
	"conversations.history": (*Server).history,
	"conversations.info":    (*Server).conversationInfo,
	"conversations.open":    (*Server).openConversation,
	"users.info":            (*Server).userInfo,
}

// ServeHTTP answers /api/<method>.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, "/api/")
	if !ok {
		http.NotFound(w, r)
		return
	}
	c, refusal := decode(r, name)
	s.mu.Lock()
	s.state.calls[name]++
	effect := s.nextFault(c)
	s.mu.Unlock()

	if effect == nil {
		s.perform(c, refusal).write(w)
		return
	}
	var a *answer
	if effect.Perform {
		a = s.perform(c, refusal)
	}
	if effect.Hold != nil && !s.hold(r.Context(), effect.Hold) {
		panic(http.ErrAbortHandler) // nobody waits for the answer any more
	}
	switch {
	case effect.Drop:
		panic(http.ErrAbortHandler) // the way to close a connection without an answer
	case effect.RetryAfter > 0:
		a = rateLimited(effect.RetryAfter)
	case effect.Status != 0:
		page5xx(w, effect.Status)
		return
	case effect.Error != "":
		a = fail(effect.Error)
	case a == nil:
		a = s.perform(c, refusal)
	}
	a.write(w)
}

// hold waits until release is closed; false if the client or the server went
// away before.
func (s *Server) hold(ctx context.Context, release <-chan struct{}) bool {
	select {
	case <-release:
		return true
	case <-ctx.Done():
		return false
	case <-s.done:
		return false
	}
}

// perform does a call's work and tells the listeners what came of it.
func (s *Server) perform(c *call, refusal *answer) *answer {
	a, listeners := s.performLocked(c, refusal)
	a.warn(c.warnings)
	if a.stored != nil {
		for _, listener := range listeners {
			listener(a.stored.clone())
		}
	}
	return a
}

func (s *Server) performLocked(c *call, refusal *answer) (*answer, []func(Message)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refusal != nil {
		return refusal, nil
	}
	do, known := methods[c.method]
	if !known {
		a := fail("unknown_method")
		a.body["req_method"] = c.method
		return a, nil
	}
	t, refusal := s.authenticate(c)
	if refusal != nil {
		return refusal, nil
	}
	if limited := s.state.limiter.method(c.method, c.token, s.options.Clock.Now()); limited != nil {
		return limited, nil
	}
	a := do(s, t, c)
	if a.stored != nil {
		stored := a.stored.clone()
		a.stored = &stored // a later update must not change what listeners get
	}
	a.header.Set("X-OAuth-Scopes", strings.Join(t.scopes, ","))
	return a, s.listeners
}
