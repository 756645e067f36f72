package controllers

import (
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/runtime"
)

const (
	// longestEvent in bytes: the API server refuses an Event of more than 1024, and it is lost. A Japanese letter has three.
	longestEvent = 1024
	// longestCondition in bytes; the API server takes more, people do not read it.
	longestCondition = 4096
)

// tellEvent records an Event about an object.
func (d *Deps) tellEvent(about runtime.Object, kind, reason, action, message string) {
	d.Events.Eventf(about, nil, kind, reason, action, "%s", cut(message, longestEvent))
}

// cut shortens s to that many bytes, "…" standing for what is missing.
func cut(s string, bytes int) string {
	if len(s) <= bytes {
		return s
	}
	const more = "…"
	end := bytes - len(more)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + more
}
