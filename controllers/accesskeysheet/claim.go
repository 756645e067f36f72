package accesskeysheet

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/sheet"
)

// clusterNamespace exists as long as its cluster. Its UID identifies the cluster in a claim.
const clusterNamespace = "kube-system"

// +kubebuilder:rbac:groups="",resources=namespaces,resourceNames=kube-system,verbs=get

// cluster gives the cluster's identity. It is read once in a process, and only if a sheet has a claim cell.
func (r *Reconciler) cluster(ctx context.Context) (string, error) {
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

// claim says whose sheet it is. The zero value: ours, or the sheet has no claim cell.
type claim struct {
	// refusal of the reading, if another cluster claims the sheet.
	refusal refusal
	// text to write into the claim cell. takenFrom is the claim that it replaces.
	text, takenFrom string
}

// checkClaim looks whose sheet it is. A foreign claim ends the sync: two clusters on one sheet would delete keys by two
// policies, and take each other's marks for people's.
func (r *Reconciler) checkClaim(ctx context.Context, d *draft, in reading) (claim, error) {
	s, cell := d.status(), d.spec().ClaimCell
	if cell == "" {
		s.Claim = ""
		return claim{}, nil
	}
	cluster, err := r.cluster(ctx)
	if err != nil {
		return claim{}, err
	}
	ours := sheet.Claim{Namespace: d.key.Namespace, Name: d.key.Name, Cluster: cluster}
	if ours.Is(in.claim) {
		s.Claim = ""
		return claim{}, nil
	}
	foreign := in.claim
	if foreign == "" {
		// After a foreign claim, an empty cell does not free the sheet. Perhaps someone inserted a column or tidied
		// up, and the other cluster is about to write its claim again.
		foreign = s.Claim
	}
	switch {
	case foreign == "":
		return claim{text: ours.Text(in.start)}, nil
	case d.sheet.Annotations[v1alpha1.AnnotationTakeClaim] == foreign:
		return claim{text: ours.Text(in.start), takenFrom: foreign}, nil
	}
	s.Claim = foreign
	return claim{refusal: refusal{
		reason: v1alpha1.ReasonForeignClaim,
		seen:   fmt.Sprintf("claim cell %s of tab %s %s: nothing is applied", cell, d.spec().Requests.Tab, claimSeen(in.claim, foreign)),
		todo: fmt.Sprintf("to take the sheet over: kubectl annotate accesskeysheet -n %s %s --overwrite '%s=%s'",
			d.key.Namespace, d.key.Name, v1alpha1.AnnotationTakeClaim, foreign),
	}}, nil
}

// standDown forgets what this cluster read before the other cluster's claim. The leases do nothing until a reading is
// accepted. Then all of them are woken.
func (r *Reconciler) standDown(key types.NamespacedName, mem *memory) {
	mem.woken.all = true
	r.Known.SetClaimed(key, true)
}

// foreignClaim tells whether the last reading that could be judged showed another cluster's claim.
func foreignClaim(s *v1alpha1.AccessKeySheet) bool {
	c := meta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionSheetAccepted)
	return c != nil && c.Reason == v1alpha1.ReasonForeignClaim
}

func claimSeen(now, foreign string) string {
	if now == "" {
		return fmt.Sprintf("is empty now and held %q, which its cluster may write again", foreign)
	}
	return fmt.Sprintf("holds %q", foreign)
}

// makeClaim writes our claim and ends the sync. Two clusters may do that at the same time. The next reading shows whose
// claim won, and is the first to be applied.
func makeClaim(ctx context.Context, d *draft, google state.Spreadsheets, c claim) (refusal, error) {
	spec := d.spec()
	err := google.Write(ctx, spec.SpreadsheetID, []sheet.CellWrite{{Range: sheet.ClaimRange(spec.Requests.Tab, spec.ClaimCell), Value: c.text}})
	if err != nil {
		no := refusal{reason: v1alpha1.ReasonWriteFailed,
			seen: fmt.Sprintf("claim cell %s of tab %s cannot be written, so nothing is applied: %v", spec.ClaimCell, spec.Requests.Tab, err)}
		if failure.Is(err, failure.Denied) {
			no.reason = v1alpha1.ReasonReadOnly
		}
		d.refuse(no)
		return no, err
	}
	d.status().Claim = ""
	text := fmt.Sprintf("claim cell %s now holds %q", spec.ClaimCell, c.text)
	if c.takenFrom != "" {
		text += fmt.Sprintf(", taken over by annotation from %q", c.takenFrom)
	}
	d.event(record.Normal, v1alpha1.EventSheetClaimed, text)
	d.audit("claimed", "cell", spec.ClaimCell, "claim", c.text, "takenFrom", c.takenFrom)
	d.condition(v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonInProgress, "the sheet was claimed; the next reading shows whether the claim stands")
	return none, nil
}
