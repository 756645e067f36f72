package slack

import (
	"slices"
	"strings"
)

// BotScopes are the scopes with which every method of the emulator works. It
// holds neither chat:write.public nor mpim:write.
func BotScopes() []string {
	return []string{
		"chat:write", "im:write", "im:read", "im:history",
		"channels:read", "channels:history", "groups:read", "groups:history",
		"users:read",
	}
}

// token is what the server knows about one token.
type token struct {
	scopes []string
	// dead is the error that every call gets: token_revoked, account_inactive…
	dead string
}

func (t *token) has(scope string) bool { return slices.Contains(t.scopes, scope) }

// AddToken makes a token valid with exactly these scopes (xoxb-… for a bot,
// xoxp-… for a user), or changes the scopes of one that is known.
func (s *Server) AddToken(value string, scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.tokens[value] = &token{scopes: slices.Clone(scopes)}
}

// RevokeToken makes every call with a token fail with token_revoked.
func (s *Server) RevokeToken(value string) { s.BreakToken(value, "token_revoked") }

// BreakToken makes every call with a token fail with an error code such as
// account_inactive, token_expired or ekm_access_denied, until AddToken.
func (s *Server) BreakToken(value, code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.tokens[value] = &token{dead: code}
}

// authenticate finds the token of a call, or the answer that refuses it.
func (s *Server) authenticate(c *call) (*token, *answer) {
	if c.token == "" {
		return nil, fail("not_authed")
	}
	t, known := s.state.tokens[c.token]
	switch {
	case !known:
		return nil, fail("invalid_auth")
	case t.dead != "":
		return nil, fail(t.dead)
	case strings.HasPrefix(c.token, "xapp-"):
		// App-level tokens open sockets and nothing else.
		return nil, fail("not_allowed_token_type")
	}
	return t, nil
}

// requireAny refuses a call whose token has none of the scopes.
func requireAny(t *token, scopes ...string) *answer {
	if slices.ContainsFunc(scopes, t.has) {
		return nil
	}
	a := fail("missing_scope")
	a.body["needed"] = strings.Join(scopes, ",")
	a.body["provided"] = strings.Join(t.scopes, ",")
	return a
}
