package slack

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
)

// User is a member of the workspace. A user that was never added is unknown.
type User struct {
	ID       string // U… or W…
	Name     string // the handle, without @
	RealName string
	// Bot users cannot be sent direct messages (cannot_dm_bot).
	Bot bool
	// Disabled is a deactivated account: conversations.open answers
	// user_disabled. Posting to a channel opened before, or to the user ID,
	// still succeeds and nobody reads it, as in Slack.
	// https://github.com/slackapi/python-slack-sdk/issues/1156
	Disabled bool
	// Hidden answers user_not_visible.
	Hidden bool
}

// Channel is a public or private channel. Direct message channels come into
// being by conversations.open or by posting to a user.
type Channel struct {
	ID       string // C… or G…
	Name     string // without #
	Private  bool   // not visible to the bot unless it is a member
	Archived bool
	// NotMember: the bot was not invited.
	NotMember bool
}

// channel is a conversation of any kind with its messages.
type channel struct {
	Channel
	user     string   // the other person of a direct message
	members  []string // the others of a group direct message
	messages []*Message
	lastTS   int64 // microseconds
}

func (c *channel) isIM() bool   { return c.user != "" }
func (c *channel) isMPIM() bool { return len(c.members) > 0 }

// kind is the word that the scopes of this kind of conversation begin with.
func (c *channel) kind() string {
	switch {
	case c.isIM():
		return "im"
	case c.isMPIM():
		return "mpim"
	case c.Private:
		return "groups"
	default:
		return "channels"
	}
}

// visible is false for a private channel without the bot in it: Slack answers
// channel_not_found there, so as not to tell that it exists.
func (c *channel) visible() bool { return !c.Private || !c.NotMember }

// AddUser adds a user or replaces the one with the same ID.
func (s *Server) AddUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.users[u.ID] = u
}

// DisableUser deactivates the account of a user, adding it if it is unknown.
func (s *Server) DisableUser(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.state.users[id]
	u.ID, u.Disabled = id, true
	s.state.users[id] = u
}

// AddChannel adds a channel, or changes the one with the same ID and keeps its
// messages. A G… channel is private always.
func (s *Server) AddChannel(c Channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Private = c.Private || strings.HasPrefix(c.ID, "G")
	if old, known := s.state.channels[c.ID]; known {
		old.Channel = c
		return
	}
	s.state.channels[c.ID] = &channel{Channel: c}
}

// DM is the ID of the direct message channel with a user, whether it was
// opened yet or not. It cannot be guessed from the user ID, so that a client
// that makes one up is found out.
func DM(user string) string { return conversationID("D", user) }

func conversationID(prefix string, users ...string) string {
	users = slices.Sorted(slices.Values(users))
	sum := sha256.Sum256([]byte(TeamID + strings.Join(users, ",")))
	return prefix + "0" + base32.StdEncoding.EncodeToString(sum[:])[:9]
}

// openDM returns the direct message channel with a user, made if need be, and
// whether it was there before.
func (s *Server) openDM(user string) (*channel, bool) {
	id := DM(user)
	c, known := s.state.channels[id]
	if !known {
		c = &channel{Channel: Channel{ID: id, Private: true}, user: user}
		s.state.channels[id] = c
	}
	return c, known
}

// reach finds a user for a direct message, or the error code.
func (s *Server) reach(id string) (User, string) {
	u, known := s.state.users[id]
	switch {
	case !known:
		return u, "user_not_found"
	case u.Hidden:
		return u, "user_not_visible"
	case u.Bot:
		return u, "cannot_dm_bot"
	case u.Disabled:
		return u, "user_disabled"
	}
	return u, ""
}

func isUserID(id string) bool {
	return strings.HasPrefix(id, "U") || strings.HasPrefix(id, "W")
}
