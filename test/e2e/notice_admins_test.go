package e2e

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
)

func TestAdminsHearOnceATermOfALeaseThatWaits(t *testing.T) {
	for name, tc := range map[string]struct {
		spec   func(*v1alpha1.AccessKeySheet)
		happen func(*stage)
		// cure lets the key go.
		cure func(*stage)
		says []string
		held string
	}{
		"the user is protected": {
			happen: func(s *stage) { s.Account.AddToUser(report.User, iam.WithTag("keylease.dev/protected", "true")) },
			cure:   func(s *stage) { s.Account.RemoveTag(report.User, "keylease.dev/protected") },
			says:   []string{"保護", "keylease.dev/protected"}, held: v1alpha1.ReasonProtected,
		},
		"the key was used lately": {
			spec: func(a *v1alpha1.AccessKeySheet) {
				a.Spec.AWS.HoldIfUsedWithin = &metav1.Duration{Duration: 72 * time.Hour}
			},
			happen: func(s *stage) { s.Account.UseKey(report.Key, fixture.JST("2026-12-09 10:00"), "s3", "us-east-1") },
			cure:   func(*stage) {},
			says:   []string{"最近使われた", "2026-12-09 10:00"}, held: v1alpha1.ReasonRecentlyUsed,
		},
		"AWS does not tell when the key was used": {
			spec: func(a *v1alpha1.AccessKeySheet) {
				a.Spec.AWS.HoldIfUsedWithin = &metav1.Duration{Duration: 72 * time.Hour}
			},
			happen: func(s *stage) { s.IAM.Inject(iam.Fault{Action: "GetAccessKeyLastUsed", Code: "AccessDenied"}) },
			cure:   func(s *stage) { s.IAM.ClearFaults() },
			says:   []string{"最終利用を確認でき", "iam:GetAccessKeyLastUsed", "確認できませんでした"}, held: v1alpha1.ReasonLastUseUnknown,
		},
		"AWS denies": {
			happen: func(s *stage) { s.IAM.Inject(iam.Fault{Action: "UpdateAccessKey", Code: "AccessDenied"}) },
			cure:   func(s *stage) { s.IAM.ClearFaults() },
			says:   []string{"止まっています", "AccessDenied"},
		},
		"AWS cannot even be read": {
			happen: func(s *stage) { s.IAM.Inject(iam.Fault{Action: "ListAccessKeys", Code: "AccessDenied"}) },
			cure:   func(s *stage) { s.IAM.ClearFaults() },
			says:   []string{"止まっています", "AccessDenied"},
		},
		"AWS throttles for hours": {
			happen: func(s *stage) { s.IAM.Inject(iam.Fault{Action: "UpdateAccessKey", Code: "Throttling"}) },
			cure:   func(s *stage) { s.IAM.ClearFaults() },
			says:   []string{"止まっています", "Throttling"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := rowsStage(t, "2026-12-01 14:50", report)
			if tc.spec == nil {
				tc.spec = func(*v1alpha1.AccessKeySheet) {}
			}
			s.Begin(tc.spec)
			s.Until("2026-12-01 15:05")
			s.Until("2026-12-09 14:00")
			tc.happen(s)
			s.Until("2026-12-09 20:00")
			s.ExpectKey(report.Key, "Active")
			if tc.held != "" && expect.Held(s.Lease(report.Key)) != tc.held {
				t.Errorf("held %q, want %q", expect.Held(s.Lease(report.Key)), tc.held)
			}
			for _, to := range []string{admin, admin2} {
				s.ExpectTold(to, 1, append([]string{report.User}, tc.says...)...)
			}
			s.ExpectTold(owner, 1, report.User)
			tc.cure(s)
			s.Until("2026-12-14 15:10")
			s.ExpectKey(report.Key, "")
			s.ExpectTold(admin, 1, append([]string{report.User}, tc.says...)...)
			s.ExpectOneOfEach()
		})
	}
}

func TestAdminsHearOnceOfARowThatIsGone(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report, fixture.Row{User: "svc-other", Key: "AKIAOTHER00000000009", Ends: "2027/12/08"})
	s.Begin()
	s.Until("2026-12-01 15:05")
	s.Must(s.Form().DeleteRows(2, 1))
	s.Until("2026-12-02 15:00")
	for _, to := range []string{admin, admin2} {
		s.ExpectTold(to, 1, report.User, "見つかりません")
	}
	s.Restart()
	s.Until("2026-12-03 15:00")
	s.ExpectTold(admin, 1, report.User, "見つかりません")
	s.Until("2026-12-09 15:10")
	s.ExpectKey(report.Key, "")
}
