package record

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	applyv1alpha1 "github.com/keylease/keylease/api/v1alpha1/applyconfiguration/api/v1alpha1"
)

// sheetConditions are the lease's conditions that the sheet's controller sets.
var sheetConditions = []string{v1alpha1.ConditionRowPresent, v1alpha1.ConditionSheetSynced, v1alpha1.ConditionOwnerResolved}

// SheetPart is the part of a lease's status that the sheet's controller owns.
func SheetPart(s v1alpha1.AccessKeyLeaseStatus) v1alpha1.AccessKeyLeaseStatus {
	return v1alpha1.AccessKeyLeaseStatus{
		Owner: s.Owner, Sheet: s.Sheet,
		Conditions: conditionsOf(s.Conditions, func(t string) bool { return slices.Contains(sheetConditions, t) }),
	}
}

// LeasePart is the part that the lease's controller owns: all the rest.
func LeasePart(s v1alpha1.AccessKeyLeaseStatus) v1alpha1.AccessKeyLeaseStatus {
	s.Owner, s.Sheet = nil, nil
	s.Conditions = conditionsOf(s.Conditions, func(t string) bool { return !slices.Contains(sheetConditions, t) })
	return s
}

func conditionsOf(all []metav1.Condition, keep func(string) bool) []metav1.Condition {
	var out []metav1.Condition
	for _, c := range all {
		if keep(c.Type) {
			out = append(out, c)
		}
	}
	return out
}

// LeaseStatus writes one owner's part of a lease's status, and checks the resource version. It never forces a decision
// that was made on an old version; the caller decides again. On success, l is as the server has it.
func (r *Recorder) LeaseStatus(ctx context.Context, l *v1alpha1.AccessKeyLease, owner client.FieldOwner) error {
	part := LeasePart
	if owner == OwnerSheet {
		part = SheetPart
	}
	var ac applyv1alpha1.AccessKeyLeaseApplyConfiguration
	return apply(object("AccessKeyLease", identity(l), "status", part(l.Status)), &ac, func() error {
		return r.Client.Status().Apply(ctx, &ac, owner, client.ForceOwnership)
	}, l)
}

// LeaseSpec writes what the sheet says. Without a resource version it creates the lease, and fails if one with other
// values exists. Otherwise it checks that the lease is as it was when the merge decided.
func (r *Recorder) LeaseSpec(ctx context.Context, l *v1alpha1.AccessKeyLease) error {
	meta := identity(l)
	meta["labels"] = map[string]string{v1alpha1.LabelSheet: l.Spec.SheetRef.Name}
	opts := []client.ApplyOption{OwnerSheet}
	if l.ResourceVersion != "" {
		opts = append(opts, client.ForceOwnership)
	}
	var ac applyv1alpha1.AccessKeyLeaseApplyConfiguration
	return apply(object("AccessKeyLease", meta, "spec", l.Spec), &ac, func() error { return r.Client.Apply(ctx, &ac, opts...) }, l)
}

// SheetStatus writes a sheet's status, and checks the resource version.
func (r *Recorder) SheetStatus(ctx context.Context, s *v1alpha1.AccessKeySheet) error {
	var ac applyv1alpha1.AccessKeySheetApplyConfiguration
	return apply(object("AccessKeySheet", identity(s), "status", s.Status), &ac, func() error {
		return r.Client.Status().Apply(ctx, &ac, OwnerSheet, client.ForceOwnership)
	}, s)
}

func object(kind string, metadata map[string]any, part string, value any) map[string]any {
	return map[string]any{"apiVersion": v1alpha1.GroupVersion.String(), "kind": kind, "metadata": metadata, part: value}
}

func identity(o client.Object) map[string]any {
	m := map[string]any{"name": o.GetName(), "namespace": o.GetNamespace()}
	if rv := o.GetResourceVersion(); rv != "" {
		m["resourceVersion"], m["uid"] = rv, o.GetUID()
	}
	return m
}

// apply puts the body into the configuration ac, sends that, and copies the server's answer, which Apply leaves in it, into
// the object.
func apply[T any](body, ac any, send func() error, into *T) error {
	if err := convert(body, ac); err != nil {
		return err
	}
	if err := send(); err != nil {
		return err
	}
	var fresh T
	if err := convert(ac, &fresh); err != nil {
		return err
	}
	*into = fresh
	return nil
}

func convert(from, into any) error {
	b, err := json.Marshal(from)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	return nil
}
