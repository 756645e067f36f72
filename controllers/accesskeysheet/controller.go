// Package accesskeysheet mirrors one Google Sheet. A sync is a pipeline of values: read, judge, merge, write back,
// tell. [Reconciler.sync] shows the order. A reading that cannot be trusted ends the sync before anything is applied.
package accesskeysheet

import (
	"context"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/lookup"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/pace"
	"github.com/keylease/keylease/internal/sheet"
)

const (
	// spacing between two syncs of a sheet. Google allows one service account 60 reads a minute, and a sync that writes
	// needs three. Leases that change within this time share one sync.
	spacing = 4 * time.Second
	// heartbeat is how often an otherwise unchanged status is written, to update its lastSyncTime.
	heartbeat = 10 * time.Minute
	// awayAfter this long without an accepted sync, every term starts again before Keylease deletes anything.
	awayAfter = 7 * 24 * time.Hour
)

// Deps is what the reconciler is given.
type Deps struct {
	Client client.Client
	// Live reads past the cache. It reads Secrets, which are never listed or watched, and leases whose field owners
	// matter.
	Live     client.Reader
	Record   *record.Recorder
	Known    *state.Sheets
	Attempts *pace.Attempts
	Clock    clock.PassiveClock
	Texts    *message.Texts

	// Sheets connects to Google. Without credentials it uses Application Default Credentials.
	Sheets func(ctx context.Context, credentialsJSON []byte) (state.Spreadsheets, error)
	// Slack connects to Slack with a bot token.
	Slack func(token string) state.Slack
	// AWS connects to an account as the sheet's spec says. It refuses a sheet that may not use the credentials.
	AWS func(ctx context.Context, sheet types.NamespacedName, spec v1alpha1.AWSAccess, accountID string) (state.AWS, error)

	// WakeLease asks for another reconcile of a lease, WakeSheet for a sync of another sheet.
	WakeLease, WakeSheet func(types.NamespacedName)
	// Writers is how many leases are applied at once.
	Writers int
}

// Reconciler syncs sheets.
type Reconciler struct {
	Deps

	mu sync.Mutex
	// memory of each sheet between two syncs.
	memory map[types.NamespacedName]*memory
	// clusterID is empty until the cluster was asked for it.
	clusterID string
}

// New reconciler.
func New(d Deps) *Reconciler {
	return &Reconciler{Deps: d, memory: map[types.NamespacedName]*memory{}}
}

// memory is what this process remembers of a sheet. The step that each field is named after writes it. Losing the
// memory costs one more sync.
type memory struct {
	clients clients
	woken   woken
	// approved is the content whose approval was announced last. Applying all of it can take more than one sync.
	approved string
	write    openWrite
}

// +kubebuilder:rbac:groups=iam.keylease.dev,resources=accesskeysheets,verbs=get;list;watch
// +kubebuilder:rbac:groups=iam.keylease.dev,resources=accesskeysheets/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get

// Reconcile one sheet.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	obj := &v1alpha1.AccessKeySheet{}
	if err := r.Client.Get(ctx, req.NamespacedName, obj); err != nil {
		if apierrors.IsNotFound(err) {
			return r.gone(ctx, req.NamespacedName)
		}
		return ctrl.Result{}, err
	}
	if !obj.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	mem := r.remember(obj)
	policy, err := policyOf(obj.Spec)
	d := &draft{rec: r.Record, clock: r.Clock, key: req.NamespacedName, policy: policy, sheet: obj.DeepCopy(), saved: obj}
	if err != nil {
		d.stall(v1alpha1.ReasonInvalidSpec, err.Error())
		return ctrl.Result{}, d.save(ctx)
	}
	if at, _ := r.Attempts.Until(req.NamespacedName, pace.ReadSheet, 0, r.now()); !at.IsZero() {
		return ctrl.Result{RequeueAfter: at.Sub(r.now())}, nil
	}
	o, err := r.sync(ctx, d, mem)
	return r.conclude(ctx, d, mem, o, err)
}

func policyOf(spec v1alpha1.AccessKeySheetSpec) (lifecycle.Policy, error) {
	policy, err := lifecycle.PolicyOf(spec)
	if err == nil {
		err = sheet.CheckColumns(spec.Requests.Columns)
	}
	if err == nil {
		err = sheet.CheckClaimCell(spec.ClaimCell, spec.Requests)
	}
	return policy, err
}

func (r *Reconciler) now() time.Time { return r.Clock.Now() }

func (r *Reconciler) remember(obj *v1alpha1.AccessKeySheet) *memory {
	key := client.ObjectKeyFromObject(obj)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.memory[key] == nil {
		r.memory[key] = &memory{}
		r.firstSight(key, obj)
	}
	return r.memory[key]
}

// firstSight takes over what an earlier process left in status. The alert about old syncs must also cover a sheet that
// this process never managed to read.
func (r *Reconciler) firstSight(key types.NamespacedName, obj *v1alpha1.AccessKeySheet) {
	last := obj.CreationTimestamp.Time
	if t := obj.Status.LastSyncTime; t != nil {
		last = t.Time
	}
	metrics.SheetSynced(key.Namespace, key.Name, last)
	r.Known.SetClaimed(key, foreignClaim(obj))
}

// gone handles a removed sheet. Its leases stay and say that the sheet is missing; nothing changes in AWS. While any
// are left, overdue leases are still counted.
func (r *Reconciler) gone(ctx context.Context, key types.NamespacedName) (ctrl.Result, error) {
	leases, err := lookup.OfSheet(ctx, r.Client, key)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("list leases of removed AccessKeySheet %s: %w", key, err)
	}
	r.Attempts.Forget(key)
	r.mu.Lock()
	known := r.memory[key] != nil
	delete(r.memory, key)
	r.mu.Unlock()
	if known {
		r.Known.Drop(key)
		metrics.ForgetSheet(key.Namespace, key.Name)
		for i := range leases {
			r.WakeLease(client.ObjectKeyFromObject(&leases[i]))
		}
	}
	if len(leases) == 0 {
		metrics.ForgetSheet(key.Namespace, key.Name)
		return ctrl.Result{}, nil
	}
	// Without the sheet nobody knows its time zone.
	metrics.Overdue(key.Namespace, key.Name, lifecycle.OverdueReasons(leases, lifecycle.Policy{Location: time.UTC}, r.now()))
	return ctrl.Result{RequeueAfter: time.Hour}, nil
}
