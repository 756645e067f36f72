package controllers

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/sheet"
)

const (
	// spacing between two syncs of a sheet. Google allows one service account 60 reads a minute, and a sync that writes
	// costs three: many leases that change together share a sync.
	spacing = 4 * time.Second
	// heartbeat is how often an otherwise unchanged status is written, for its lastSyncTime.
	heartbeat = 10 * time.Minute
	// awayAfter so long without an accepted sync, every term starts anew before anything is deleted.
	awayAfter = 7 * 24 * time.Hour
)

// SheetReconciler mirrors one sheet: read, parse, guard, merge, apply what changed, write back what differs.
type SheetReconciler struct {
	*Deps
	views *views
	// leaseWake asks for another look at a lease, sheetWake for a sync of another sheet.
	leaseWake, sheetWake func(types.NamespacedName)

	mu sync.Mutex
	// memory of each sheet, between syncs.
	memory map[types.NamespacedName]*sheetMemory
	// clusterID, once it was asked for.
	clusterID string
}

// sheetMemory is what one process remembers of a sheet. Losing it costs a sync, nothing else.
type sheetMemory struct {
	access   access
	lastRead time.Time
	failures int
	// generation of the spec that the leases last acted on; wakeAll asks for another look at all of them.
	generation int64
	wakeAll    bool
	// approved is the content whose approval was told last: it can take more than one sync until all of it is applied.
	approved string
	// writing is a write that was not read back to its end, with all that its readings found so far; since when.
	writing      *sheet.Write
	writingSince time.Time
}

// +kubebuilder:rbac:groups=iam.keylease.dev,resources=accesskeysheets,verbs=get;list;watch
// +kubebuilder:rbac:groups=iam.keylease.dev,resources=accesskeysheets/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get

// Reconcile one sheet.
func (r *SheetReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
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
	policy, err := lifecycle.PolicyOf(obj.Spec)
	if err == nil {
		err = sheet.CheckColumns(obj.Spec.Requests.Columns)
	}
	if err == nil {
		err = sheet.CheckClaimCell(obj.Spec.ClaimCell, obj.Spec.Requests)
	}
	if err != nil {
		run := &sheetRun{SheetReconciler: r, key: req.NamespacedName, sheet: obj.DeepCopy(), before: obj, mem: mem, start: r.now()}
		run.stall(v1alpha1.ReasonInvalidSpec, err.Error())
		return ctrl.Result{}, run.saveStatus(ctx)
	}
	if wait := min(spacing, policy.SyncInterval) - r.now().Sub(mem.lastRead); wait > 0 && !mem.lastRead.IsZero() {
		return ctrl.Result{RequeueAfter: wait}, nil
	}
	run := &sheetRun{
		SheetReconciler: r, key: req.NamespacedName, sheet: obj.DeepCopy(), before: obj, mem: mem,
		policy: policy, start: r.now(),
	}
	err = run.sync(ctx)
	return run.result(ctx, err)
}

func (r *SheetReconciler) remember(obj *v1alpha1.AccessKeySheet) *sheetMemory {
	key := client.ObjectKeyFromObject(obj)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.memory == nil {
		r.memory = map[types.NamespacedName]*sheetMemory{}
	}
	if r.memory[key] == nil {
		r.memory[key] = &sheetMemory{}
		r.firstSight(key, obj)
	}
	return r.memory[key]
}

// firstSight takes over what an earlier process left in status. A sheet that cannot be read from the beginning is to raise
// an alert too, as long after its last sync as any other.
func (r *SheetReconciler) firstSight(key types.NamespacedName, obj *v1alpha1.AccessKeySheet) {
	last := obj.CreationTimestamp.Time
	if t := obj.Status.LastSyncTime; t != nil {
		last = t.Time
	}
	metrics.SheetSynced(key.Namespace, key.Name, last)
	r.views.change(key, func(v view) view {
		v.claimed = foreignClaim(obj)
		return v
	})
}

// gone: the sheet was removed. Its leases stay where they are, and say so; nothing in AWS changes because of it. As long
// as there are any, what is overdue of them is counted on.
func (r *SheetReconciler) gone(ctx context.Context, key types.NamespacedName) (ctrl.Result, error) {
	leases, err := r.leasesOf(ctx, key)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("list leases of removed AccessKeySheet %s: %w", key, err)
	}
	r.mu.Lock()
	known := r.memory[key] != nil
	delete(r.memory, key)
	r.mu.Unlock()
	if known {
		r.views.drop(key)
		metrics.ForgetSheet(key.Namespace, key.Name)
		for i := range leases {
			r.leaseWake(client.ObjectKeyFromObject(&leases[i]))
		}
	}
	if len(leases) == 0 {
		metrics.ForgetSheet(key.Namespace, key.Name)
		return ctrl.Result{}, nil
	}
	// Without the sheet nobody knows its time zone.
	metrics.Overdue(key.Namespace, key.Name, overdueReasons(leases, lifecycle.Policy{Location: time.UTC}, r.now()))
	return ctrl.Result{RequeueAfter: time.Hour}, nil
}

func (r *SheetReconciler) leasesOf(ctx context.Context, key types.NamespacedName) ([]v1alpha1.AccessKeyLease, error) {
	list := &v1alpha1.AccessKeyLeaseList{}
	err := r.Client.List(ctx, list, client.InNamespace(key.Namespace), client.MatchingFields{indexSheet: key.Name})
	return list.Items, err
}

// liveLeasesOf a sheet, for the record of another process's write: what it left out is what the leases say, and the cache may
// not show yet what that process wrote last.
func (r *SheetReconciler) liveLeasesOf(ctx context.Context, key types.NamespacedName) ([]v1alpha1.AccessKeyLease, error) {
	list := &v1alpha1.AccessKeyLeaseList{}
	err := r.Live.List(ctx, list, client.InNamespace(key.Namespace))
	for i := range list.Items {
		list.Items[i].ManagedFields = nil // as in the cache: a lease is applied as it was read
	}
	return slices.DeleteFunc(list.Items, func(l v1alpha1.AccessKeyLease) bool { return l.Spec.SheetRef.Name != key.Name }), err
}

// sheetRun is one sync of one sheet.
type sheetRun struct {
	*SheetReconciler
	key types.NamespacedName
	// sheet is changed in memory and written once at the end; before is as it was read.
	sheet, before *v1alpha1.AccessKeySheet
	mem           *sheetMemory
	policy        lifecycle.Policy
	// start of this sync's read.
	start time.Time

	google    Spreadsheets
	requests  sheet.Requests
	rows      [][]any
	directory sheet.Directory
	leases    map[string]*v1alpha1.AccessKeyLease // by access key ID
	problems  []sheet.Problem
	// alsoElsewhere are rows that are used, though another sheet has their keys too.
	alsoElsewhere []sheet.Problem
	// refused rows could be read, but contradict a lease.
	refused int
	// failed are the keys, by ID, to which this reading could not be applied, and why.
	failed map[string]error
	// pending cells that the sheet does not say yet, by access key ID.
	pending map[string]sheet.Wanted
	// writeError of this sync's write-back; unfinished: an earlier write could not be put right, and no other begins before.
	writeError, unfinished error
	// claim is what the claim cell holds, newClaim what is to be written into it, takenFrom whose it was; claiming: it was
	// written, and the next reading is to show that it stands.
	claim, newClaim, takenFrom string
	claiming                   bool
	// readable: this sync has read the sheet; mustBeMended: it could not, and that does not pass by itself.
	readable, mustBeMended bool
	// rejected is the reason why the reading was not accepted, rejection what was seen.
	rejected, rejection string
	// foreign are the rows, by access key ID, whose keys other sheets had first, and owners those sheets.
	foreign map[string]int
	owners  map[types.NamespacedName]bool
	// foreignNews: the owners do not know of them yet.
	foreignNews bool
	// untold are warnings about rows that had no lease yet when something was found in them.
	untold []warning
	// conflicts of end dates that this sync decided.
	conflicts []dateConflict
}

// sync in order; what cannot be believed ends it before anything is applied.
func (r *sheetRun) sync(ctx context.Context) error {
	err := r.connect(ctx)
	if err == nil {
		err = r.read(ctx)
	}
	if err != nil {
		return r.unreadable(ctx, err)
	}
	if err := r.loadLeases(ctx); err != nil {
		return err
	}
	if err := r.checkClaim(ctx); err != nil {
		return err
	}
	if r.rejected == "" {
		r.finishWrite(ctx)
	}
	seen := r.judge()
	switch {
	case r.rejected != "":
		return r.tellSheet(ctx)
	case r.newClaim != "" && !r.policy.DryRun:
		return r.makeClaim(ctx)
	}
	r.accept(ctx, seen)
	if err := r.resume(ctx); err != nil {
		return err
	}
	err = r.mirror(ctx)
	r.countChanges(seen)
	if err != nil {
		return err
	}
	r.useUp(seen)
	r.publish()
	writeErr := r.writeBack(ctx)
	if err := r.tellSheet(ctx); err != nil {
		return err
	}
	// A lease that could not be written waits and is tried again soon; all others have gone on.
	return together(writeErr, r.ofLeases(r.failed))
}

// together is one error of two, in a line.
func together(a, b error) error {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	return fmt.Errorf("%w; %w", a, b)
}

// result writes the status and says when to come back.
func (r *sheetRun) result(ctx context.Context, err error) (ctrl.Result, error) {
	r.tellLate()
	r.summarize(err)
	if saveErr := r.saveStatus(ctx); saveErr != nil {
		if apierrors.IsConflict(saveErr) {
			return ctrl.Result{RequeueAfter: time.Second}, nil
		}
		return ctrl.Result{}, saveErr
	}
	r.wakeWaiting()
	r.wakeOwners()
	if err == nil && r.claiming {
		return ctrl.Result{RequeueAfter: spacing}, nil
	}
	if err == nil {
		r.mem.failures = 0
		return ctrl.Result{RequeueAfter: r.policy.SyncInterval}, nil
	}
	r.mem.failures++
	wait := min(firstRetry<<min(r.mem.failures-1, 7), lastRetry)
	if f := failure.Of(err); f != nil && f.RetryAfter > 0 {
		wait = f.RetryAfter
	}
	log.FromContext(ctx).Info("sync failed", "error", err.Error(), "retryIn", wait)
	return ctrl.Result{RequeueAfter: wait}, nil
}

// publish the reading to the leases: from now on it counts as fresh, but for those to which it could not be applied.
func (r *sheetRun) publish() {
	r.views.change(r.key, func(v view) view {
		v.readStart, v.failed, v.claimed = r.start, r.failed, false
		if t := r.sheet.Status.ResumedTime; t != nil && t.After(v.resumed) {
			v.resumed = t.Time
		}
		r.foreignNews = !maps.EqualFunc(v.foreign, r.foreign, func(int, int) bool { return true })
		v.foreign = r.foreign
		return v
	})
	metrics.SheetSynced(r.key.Namespace, r.key.Name, r.start)
}

// wakeWaiting looks again at leases whose moment has come and that wait for nothing but a fresh reading.
func (r *sheetRun) wakeWaiting() {
	if v, _ := r.views.get(r.key); !v.readStart.Equal(r.start) {
		return
	}
	all := r.mem.wakeAll || r.mem.generation != r.sheet.Generation
	r.mem.wakeAll, r.mem.generation = false, r.sheet.Generation
	for _, l := range r.leases {
		if r.failed[l.Spec.AccessKeyID] != nil {
			continue // it would ask for the next sync at once, and that for this lease again
		}
		if all {
			r.leaseWake(client.ObjectKeyFromObject(l))
			continue
		}
		if t := l.Status.NextTransitionTime; t != nil && !t.After(r.now()) && l.Status.Phase != v1alpha1.PhaseRevoked {
			r.leaseWake(client.ObjectKeyFromObject(l))
		}
	}
}
