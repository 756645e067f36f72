package conformance_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	testclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/test/emulator/apiserver"
)

// write is one that the operator makes with apply configurations.
type write struct {
	says string
	on   string
	do   func(ctx context.Context, r *record.Recorder, l *v1alpha1.AccessKeyLease) error
}

var (
	at     = metav1.NewTime(time.Date(2031, 4, 1, 9, 0, 0, 0, time.UTC))
	writes = []write{
		{"the lease", "Lease/akia000000000001", func(ctx context.Context, r *record.Recorder, l *v1alpha1.AccessKeyLease) error {
			l.Spec = v1alpha1.AccessKeyLeaseSpec{
				AccessKeyID: "AKIA000000000001", UserName: "hanako", EndDate: "2031-05-01", SheetRef: v1alpha1.SheetReference{Name: "keys"},
			}
			return r.LeaseSpec(ctx, l)
		}},
		{"the sheet's part of the status", "Lease/akia000000000001", func(ctx context.Context, r *record.Recorder, l *v1alpha1.AccessKeyLease) error {
			l.Status.Owner = &v1alpha1.OwnerStatus{SlackUserID: "U1"}
			l.Status.Sheet = &v1alpha1.SheetRowStatus{Row: 3, EndDate: "2031-05-01"}
			l.Status.Conditions = []metav1.Condition{
				{Type: v1alpha1.ConditionRowPresent, Status: "True", Reason: "Found", LastTransitionTime: at},
			}
			return r.LeaseStatus(ctx, l, record.OwnerSheet)
		}},
		{"the lease's part", "Lease/akia000000000001", func(ctx context.Context, r *record.Recorder, l *v1alpha1.AccessKeyLease) error {
			l.Status.Phase = v1alpha1.PhaseActive
			l.Status.Term = &v1alpha1.Term{Number: 1, EndDate: "2031-05-01", StartTime: at}
			l.Status.Conditions = append(l.Status.Conditions, metav1.Condition{Type: "Ready", Status: "True", Reason: "R", LastTransitionTime: at})
			return r.LeaseStatus(ctx, l, record.OwnerLease)
		}},
		{"nothing new", "Lease/akia000000000001", func(ctx context.Context, r *record.Recorder, l *v1alpha1.AccessKeyLease) error {
			return r.LeaseStatus(ctx, l, record.OwnerLease)
		}},
		{"another date", "Lease/akia000000000001", func(ctx context.Context, r *record.Recorder, l *v1alpha1.AccessKeyLease) error {
			l.Spec.EndDate = "2031-06-01"
			return r.LeaseSpec(ctx, l)
		}},
		{"an old version", "Lease/akia000000000001", func(ctx context.Context, r *record.Recorder, l *v1alpha1.AccessKeyLease) error {
			old := l.DeepCopy()
			old.ResourceVersion, old.Status.Phase = "1", v1alpha1.PhaseExpired
			return r.LeaseStatus(ctx, old, record.OwnerLease)
		}},
		{"a lease that exists with other values", "Lease/akia000000000001", func(ctx context.Context, r *record.Recorder, l *v1alpha1.AccessKeyLease) error {
			other := l.DeepCopy()
			other.ResourceVersion, other.UID, other.Spec.UserName = "", "", "taro"
			return r.LeaseSpec(ctx, other)
		}},
		{"a snapshot", "Secret/snapshot", func(ctx context.Context, r *record.Recorder, l *v1alpha1.AccessKeyLease) error {
			secret := corev1ac.Secret("snapshot", l.Namespace).WithLabels(map[string]string{v1alpha1.LabelSheet: "keys"}).
				WithData(map[string][]byte{"snapshot.json": []byte("{}")})
			return r.Client.Apply(ctx, secret, record.OwnerLease, client.ForceOwnership)
		}},
	}
)

func TestTheOperatorsWritesHaveTheSameOutcomesOnTheRealServer(t *testing.T) {
	t.Parallel()
	s, err := apiserver.New(testclock.NewFakePassiveClock(at.Time))
	if err != nil {
		t.Fatal(err)
	}
	genuine, err := client.New(plane.Config(), client.Options{Scheme: s.Client().Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	theirs := made{actor: actor{Client: genuine, namespace: plane.Namespace(t)}}
	ours := made{actor: actor{Client: s.Client(), namespace: metav1.NamespaceDefault}}
	for _, w := range writes {
		want, err := theirs.write(t.Context(), w)
		if err != nil {
			t.Fatalf("%s: the real server: %v", w.says, err)
		}
		got, err := ours.write(t.Context(), w)
		if err != nil {
			t.Fatalf("%s: %v", w.says, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (- the real server, + ours):\n%s", w.says, d)
		}
	}
}

// made holds the lease as its writer knows it from the server's answers.
type made struct {
	actor
	lease *v1alpha1.AccessKeyLease
}

func (m *made) write(ctx context.Context, w write) (outcome, error) {
	if m.lease == nil {
		m.lease = &v1alpha1.AccessKeyLease{ObjectMeta: metav1.ObjectMeta{Namespace: m.namespace, Name: "akia000000000001"}}
	}
	before, err := m.read(ctx, w.on)
	if err != nil {
		return outcome{}, err
	}
	var out outcome
	if err := m.failed(&out, w.do(ctx, &record.Recorder{Client: m.Client}, m.lease)); err != nil {
		return outcome{}, err
	}
	if out.Answer, err = m.render(m.lease); err != nil {
		return outcome{}, err
	}
	err = m.found(ctx, &out, w.on, before)
	return out, err
}
