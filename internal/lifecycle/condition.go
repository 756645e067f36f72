package lifecycle

import (
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// longestCondition in bytes; the API server takes more, people do not read it.
const longestCondition = 4096

// SetCondition of an object, at a moment of the injected clock. A condition that says the same stays as it is.
func SetCondition(all *[]metav1.Condition, now time.Time, generation int64, kind string, s metav1.ConditionStatus, reason, message string) {
	c := metav1.Condition{Type: kind, Status: s, Reason: reason, Message: Cut(message, longestCondition), ObservedGeneration: generation}
	if old := meta.FindStatusCondition(*all, kind); old == nil || old.Status != s {
		c.LastTransitionTime = metav1.NewTime(now.Truncate(time.Second))
	}
	meta.SetStatusCondition(all, c)
}

// Moment as the API can hold it; nil for never and for years that RFC 3339 cannot write.
func Moment(t time.Time) *metav1.Time {
	if t.IsZero() || t.Year() > 9998 {
		return nil
	}
	// In UTC and to the second, as it comes back from the API: otherwise it would differ at every reconcile.
	m := metav1.NewTime(t.UTC().Truncate(time.Second))
	return &m
}

// Cut shortens s to that many bytes, "…" standing for what is missing.
func Cut(s string, bytes int) string {
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
