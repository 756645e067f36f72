package judge

import (
	"regexp"
	"strings"
	"time"

	"github.com/keylease/keylease/test/simulation/ledger"
)

// notice is what a message about one key says, as its reader understands it.
type notice struct {
	headline string
	key      string
	end      day
	// days are the texts that say how many are left, in the headline and in the table.
	days []string
	// says: it names a moment of deletion, in whatever zone.
	says bool
	// deactivation and deletion as announced; zero: it says none, or in a zone that is not known here.
	deactivation, deletion time.Time
}

// removal is the moment that was announced for one of the two; zero: none. Where only the deletion was, the key works until
// then.
func (n notice) removal(deletes bool) time.Time {
	if deletes || n.deactivation.IsZero() {
		return n.deletion
	}
	return n.deactivation
}

var (
	moment      = `(\d{4}-\d\d-\d\d \d\d:\d\d \S+)`
	deactivated = regexp.MustCompile(moment + ` 以降に無効化|stop working at or after ` + moment)
	inHeadline  = regexp.MustCompile(`利用期限.*\((.*)\)$|AWS access key(?: is past its end date)?: (.*)$`)
	weekday     = regexp.MustCompile(`^(?:[A-Z][a-z]{2} )?(.*?)(?:\(.\))?$`)
)

// noticeOf reads a message about one key; false: it is none.
func noticeOf(p ledger.Post) (notice, bool) {
	plain := folded(p.Plain)
	headline, _, _ := strings.Cut(plain, "\n")
	n := notice{headline: headline, key: below(plain, "アクセスキーID", "Access key ID")}
	if n.key == "" {
		return notice{}, false
	}
	n.end, _ = readDate(weekday.FindStringSubmatch(below(plain, "利用終了日", "End date"))[1])
	deletion := below(plain, "削除予定", "Deletion")
	if days := below(plain, "残り日数", "Days left"); days != "" {
		n.days = append(n.days, days)
	}
	if m := inHeadline.FindStringSubmatch(headline); m != nil {
		n.days = append(n.days, m[1]+m[2])
	}
	n.says, n.deletion = deletion != "", momentOf(deletion)
	for _, m := range deactivated.FindAllStringSubmatch(plain, 1) {
		n.deactivation = momentOf(m[1] + m[2])
	}
	return n, true
}

// recipient is a person, or a channel's ID.
func recipient(p ledger.Post) string {
	if p.User != "" {
		return p.User
	}
	return p.Channel
}

// below is the line below a label.
func below(plain string, labels ...string) string {
	lines := strings.Split(plain, "\n")
	for i, line := range lines[:len(lines)-1] {
		for _, label := range labels {
			if line == label {
				return strings.TrimSpace(lines[i+1])
			}
		}
	}
	return ""
}

// zones by the names that messages give them, which stand for one offset each.
var zones = map[string]time.Duration{
	"JST": 9 * time.Hour, "UTC": 0, "GMT": 0, "BST": time.Hour, "CET": time.Hour, "CEST": 2 * time.Hour, "EST": -5 * time.Hour, "EDT": -4 * time.Hour,
	"PST": -8 * time.Hour, "PDT": -7 * time.Hour,
}

// momentOf "2026-12-09 15:00 JST"; zero: it is none, or in a zone whose name is not known here.
func momentOf(text string) time.Time {
	const layout = "2006-01-02 15:04"
	if len(text) <= len(layout) {
		return time.Time{}
	}
	offset, known := zones[text[len(layout)+1:]]
	t, err := time.Parse(layout, text[:len(layout)])
	if err != nil || !known {
		return time.Time{}
	}
	return t.Add(-offset)
}

// firstLine of a message is its headline.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
