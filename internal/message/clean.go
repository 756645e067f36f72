package message

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// slackUserIDPattern: U… or W…, capitals and digits (https://docs.slack.dev/reference/objects/user-object/).
var slackUserIDPattern = regexp.MustCompile(`^[UW][A-Z0-9]{2,31}$`)

// clean makes a value of the sheet fit to be shown: one line, at most limit UTF-16 units, without control characters
// and without format characters, among them those that turn the direction of the text that follows (a purpose could
// otherwise make the date after it read backwards).
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || r == '\u2028' || r == '\u2029':
			return ' '
		case r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs):
			return -1
		}
		return r
	}, s)
	return shorten(strings.Join(strings.Fields(s), " "), limit)
}

// shorten cuts s to limit UTF-16 units, the last of them an ellipsis where something was cut.
func shorten(s string, limit int) string {
	if units(s) <= limit {
		return s
	}
	used := 0
	for i, r := range s {
		if used += runeUnits(r); used > limit-1 {
			return strings.TrimRight(s[:i], " \n") + "…"
		}
	}
	return s
}

// units is the length of s in UTF-16 units.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += runeUnits(r)
	}
	return n
}

func runeUnits(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// escape is Slack's own escaping, of the three characters that begin or end its control sequences
// (https://docs.slack.dev/messaging/formatting-message-text/#escaping).
func escape(s string) string { return escaper.Replace(s) }

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// inert makes text that Slack reads as mrkdwn show as it is. Escaping alone is not enough: marks of bold, italics,
// strike and code are replaced by their full-width forms, and an invisible word joiner behind the other characters
// keeps bare addresses, host names, @here, #channels and :emoji: from being recognized.
func inert(s string) string { return inertReplacer.Replace(s) }

var inertReplacer = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;",
	"*", "＊", "_", "＿", "~", "～", "`", "｀",
	":", ":\u2060", ".", ".\u2060", "/", "/\u2060", "@", "@\u2060", "#", "#\u2060",
)

// linkTarget gives the address as it may stand in <…|label>, or "" where it is not a web address of a sheet: https,
// with a host, and none of the characters that would end the link.
func linkTarget(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(address) > 1000 {
		return ""
	}
	if strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("<>|\"`\\", r) }) {
		return ""
	}
	return strings.ReplaceAll(address, "&", "&amp;")
}
