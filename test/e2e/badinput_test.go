package e2e

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"
)

const (
	longText = 50_000
	// aSecret must be read nowhere.
	aSecret = "-----BEGIN-PRIVATE-c2VjcmV0"
)

func TestASheetThatCannotBeReadSaysWhatToDo(t *testing.T) {
	google := func(json string) func(*stage) {
		return func(s *stage) {
			s.Must(s.Client.Create(s.Context(), &corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{Name: "google", Namespace: s.Namespace}, StringData: map[string]string{"credentials.json": json},
			}))
		}
	}
	withGoogle := func(a *v1alpha1.AccessKeySheet) {
		a.Spec.Google = &v1alpha1.GoogleAccess{CredentialsSecretRef: &v1alpha1.SecretKeyReference{Name: "google", Key: "credentials.json"}}
	}
	answers := func(answer sheets.Response) func(*stage) {
		return func(s *stage) { s.Sheets.Inject(sheets.Fault{On: sheets.Read, Times: -1, Answer: &answer}) }
	}
	for name, tc := range map[string]struct {
		before func(*stage)
		spec   func(*v1alpha1.AccessKeySheet)
		reason string
		says   []string
	}{
		"no Secret":                   {nil, withGoogle, v1alpha1.ReasonSecretMissing, []string{"google", "credentials.json"}},
		"credentials that are none":   {google("{" + aSecret), withGoogle, v1alpha1.ReasonCredentialsInvalid, []string{"/google, key"}},
		"credentials of another kind": {google(`{"type":"external_account","token_url":"http://evil.example/` + aSecret + `"}`), withGoogle, v1alpha1.ReasonCredentialsInvalid, []string{"service_account"}},
		"credentials that Google refuses": {func(s *stage) {
			google(`{"type":"service_account","token_uri":"https://oauth2.googleapis.com/token"}`)(s)
			answers(sheets.Response{Status: http.StatusUnauthorized})(s)
		}, withGoogle, v1alpha1.ReasonCredentialsInvalid, []string{"does not accept", "/google, key"}},
		"no tab":                  {func(s *stage) { s.Must(s.Form().RenameTab("申請")) }, nil, v1alpha1.ReasonTabMissing, []string{"key_request_form"}},
		"no spreadsheet":          {func(s *stage) { s.Sheets.Remove(world.SpreadsheetID) }, nil, v1alpha1.ReasonSpreadsheetNotFound, []string{world.SpreadsheetID}},
		"not shared":              {func(s *stage) { s.Sheets.Spreadsheet(world.SpreadsheetID).Share(sheets.NotShared) }, nil, v1alpha1.ReasonSpreadsheetForbidden, []string{"share"}},
		"too many requests":       {answers(sheets.TooManyRequests(sheets.Read)), nil, v1alpha1.ReasonQuotaExceeded, []string{"quota"}},
		"too many, said with 403": {answers(sheets.UserRateLimitExceeded()), nil, v1alpha1.ReasonQuotaExceeded, []string{"quota"}},
		"Google is away":          {answers(sheets.Unavailable()), nil, v1alpha1.ReasonUnavailable, []string{"503"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, "2026-12-01 15:00")
			s.Seed(fixture.Company(t))
			if tc.before != nil {
				tc.before(s)
			}
			if tc.spec == nil {
				tc.spec = func(*v1alpha1.AccessKeySheet) {}
			}
			s.Begin(tc.spec)
			s.ExpectSheet(v1alpha1.ConditionSheetReadable, metav1.ConditionFalse, tc.reason, tc.says...)
			s.ExpectSheet(v1alpha1.ConditionReady, metav1.ConditionFalse, tc.reason)
			s.expectNoSecret()
		})
	}
}

func TestTheFirstReadingWarnsOfEachRowThatIsWrongAndOfNoOther(t *testing.T) {
	s := newStage(t, "2026-12-01 15:00")
	s.Seed(fixture.Company(t))
	s.Begin()
	for row := range invalidRows {
		s.ExpectEvent(world.SheetName, v1alpha1.EventInvalidRow, fmt.Sprintf("row %d: ", row))
	}
	events := &corev1.EventList{}
	s.Must(s.Client.List(s.Context(), events, client.InNamespace(s.Namespace)))
	for _, e := range events.Items {
		if e.Reason == v1alpha1.EventBlocked && strings.Contains(e.Message, "row") {
			t.Errorf("%s stands on a row, and yet: %s", e.InvolvedObject.Name, e.Message)
		}
	}
}

// expectNoSecret in status, Events or the audit log.
func (s *stage) expectNoSecret() {
	s.Helper()
	events := &corev1.EventList{}
	s.Must(s.Client.List(s.Context(), events, client.InNamespace(s.Namespace)))
	texts := s.Audit.With(aSecret)
	for _, e := range events.Items {
		texts = append(texts, e.Message)
	}
	for _, c := range s.Sheet().Status.Conditions {
		texts = append(texts, c.Message)
	}
	for _, text := range texts {
		if strings.Contains(text, aSecret) || strings.Contains(text, "xoxb-") {
			s.Errorf("a secret in: %s", text)
		}
	}
}

func TestADamagedSheetIsReportedAndNothingIsLost(t *testing.T) {
	few := []int{distantRow, reportRow, expiredRow}
	for name, tc := range map[string]struct {
		damage func(*sheets.Tab) error
		reason string
		rows   []int
	}{
		"an empty tab":             {func(f *sheets.Tab) error { f.ClearTab(); return nil }, v1alpha1.ReasonEmptySheet, few},
		"only the header":          {func(f *sheets.Tab) error { return f.DeleteRows(2, 40) }, v1alpha1.ReasonEmptySheet, few},
		"a column inserted before": {func(f *sheets.Tab) error { return f.InsertColumn("B") }, v1alpha1.ReasonColumnsMoved, few},
		"a column deleted":         {func(f *sheets.Tab) error { return f.DeleteColumn("J") }, v1alpha1.ReasonColumnsMoved, few},
		"twelve columns cut to five": {func(f *sheets.Tab) error {
			return f.Edit(func(g *sheets.Grid) error { rows, _ := g.Size(); return g.Resize(rows, 5) })
		}, v1alpha1.ReasonColumnsMoved, few},
		"the end dates sorted alone": {func(f *sheets.Tab) error {
			return f.Edit(func(g *sheets.Grid) error {
				for row := 2; row <= 33; row++ {
					if err := g.SetCell("I"+strconv.Itoa(row), "2026/11/"+strconv.Itoa(1+row%28)); err != nil {
						return err
					}
				}
				return nil
			})
		}, v1alpha1.ReasonTooManyChanges, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := companyStage(t, tc.rows...)
			s.Begin()
			s.Until("2026-12-01 15:04")
			before := s.Lease(reportKey)
			s.Must(tc.damage(s.Form()))
			s.Until("2026-12-02 16:00")
			if name == "twelve columns cut to five" {
				s.ExpectSheet(v1alpha1.ConditionReady, metav1.ConditionFalse, tc.reason)
			} else {
				s.ExpectSheet(v1alpha1.ConditionSheetAccepted, metav1.ConditionFalse, tc.reason, v1alpha1.AnnotationApproveChange)
			}
			if made := s.Changes(); len(made) > 0 {
				t.Errorf("%d changes in AWS, the first %s of %s", len(made), made[0].Action, made[0].User())
			}
			if after := s.Lease(reportKey); after.Spec != before.Spec {
				t.Errorf("the lease became %+v", after.Spec)
			}
		})
	}
}

func TestATabWithOnlyAHeaderIsAnEmptyStart(t *testing.T) {
	s := newStage(t, "2026-12-01 15:00")
	sp := fixture.Company(t)
	s.Must(sp.Tab("key_request_form").DeleteRows(2, 40))
	s.Seed(sp)
	s.Begin()
	s.ExpectSheet(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
}

func TestCellsOfFiftyThousandCharactersHarmNobody(t *testing.T) {
	s := companyStage(t, distantRow, reportRow, lateRow, alikeRow, strangerRow, namesakeRow, wordyRow, blanksRow)
	long := strings.Repeat("長", longText)
	for _, cell := range []string{purposeCell(distantRow), resourceCell(reportRow), nameCell(lateRow)} {
		s.Must(s.Form().SetCell(cell, long))
	}
	for _, cell := range []string{startCell(alikeRow), endCell(strangerRow), userCell(namesakeRow), statusCell(wordyRow), keyCell(blanksRow)} {
		s.Must(s.Form().SetCell(cell, long))
	}
	s.Begin()
	s.Until("2026-12-01 15:04")
	if got := s.Lease(distantKey).Spec.Purpose; got != long {
		t.Errorf("the purpose has %d bytes, want %d", len(got), len(long))
	}
	for _, k := range []string{reportKey, lateKey} {
		if got := s.Lease(k).Status.Phase; got != v1alpha1.PhaseNotified {
			t.Errorf("key %s is %s (%s)", k, got, expect.Ready(s.Lease(k)))
		}
	}
	rows := map[int32]bool{}
	for _, r := range s.Sheet().Status.InvalidRows {
		rows[r.Row] = true
	}
	for _, row := range []int32{10, 22, 25} {
		if !rows[row] {
			t.Errorf("row %d is not among the invalid: %v", row, rows)
		}
	}
}
