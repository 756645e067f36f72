package teardown

import (
	"context"
	"sync"
)

// UserLocks lets one teardown of a user run at a time in this process: two leases of one user that end on the same day
// must not both take the other's key for a living one, or strip the user together. (Leader election keeps other
// processes away.) The zero value is ready for use; share one among all Runners.
type UserLocks struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

// lock waits for the user, or until the context ends. waited: another lease was worked on first.
func (l *UserLocks) lock(ctx context.Context, key string) (unlock func(), waited bool, err error) {
	for {
		l.mu.Lock()
		busy, taken := l.held[key]
		if !taken {
			if l.held == nil {
				l.held = map[string]chan struct{}{}
			}
			released := make(chan struct{})
			l.held[key] = released
			l.mu.Unlock()
			return func() {
				l.mu.Lock()
				defer l.mu.Unlock()
				delete(l.held, key)
				close(released)
			}, waited, nil
		}
		l.mu.Unlock()
		waited = true
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, waited, ctx.Err()
		}
	}
}
