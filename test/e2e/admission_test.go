package e2e

import (
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"
)

// sentences that the API server gives for a refusal, one for each rule.
func sentences(t *testing.T, err error) []string {
	t.Helper()
	var status *apierrors.StatusError
	if !errors.As(err, &status) || !apierrors.IsInvalid(err) {
		t.Fatalf("got %v, want a refusal by a rule", err)
	}
	var out []string
	for _, cause := range status.ErrStatus.Details.Causes {
		out = append(out, cause.Message)
	}
	return out
}

func TestALeaseIsNamedAfterItsKey(t *testing.T) {
	s := newStage(t, "2026-12-10 09:00")
	const id = "AKIANAMED00000000001"
	for name, refused := range map[string]bool{"foo": true, strings.ToLower("AKIANAMED00000000002"): true, strings.ToLower(id): false} {
		err := s.Client.Create(t.Context(), &v1alpha1.AccessKeyLease{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: s.Namespace},
			Spec: v1alpha1.AccessKeyLeaseSpec{
				SheetRef: v1alpha1.SheetReference{Name: world.SheetName}, AccessKeyID: id, UserName: "svc-named",
				AccountID: world.AccountID, EndDate: "2026-12-08",
			},
		})
		if !refused {
			s.Must(err)
			continue
		}
		if got := sentences(t, err); len(got) != 1 || !strings.Contains(got[0], "name the lease after its key") {
			t.Errorf("%s: says %q, want one sentence that tells the name", name, got)
		}
	}
}

func TestAnEditThatComesTooLateIsRefusedInOneSentence(t *testing.T) {
	at := metav1.NewTime(fixture.JST("2026-12-09 15:00"))
	for name, tc := range map[string]struct {
		status v1alpha1.AccessKeyLeaseStatus
		edit   string
		want   string
	}{
		"a Revoked lease": {
			v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseRevoked, Revocation: &v1alpha1.RevocationStatus{KeyDeletedTime: &at, CompletionTime: &at}},
			`{"endDate":"2027-01-31"}`, "this lease is Revoked",
		},
		"a lease that is Revoked by a mark alone": {
			v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseRevoked}, `{"purpose":"more"}`, "this lease is Revoked",
		},
		"one whose key is deleted": {
			v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseExpired, Revocation: &v1alpha1.RevocationStatus{KeyDeletedTime: &at}},
			`{"endDate":"2027-01-31"}`, "already being deleted",
		},
		"one whose key is about to be deleted": {
			v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseExpired, Revocation: &v1alpha1.RevocationStatus{
				Intent: &v1alpha1.RevocationIntent{Action: "DeleteAccessKey", Target: "AKIALATE000000000001", Time: at},
			}},
			`{"endDate":"2027-01-31"}`, "already being deleted",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, "2026-12-10 09:00")
			const late = "AKIALATE000000000001"
			l := &v1alpha1.AccessKeyLease{
				ObjectMeta: metav1.ObjectMeta{Name: strings.ToLower(late), Namespace: s.Namespace},
				Spec: v1alpha1.AccessKeyLeaseSpec{
					SheetRef: v1alpha1.SheetReference{Name: world.SheetName}, AccessKeyID: late, UserName: "svc-late",
					AccountID: world.AccountID, EndDate: "2026-12-08",
				},
			}
			s.Must(s.Client.Create(t.Context(), l))
			l.Status = tc.status
			s.Must(s.Client.Status().Update(t.Context(), l))
			got := sentences(t, s.Patch(late, tc.edit))
			if len(got) != 1 || !strings.Contains(got[0], tc.want) {
				t.Errorf("says %q, want one sentence with %q", got, tc.want)
			}
		})
	}
}
