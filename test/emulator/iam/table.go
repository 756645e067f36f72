package iam

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// table holds the things of one kind, by name or ID, and what readers of the
// API may still see of those that were deleted or changed a moment ago.
// The zero value is ready for use.
type table[T any] struct {
	live  map[string]T
	stale map[string]staleEntry[T]
}

// staleEntry is a former value that reads show instead of the live one.
type staleEntry[T any] struct {
	value T
	until time.Time
}

func (t *table[T]) get(key string) (T, bool) {
	value, ok := t.live[key]
	return value, ok
}

// put stores a value that every reader sees at once.
func (t *table[T]) put(key string, value T) {
	delete(t.stale, key)
	t.update(key, value)
}

// update changes the live value and leaves what readers see of a former one.
func (t *table[T]) update(key string, value T) {
	if t.live == nil {
		t.live = map[string]T{}
	}
	t.live[key] = value
}

// replace changes a value; readers see the former one until the given moment.
func (t *table[T]) replace(key string, value T, until time.Time) {
	t.keep(key, until)
	t.update(key, value)
}

// remove deletes a value; readers see it until the given moment.
func (t *table[T]) remove(key string, until time.Time) {
	t.keep(key, until)
	delete(t.live, key)
}

func (t *table[T]) keep(key string, until time.Time) {
	value, ok := t.live[key]
	if !ok {
		return
	}
	if t.stale == nil {
		t.stale = map[string]staleEntry[T]{}
	}
	t.stale[key] = staleEntry[T]{value: value, until: until}
}

func (t *table[T]) len() int { return len(t.live) }

// list returns the live values in the order of their keys.
func (t *table[T]) list() []T {
	values := make([]T, 0, len(t.live))
	for _, key := range slices.Sorted(maps.Keys(t.live)) {
		values = append(values, t.live[key])
	}
	return values
}

// seen returns what a reader of the API sees under the key.
func (t *table[T]) seen(key string, now time.Time) (T, bool) {
	if former, ok := t.stale[key]; ok && now.Before(former.until) {
		return former.value, true
	}
	return t.get(key)
}

// listSeen returns what a reader of the API sees, in the order of the keys.
func (t *table[T]) listSeen(now time.Time) []T {
	keys := slices.Collect(maps.Keys(t.live))
	for key := range t.stale {
		if _, alive := t.live[key]; !alive {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	var values []T
	for _, key := range keys {
		if value, ok := t.seen(key, now); ok {
			values = append(values, value)
		}
	}
	return values
}

// hasFold reports whether a live key equals the given one without regard to
// case: IAM refuses a second name that differs by case only.
func (t *table[T]) hasFold(key string) bool {
	if _, ok := t.live[key]; ok {
		return true
	}
	for name := range t.live {
		if strings.EqualFold(name, key) {
			return true
		}
	}
	return false
}
