package accesskeylease

import (
	"context"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
)

// snapshots keeps the snapshots of deleted users in Secrets beside their leases. They hold no credentials, but not
// everyone may read policies. They have no owner reference, because they must outlive a deleted lease.
type snapshots struct{ *draft }

// +kubebuilder:rbac:groups="",resources=secrets,verbs=create;patch

// Save writes a snapshot under a name.
func (s snapshots) Save(ctx context.Context, name string, data []byte) (string, error) {
	secret := corev1ac.Secret(name, s.lease.Namespace).
		WithLabels(map[string]string{v1alpha1.LabelSheet: s.lease.Spec.SheetRef.Name}).
		WithData(map[string][]byte{"snapshot.json": data})
	if err := s.rec.Client.Apply(ctx, secret, record.OwnerLease, client.ForceOwnership); err != nil {
		return "", err
	}
	return name, nil
}
