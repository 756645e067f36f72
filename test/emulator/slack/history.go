package slack

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// history is https://docs.slack.dev/reference/methods/conversations.history/:
// newest first, both bounds exclusive unless inclusive is set.
func (s *Server) history(t *token, c *call) *answer {
	if refusal := requireAny(t, "channels:history", "groups:history", "mpim:history", "im:history"); refusal != nil {
		return refusal
	}
	in, known := s.state.channels[c.args["channel"]]
	if !known || !in.visible() {
		return fail("channel_not_found")
	}
	if refusal := requireAny(t, in.kind()+":history"); refusal != nil {
		return refusal
	}
	if in.NotMember {
		return fail("not_in_channel")
	}
	page, refusal := s.page(c)
	if refusal != nil {
		return refusal
	}
	messages, next := page.of(in.messages, c.flag("include_all_metadata"))
	body := map[string]any{"messages": messages, "has_more": next != "", "pin_count": 0}
	if next != "" {
		body["response_metadata"] = map[string]any{"next_cursor": next}
	}
	return succeed(body)
}

// page is the part of a channel that one call asks for, in microseconds; both
// bounds belong to it.
type page struct {
	oldest, latest int64
	size           int
}

func (s *Server) page(c *call) (page, *answer) {
	p := page{oldest: 0, latest: math.MaxInt64, size: 100}
	if limit := c.args["limit"]; limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 || n > 999 {
			return p, fail("invalid_limit")
		}
		p.size = n
	}
	p.size = min(p.size, s.state.pageSize)
	edge := int64(1)
	if c.flag("inclusive") {
		edge = 0
	}
	if raw := c.args["oldest"]; raw != "" {
		ts, err := parseTS(raw)
		if err != nil {
			return p, fail("invalid_ts_oldest")
		}
		p.oldest = ts + edge
	}
	if raw := c.args["latest"]; raw != "" {
		ts, err := parseTS(raw)
		if err != nil {
			return p, fail("invalid_ts_latest")
		}
		p.latest = ts - edge
	}
	if raw := c.args["cursor"]; raw != "" {
		from, err := parseCursor(raw)
		if err != nil {
			return p, fail("invalid_cursor")
		}
		p.latest = min(p.latest, from)
	}
	return p, nil
}

// of cuts the page out of a channel's messages and gives the cursor of the
// next one, empty at the end.
func (p page) of(messages []*Message, withMetadata bool) (found []map[string]any, next string) {
	found = []map[string]any{}
	for i := len(messages) - 1; i >= 0; i-- {
		ts := messages[i].micros()
		if ts < p.oldest || ts > p.latest {
			continue
		}
		if len(found) == p.size {
			return found, formatCursor(ts)
		}
		found = append(found, messages[i].wire(withMetadata))
	}
	return found, ""
}

const cursorPrefix = "next_ts:"

func formatCursor(micros int64) string {
	return base64.StdEncoding.EncodeToString([]byte(cursorPrefix + strconv.FormatInt(micros, 10)))
}

func parseCursor(raw string) (int64, error) {
	text, err := base64.StdEncoding.DecodeString(raw)
	if err != nil {
		return 0, err
	}
	digits, ok := strings.CutPrefix(string(text), cursorPrefix)
	if !ok {
		return 0, fmt.Errorf("cursor %q was not made by this server", raw)
	}
	return strconv.ParseInt(digits, 10, 64)
}

// formatTS writes microseconds since 1970 as Slack's ts, "1512085950.000216".
func formatTS(micros int64) string {
	return fmt.Sprintf("%d.%06d", micros/1_000_000, micros%1_000_000)
}

// parseTS reads a ts. Whole seconds and fewer than six decimals are allowed
// too, as they are for oldest and latest.
func parseTS(ts string) (int64, error) {
	seconds, decimals, _ := strings.Cut(ts, ".")
	if len(decimals) > 6 {
		return 0, fmt.Errorf("ts %q has more than six decimals", ts)
	}
	digits := seconds + decimals + strings.Repeat("0", 6-len(decimals))
	micros, err := strconv.ParseUint(digits, 10, 63)
	return int64(micros), err
}
