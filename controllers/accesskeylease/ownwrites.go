package accesskeylease

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ownWrites are the resource versions of this process's last write to each lease. The cache may lag behind them.
// Deciding on its old copy would ask AWS once too often, or fail at the next write.
type ownWrites struct {
	mu sync.Mutex
	m  map[types.NamespacedName]string
}

func (w *ownWrites) note(o client.Object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.m == nil {
		w.m = map[types.NamespacedName]string{}
	}
	w.m[client.ObjectKeyFromObject(o)] = o.GetResourceVersion()
}

func (w *ownWrites) forget(key types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.m, key)
}

// aheadOf tells whether this process wrote a newer version than the copy. The Kubernetes API conventions on resource
// versions allow comparing versions of one kind by order.
func (w *ownWrites) aheadOf(o client.Object) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	order, err := resourceversion.CompareResourceVersion(o.GetResourceVersion(), w.m[client.ObjectKeyFromObject(o)])
	return err == nil && order < 0
}
