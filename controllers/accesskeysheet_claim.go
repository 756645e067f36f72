package controllers

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/sheet"
)

// clusterNamespace lives as long as its cluster: its UID is what a claim knows the cluster by.
const clusterNamespace = "kube-system"

// +kubebuilder:rbac:groups="",resources=namespaces,resourceNames=kube-system,verbs=get

// cluster gives the cluster's identity. It is asked for once in a process, and only where a sheet has a claim cell.
func (r *SheetReconciler) cluster(ctx context.Context) (string, error) {
	r.mu.Lock()
	known := r.clusterID
	r.mu.Unlock()
	if known != "" {
		return known, nil
	}
	n := &corev1.Namespace{}
	if err := r.Live.Get(ctx, types.NamespacedName{Name: clusterNamespace}, n); err != nil {
		return "", &failure.Error{Class: failure.Retry, Service: "kubernetes", Operation: "get Namespace", Code: v1alpha1.ReasonUnavailable,
			Message: fmt.Sprintf("namespace %s, whose UID the claim cell names, cannot be read: %v", clusterNamespace, err)}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clusterID = string(n.UID)
	return r.clusterID, nil
}

// checkClaim looks whose the sheet is. A foreign claim ends the sync: two clusters that work on one sheet would delete by
// two policies and take each other's marks for people's. A claim to be made is left in newClaim.
func (r *sheetRun) checkClaim(ctx context.Context) error {
	s, cell := &r.sheet.Status, r.sheet.Spec.ClaimCell
	if cell == "" {
		s.Claim = ""
		return nil
	}
	cluster, err := r.cluster(ctx)
	if err != nil {
		return err
	}
	ours := sheet.Claim{Namespace: r.key.Namespace, Name: r.key.Name, Cluster: cluster}
	if ours.Is(r.claim) {
		s.Claim = ""
		return nil
	}
	foreign := r.claim
	if foreign == "" {
		// Where a foreign claim stood, an empty cell is no invitation: a column was inserted, or somebody tidied up, and
		// the other cluster is about to write it again.
		foreign = s.Claim
	}
	switch {
	case foreign == "":
		r.newClaim = ours.Text(r.start)
	case r.sheet.Annotations[v1alpha1.AnnotationTakeClaim] == foreign:
		r.newClaim, r.takenFrom = ours.Text(r.start), foreign
	default:
		s.Claim = foreign
		r.rest()
		r.reject(v1alpha1.ReasonForeignClaim, fmt.Sprintf("claim cell %s of tab %s %s: nothing is applied", cell, r.sheet.Spec.Requests.Tab, r.claimSeen(foreign)),
			fmt.Sprintf("to take the sheet over: kubectl annotate accesskeysheet -n %s %s --overwrite '%s=%s'",
				r.key.Namespace, r.key.Name, v1alpha1.AnnotationTakeClaim, foreign))
	}
	return nil
}

// rest: what this cluster read before the other's claim counts no more, and its leases do nothing until a reading is
// accepted. Then each of them looks again.
func (r *sheetRun) rest() {
	r.mem.wakeAll = true
	r.views.change(r.key, func(v view) view {
		v.readStart, v.claimed = time.Time{}, true
		return v
	})
}

// foreignClaim tells whether the last reading that could be judged found another cluster's claim.
func foreignClaim(s *v1alpha1.AccessKeySheet) bool {
	c := meta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionSheetAccepted)
	return c != nil && c.Reason == v1alpha1.ReasonForeignClaim
}

func (r *sheetRun) claimSeen(foreign string) string {
	if r.claim == "" {
		return fmt.Sprintf("is empty now and held %q, which its cluster may write again", foreign)
	}
	return fmt.Sprintf("holds %q", foreign)
}

// makeClaim writes our claim and ends the sync. Two clusters may do that at the same time: the next reading shows whose
// claim stands, and is the first to be applied.
func (r *sheetRun) makeClaim(ctx context.Context) error {
	spec := r.sheet.Spec
	err := r.google.Write(ctx, spec.SpreadsheetID, []sheet.CellWrite{{Range: sheet.ClaimRange(spec.Requests.Tab, spec.ClaimCell), Value: r.newClaim}})
	if err != nil {
		reason := v1alpha1.ReasonWriteFailed
		if failure.Is(err, failure.Denied) {
			reason = v1alpha1.ReasonReadOnly
		}
		r.reject(reason, fmt.Sprintf("claim cell %s of tab %s cannot be written, so nothing is applied: %v", spec.ClaimCell, spec.Requests.Tab, err), "")
		return err
	}
	r.claiming = true
	r.sheet.Status.Claim = ""
	text := fmt.Sprintf("claim cell %s now holds %q", spec.ClaimCell, r.newClaim)
	if r.takenFrom != "" {
		text += fmt.Sprintf(", taken over by annotation from %q", r.takenFrom)
	}
	r.sheetEvent(corev1.EventTypeNormal, v1alpha1.EventSheetClaimed, text)
	r.auditSheet("claimed", "cell", spec.ClaimCell, "claim", r.newClaim, "takenFrom", r.takenFrom)
	r.sheetCondition(v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonInProgress, "the sheet was claimed; the next reading shows whether the claim stands")
	return nil
}
