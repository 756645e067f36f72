package pace

import (
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/internal/failure"
)

const (
	// slotsPerPlace is how many objects use one place, an AWS account or a sheet's Slack, at the same time. The rest wait
	// without a worker: an account that hangs must not take the workers from all others.
	slotsPerPlace = 4
	// pauseAfter is how many attempts in a row must get no answer before a place is paused, and pauseFor how long.
	pauseAfter = 4
	pauseFor   = time.Minute
)

// Slots gives the use of a place to a few objects at once, in the order in which they came, and pauses a place that answers
// nobody.
type Slots struct {
	wake func(types.NamespacedName)

	mu     sync.Mutex
	places map[string]*place
	// offered slots: the object was woken to take it. It is kept for the object until its reconcile ends.
	offered map[types.NamespacedName]string
}

type place struct {
	used    int
	waiting []types.NamespacedName
	// unanswered attempts in a row.
	unanswered  int
	pausedUntil time.Time
	pausedBy    error
}

// NewSlots takes what wakes an object to which a slot is offered. It must not block.
func NewSlots(wake func(types.NamespacedName)) *Slots {
	return &Slots{wake: wake, places: map[string]*place{}, offered: map[types.NamespacedName]string{}}
}

// at is the place of that name. The lock is held.
func (s *Slots) at(name string) *place {
	if s.places[name] == nil {
		s.places[name] = &place{}
	}
	return s.places[name]
}

// Take a slot. Where none is free, the object is woken when one is offered to it.
func (s *Slots) Take(name string, key types.NamespacedName) (release func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.at(name)
	switch {
	case s.offered[key] == name:
		delete(s.offered, key) // it was counted as used since
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

// Done ends an object's reconcile. A slot that was offered to it and that it did not take is offered to the next.
func (s *Slots) Done(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name, ok := s.offered[key]; ok {
		delete(s.offered, key)
		s.free(s.at(name), name)
	}
}

// free a slot, and offer it to who waits longest. The lock is held.
func (s *Slots) free(p *place, name string) {
	p.used--
	for p.used < slotsPerPlace && len(p.waiting) > 0 {
		key := p.waiting[0]
		p.waiting = p.waiting[1:]
		if _, elsewhere := s.offered[key]; elsewhere {
			continue // it comes anyway, and asks again
		}
		p.used++
		s.offered[key] = name
		s.wake(key)
	}
}

// Answered notes how an attempt at a place ended. Each attempt at a place that answers nobody costs a worker half a minute:
// after a few of them the place is paused.
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

// Paused until when, and by which failure; zero: the place is not paused.
func (s *Slots) Paused(name string, now time.Time) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.at(name); p.pausedUntil.After(now) {
		return p.pausedUntil, p.pausedBy
	}
	return time.Time{}, nil
}
