package slack_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/test/emulator/slack"
)

func section(text string) string {
	return fmt.Sprintf(`{"type":"section","text":{"type":"mrkdwn","text":%q}}`, text)
}

func list(item string, n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
}

func TestTextIsJudged(t *testing.T) {
	w := newWorkspace(t)
	for name, test := range map[string]struct{ text, code string }{
		"none":                 {"", "no_text"},
		"blanks":               {" \n", "no_text"},
		"40,001 characters":    {strings.Repeat("鍵", 40_001), "msg_too_long"},
		"as many as there may": {strings.Repeat("鍵", 40_000), ""},
	} {
		t.Run(name, func(t *testing.T) {
			expectOutcome(t, w.form("chat.postMessage", "channel", "C0OPS", "text", test.text), test.code)
		})
	}
}

func TestBlocksAreJudged(t *testing.T) {
	w := newWorkspace(t)
	field := `{"type":"plain_text","text":"` + strings.Repeat("f", 2000) + `"}`
	short := `{"type":"plain_text","text":"x"}`
	for name, test := range map[string]struct{ blocks, code string }{
		"a section of 3,000":           {"[" + section(strings.Repeat("鍵", 3000)) + "]", ""},
		"a section of 3,001":           {"[" + section(strings.Repeat("鍵", 3001)) + "]", "invalid_blocks"},
		"a section with nothing":       {`[{"type":"section"}]`, "invalid_blocks"},
		"a section of blanks":          {"[" + section(" ") + "]", "invalid_blocks"},
		"five sections of 2,700":       {list(section(strings.Repeat("x", 2700)), 5), "msg_blocks_too_long"},
		"ten fields":                   {`[{"type":"section","fields":` + list(short, 10) + `}]`, ""},
		"eleven fields":                {`[{"type":"section","fields":` + list(short, 11) + `}]`, "invalid_blocks"},
		"a field of 2,000":             {`[{"type":"section","fields":[` + field + `]}]`, ""},
		"a field of 2,001":             {`[{"type":"section","fields":[` + strings.Replace(field, "ff", "fff", 1) + `]}]`, "invalid_blocks"},
		"a header":                     {`[{"type":"header","text":` + short + `}]`, ""},
		"a header of 151":              {`[{"type":"header","text":{"type":"plain_text","text":"` + strings.Repeat("h", 151) + `"}}]`, "invalid_blocks"},
		"a header of mrkdwn":           {`[{"type":"header","text":{"type":"mrkdwn","text":"h"}}]`, "invalid_blocks"},
		"a header without text":        {`[{"type":"header"}]`, "invalid_blocks"},
		"a context of ten":             {`[{"type":"context","elements":` + list(short, 10) + `}]`, ""},
		"a context of eleven":          {`[{"type":"context","elements":` + list(short, 11) + `}]`, "invalid_blocks"},
		"a context of none":            {`[{"type":"context","elements":[]}]`, "invalid_blocks"},
		"a context with a button":      {`[{"type":"context","elements":[{"type":"button","text":` + short + `}]}]`, "invalid_blocks"},
		"fifty dividers":               {list(`{"type":"divider"}`, 50), ""},
		"fifty-one dividers":           {list(`{"type":"divider"}`, 51), "invalid_blocks"},
		"an unknown type":              {`[{"type":"banner"}]`, "invalid_blocks"},
		"a type not checked here":      {`[{"type":"rich_text","elements":[]}]`, "invalid_blocks"},
		"an unknown property":          {`[{"type":"divider","color":"red"}]`, "invalid_blocks"},
		"an unknown text type":         {`[{"type":"section","text":{"type":"html","text":"x"}}]`, "invalid_blocks"},
		"emoji in mrkdwn":              {`[{"type":"section","text":{"type":"mrkdwn","text":"x","emoji":true}}]`, "invalid_blocks"},
		"text that is a string":        {`[{"type":"section","text":"x"}]`, "invalid_blocks"},
		"a block that is a string":     {`["divider"]`, "invalid_blocks"},
		"the same block_id twice":      {list(`{"type":"divider","block_id":"a"}`, 2), "invalid_blocks"},
		"an image without description": {`[{"type":"image","image_url":"https://example.com/a.png"}]`, "invalid_blocks"},
		"a button":                     {`[{"type":"actions","elements":[{"type":"button","action_id":"extend","text":` + short + `}]}]`, ""},
		"two buttons of one action_id": {`[{"type":"actions","elements":` + list(`{"type":"button","action_id":"extend","text":`+short+`}`, 2) + `}]`, "invalid_blocks"},
		"an incomplete confirmation":   {`[{"type":"actions","elements":[{"type":"button","text":` + short + `,"confirm":{}}]}]`, "invalid_blocks"},
		"an object instead of a list":  {`{"blocks":[]}`, "invalid_blocks_format"},
		"broken JSON":                  {`[{`, "invalid_blocks_format"},
		"an empty list without text":   {`[]`, "no_text"},
	} {
		t.Run(name, func(t *testing.T) {
			expectOutcome(t, w.form("chat.postMessage", "channel", "C0OPS", "blocks", test.blocks), test.code)
		})
	}
}

func TestARefusedBlockIsPointedAt(t *testing.T) {
	w := newWorkspace(t)
	answer := w.form("chat.postMessage", "channel", "C0OPS", "blocks", `[{"type":"divider"},`+section(strings.Repeat("x", 3001))+`]`)
	want := map[string]any{"messages": []any{"[ERROR] must be less than 3001 characters [json-pointer:/blocks/1/text/text]"}}
	if diff := cmp.Diff(want, answer["response_metadata"]); diff != "" {
		t.Error(diff)
	}
}

func TestMetadataIsJudged(t *testing.T) {
	w := newWorkspace(t)
	for name, test := range map[string]struct{ metadata, code string }{
		"complete":               {`{"event_type":"notice","event_payload":{"lease":"a"}}`, ""},
		"an empty payload":       {`{"event_type":"notice","event_payload":{}}`, ""},
		"an empty object":        {`{}`, ""},
		"broken JSON":            {`{"event_type"`, "invalid_metadata_format"},
		"a list":                 {`[]`, "invalid_metadata_format"},
		"no payload":             {`{"event_type":"notice"}`, "invalid_metadata_schema"},
		"no type":                {`{"event_payload":{}}`, "invalid_metadata_schema"},
		"a payload that is null": {`{"event_type":"notice","event_payload":null}`, "invalid_metadata_schema"},
		"a payload that is text": {`{"event_type":"notice","event_payload":"x"}`, "invalid_metadata_schema"},
		"something else":         {`{"event_type":"notice","event_payload":{},"x":1}`, "invalid_metadata_schema"},
		"more than 16 KiB":       {`{"event_type":"notice","event_payload":{"x":"` + strings.Repeat("x", 16<<10) + `"}}`, "metadata_too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			expectOutcome(t, w.form("chat.postMessage", "channel", "C0OPS", "text", "x", "metadata", test.metadata), test.code)
		})
	}
}

func TestArgumentsThatWouldBeIgnoredAreRefused(t *testing.T) {
	w := newWorkspace(t)
	for _, name := range []string{"attachments", "thread_ts", "username", "icon_emoji"} {
		t.Run(name, func(t *testing.T) {
			expectCode(t, w.form("chat.postMessage", "channel", "C0OPS", "text", "x", name, "y"), "invalid_arguments")
		})
	}
}

func TestABotCannotPostAsAUser(t *testing.T) {
	w := newWorkspace(t)
	expectCode(t, w.form("chat.postMessage", "channel", "C0OPS", "text", "x", "as_user", "true"), "as_user_not_supported")
}

func TestAnUpdateHoldsLessTextThanAPost(t *testing.T) {
	w := newWorkspace(t)
	ts := w.post("C0OPS", "x")
	answer := w.form("chat.update", "channel", "C0OPS", "ts", ts, "text", strings.Repeat("x", 4001))
	expectCode(t, answer, "msg_too_long")
}

func TestAJSONBodyMayHoldBlocksAsBlocks(t *testing.T) {
	w := newWorkspace(t)
	body, err := json.Marshal(map[string]any{
		"channel": "C0OPS", "text": "fallback", "blocks": json.RawMessage("[" + section("body") + "]"),
		"metadata": map[string]any{"event_type": "notice", "event_payload": map[string]any{"n": 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	answer := w.send("chat.postMessage", "application/json", slack.BotToken, string(body))
	if answer["ok"] != true || answer["warning"] != "missing_charset" {
		t.Fatalf("got %v", answer)
	}
	m := w.Messages("C0OPS")[0]
	if m.PlainText() != "body" || m.Metadata.EventType != "notice" {
		t.Errorf("got %+v", m)
	}
}

// expectOutcome wants ok:true for an empty code.
func expectOutcome(t *testing.T, answer map[string]any, code string) {
	t.Helper()
	if code != "" {
		expectCode(t, answer, code)
	} else if answer["ok"] != true {
		t.Errorf("the answer is %v, want ok", answer)
	}
}
