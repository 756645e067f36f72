package apiserver_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	testclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/test/emulator/apiserver"
)

var start = time.Date(2031, 4, 1, 9, 0, 0, 0, time.UTC)

func server(t testing.TB) *apiserver.Server {
	t.Helper()
	s, err := apiserver.New(testclock.NewFakePassiveClock(start))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// lease number n, with a spec only.
func lease(n int) *v1alpha1.AccessKeyLease {
	id := fmt.Sprintf("AKIA%012d", n)
	return &v1alpha1.AccessKeyLease{
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: fmt.Sprintf("akia%012d", n)},
		Spec: v1alpha1.AccessKeyLeaseSpec{
			SheetRef: v1alpha1.SheetReference{Name: "keys"}, AccessKeyID: id, UserName: "hanako", AccountID: "123456789012",
			Owner: v1alpha1.LeaseOwner{FullName: "山田 花子"}, Purpose: "batch", EndDate: "2031-05-01",
		},
	}
}

// fullStatus is about what a lease has before its end, some 3 KB of JSON.
func fullStatus(s *v1alpha1.AccessKeyLeaseStatus) {
	at := metav1.NewTime(start)
	s.Phase = v1alpha1.PhaseNotified
	s.Term = &v1alpha1.Term{Number: 2, EndDate: "2031-05-01", StartTime: at}
	s.Key = &v1alpha1.KeyStatus{CreateDate: &at, ObservedTime: &at, Status: "Active", UserID: "AIDA0000000000000001"}
	s.Plan = &v1alpha1.RevocationPlan{Time: at, Steps: []string{"DeactivateAccessKey AKIA", "DetachUserPolicy hanako", "DeletePolicy hanako", "DeleteUser hanako"}}
	for i := range 6 {
		s.Notices = append(s.Notices, v1alpha1.NoticeStatus{
			Kind: "Expiry", Term: 2, Delivery: v1alpha1.Delivery{
				MessageID: fmt.Sprintf("%064d", i), Recipient: fmt.Sprintf("U0%07d", i), State: "Delivered", Time: at,
				Channel: "D0123456", MessageTS: "1700000000.000100",
			},
		})
	}
	for _, t := range []string{"Ready", "Held", "KeyVerified", "NoticesDelivered", "Stalled"} {
		s.Conditions = append(s.Conditions, metav1.Condition{
			Type: t, Status: metav1.ConditionTrue, Reason: "AsItShouldBe", LastTransitionTime: at,
			Message: "some words that a person reads and that say what is the matter with this lease and its key",
		})
	}
}

func applied(t testing.TB, s *apiserver.Server) (*record.Recorder, *v1alpha1.AccessKeyLease) {
	t.Helper()
	r := &record.Recorder{Client: s.Client()}
	l := lease(1)
	if err := r.LeaseSpec(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	for _, condition := range []string{v1alpha1.ConditionRowPresent, v1alpha1.ConditionSheetSynced, v1alpha1.ConditionOwnerResolved} {
		l.Status.Conditions = append(l.Status.Conditions, metav1.Condition{
			Type: condition, Status: metav1.ConditionTrue, Reason: "Found", LastTransitionTime: metav1.NewTime(start),
		})
	}
	l.Status.Sheet = &v1alpha1.SheetRowStatus{Row: 7, EndDate: "2031-05-01"}
	if err := r.LeaseStatus(t.Context(), l, record.OwnerSheet); err != nil {
		t.Fatal(err)
	}
	fullStatus(&l.Status)
	if err := r.LeaseStatus(t.Context(), l, record.OwnerLease); err != nil {
		t.Fatal(err)
	}
	return r, l
}

// The status of a lease as the operator writes it, its own part of the work included.
func BenchmarkStatusApply(b *testing.B) {
	s := server(b)
	r, l := applied(b, s)
	js, err := json.Marshal(l.Status)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(len(js)), "status-bytes")
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		l.Status.Key.LastUsed = &v1alpha1.LastUsed{Date: metav1.NewTime(start.Add(time.Duration(i) * time.Minute))}
		if err := r.LeaseStatus(b.Context(), l, record.OwnerLease); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStatusApplyOfNoChange(b *testing.B) {
	r, l := applied(b, server(b))
	b.ReportAllocs()
	for b.Loop() {
		if err := r.LeaseStatus(b.Context(), l, record.OwnerLease); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	s := server(b)
	_, l := applied(b, s)
	c, key := s.Client(), client.ObjectKeyFromObject(l)
	b.ReportAllocs()
	for b.Loop() {
		var got v1alpha1.AccessKeyLease
		if err := c.Get(b.Context(), key, &got); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkListOfTen(b *testing.B) {
	s := server(b)
	c := s.Client()
	for i := range 10 {
		l := lease(i)
		if err := c.Create(b.Context(), l); err != nil {
			b.Fatal(err)
		}
		fullStatus(&l.Status)
		if err := c.Status().Update(b.Context(), l); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		var got v1alpha1.AccessKeyLeaseList
		if err := c.List(b.Context(), &got, client.InNamespace(metav1.NamespaceDefault)); err != nil || len(got.Items) != 10 {
			b.Fatal(err, len(got.Items))
		}
	}
}

func BenchmarkNew(b *testing.B) {
	server(b)
	b.ReportAllocs()
	for b.Loop() {
		server(b)
	}
}
