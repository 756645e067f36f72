package apiserver_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	testclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/test/emulator/apiserver"
)

func create(t *testing.T, s *apiserver.Server, o client.Object) {
	t.Helper()
	if err := s.Client().Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, s *apiserver.Server, name string) *v1alpha1.AccessKeyLease {
	t.Helper()
	var l v1alpha1.AccessKeyLease
	if err := s.Client().Get(t.Context(), client.ObjectKey{Namespace: metav1.NamespaceDefault, Name: name}, &l); err != nil {
		t.Fatal(err)
	}
	return &l
}

func TestWatchersSeeEveryChangeInOrderAndMayReadAndWrite(t *testing.T) {
	t.Parallel()
	s := server(t)
	var seen []string
	s.Watch(func(e apiserver.Event) {
		seen = append(seen, fmt.Sprintf("%s %s", e.Type, e.New.GetName()))
		if l, ok := e.New.(*v1alpha1.AccessKeyLease); ok && e.Type == "ADDED" {
			got := read(t, s, l.Name)
			if got.Labels = map[string]string{"seen": "yes"}; s.Client().Update(t.Context(), got) != nil {
				t.Error("the watcher can't write")
			}
			seen = append(seen, "written")
		}
		if e.Type == "MODIFIED" && (e.Old.GetLabels() != nil || e.New.GetLabels()["seen"] != "yes") {
			t.Errorf("modified from %v to %v", e.Old.GetLabels(), e.New.GetLabels())
		}
	})
	create(t, s, lease(1))
	if err := s.Client().Delete(t.Context(), lease(1)); err != nil {
		t.Fatal(err)
	}
	name := lease(1).Name
	want := []string{"ADDED " + name, "written", "MODIFIED " + name, "DELETED " + name}
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("seen %q, want %q", seen, want)
	}
}

func TestTimesAreTheClocksAndWhatChangesNothingChangesNoTime(t *testing.T) {
	t.Parallel()
	clock := testclock.NewFakeClock(start)
	s, err := apiserver.New(clock)
	if err != nil {
		t.Fatal(err)
	}
	r, l := applied(t, s)
	before := read(t, s, l.Name)
	clock.Step(time.Hour)
	if err := r.LeaseStatus(t.Context(), l, record.OwnerLease); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, l.Name); !reflect.DeepEqual(got, before) {
		t.Errorf("got %+v, want %+v", got, before)
	}
	l.Status.LastHandledRetry = "x"
	if err := r.LeaseStatus(t.Context(), l, record.OwnerLease); err != nil {
		t.Fatal(err)
	}
	for _, e := range read(t, s, l.Name).ManagedFields {
		want := start
		if e.Manager == string(record.OwnerLease) {
			want = clock.Now()
		}
		if !e.Time.Time.Equal(want) {
			t.Errorf("%s wrote at %v, want %v", e.Manager, e.Time, want)
		}
	}
	if !before.CreationTimestamp.Time.Equal(start) {
		t.Errorf("created at %v", before.CreationTimestamp)
	}
}

func TestEtcdsSnapshotBringsBackResourceVersionsAndGivesThemAgain(t *testing.T) {
	t.Parallel()
	s := server(t)
	create(t, s, lease(1))
	create(t, s, lease(2))
	b := s.Backup()
	saved := read(t, s, lease(1).Name)

	changed := read(t, s, lease(1).Name)
	changed.Spec.Purpose = "other"
	if err := s.Client().Update(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if err := s.Client().Delete(t.Context(), lease(2)); err != nil {
		t.Fatal(err)
	}
	create(t, s, lease(3))

	events := map[string]string{}
	s.Watch(func(e apiserver.Event) { events[e.New.GetName()] = string(e.Type) })
	s.Restore(b)
	want := map[string]string{lease(1).Name: "MODIFIED", lease(2).Name: "ADDED", lease(3).Name: "DELETED"}
	if !reflect.DeepEqual(events, want) {
		t.Errorf("watchers saw %v, want %v", events, want)
	}
	if got := read(t, s, lease(1).Name); !reflect.DeepEqual(got, saved) {
		t.Errorf("got %+v, want %+v", got, saved)
	}
	again := read(t, s, lease(1).Name)
	again.Spec.Purpose = "another"
	if err := s.Client().Update(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	if again.ResourceVersion != changed.ResourceVersion {
		t.Errorf("version %s, want %s again", again.ResourceVersion, changed.ResourceVersion)
	}
}

func TestRestoredObjectsAreNewOnesWithoutStatus(t *testing.T) {
	t.Parallel()
	s := server(t)
	_, l := applied(t, s)
	b, was := s.Backup(), read(t, s, l.Name)
	if err := s.Client().Delete(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	err := s.RestoreObjects(t.Context(), b, "velero-server", func(o client.Object) bool { return o.GetName() == l.Name })
	if err != nil {
		t.Fatal(err)
	}
	got := read(t, s, l.Name)
	if got.UID == was.UID || got.Status.Phase != "" || got.Spec != was.Spec || !reflect.DeepEqual(got.Labels, was.Labels) {
		t.Errorf("restored %+v from %+v", got, was)
	}
	if len(got.ManagedFields) != 1 || got.ManagedFields[0].Manager != "velero-server" || got.ManagedFields[0].Operation != "Update" {
		t.Errorf("managed fields %+v", got.ManagedFields)
	}
}

func TestGarbageIsWhatHasNoOwnerLeft(t *testing.T) {
	t.Parallel()
	s := server(t)
	create(t, s, lease(1))
	owner := func(n int, name string) metav1.OwnerReference {
		return metav1.OwnerReference{
			APIVersion: v1alpha1.GroupVersion.String(), Kind: "AccessKeyLease", Name: name, UID: read(t, s, lease(n).Name).UID,
		}
	}
	gone := owner(1, "gone")
	for name, owners := range map[string][]metav1.OwnerReference{
		"none": nil, "one": {owner(1, lease(1).Name)}, "gone": {gone}, "both": {gone, owner(1, lease(1).Name)},
	} {
		create(t, s, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, OwnerReferences: owners}})
	}
	if n, err := s.CollectGarbage(t.Context()); n != 1 || err != nil {
		t.Errorf("collected %d, %v", n, err)
	}
	if err := s.Client().Delete(t.Context(), lease(1)); err != nil {
		t.Fatal(err)
	}
	if n, err := s.CollectGarbage(t.Context()); n != 2 || err != nil {
		t.Errorf("collected %d, %v", n, err)
	}
}

func TestATerminatingNamespaceTakesNothingNewAndGoesWithWhatItHolds(t *testing.T) {
	t.Parallel()
	s := server(t)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "team"}}
	in := func(name string) *corev1.Secret {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: name}}
	}
	if err := s.Client().Create(t.Context(), in("a")); !apierrors.IsNotFound(err) {
		t.Errorf("created in no namespace: %v", err)
	}
	create(t, s, namespace)
	create(t, s, in("a"))
	if err := s.Client().Delete(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	if err := s.Client().Create(t.Context(), in("b")); !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		t.Errorf("created in a terminating namespace: %v", err)
	}
	if n, err := s.CollectGarbage(t.Context()); n != 1 || err != nil {
		t.Errorf("collected %d, %v", n, err)
	}
	if err := s.Client().Get(t.Context(), client.ObjectKey{Name: "team"}, namespace); !apierrors.IsNotFound(err) {
		t.Errorf("the namespace is still there: %v", err)
	}
}

func TestAListSelectsByNamespaceAndLabelsOnly(t *testing.T) {
	t.Parallel()
	s := server(t)
	labelled := lease(2)
	labelled.Labels = map[string]string{"a": "b"}
	create(t, s, lease(1))
	create(t, s, labelled)
	var found v1alpha1.AccessKeyLeaseList
	if err := s.Client().List(t.Context(), &found, client.MatchingLabels{"a": "b"}); err != nil || len(found.Items) != 1 {
		t.Errorf("found %d, %v", len(found.Items), err)
	}
	if err := s.Client().List(t.Context(), &found, client.MatchingFields{"metadata.name": "x"}); err == nil {
		t.Error("a list by fields is not refused")
	}
}
