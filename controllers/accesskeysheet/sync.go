package accesskeysheet

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/pace"
)

// leaseSet is the sheet's leases by access key ID.
type leaseSet map[string]*v1alpha1.AccessKeyLease

// sorted by key.
func (s leaseSet) sorted() []v1alpha1.AccessKeyLease {
	leases := make([]v1alpha1.AccessKeyLease, 0, len(s))
	for _, id := range slices.Sorted(maps.Keys(s)) {
		leases = append(leases, *s[id])
	}
	return leases
}

// outcome is how far a sync came: what each step made. What was not reached is empty.
type outcome struct {
	leases  leaseSet
	reading reading
	// unreadable is why there is no reading; nil: there is one.
	unreadable error
	judged     judgement
	merged     merged
	// late are warnings about rows that had no lease yet when something was found in them.
	late []warning
	// claiming: the claim was written, and the next reading is to show that it stands.
	claiming bool
	// published: the leases may act on the reading. foreignNews: other sheets are to hear of keys that they had first.
	published, foreignNews bool
}

// accepted tells that the reading counts: what it does not show is gone.
func (o outcome) accepted() bool { return o.unreadable == nil && !o.judged.refused() }

// sync in order. What cannot be believed ends it before anything is applied.
func (r *Reconciler) sync(ctx context.Context, d *draft, mem *memory) (o outcome, err error) {
	o.reading.start = r.now()
	google, err := r.connect(ctx, d, &mem.clients)
	if err == nil {
		r.Attempts.Defer(d.key, pace.ReadSheet, 0, r.now().Add(min(spacing, d.policy.SyncInterval)))
		o.reading, err = read(ctx, d, google)
	}
	o.unreadable = err
	if o.leases, err = r.leasesOf(ctx, d.key); err != nil {
		return o, err
	}
	if o.unreadable != nil {
		// What people should hear does not wait for a reading.
		metrics.SheetFailed(d.key.Namespace, d.key.Name, d.find(v1alpha1.ConditionSheetReadable).Reason)
		return o, cmp.Or(r.tell(ctx, d, o), o.unreadable)
	}
	claim, err := r.checkClaim(ctx, d, o.reading)
	if err != nil {
		return o, err
	}
	w := &writer{draft: d, google: google, memory: &mem.write, leases: o.leases}
	var unfinished error
	if claim.refusal == none {
		o.reading, o.late, unfinished = w.finish(ctx, o.reading)
	} else {
		r.standDown(d.key, mem)
	}
	o.judged = judge(d, o.reading, o.leases, claim)
	switch {
	case o.judged.refused():
		return o, r.tell(ctx, d, o)
	case claim.text != "" && !d.policy.DryRun:
		o.judged.refusal, err = makeClaim(ctx, d, google, claim)
		o.claiming = err == nil
		return o, err
	}
	r.accept(ctx, d, mem, o.judged)
	if err := r.resume(ctx, d, mem, o); err != nil {
		return o, err
	}
	o.merged, err = r.mirror(ctx, d, o.reading, o.leases, merged{}, nil)
	if err == nil {
		o.leases = o.merged.leases
	}
	countChanges(d, o)
	if err != nil {
		return o, err
	}
	useUp(d, mem, o)
	o.published, o.foreignNews = true, r.publish(d, o)
	writeErr := r.writeBack(ctx, w, &o, unfinished)
	if err := r.tell(ctx, d, o); err != nil {
		return o, err
	}
	// A lease that could not be written waits and is tried again soon; all others have gone on.
	return o, together(writeErr, ofLeases(d.key, o.merged.failed))
}

// conclude a sync: write the status, wake who waited for it, and say when to come back.
func (r *Reconciler) conclude(ctx context.Context, d *draft, mem *memory, o outcome, err error) (ctrl.Result, error) {
	d.tellLate(o.leases, o.late)
	summarize(d, o, err)
	if saveErr := d.save(ctx); apierrors.IsConflict(saveErr) {
		return ctrl.Result{RequeueAfter: time.Second}, nil
	} else if saveErr != nil {
		return ctrl.Result{}, saveErr
	}
	if o.published {
		r.wakeWaiting(d, mem, o)
	}
	if o.foreignNews {
		for owner := range o.merged.owners {
			r.WakeSheet(owner)
		}
	}
	switch {
	case err == nil && o.claiming:
		return ctrl.Result{RequeueAfter: spacing}, nil
	case err == nil:
		r.Attempts.Succeeded(d.key, pace.Sync)
		return ctrl.Result{RequeueAfter: d.policy.SyncInterval}, nil
	}
	now := r.now()
	wait := r.Attempts.Failed(d.key, pace.Sync, 0, now, err).Sub(now)
	log.FromContext(ctx).Info("sync failed", "error", err.Error(), "retryIn", wait)
	return ctrl.Result{RequeueAfter: wait}, nil
}

// publish the reading to the leases: from now on it counts as fresh, but for those to which it could not be applied. It tells
// whether other sheets have not heard yet of keys that they had first.
func (r *Reconciler) publish(d *draft, o outcome) (foreignNews bool) {
	before := r.Known.Get(d.key).Reading
	now := state.Reading{Start: o.reading.start, Resumed: before.Resumed, Failed: o.merged.failed, Foreign: o.merged.foreign}
	if t := d.status().ResumedTime; t != nil && t.After(now.Resumed) {
		now.Resumed = t.Time
	}
	r.Known.SetReading(d.key, now)
	metrics.SheetSynced(d.key.Namespace, d.key.Name, now.Start)
	return !sameKeys(before.Foreign, now.Foreign)
}

func sameKeys(a, b map[string]int) bool {
	for id := range b {
		if _, ok := a[id]; !ok {
			return false
		}
	}
	return len(a) == len(b)
}

// woken says which leases have looked at what: all of them are woken when the spec changed, or when it was asked for.
type woken struct {
	generation int64
	all        bool
}

// wakeWaiting looks again at leases whose moment has come and that wait for nothing but a fresh reading.
func (r *Reconciler) wakeWaiting(d *draft, mem *memory, o outcome) {
	all := mem.woken.all || mem.woken.generation != d.sheet.Generation
	mem.woken = woken{generation: d.sheet.Generation}
	for id, l := range o.leases {
		t := l.Status.NextTransitionTime
		due := t != nil && !t.After(r.now()) && l.Status.Phase != v1alpha1.PhaseRevoked
		// One that could not be written would ask for the next sync at once, and that for this lease again.
		if (all || due) && o.merged.failed[id] == nil {
			r.WakeLease(client.ObjectKeyFromObject(l))
		}
	}
}

// together is one error of two, in a line.
func together(a, b error) error {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	return fmt.Errorf("%w; %w", a, b)
}

// ofLeases is one error for those of several leases: the first by name, so that it is the same at every attempt.
func ofLeases(sheet types.NamespacedName, failures map[string]error) error {
	if len(failures) == 0 {
		return nil
	}
	first := slices.Sorted(maps.Keys(failures))[0]
	others := ""
	if more := len(failures) - 1; more > 0 {
		others = fmt.Sprintf(" and %d more", more)
	}
	return fmt.Errorf("lease %s/%s%s: %w", sheet.Namespace, strings.ToLower(first), others, failures[first])
}
