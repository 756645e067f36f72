package record

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// longestCondition in bytes; the API server takes more, people do not read it.
const longestCondition = 4096

// SetCondition with the injected clock's time; conditions that say the same stay as they are.
func SetCondition(all *[]metav1.Condition, now time.Time, c metav1.Condition) {
	c.Message = Cut(c.Message, longestCondition)
	if old := meta.FindStatusCondition(*all, c.Type); old == nil || old.Status != c.Status {
		c.LastTransitionTime = metav1.NewTime(now.Truncate(time.Second))
	}
	meta.SetStatusCondition(all, c)
}

// Status of a condition that is true or false.
func Status(ok bool) metav1.ConditionStatus {
	if ok {
		return metav1.ConditionTrue
	}
	return metav1.ConditionFalse
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
