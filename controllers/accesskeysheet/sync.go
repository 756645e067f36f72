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

// leaseSet holds the sheet's leases by access key ID.
type leaseSet map[string]*v1alpha1.AccessKeyLease

// where gives the leases of which it is so, in the order of their keys: what goes first is not left to chance.
func (s leaseSet) where(so func(*v1alpha1.AccessKeyLease) bool) []*v1alpha1.AccessKeyLease {
	var leases []*v1alpha1.AccessKeyLease
	for _, l := range s {
		if so(l) {
			leases = append(leases, l)
		}
	}
	slices.SortFunc(leases, func(a, b *v1alpha1.AccessKeyLease) int { return cmp.Compare(a.Spec.AccessKeyID, b.Spec.AccessKeyID) })
	return leases
}

// sorted gives the leases in the order of their keys.
func (s leaseSet) sorted() []v1alpha1.AccessKeyLease {
	leases := make([]v1alpha1.AccessKeyLease, 0, len(s))
	for _, id := range slices.Sorted(maps.Keys(s)) {
		leases = append(leases, *s[id])
	}
	return leases
}

// outcome holds what each step of a sync made. A step that was not reached leaves its field empty.
type outcome struct {
	leases  leaseSet
	reading reading
	// unreadable is why the reading failed; nil: it succeeded.
	unreadable error
	judged     judgement
	merged     merged
	// late are warnings about rows that had no lease yet.
	late []warning
	// claiming: this sync wrote the claim, and the next reading must show it.
	claiming bool
	// published: the leases may act on the reading. foreignNews: other sheets must learn that they had some of its keys
	// first.
	published, foreignNews bool
}

// accepted tells whether the reading counts: only then does a missing row mean that the row is gone.
func (o outcome) accepted() bool { return o.unreadable == nil && !o.judged.refused() }

// sync runs the steps in order. A reading that cannot be trusted ends it before anything is applied.
func (r *Reconciler) sync(ctx context.Context, d *draft, mem *memory) (o outcome, err error) {
	o.reading.start = r.now()
	google, err := r.connect(ctx, d, &mem.clients)
	if err == nil {
		r.Attempts.Defer(d.key, pace.ReadSheet, 0, r.now().Add(min(spacing, d.policy.SyncInterval)))
		o.reading, err = read(ctx, d, google)
	}
	o.unreadable = err
	if o.leases, err = r.leasesOf(ctx, d, mem); err != nil {
		return o, err
	}
	if o.unreadable != nil {
		// Admins are notified even without a reading.
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
	o.merged, err = r.mirror(ctx, d, o.reading, o.leases, nil, nil)
	if err == nil {
		o.leases = o.merged.leases
	}
	countChanges(d, o)
	if err != nil {
		return o, err
	}
	useUp(d, mem, o)
	o.published, o.foreignNews = true, r.publish(d, o, r.askAgain(ctx, d, &mem.clients, o))
	o, writeErr := r.writeBack(ctx, w, o, unfinished)
	if err := r.tell(ctx, d, o); err != nil {
		return o, err
	}
	// A lease that could not be written is retried soon. All others were handled.
	return o, joinErrors(writeErr, leaseErrors(d.key, o.merged.failed))
}

// conclude writes the status, wakes the leases and sheets that waited for this sync, and says when to come back.
func (r *Reconciler) conclude(ctx context.Context, d *draft, mem *memory, o outcome, err error) (ctrl.Result, error) {
	d.tellLate(o.leases, o.late)
	summarize(d, o, err)
	if saveErr := d.save(ctx); apierrors.IsConflict(saveErr) {
		return ctrl.Result{RequeueAfter: time.Second}, nil
	} else if saveErr != nil {
		return ctrl.Result{}, saveErr
	}
	if o.published {
		r.Known.SetApplied(d.key, o.applied()) // the write-back and the summaries changed some since
		r.wakeWaiting(d, mem, o)
	}
	if o.foreignNews {
		for _, owner := range slices.SortedFunc(maps.Keys(o.merged.owners), func(a, b types.NamespacedName) int { return cmp.Compare(a.String(), b.String()) }) {
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

// publish gives the reading to the leases. From now on it counts as fresh, except for leases to which it could not be
// applied. foreignNews: it shows keys of other sheets that the last reading did not show.
func (r *Reconciler) publish(d *draft, o outcome, tokenAsked bool) (foreignNews bool) {
	before := r.Known.Get(d.key).Reading
	now := state.Reading{
		Start: o.reading.start, Resumed: before.Resumed, Applied: o.applied(), TokenAsked: tokenAsked,
		Failed: o.merged.failed, Foreign: o.merged.foreign,
	}
	if t := d.status().ResumedTime; t != nil && t.After(now.Resumed) {
		now.Resumed = t.Time
	}
	r.Known.SetReading(d.key, now)
	metrics.SheetSynced(d.key.Namespace, d.key.Name, now.Start)
	return !maps.EqualFunc(before.Foreign, now.Foreign, func(int, int) bool { return true }) // the keys, not their rows
}

// applied are the leases as the sync left them.
func (o outcome) applied() map[string]state.Applied {
	applied := make(map[string]state.Applied, len(o.leases))
	for id, l := range o.leases {
		applied[id] = state.AppliedTo(l)
	}
	return applied
}

// woken says which leases to wake: all of them when the spec changed, or when a step asked for it.
type woken struct {
	generation int64
	all        bool
}

// wakeWaiting wakes the leases that are due and wait only for a fresh reading.
func (r *Reconciler) wakeWaiting(d *draft, mem *memory, o outcome) {
	all := mem.woken.all || mem.woken.generation != d.sheet.Generation
	mem.woken = woken{generation: d.sheet.Generation}
	for _, l := range o.leases.where(func(l *v1alpha1.AccessKeyLease) bool {
		t := l.Status.NextTransitionTime
		due := t != nil && !t.After(r.now()) && l.Status.Phase != v1alpha1.PhaseRevoked
		// A lease that could not be written would ask for another sync at once, and so on in a loop.
		return (all || due) && o.merged.failed[l.Spec.AccessKeyID] == nil
	}) {
		r.WakeLease(client.ObjectKeyFromObject(l))
	}
}

// joinErrors joins two errors into one line.
func joinErrors(a, b error) error {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	return fmt.Errorf("%w; %w", a, b)
}

// leaseErrors makes one error of those of several leases. It names the first lease by name, so the text is the same at
// every attempt.
func leaseErrors(sheet types.NamespacedName, failures map[string]error) error {
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
