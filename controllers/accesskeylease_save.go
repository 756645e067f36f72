package controllers

import (
	"context"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
)

// saveAttempts: who meets that many conflicts in a row decides anew.
const saveAttempts = 4

// save the status as it is in memory, on the version that it was decided on, or on a newer one that says nothing else to
// decide by; and tell of what changed with it.
func (r *leaseRun) save(ctx context.Context) error {
	r.lease.Status.ObservedGeneration = r.lease.Generation
	err := r.rec.LeaseStatus(ctx, r.lease, record.OwnerLease)
	for attempt := 1; apierrors.IsConflict(err) && attempt < saveAttempts; attempt++ {
		live := &v1alpha1.AccessKeyLease{}
		if getErr := r.Live.Get(ctx, client.ObjectKeyFromObject(r.lease), live); getErr != nil {
			return getErr
		}
		if !r.decidesTheSame(live) {
			return err
		}
		r.lease.ResourceVersion = live.ResourceVersion
		err = r.rec.LeaseStatus(ctx, r.lease, record.OwnerLease)
	}
	if err != nil {
		return err
	}
	r.written.note(r.lease)
	before := r.saved
	r.saved = *r.lease.Status.DeepCopy()
	r.announce(before)
	if r.saved.LastHandledRetry != before.LastHandledRetry {
		r.auditAsked(ctx)
	}
	r.in.Lease = r.lease
	return nil
}

// decidesTheSame tells whether a newer version differs only in what nothing is decided by, such as the row's number: in a
// sheet that people sort all day every lease would meet a conflict at every step, and no key would ever go.
func (r *leaseRun) decidesTheSame(live *v1alpha1.AccessKeyLease) bool {
	l := r.lease
	return live.UID == l.UID && live.Generation == l.Generation && live.DeletionTimestamp.IsZero() &&
		maps.Equal(live.Annotations, l.Annotations) &&
		// Another replica did not act meanwhile.
		equality.Semantic.DeepEqual(record.LeasePart(live.Status), record.LeasePart(r.saved)) &&
		equality.Semantic.DeepEqual(rowFacts(live.Status), rowFacts(r.saved))
}

// rowFacts is what decisions take from the sheet's part of the status.
func rowFacts(s v1alpha1.AccessKeyLeaseStatus) v1alpha1.AccessKeyLeaseStatus {
	part := record.SheetPart(s)
	s = *part.DeepCopy()
	if s.Sheet != nil {
		s.Sheet.Row, s.Sheet.Mark = 0, ""
	}
	s.Conditions = slices.DeleteFunc(s.Conditions, func(c metav1.Condition) bool { return c.Type == v1alpha1.ConditionSheetSynced })
	return s
}
