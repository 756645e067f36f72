package pace

import (
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/internal/failure"
)

const (
	// slotsPerPlace is how many objects use one place (an AWS account or a sheet's Slack) at the same time. The others
	// wait without a worker, because an account that hangs must not block all workers.
	slotsPerPlace = 4
	// pauseAfter is how many attempts in a row must get no answer before a place is paused; pauseFor is how long.
	pauseAfter = 4
	pauseFor   = time.Minute
)

// Slots gives each place to a few objects at once, in the order in which they asked. It pauses a place that does not
// answer.
type Slots struct {
	wake func(types.NamespacedName)

	mu     sync.Mutex
	places map[string]*place
	// offered are slots whose object was woken to take them. Each is kept for its object until that object's reconcile
	// ends.
	offered map[types.NamespacedName]string
}

type place struct {
	used    int
	waiting []types.NamespacedName
	// unanswered is the number of attempts in a row that got no answer.
	unanswered  int
	pausedUntil time.Time
	pausedBy    error
}

// NewSlots takes the function that wakes an object when it is offered a slot. The function must not block.
func NewSlots(wake func(types.NamespacedName)) *Slots {
	return &Slots{wake: wake, places: map[string]*place{}, offered: map[types.NamespacedName]string{}}
}

// at returns the place of that name. The lock is held.
func (s *Slots) at(name string) *place {
	if s.places[name] == nil {
		s.places[name] = &place{}
	}
	return s.places[name]
}

// Take takes a slot. If none is free, the object is woken when it is offered one.
func (s *Slots) Take(name string, key types.NamespacedName) (release func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.at(name)
	switch {
	case s.offered[key] == name:
		delete(s.offered, key) // free counted it as used already
	case p.used < slotsPerPlace:
		p.used++
	default:
		if !slices.Contains(p.waiting, key) {
			p.waiting = append(p.waiting, key)
		}
		return nil, false
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.free(p, name)
	}, true
}

// Done notes the end of an object's reconcile. If the object did not take the slot it was offered, the next one gets
// it.
func (s *Slots) Done(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name, ok := s.offered[key]; ok {
		delete(s.offered, key)
		s.free(s.at(name), name)
	}
}

// free frees a slot and offers it to the object that has waited longest. The lock is held.
func (s *Slots) free(p *place, name string) {
	p.used--
	for p.used < slotsPerPlace && len(p.waiting) > 0 {
		key := p.waiting[0]
		p.waiting = p.waiting[1:]
		if _, elsewhere := s.offered[key]; elsewhere {
			continue // it was woken already, and will ask again
		}
		p.used++
		s.offered[key] = name
		s.wake(key)
	}
}

// Answered notes how an attempt at a place ended. Each attempt at a place that does not answer occupies a worker for
// half a minute, so after a few of them the place is paused.
func (s *Slots) Answered(name string, now time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.at(name)
	if f := failure.Of(err); f == nil || (f.Code != failure.CodeTimeout && f.Code != failure.CodeNoConnection) {
		p.unanswered = 0
		return
	}
	if p.unanswered++; p.unanswered >= pauseAfter {
		p.pausedUntil, p.pausedBy = now.Add(pauseFor), err
	}
}

// Paused is when the pause of a place ends, and which failure caused it; zero: the place is not paused.
func (s *Slots) Paused(name string, now time.Time) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.at(name); p.pausedUntil.After(now) {
		return p.pausedUntil, p.pausedBy
	}
	return time.Time{}, nil
}
