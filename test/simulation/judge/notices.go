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
	// deactivation and deletion as announced; zero: it says none.
	deactivation, deletion time.Time
}

// removal is the moment that was announced for one of the two; zero: none.
func (n notice) removal(deletes bool) time.Time {
	if deletes {
		return n.deletion
	}
	return n.deactivation
}

var (
	moment      = `(\d{4}-\d\d-\d\d \d\d:\d\d \S+)`
	deactivated = regexp.MustCompile(moment + ` 以降に無効化|stop working at or after ` + moment)
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
	n.deletion = momentOf(below(plain, "削除予定", "Deletion"))
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

var zones = map[string]string{"JST": "Asia/Tokyo", "UTC": "UTC"}

// momentOf "2026-12-09 15:00 JST"; zero: it is none, or in a zone whose name is not known here.
func momentOf(text string) time.Time {
	if len(text) < len("2006-01-02 15:04 ") {
		return time.Time{}
	}
	zone, err := time.LoadLocation(zones[text[len("2006-01-02 15:04 "):]])
	if err != nil || zones[text[len("2006-01-02 15:04 "):]] == "" {
		return time.Time{}
	}
	t, err := time.ParseInLocation("2006-01-02 15:04", text[:len("2006-01-02 15:04")], zone)
	if err != nil {
		return time.Time{}
	}
	return t
}
