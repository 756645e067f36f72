package slack

import (
	"encoding/json"
	"net/http"
	"strings"
)

// answer is what goes back: HTTP 200 with ok:false for nearly every error.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	// stored is the message that the call posted or changed.
	stored *Message
}

// succeed answers ok:true with these fields.
func succeed(fields map[string]any) *answer {
	if fields == nil {
		fields = map[string]any{}
	}
	fields["ok"] = true
	return &answer{status: http.StatusOK, header: http.Header{}, body: fields}
}

// fail answers ok:false with an error code; details go where slack-go reads
// them as ResponseMetadata.Messages.
func fail(code string, details ...string) *answer {
	body := map[string]any{"ok": false, "error": code}
	if len(details) > 0 {
		messages := make([]string, len(details))
		for i, d := range details {
			messages[i] = "[ERROR] " + d
		}
		body["response_metadata"] = map[string]any{"messages": messages}
	}
	return &answer{status: http.StatusOK, header: http.Header{}, body: body}
}

// warn adds warnings to a body, as Slack does in two places.
func (a *answer) warn(warnings []string) {
	if len(warnings) == 0 {
		return
	}
	a.body["warning"] = strings.Join(warnings, ",")
	metadata, _ := a.body["response_metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
	}
	metadata["warnings"] = warnings
	a.body["response_metadata"] = metadata
}

func (a *answer) write(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(a.body) // a client that has gone is not our error
}
