package play

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keylease/keylease/test/emulator/slack"
)

var _ = register(map[string]func(*World, []string) error{
	"slack":         slackFails,
	"slack-token":   slackToken,
	"slack-user":    slackUser,
	"slack-archive": slackArchive,
})

// RecipientCodes are what Slack says of one recipient alone.
var RecipientCodes = []string{
	"channel_not_found", "not_in_channel", "is_archived", "restricted_action", "user_not_found", "user_disabled", "user_not_visible", "cannot_dm_bot",
}

// who is a person or a channel: the number of an owner, "admin1", or an ID.
func who(arg string) string {
	if n, err := strconv.Atoi(arg); err == nil {
		return Owner(n)
	}
	if i, ok := strings.CutPrefix(arg, "admin"); ok {
		if n, err := strconv.Atoi(i); err == nil && n >= 1 && n <= len(Admins) {
			return Admins[n-1]
		}
	}
	return arg
}

// slackEffect of "drop" (nothing was done), "lost" (it was done), "503", "429:30" (with Retry-After), an error code, or
// "did:" and a code, which is answered although it was done.
func slackEffect(text string) (slack.Effect, error) {
	if code, ok := strings.CutPrefix(text, "did:"); ok {
		return slack.FailAnswer(code), nil
	}
	code, after, err := splitTime(text)
	switch {
	case err != nil:
		return slack.Effect{}, err
	case code == "drop":
		return slack.Drop(), nil
	case code == "lost":
		return slack.DropAnswer(), nil
	case code == "429":
		return slack.RateLimit(max(after, time.Second)), nil
	}
	if status, isCode := strconv.Atoi(code); isCode == nil {
		return slack.FailStatus(status), nil
	}
	return slack.FailWith(code), nil
}

// slackFails METHOD EFFECT HOW [TO]: some of the next calls of one method, or any, fail. HOW: see howLong.
func slackFails(w *World, args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("want a method, an effect and how long")
	}
	effect, err := slackEffect(args[1])
	if err != nil {
		return err
	}
	to := ""
	if len(args) > 3 {
		to = who(args[3])
	}
	name := "slack " + strings.Join(args, " ")
	if !keepsFrom(args[0], args[1], to) {
		return w.faulty(args[2], name, func(times int) func() {
			return w.Slack.Inject(times, slackMatch(args[0], to), effect).Remove
		})
	}
	return w.faulty(args[2], name, func(times int) func() { return w.refusing(times, slackMatch(args[0], to), effect, to) })
}

// keepsFrom tells whether an effect means that somebody can not be told. What fails for one recipient, and is nothing of
// their own, is to be tried again.
func keepsFrom(method, effect, to string) bool {
	tells := slices.Contains([]string{"any", "chat.postMessage", "conversations.open"}, method)
	return tells && (to == "" || slices.Contains(RecipientCodes, effect))
}

func slackMatch(method, to string) slack.Match {
	return func(c slack.Call) bool {
		return (method == "any" || c.Method == method) && (to == "" || c.User == to || c.Channel == to)
	}
}

// refusing is a fault that is noted for as long as it lasts: until it was met so many times, or is taken out.
func (w *World) refusing(times int, match slack.Match, effect slack.Effect, to string) (remove func()) {
	w.unreach(to)
	over, left := false, times
	end := func() {
		if !over {
			over = true
			w.reach(to)
		}
	}
	fault := w.Slack.Inject(times, func(c slack.Call) bool {
		if !match(c) {
			return false
		}
		if left--; left == 0 {
			end()
		}
		return true
	}, effect)
	return func() { fault.Remove(); end() }
}

// slackToken CODE SECONDS: every call with the token is refused. The code "scope:chat:write" takes that scope from it.
func slackToken(w *World, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want a code and seconds")
	}
	err := w.mended(args[1], "slack-token "+args[0], func() error {
		w.Slack.AddToken(slack.BotToken, slack.BotScopes()...)
		w.reach("")
		return nil
	})
	if err != nil {
		return err
	}
	if scope, ok := strings.CutPrefix(args[0], "scope:"); ok {
		w.Slack.AddToken(slack.BotToken, slices.DeleteFunc(slack.BotScopes(), func(s string) bool { return s == scope })...)
	} else {
		w.Slack.BreakToken(slack.BotToken, args[0])
	}
	w.unreach("")
	return nil
}

// slackUser WHO disabled|hidden|bot|there SECONDS: the person's account is another one.
func slackUser(w *World, args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("want who, what and seconds")
	}
	id := who(args[0])
	u := slack.User{ID: id, Name: id}
	switch args[1] {
	case "disabled":
		u.Disabled = true
	case "hidden":
		u.Hidden = true
	case "bot":
		u.Bot = true
	default:
		return fmt.Errorf("want disabled, hidden or bot")
	}
	err := w.mended(args[2], "slack-user "+id, func() error {
		w.Slack.AddUser(slack.User{ID: id, Name: id})
		w.reach(id)
		return nil
	})
	if err != nil {
		return err
	}
	w.Slack.AddUser(u)
	w.unreach(id)
	return nil
}

// slackArchive CHANNEL SECONDS: a channel of the admins is archived.
func slackArchive(w *World, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want a channel and seconds")
	}
	err := w.mended(args[1], "slack-archive "+args[0], func() error {
		w.Slack.AddChannel(slack.Channel{ID: args[0], Name: "keys"})
		w.reach(args[0])
		return nil
	})
	if err != nil {
		return err
	}
	w.Slack.AddChannel(slack.Channel{ID: args[0], Name: "keys", Archived: true})
	w.unreach(args[0])
	return nil
}
