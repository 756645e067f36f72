package e2e

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/emulator/slack"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"
)

func TestASheetOfAnotherNamespaceMayNotUseTheOperatorsCredentials(t *testing.T) {
	s := companyStage(t, reportRow, expiredRow)
	s.Must(s.Client.Create(t.Context(), s.AccessKeySheet()))
	elsewhere := func(d *controllers.Deps) { d.Namespace = "keylease-of-its-own" }
	s.Restart(elsewhere)
	s.Until("2026-12-02 16:00")
	s.ExpectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionFalse, v1alpha1.ReasonCredentialsForbidden, "roleARN", "--credentials-namespaces", s.Namespace)
	if calls := s.IAM.Calls(); len(calls) > 0 {
		t.Errorf("%d calls to AWS with the operator's own credentials, the first %s", len(calls), calls[0].Action)
	}

	s.Restart(elsewhere, func(d *controllers.Deps) { d.CredentialsNamespaces = []string{s.Namespace} })
	s.Until("2026-12-02 16:10")
	s.ExpectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionTrue, v1alpha1.ReasonAWSReady)
}

func TestASheetOfAnotherNamespaceUsesARoleThatTrustsIt(t *testing.T) {
	s := companyStage(t, reportRow, expiredRow)
	operator := "arn:aws:sts::" + world.AccountID + ":assumed-role/" + world.OperatorRole + "/pod"
	s.Account.AddRole("keylease-target", iam.Trust{Principals: []string{operator, world.AccountID}, ExternalID: s.Namespace + "/" + world.SheetName})
	s.Must(s.Client.Create(t.Context(), s.AccessKeySheet(func(a *v1alpha1.AccessKeySheet) {
		a.Spec.AWS.RoleARN = "arn:aws:iam::{{ .AccountID }}:role/keylease-target"
	})))
	s.Restart(func(d *controllers.Deps) { d.Namespace = "keylease-of-its-own" })
	s.Until("2026-12-02 15:10")
	s.ExpectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionTrue, v1alpha1.ReasonAWSReady)
	if got := s.Lease(expiredKey).Status.Phase; got != v1alpha1.PhaseRevoked {
		t.Errorf("row 5 is %s (%s)", got, expect.Ready(s.Lease(expiredKey)))
	}
	for _, c := range s.IAM.Calls() {
		if c.Service == "iam" && !strings.Contains(c.Principal, "assumed-role/keylease-target/") {
			t.Fatalf("%s was called as %s", c.Action, c.Principal)
		}
	}
}

func TestTheSheetSaysWhatIsWrongWithTheWayToAWS(t *testing.T) {
	role := func(arn string) func(*v1alpha1.AccessKeySheet) {
		return func(a *v1alpha1.AccessKeySheet) { a.Spec.AWS.RoleARN = arn }
	}
	for name, tc := range map[string]struct {
		spec   func(*v1alpha1.AccessKeySheet)
		key    string
		reason string
		says   string
		// told is what the admins read of the reason.
		told string
	}{
		"a role that does not trust the operator": {
			spec: role("arn:aws:iam::{{ .AccountID }}:role/nobodys"), reason: v1alpha1.ReasonAssumeRoleError, says: "role/nobodys",
			told: "ロールを引き受けられません",
		},
		"credentials that AWS does not know": {
			spec: role(""), key: "AKIAUNKNOWN000000001", reason: v1alpha1.ReasonCredentialsInvalid, says: "InvalidClientTokenId",
			told: "認証情報が受け付けられません",
		},
		"a role of another account": {
			spec: role("arn:aws:iam::999999999999:role/keylease"), reason: v1alpha1.ReasonInvalidSpec, says: "spec.aws.roleARN",
			told: "AccessKeySheet の設定に誤りがあります",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := companyStage(t, reportRow, expiredRow)
			if tc.key != "" {
				s.As(tc.key)
			}
			s.Begin(tc.spec)
			s.Until("2026-12-01 15:10")
			s.ExpectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionFalse, tc.reason, tc.says)
			told := ""
			for _, m := range s.Slack.AllMessages() {
				if text := m.PlainText(); strings.Contains(text, "対象のシート") {
					told += text
				}
			}
			if !strings.Contains(told, "AWSを操作できません") || !strings.Contains(told, tc.told) || strings.Contains(told, "別のアカウント") {
				t.Errorf("the admins read:\n%s", told)
			}
			s.expectNoSecret()
		})
	}
}

func TestALeaseMadeWithKubectlAloneIsNeverActedOn(t *testing.T) {
	s := companyStage(t, reportRow)
	const strange = "AKIASTRANGE000000001"
	s.Key("svc-strange", strange, fixture.JST("2026-06-01 09:00"))
	s.Begin()
	s.Must(s.Client.Create(t.Context(), &v1alpha1.AccessKeyLease{
		ObjectMeta: metav1.ObjectMeta{Name: strings.ToLower(strange), Namespace: s.Namespace},
		Spec: v1alpha1.AccessKeyLeaseSpec{
			SheetRef: v1alpha1.SheetReference{Name: world.SheetName}, AccessKeyID: strange, UserName: "svc-strange",
			AccountID: world.AccountID, EndDate: "2026-11-01",
		},
	}))
	s.Until("2026-12-09 16:00")
	l := s.Lease(strange)
	if c := meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionReady); c == nil || c.Reason != v1alpha1.ReasonNeverOnSheet {
		t.Errorf("Ready is %+v", c)
	}
	s.ExpectEvent(strange, v1alpha1.EventBlocked, "no row of tab key_request_form has this key")
	if got := s.Account.KeyStatus(strange); got != "Active" {
		t.Errorf("the key is %q", got)
	}
	for _, m := range s.Slack.AllMessages() {
		if strings.Contains(m.PlainText(), "svc-strange") {
			t.Errorf("somebody was told of it: %s", m.PlainText())
		}
	}
}

func TestNothingIsDeletedWhileNobodyCanBeWarned(t *testing.T) {
	s := companyStage(t, reportRow, lateRow, expiredRow, blanksRow, toldTodayRow)
	s.Begin()
	s.Until("2026-12-01 15:04")
	s.Slack.RevokeToken(slack.BotToken)
	s.Until("2026-12-03 16:00")
	if gone := len(s.Changes()); gone > 0 {
		// What was due before the token was found out to be bad may have gone: it was warned of. What follows may not.
		t.Logf("%d changes before anything had to be sent", gone)
	}
	s.ExpectSheet(v1alpha1.ConditionSlackReady, metav1.ConditionFalse, v1alpha1.ReasonSlackTokenInvalid, "token_revoked")
	before := len(s.Changes())
	s.Until("2026-12-08 16:00")
	if after := len(s.Changes()); after != before {
		t.Errorf("%d changes in AWS while nobody could be warned", after-before)
	}
	s.Slack.AddToken(slack.BotToken, slack.BotScopes()...)
	s.Until("2026-12-09 16:00")
	for _, key := range []string{reportKey, lateKey, expiredKey, blanksKey, toldTodayKey} {
		s.ExpectPhase(key, v1alpha1.PhaseRevoked)
	}
	s.expectNoSecret()
}

func TestAnotherAccountsCredentialsMarkNothing(t *testing.T) {
	s := companyStage(t, reportRow, expiredRow, deletedRow)
	other := s.IAM.AddAccount("999999999999", iam.PartitionAWS)
	other.AddCredential("AKIAOTHER00000000001", "arn:aws:sts::999999999999:assumed-role/keylease/pod")
	s.As("AKIAOTHER00000000001")
	s.Begin()
	s.Until("2026-12-09 16:00")
	s.ExpectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionFalse, v1alpha1.ReasonWrongAccount, "999999999999", world.AccountID)
	if made := s.Changes(); len(made) > 0 {
		t.Errorf("%d changes in AWS, the first %+v", len(made), made[0])
	}
	s.ExpectMark(reportRow, "期限切れ")
	s.ExpectMark(deletedRow, "削除済み")
	if l := s.Lease(reportKey); l.Status.Phase == v1alpha1.PhaseRevoked || !meta.IsStatusConditionTrue(l.Status.Conditions, v1alpha1.ConditionStalled) {
		t.Errorf("row 3 is %s (%s)", l.Status.Phase, expect.Ready(l))
	}
}
