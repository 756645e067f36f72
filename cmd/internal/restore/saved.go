// Package restore makes a deleted IAM user again from the snapshot that Keylease kept, with the rights of the person who
// runs it. It decides what is missing, creates only that, and looks at the result; it can be run again after a failure.
package restore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/teardown"
)

// snapshotKey of the Secret's data.
const snapshotKey = "snapshot.json"

// Saved is a snapshot that was shown to be the one its lease names.
type Saved struct {
	Snapshot teardown.Snapshot
	// Digest is the SHA-256 of the snapshot's bytes, hexadecimal.
	Digest string
}

// Load reads the snapshot of a lease and checks it. It refuses while the deletion is not over: the operator would go on
// with it.
func Load(ctx context.Context, cl client.Reader, lease *v1alpha1.AccessKeyLease) (Saved, error) {
	rev := lease.Status.Revocation
	switch {
	case rev == nil || rev.SnapshotRef == nil:
		return Saved{}, fmt.Errorf("lease %s has no snapshot: Keylease deleted no user because of it (status.revocation.snapshotRef)", lease.Name)
	case rev.CompletionTime == nil:
		return Saved{}, fmt.Errorf("the deletion of lease %s is not over yet: wait until its phase is Revoked", lease.Name)
	}
	secret := &corev1.Secret{}
	key := client.ObjectKey{Namespace: lease.Namespace, Name: rev.SnapshotRef.Name}
	if err := cl.Get(ctx, key, secret); apierrors.IsNotFound(err) {
		return Saved{}, fmt.Errorf("the snapshot is gone: there is no Secret %s in namespace %s: bring it back from a backup of the cluster", key.Name, key.Namespace)
	} else if err != nil {
		return Saved{}, fmt.Errorf("snapshot: %w", err)
	}
	data := secret.Data[snapshotKey]
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	if digest != rev.SnapshotRef.SHA256 {
		return Saved{}, fmt.Errorf("the snapshot in Secret %s is not the one that was taken: its SHA-256 is %s, the lease's status says %q: somebody changed it; bring it back from a backup of the cluster",
			key.Name, digest, rev.SnapshotRef.SHA256)
	}
	var s teardown.Snapshot
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil || s.Version != teardown.SnapshotVersion {
		return Saved{}, fmt.Errorf("the snapshot in Secret %s has format %d, this program reads %d: use the keylease of the operator's version", key.Name, s.Version, teardown.SnapshotVersion)
	}
	if s.UserName != lease.Spec.UserName || lease.Spec.AccountID != "" && s.AccountID != lease.Spec.AccountID {
		return Saved{}, fmt.Errorf("the snapshot in Secret %s is of user %s in account %s, the lease of user %s in account %s", key.Name,
			s.UserName, s.AccountID, lease.Spec.UserName, lease.Spec.AccountID)
	}
	return Saved{Snapshot: s, Digest: digest}, nil
}
