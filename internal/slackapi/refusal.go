package slackapi

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/keylease/keylease/internal/failure"
)

// refusalFor is how long a refusal stands where nothing shows its end.
const refusalFor = time.Hour

// refusal is why Slack last refused to do something for the token. auth.test needs no scope and no right: it is answered
// with ok, and would have everybody try in vain and be refused again at every sync.
type refusal struct {
	mu  sync.Mutex
	err *failure.Error
	at  time.Time
	// scopes that the token had, where Slack said so.
	scopes []string
}

// note what a method answered. A token that is bad altogether is what auth.test itself tells, and tells the end of.
func (r *refusal) note(e *failure.Error, answer error, now time.Time) {
	switch e.Code {
	case "missing_scope", "no_permission", "not_allowed_token_type", "access_denied", "ekm_access_denied":
	default:
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err, r.at, r.scopes = e, now, nil
	var said slack.SlackErrorResponse
	if errors.As(answer, &said) && said.Err == "missing_scope" {
		r.scopes = scopesOf(said.Provided)
	}
}

// end: Slack took a message.
func (r *refusal) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = nil
}

// stands gives the refusal as long as nothing has changed: the token's scopes are what they were, or, where they tell
// nothing, an hour has not passed. nil: it is worth another attempt.
func (r *refusal) stands(scopes string, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		return nil
	}
	stands := now.Sub(r.at) < refusalFor
	if has := scopesOf(scopes); len(has) > 0 && len(r.scopes) > 0 {
		stands = slices.Equal(has, r.scopes)
	}
	if !stands {
		r.err = nil
		return nil
	}
	return r.err
}

// scopesOf a list as Slack writes it, sorted.
func scopesOf(list string) []string {
	return slices.Sorted(strings.FieldsFuncSeq(list, func(c rune) bool { return c == ',' || c == ' ' }))
}
