package accesskeysheet

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
)

const (
	firstRetry = 2 * time.Second
	lastRetry  = 5 * time.Minute
)

func stalled(err error) bool {
	return failure.Is(err, failure.Denied, failure.Credentials, failure.Terminal, failure.NotFound)
}

const (
	defaultRevocationsPerDay = 20
	mostRaised               = 5
)

// revocationsOn a day: the spec's number, or what an annotation "<YYYY-MM-DD>=<N>" raises it to; and the most that it can.
func revocationsOn(s *v1alpha1.AccessKeySheet, today string) (limit, most int) {
	limit = defaultRevocationsPerDay
	if n := s.Spec.Limits.MaxRevocationsPerDay; n != nil {
		limit = int(*n)
	}
	most = mostRaised * limit
	day, n, ok := strings.Cut(s.Annotations[v1alpha1.AnnotationAllowRevocations], "=")
	if raised, err := strconv.Atoi(strings.TrimSpace(n)); ok && err == nil && strings.TrimSpace(day) == today {
		limit = max(limit, min(raised, most))
	}
	return limit, most
}

// raisedLimit is the annotation's value that a message proposes: twice the day's number. Empty where nothing raises it.
func raisedLimit(s *v1alpha1.AccessKeySheet, today string) string {
	limit, most := revocationsOn(s, today)
	if limit >= most {
		return ""
	}
	return fmt.Sprintf("%s=%d", today, min(2*limit, most))
}
