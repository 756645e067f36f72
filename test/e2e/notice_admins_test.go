package e2e

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/iam"
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
			happen: func(s *stage) { s.Account.AddToUser(report.user, iam.WithTag("keylease.dev/protected", "true")) },
			cure:   func(s *stage) { s.Account.RemoveTag(report.user, "keylease.dev/protected") },
			says:   []string{"保護", "keylease.dev/protected"}, held: v1alpha1.ReasonProtected,
		},
		"the key was used lately": {
			spec: func(a *v1alpha1.AccessKeySheet) {
				a.Spec.AWS.HoldIfUsedWithin = &metav1.Duration{Duration: 72 * time.Hour}
			},
			happen: func(s *stage) { s.Account.UseKey(report.key, jst("2026-12-09 10:00"), "s3", "us-east-1") },
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
			s.start(tc.spec)
			s.until("2026-12-01 15:05")
			s.until("2026-12-09 14:00")
			tc.happen(s)
			s.until("2026-12-09 20:00")
			s.expectKey(report.key, "Active")
			if tc.held != "" && heldReason(s.lease(report.key)) != tc.held {
				t.Errorf("held %q, want %q", heldReason(s.lease(report.key)), tc.held)
			}
			for _, to := range []string{admin, admin2} {
				s.expectTold(to, 1, append([]string{report.user}, tc.says...)...)
			}
			s.expectTold(owner, 1, report.user)
			tc.cure(s)
			s.until("2026-12-14 15:10")
			s.expectKey(report.key, "")
			s.expectTold(admin, 1, append([]string{report.user}, tc.says...)...)
			s.expectOneOfEach()
		})
	}
}

func TestAdminsHearOnceOfARowThatIsGone(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report, keyRow{user: "svc-other", key: "AKIAOTHER00000000009", ends: "2027/12/08"})
	s.start()
	s.until("2026-12-01 15:05")
	s.must(s.form().DeleteRows(2, 1))
	s.until("2026-12-02 15:00")
	for _, to := range []string{admin, admin2} {
		s.expectTold(to, 1, report.user, "見つかりません")
	}
	s.restart()
	s.until("2026-12-03 15:00")
	s.expectTold(admin, 1, report.user, "見つかりません")
	s.until("2026-12-09 15:10")
	s.expectKey(report.key, "")
}
