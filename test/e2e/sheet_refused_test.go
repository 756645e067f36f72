package e2e

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"
)

// refusal is the API server's answer to some requests, such as that of an admission policy or a quota. status 0: as it is.
type refusal struct {
	status atomic.Int32
	of     func(*http.Request) bool
}

// refuseLeases refuses the writes of these leases' specs.
func refuseLeases(keys ...string) *refusal {
	return &refusal{of: func(r *http.Request) bool {
		return r.Method == http.MethodPatch && slices.ContainsFunc(keys, func(key string) bool {
			return strings.HasSuffix(r.URL.Path, "/"+strings.ToLower(key))
		})
	}}
}

func (p *refusal) forbid() { p.status.Store(http.StatusForbidden) }

func (p *refusal) lift() { p.status.Store(0) }

func (p *refusal) options(o *world.Options) {
	o.Config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return world.RoundTripper(func(r *http.Request) (*http.Response, error) {
			status := int(p.status.Load())
			if status == 0 || !p.of(r) {
				return next.RoundTrip(r)
			}
			body := fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"code":%d,"message":"not this one"}`,
				strings.ReplaceAll(http.StatusText(status), " ", ""), status)
			return &http.Response{StatusCode: status, Request: r, Header: http.Header{"Content-Type": {"application/json"}},
				Body: io.NopCloser(strings.NewReader(body))}, nil
		})
	})
}

func TestALeaseThatCannotBeWrittenDoesNotTripTheGuard(t *testing.T) {
	refused := refuseLeases(bigKey(3))
	s, form := bigStage(t, 20, refused.options)
	refused.forbid()
	s.Must(ends(form, 5, 5, "2027/05/31"))
	s.Must(ends(form, 6, 6, "2027/05/31"))
	s.Until("2026-12-01 16:00")
	s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
	s.ExpectSheet(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonRetrying, strings.ToLower(bigKey(3)), "not this one")
	if got := s.Lease(bigKey(4)).Spec.EndDate; got != "2027-05-31" {
		t.Errorf("its neighbour ends %s", got)
	}
	total := int32(0)
	for _, c := range s.Sheet().Status.RecentChanges {
		total += c.Rows
	}
	if total != 1 {
		t.Errorf("one change that was applied counts as %d: %+v", total, s.Sheet().Status.RecentChanges)
	}
}

// TestALeaseThatCannotBeWrittenKeepsNoOtherFromItsEnd: its own row says that it was extended, which nobody could write.
func TestALeaseThatCannotBeWrittenKeepsNoOtherFromItsEnd(t *testing.T) {
	rows := fixture.RowsOf(3, "2026/12/10")
	extended, neighbour := rows[0], rows[2]
	const missing = "AKIAMISSING000000001"
	refused := refuseLeases(extended.Key, missing)
	s := rowsStageIn(t, "2026-12-01 10:00", rows, refused.options)
	s.Begin()
	s.Until("2026-12-03 15:10") // notified
	refused.forbid()
	s.Must(s.Form().SetCell(endCell(firstRow), "2027/01/31"))
	s.Key("svc-missing", missing, fixture.JST("2026-06-01 09:00"))
	_, err := s.Form().AppendRow("", fullName, "試験", "", "S3", "", "", "2026/06/01", "来月", "svc-invalid", "", "AKIAINVALID000000001")
	s.Must(err)
	_, err = s.Form().AppendRow("", fullName, "試験", "", "S3", "", "", "2026/06/01", "2027/01/31", "svc-missing", "", missing)
	s.Must(err)

	s.Until("2026-12-11 15:10")
	s.ExpectPhase(neighbour.Key, v1alpha1.PhaseRevoked)
	s.ExpectKey(neighbour.Key, "")
	s.ExpectMark(thirdRow, "削除済み")
	s.ExpectTold(owner, 2, neighbour.User)
	if got := s.told("修正が必要な行", "AKIAINVALID000000001"); got != 1 {
		t.Errorf("the admins were told %d times of a row", got)
	}
	if got := s.Lease(neighbour.Key).Status.Term; got.Number != 1 {
		t.Errorf("its neighbour is in term %+v", got)
	}
	if got := s.Clock.Now().Sub(s.Sheet().Status.LastSyncTime.Time); got > 20*time.Minute {
		t.Errorf("the last sync that counts was %s ago", got)
	}
	s.ExpectSheet(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonRetrying, strings.ToLower(missing), "and 1 more", "not this one")
	s.ExpectKey(extended.Key, "Active")

	refused.lift()
	s.Until("2026-12-11 15:30")
	s.ExpectSheet(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	if got := s.Lease(extended.Key).Spec.EndDate; got != "2027-01-31" {
		t.Errorf("it ends %s", got)
	}
	s.ExpectPhase(extended.Key, v1alpha1.PhaseActive)
	s.ExpectPhase(missing, v1alpha1.PhaseActive)
}
