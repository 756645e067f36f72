package sheets

import (
	"net/http"
	"strconv"
	"time"
)

// Quota limits the requests of one user in any 60 seconds of the server's
// clock. The service's own limits are 60 reads and 60 writes.
type Quota struct {
	// ReadsPerMinute and WritesPerMinute; 0 is no limit.
	ReadsPerMinute, WritesPerMinute int
	// RetryAfter adds that header to refusals, in whole seconds; 0 leaves it
	// out, as the service mostly does.
	RetryAfter time.Duration
	// As403 refuses with 403 userRateLimitExceeded in the place of 429.
	As403 bool
}

// limiter remembers when each user's accepted requests of the last minute came.
type limiter struct {
	Quota
	spent map[string][]time.Time
}

type limitedError struct{ response Response }

func (*limitedError) Error() string { return "rate limited" }

// SetQuota limits requests from now on; the zero Quota lifts every limit.
func (s *Server) SetQuota(q Quota) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quota = limiter{Quota: q, spent: map[string][]time.Time{}}
}

// spend takes one request from the caller's quota.
func (s *Server) spend(req *request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := s.quota.ReadsPerMinute
	if req.op == Write {
		limit = s.quota.WritesPerMinute
	}
	if limit == 0 {
		return nil
	}
	now, user := s.clock.Now(), req.op.String()+" "+req.user
	var recent []time.Time
	for _, t := range s.quota.spent[user] {
		if now.Sub(t) < time.Minute {
			recent = append(recent, t)
		}
	}
	if len(recent) >= limit {
		s.quota.spent[user] = recent
		return &limitedError{s.quota.refusal(req.op)}
	}
	s.quota.spent[user] = append(recent, now)
	return nil
}

func (q Quota) refusal(op Op) Response {
	r := TooManyRequests(op)
	if q.As403 {
		r = UserRateLimitExceeded()
	}
	if q.RetryAfter > 0 {
		r.Header = http.Header{"Retry-After": {strconv.Itoa(int(q.RetryAfter / time.Second))}}
	}
	return r
}
