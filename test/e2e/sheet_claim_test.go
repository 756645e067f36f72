package e2e

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/world"
)

const foreignClaim = "Keylease keylease/key-requests, cluster 7a110000-0000-0000-0000-000000000000, since 2026-05-01T06:00:00Z"

func claimedIn(cell string) func(*v1alpha1.AccessKeySheet) {
	return func(a *v1alpha1.AccessKeySheet) { a.Spec.ClaimCell = cell }
}

// told counts the messages to an admin that hold all of the texts.
func (s *stage) told(texts ...string) int { return len(s.ToldTo(admin, texts...)) }

func (s *stage) leaseCount() int {
	s.Helper()
	l := &v1alpha1.AccessKeyLeaseList{}
	s.Must(s.Client.List(s.Context(), l, client.InNamespace(s.Namespace)))
	return len(l.Items)
}

func TestAnEmptyClaimCellIsClaimedBeforeAnythingIsApplied(t *testing.T) {
	s := companyStage(t, distantRow, reportRow)
	applied := -1
	s.Sheets.OnAfterWrite(func(*sheets.Spreadsheet) {
		if applied < 0 {
			applied = s.leaseCount()
		}
	})
	s.Begin(claimedIn(claimCell))
	s.Until("2026-12-01 15:01")
	cluster := &corev1.Namespace{}
	s.Must(s.Client.Get(t.Context(), client.ObjectKey{Name: "kube-system"}, cluster))
	want := "Keylease " + s.Namespace + "/key-requests, cluster " + string(cluster.UID) + ", since 2026-12-01T06:00:00Z"
	if got := s.Cell(claimCell); got != want {
		t.Errorf("the claim is %q, want %q", got, want)
	}
	if applied != 0 {
		t.Errorf("%d leases were there when the claim was written", applied)
	}
	s.ExpectSheet(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	if got := s.Lease(reportKey).Status.Phase; got != v1alpha1.PhaseNotified {
		t.Errorf("once claimed, row 3 is %s", got)
	}
	s.Sheets.ResetStats()
	s.Until("2026-12-01 15:30")
	if got := s.Sheets.Stats().Writes; got != 0 {
		t.Errorf("a claim that stands was written %d times more", got)
	}
}

func TestOfTwoClustersThatClaimAtOnceTheOneWhoseClaimStandsGoesOn(t *testing.T) {
	s := companyStage(t, distantRow, reportRow)
	s.Sheets.OnAfterWrite(func(sp *sheets.Spreadsheet) {
		// The other cluster had read the empty cell too.
		if err := sp.Tab("key_request_form").SetCell(claimCell, foreignClaim); err != nil {
			t.Error(err)
		}
	})
	s.Begin(claimedIn(claimCell))
	s.Until("2026-12-01 15:30")
	s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, v1alpha1.ReasonForeignClaim, foreignClaim)
	if n := s.leaseCount(); n > 0 {
		t.Errorf("%d leases were made", n)
	}
	if got := s.Cell(claimCell); got != foreignClaim {
		t.Errorf("the claim became %q", got)
	}
}

func TestAForeignClaimStopsEverythingUntilItIsTakenOver(t *testing.T) {
	s := companyStage(t, distantRow, expiredRow, inWordsRow, unclearRow)
	s.Must(s.Form().SetCell(endCell(inWordsRow), "2026/12/11"))
	s.Begin(claimedIn(claimCell))
	s.Until("2026-12-01 15:04")
	s.Must(s.Form().SetCell(claimCell, foreignClaim))
	s.Must(s.Form().SetCell(endCell(distantRow), "2027/03/31"))
	before, sent := s.Lease(distantKey), len(s.Slack.AllMessages())
	s.Until("2026-12-07 16:00") // rows 5 and 18 would be deleted and notified, and there is Monday's summary
	s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, v1alpha1.ReasonForeignClaim, foreignClaim, v1alpha1.AnnotationTakeClaim, claimCell)
	if got := s.Sheet().Status.Claim; got != foreignClaim {
		t.Errorf("status.claim is %q", got)
	}
	if after := s.Lease(distantKey); after.Spec != before.Spec {
		t.Errorf("the lease became %+v", after.Spec)
	}
	if made := s.Changes(); len(made) > 0 {
		t.Errorf("%d changes in AWS, the first %+v", len(made), made[0])
	}
	if got := s.told("別のクラスター", foreignClaim); got != 1 {
		t.Errorf("the admins were told %d times", got)
	}
	if got := len(s.Slack.AllMessages()) - sent; got != 2 {
		t.Errorf("%d messages since the claim, want the one about it to each of two admins", got)
	}
	if got := expect.Ready(s.Lease(inWordsKey)); !strings.Contains(got, v1alpha1.ReasonForeignClaim) {
		t.Errorf("a lease whose notice is due says %s", got)
	}

	t.Run("an annotation that names another claim takes nothing", func(t *testing.T) {
		s := s.on(t)
		s.Annotate(v1alpha1.AnnotationTakeClaim, strings.Replace(foreignClaim, "2026-05", "2026-04", 1))
		s.Until("2026-12-07 16:10")
		if got := s.Cell(claimCell); got != foreignClaim {
			t.Errorf("the claim became %q", got)
		}
	})
	t.Run("the claim's own text takes it, once", func(t *testing.T) {
		s := s.on(t)
		s.Annotate(v1alpha1.AnnotationTakeClaim, foreignClaim)
		s.Until("2026-12-07 16:20")
		s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
		if got := s.Cell(claimCell); !strings.Contains(got, s.Namespace+"/key-requests") || s.Sheet().Status.Claim != "" {
			t.Errorf("the claim is %q, status.claim %q", got, s.Sheet().Status.Claim)
		}
		if got := s.Lease(distantKey).Spec.EndDate; got != "2027-03-31" {
			t.Errorf("row 2 ends %s", got)
		}
		if got := len(s.Audit.With(`"claimed"`, foreignClaim)); got != 1 {
			t.Errorf("%d audit lines of the takeover", got)
		}
		again := strings.Replace(foreignClaim, "2026-05-01", "2026-12-07", 1)
		s.Must(s.Form().SetCell(claimCell, again))
		s.Until("2026-12-07 16:30")
		s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, v1alpha1.ReasonForeignClaim, again)
	})
}

func TestAForeignClaimThatVanishesIsNotTakenForAnInvitation(t *testing.T) {
	s := companyStage(t, distantRow, reportRow)
	s.Must(s.Form().SetCell(claimCell, foreignClaim))
	s.Begin(claimedIn(claimCell))
	s.Until("2026-12-01 15:10")
	s.Must(s.Form().InsertColumn("M"))
	s.Until("2026-12-01 15:30")
	s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, v1alpha1.ReasonForeignClaim, "empty now", foreignClaim)
	if got := s.Cell(claimCell); got != "" || s.leaseCount() > 0 {
		t.Errorf("Z1 became %q, and there are %d leases", got, s.leaseCount())
	}
}

func TestAClaimIsNotWrittenInADryRun(t *testing.T) {
	s := companyStage(t, distantRow, reportRow)
	s.Begin(claimedIn(claimCell), func(a *v1alpha1.AccessKeySheet) { a.Spec.Mode = v1alpha1.ModeDryRun })
	s.Until("2026-12-01 15:30")
	if got := s.Cell(claimCell); got != "" || s.leaseCount() == 0 {
		t.Errorf("Z1 became %q, and there are %d leases", got, s.leaseCount())
	}
}

func TestAClaimCellThatCannotBeSaysSo(t *testing.T) {
	t.Run("outside the grid", func(t *testing.T) {
		s := companyStage(t, reportRow, extendedRow)
		s.Must(s.Form().Edit(func(g *sheets.Grid) error { rows, _ := g.Size(); return g.Resize(rows, 12) }))
		s.Begin(claimedIn(claimCell))
		s.ExpectSheet(v1alpha1.ConditionSheetReadable, metav1.ConditionFalse, v1alpha1.ReasonInvalidSpec, claimCell, "key_request_form", "outside")
	})
	t.Run("among the requests", func(t *testing.T) {
		s := companyStage(t, reportRow, extendedRow)
		s.Begin(claimedIn(statusCell(extendedRow)))
		s.ExpectSheet(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonInvalidSpec, statusCell(extendedRow))
	})
	t.Run("in a sheet that may only be read", func(t *testing.T) {
		s := companyStage(t, reportRow, extendedRow)
		s.Sheets.Spreadsheet(world.SpreadsheetID).Share(sheets.Reader)
		s.Begin(claimedIn(claimCell))
		s.Until("2026-12-01 16:00")
		s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, v1alpha1.ReasonReadOnly, claimCell)
		if n := s.leaseCount(); n > 0 {
			t.Errorf("%d leases without a claim", n)
		}
	})
}
