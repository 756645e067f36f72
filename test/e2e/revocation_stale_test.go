package e2e

import (
	"context"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers"
)

// lagging is the operator's cache, which goes on showing one object as it once was.
type lagging struct {
	client.Client
	mu    sync.Mutex
	shown client.Object
	// keep tells, where no lease is shown yet, which version to go on showing.
	keep func(*v1alpha1.AccessKeyLease) bool
}

// show an object as it is given; nil: all as it is.
func (c *lagging) show(o client.Object) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shown = o
}

func (c *lagging) Get(ctx context.Context, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shown != nil && reflect.TypeOf(into) == reflect.TypeOf(c.shown) && key == client.ObjectKeyFromObject(c.shown) {
		reflect.ValueOf(into).Elem().Set(reflect.ValueOf(c.shown.DeepCopyObject()).Elem())
		return nil
	}
	err := c.Client.Get(ctx, key, into, options...)
	if l, ok := into.(*v1alpha1.AccessKeyLease); ok && err == nil && c.keep != nil && c.keep(l) {
		c.shown = l.DeepCopy()
	}
	return err
}

// restartLagging is a new process, which knows of no write of the one before it.
func (s *stage) restartLagging(cache *lagging) {
	s.Helper()
	s.Restart(func(d *controllers.Deps) {
		cache.Client = d.Client
		d.Client = cache
	})
}

// TestWhoReadsAnOldLeaseTellsNobodyTwiceAndDeletesNothingTwice: all that the operator read of the lease after a deed of
// another process is older than the deed.
func TestWhoReadsAnOldLeaseTellsNobodyTwiceAndDeletesNothingTwice(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.Begin()
	cache := &lagging{}
	s.restartLagging(cache)
	// meanwhile lets the lease be decided on again and again by the old version.
	meanwhile := func(to ...string) {
		s.restartLagging(cache)
		for _, at := range to {
			s.annotateLease(report.Key, v1alpha1.AnnotationRetry, strings.ReplaceAll(at, " ", "T"))
			s.Until(at)
		}
	}
	cache.show(s.Lease(report.Key))
	s.Until("2026-12-01 15:01")
	meanwhile("2026-12-01 15:02", "2026-12-01 15:03", "2026-12-01 15:20")
	for _, to := range []string{owner, admin, admin2} {
		s.ExpectTold(to, 1, report.User)
	}
	cache.show(nil)
	s.Until("2026-12-09 14:55")
	s.ExpectPhase(report.Key, v1alpha1.PhaseExpired)

	cache.show(s.Lease(report.Key))
	s.Until("2026-12-09 15:01")
	meanwhile("2026-12-09 15:02", "2026-12-09 15:03", "2026-12-09 15:30")
	cache.show(nil)
	meanwhile("2026-12-09 15:40")
	s.ExpectPhase(report.Key, v1alpha1.PhaseRevoked)
	if rev := s.Lease(report.Key).Status.Revocation; rev.Reason != v1alpha1.ReasonEndDatePassed {
		t.Errorf("the revocation says %s", rev.Reason)
	}
	done := map[string]int{}
	for _, c := range s.Changes() {
		done[c.Action]++
	}
	for action, times := range done {
		if times != 1 {
			t.Errorf("%s was called %d times", action, times)
		}
	}
	if len(done) < 5 {
		t.Errorf("the changes were only %v", done)
	}
	for _, to := range []string{owner, admin, admin2} {
		s.ExpectTold(to, 2, report.User)
	}
	s.ExpectOneOfEach()
}

// TestAWriteOfOnesOwnIsKnownBeforeTheCacheShowsIt: what was read in AWS and recorded is not read again because of an old
// copy of the lease.
func TestAWriteOfOnesOwnIsKnownBeforeTheCacheShowsIt(t *testing.T) {
	s := rowsStage(t, "2026-11-20 14:50", report)
	s.Must(s.Client.Create(s.Context(), s.AccessKeySheet(func(a *v1alpha1.AccessKeySheet) { a.Spec.AWS.ReportUnleased = ptr.To(false) })))
	cache := &lagging{keep: func(l *v1alpha1.AccessKeyLease) bool { return l.Status.Sheet != nil }}
	s.restartLagging(cache)
	s.Pass(time.Minute)
	if l, ok := cache.shown.(*v1alpha1.AccessKeyLease); !ok || l.Status.Key != nil {
		t.Fatalf("the cache shows %+v", cache.shown)
	}
	if s.Lease(report.Key).Status.Key == nil {
		t.Fatal("AWS was not read")
	}
	s.IAM.ResetCalls()
	for _, value := range []string{"1", "2", "3"} {
		s.annotateLease(report.Key, "example.com/touched", value)
		s.Pass(time.Minute)
	}
	if calls := s.IAM.Calls(); len(calls) != 0 {
		t.Errorf("%d further calls, such as %s", len(calls), calls[0].Action)
	}
}
