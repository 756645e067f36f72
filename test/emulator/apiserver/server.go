package apiserver

import (
	"fmt"
	"slices"
	"strconv"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Event is one committed change. The objects are shared by everyone who sees it, and must not be changed.
type Event struct {
	Type watch.EventType // Added, Modified or Deleted
	Old  client.Object   // nil if added
	New  client.Object   // if deleted, what was deleted, with the resource version of its deletion
}

// entry is one version of an object, never changed.
type entry struct {
	*object
	typed client.Object // the same, as clients know it
}

// Server holds objects. It is safe for concurrent use.
type Server struct {
	*catalog
	clock clock.PassiveClock

	mu       sync.RWMutex
	objects  map[*kind]map[types.NamespacedName]*entry
	revision int64 // of etcd: the resource version given last
	made     int64 // objects that got a UID

	deliveries
}

// New makes a server with the namespace default. The clock gives all times.
func New(clock clock.PassiveClock) (*Server, error) {
	c, err := theCatalog()
	if err != nil {
		return nil, fmt.Errorf("API server: %w", err)
	}
	s := &Server{catalog: c, clock: clock, objects: map[*kind]map[types.NamespacedName]*entry{}}
	for _, k := range c.kinds {
		s.objects[k] = map[types.NamespacedName]*entry{}
	}
	if err := s.addNamespace(metav1.NamespaceDefault); err != nil {
		return nil, fmt.Errorf("API server: %w", err)
	}
	return s, nil
}

// now as objects tell it: whole seconds.
func (s *Server) now() metav1.Time { return metav1.Unix(s.clock.Now().Unix(), 0) }

// uid is a new one, the same in every run.
func (s *Server) uid() types.UID {
	s.made++
	return types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012x", s.made))
}

// commit writes a new version of an object. s.mu is locked.
func (s *Server) commit(k *kind, old *entry, o *object) (*entry, error) {
	o.ResourceVersion = strconv.FormatInt(s.revision+1, 10)
	t, err := s.typedFrom(k, o)
	if err != nil {
		return nil, err
	}
	s.revision++
	o.json = nil
	o.json = o.root()
	e := &entry{object: o, typed: t}
	s.objects[k][types.NamespacedName{Namespace: o.Namespace, Name: o.Name}] = e
	if old == nil {
		s.enqueue(Event{Type: watch.Added, New: t})
	} else {
		s.enqueue(Event{Type: watch.Modified, Old: old.typed, New: t})
	}
	return e, nil
}

// remove an object. last is the state that its deletion shows.
func (s *Server) remove(k *kind, old *entry, last *object) (*entry, error) {
	last.ResourceVersion = strconv.FormatInt(s.revision+1, 10)
	t, err := s.typedFrom(k, last)
	if err != nil {
		return nil, err
	}
	s.revision++
	delete(s.objects[k], types.NamespacedName{Namespace: last.Namespace, Name: last.Name})
	s.enqueue(Event{Type: watch.Deleted, Old: old.typed, New: t})
	return &entry{object: last, typed: t}, nil
}

// deliveries tells watchers of changes, one after the other, while no lock is held.
type deliveries struct {
	queueMu  sync.Mutex
	watchers []func(Event)
	queue    []Event
	busy     bool
}

// Watch calls f for every change from now on, in order. It does so before the write returns that made the change, unless
// the write was made by a watcher, or while another goroutine tells of its own: then afterwards. f may read and write.
func (d *deliveries) Watch(f func(Event)) {
	d.queueMu.Lock()
	defer d.queueMu.Unlock()
	d.watchers = append(slices.Clip(d.watchers), f)
}

func (d *deliveries) enqueue(e Event) {
	d.queueMu.Lock()
	defer d.queueMu.Unlock()
	d.queue = append(d.queue, e)
}

// deliver what is queued. No lock is held.
func (d *deliveries) deliver() {
	d.queueMu.Lock()
	defer d.queueMu.Unlock()
	if d.busy {
		return
	}
	d.busy = true
	defer func() { d.busy = false }()
	for len(d.queue) > 0 {
		e, watchers := d.queue[0], d.watchers
		d.queue = d.queue[1:]
		d.tell(e, watchers)
	}
}

// tell unlocks what deliver has locked, and locks it again even if a watcher ends its goroutine.
func (d *deliveries) tell(e Event, watchers []func(Event)) {
	d.queueMu.Unlock()
	defer d.queueMu.Lock()
	for _, f := range watchers {
		f(e)
	}
}
