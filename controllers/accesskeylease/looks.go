package accesskeylease

import (
	"sync"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
)

// looks are this process's looks at AWS that showed nothing new and were not written: see lifecycle.OnlyLooked. Without
// them AWS would be asked again at every reconcile.
type looks struct {
	mu sync.Mutex
	m  map[types.NamespacedName]v1alpha1.KeyStatus
}

func (k *looks) note(l *v1alpha1.AccessKeyLease) {
	if l.Status.Key == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.m == nil {
		k.m = map[types.NamespacedName]v1alpha1.KeyStatus{}
	}
	k.m[client.ObjectKeyFromObject(l)] = *l.Status.Key.DeepCopy()
}

// forget the looks at a key, because its lease was written, or is gone.
func (k *looks) forget(key types.NamespacedName) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.m, key)
}

// recall gives a lease the time of the last look at its key. A look that showed something else than what is stored does
// not count.
func (k *looks) recall(l *v1alpha1.AccessKeyLease) {
	k.mu.Lock()
	defer k.mu.Unlock()
	look, ok := k.m[client.ObjectKeyFromObject(l)]
	stored := l.Status.Key
	if !ok || stored == nil || stored.ObservedTime == nil || !stored.ObservedTime.Before(look.ObservedTime) {
		return
	}
	if fresh := lifecycle.LookedAt(*stored, look); equality.Semantic.DeepEqual(*fresh, look) {
		l.Status.Key = fresh
	}
}
