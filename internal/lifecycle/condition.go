package lifecycle

import (
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// longestCondition in bytes. The API server accepts more, but people do not read it.
const longestCondition = 4096

// SetCondition sets a condition of an object, by the injected clock. An unchanged condition keeps its time.
func SetCondition(all *[]metav1.Condition, now time.Time, generation int64, kind string, s metav1.ConditionStatus, reason, message string) {
	c := metav1.Condition{Type: kind, Status: s, Reason: reason, Message: Cut(message, longestCondition), ObservedGeneration: generation}
	if old := meta.FindStatusCondition(*all, kind); old == nil || old.Status != s {
		c.LastTransitionTime = metav1.NewTime(now.Truncate(time.Second))
	}
	meta.SetStatusCondition(all, c)
}

// Truth of a condition that is True or False.
func Truth(is bool) metav1.ConditionStatus {
	if is {
		return metav1.ConditionTrue
	}
	return metav1.ConditionFalse
}

// Moment is a time as the API can store it; nil: never, or a year that RFC 3339 cannot write.
func Moment(t time.Time) *metav1.Time {
	if t.IsZero() || t.Year() > 9998 {
		return nil
	}
	// In UTC and in seconds, as the API returns it. Otherwise it would differ at every reconcile.
	m := metav1.NewTime(t.UTC().Truncate(time.Second))
	return &m
}

// Cut shortens s to that many bytes and ends it with "…".
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
