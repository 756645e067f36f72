package e2e

import (
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/emulator/slack"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"
)

// slackSilent: nobody can ask whether the token is good, while messages would be taken.
func (s *stage) slackSilent() *slack.Injection {
	return s.Slack.Inject(0, slack.OnMethod("auth.test"), slack.FailStatus(http.StatusServiceUnavailable))
}

func TestATokenThatSlackRefusedStaysRefusedWhileSlackCannotBeAsked(t *testing.T) {
	for name, restart := range map[string]bool{"in one process": false, "over a restart": true} {
		t.Run(name, func(t *testing.T) {
			late := fixture.Row{User: "svc-late", Key: "AKIALATE000000000001", Ends: "2026/12/15"}
			s := rowsStage(t, "2026-12-08 14:30", fixture.Row{User: report.User, Key: report.Key, Ends: "2026/12/08"}, late)
			s.Begin()
			s.Until("2026-12-08 14:50")
			s.Slack.RevokeToken(slack.BotToken)
			s.Until("2026-12-08 15:20")
			s.ExpectSheet(v1alpha1.ConditionSlackReady, metav1.ConditionFalse, v1alpha1.ReasonSlackTokenInvalid, "token_revoked")
			silent := s.slackSilent()
			if restart {
				s.Restart()
			}
			s.Until("2026-12-09 16:00")
			s.ExpectSheet(v1alpha1.ConditionSlackReady, metav1.ConditionFalse, v1alpha1.ReasonSlackUnavailable, "could not be checked", "token_revoked")
			s.ExpectKey(report.Key, "Active")
			if got := expect.Ready(s.Lease(report.Key)); !strings.Contains(got, v1alpha1.ReasonSlackTokenInvalid) {
				t.Errorf("the lease says %s", got)
			}
			silent.Remove()
			s.Until("2026-12-09 16:10")
			s.ExpectSheet(v1alpha1.ConditionSlackReady, metav1.ConditionFalse, v1alpha1.ReasonSlackTokenInvalid, "token_revoked")
			s.Slack.AddToken(slack.BotToken, slack.BotScopes()...)
			s.Until("2026-12-09 16:20")
			s.ExpectSheet(v1alpha1.ConditionSlackReady, metav1.ConditionTrue, v1alpha1.ReasonSlackReady)
			s.ExpectKey(report.Key, "")
		})
	}
}

// An outage of Slack at the time of a restart keeps no key alive that everybody was told of.
func TestATokenThatCouldNotBeCheckedYetIsNotCalledGoodAndStopsNothing(t *testing.T) {
	s := rowsStage(t, "2026-12-08 09:00", report)
	silent := s.slackSilent()
	s.Begin()
	s.ExpectSheet(v1alpha1.ConditionSlackReady, metav1.ConditionFalse, v1alpha1.ReasonSlackUnavailable, "could not be checked")
	c := s.Sheet().Status.Conditions
	if meta.IsStatusConditionTrue(c, v1alpha1.ConditionStalled) || !meta.IsStatusConditionTrue(c, v1alpha1.ConditionReconciling) {
		t.Errorf("nobody has to mend anything: %+v", c)
	}
	s.Until("2026-12-09 15:10")
	s.ExpectTold(owner, 2, report.User) // the notice, and that it is gone
	s.ExpectKey(report.Key, "")
	silent.Remove()
	s.Until("2026-12-09 15:20")
	s.ExpectSheet(v1alpha1.ConditionSlackReady, metav1.ConditionTrue, v1alpha1.ReasonSlackReady)
	asked := s.Slack.Calls()["auth.test"]
	s.Until("2026-12-09 16:20")
	if got := s.Slack.Calls()["auth.test"]; got != asked {
		t.Errorf("a token that is known to be good was asked about %d times more", got-asked)
	}
}

func TestWhyASecretCannotBeReadIsSaidAsItIs(t *testing.T) {
	google := func(a *v1alpha1.AccessKeySheet) {
		a.Spec.Google = &v1alpha1.GoogleAccess{CredentialsSecretRef: &v1alpha1.SecretKeyReference{Name: "google", Key: "credentials.json"}}
	}
	for name, tc := range map[string]struct {
		status int32
		reason string
		says   string
		passes bool
	}{
		"there is none":       {0, v1alpha1.ReasonSecretMissing, "does not exist", false},
		"it may not be read":  {http.StatusForbidden, v1alpha1.ReasonSecretForbidden, "may not be read by the operator", false},
		"the server is ill":   {http.StatusInternalServerError, v1alpha1.ReasonUnavailable, "could not be read", true},
		"the server is tired": {http.StatusServiceUnavailable, v1alpha1.ReasonUnavailable, "could not be read", true},
	} {
		t.Run(name, func(t *testing.T) {
			api := &refusal{of: func(r *http.Request) bool {
				return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/secrets/")
			}}
			s := newStage(t, "2026-12-01 15:00", api.options)
			s.Seed(fixture.Company(t))
			s.Must(s.Client.Delete(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "slack", Namespace: s.Namespace}}))
			api.status.Store(tc.status)
			s.Begin(google)
			s.ExpectSheet(v1alpha1.ConditionSheetReadable, metav1.ConditionFalse, tc.reason, "google", tc.says)
			s.ExpectSheet(v1alpha1.ConditionSlackReady, metav1.ConditionFalse, tc.reason, "slack", tc.says)
			if got := meta.IsStatusConditionTrue(s.Sheet().Status.Conditions, v1alpha1.ConditionStalled); got == tc.passes {
				t.Errorf("Stalled is %t", got)
			}
		})
	}
}

func TestALeaseSaysThatTheTokenIsMissingNotThatSlackRefusedIt(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.Must(s.Client.Delete(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "slack", Namespace: s.Namespace}}))
	s.Begin()
	s.Until("2026-12-01 15:10")
	if got := expect.Ready(s.Lease(report.Key)); !strings.Contains(got, v1alpha1.ReasonSecretMissing) {
		t.Errorf("the lease says %s", got)
	}
}

// sample is the value of a metric of the stage's sheet, with a label of this value if it is not empty.
func (s *stage) sample(name, label string) (value float64, ok bool) {
	s.Helper()
	registry := prometheus.NewRegistry()
	s.Must(metrics.Register(registry))
	families, err := registry.Gather()
	s.Must(err)
	for _, family := range families {
		for _, m := range family.GetMetric() {
			labels := map[string]bool{}
			for _, l := range m.GetLabel() {
				labels[l.GetValue()] = true
			}
			if family.GetName() == name && labels[s.Namespace] && (label == "" || labels[label]) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue(), true
			}
		}
	}
	return 0, false
}

func TestATokenThatCameDuringAnOutageIsNotSaidToHaveBeenRefused(t *testing.T) {
	s := rowsStage(t, "2026-12-01 09:00", report)
	s.Must(s.Client.Delete(t.Context(), s.SlackSecret()))
	s.Begin()
	s.ExpectSheet(v1alpha1.ConditionSlackReady, metav1.ConditionFalse, v1alpha1.ReasonSecretMissing)
	silent := s.slackSilent()
	s.Must(s.Client.Create(t.Context(), s.SlackSecret()))
	s.Until("2026-12-01 09:06")
	first := meta.FindStatusCondition(s.Sheet().Status.Conditions, v1alpha1.ConditionSlackReady)
	s.Until("2026-12-01 09:20")
	later := meta.FindStatusCondition(s.Sheet().Status.Conditions, v1alpha1.ConditionSlackReady)
	if first.Reason != v1alpha1.ReasonSlackUnavailable || later.Message != first.Message || strings.Contains(later.Message, "what Slack said") {
		t.Errorf("first %s: %s\nlater %s", first.Reason, first.Message, later.Message)
	}
	silent.Remove()
	s.Until("2026-12-01 09:30")
	s.ExpectSheet(v1alpha1.ConditionSlackReady, metav1.ConditionTrue, v1alpha1.ReasonSlackReady)
}

func TestASheetThatWasNeverReadSinceTheStartRaisesItsAlerts(t *testing.T) {
	const lastSync, failures = "keylease_sheet_last_sync_timestamp_seconds", "keylease_sheet_sync_failures_total"
	s := rowsStage(t, "2026-12-01 14:50", report)
	sp := s.Sheets.Spreadsheet(world.SpreadsheetID)
	s.Sheets.Remove(world.SpreadsheetID)
	s.Begin()
	made := s.Sheet().CreationTimestamp.Unix()
	if got, ok := s.sample(lastSync, ""); !ok || int64(got) != made {
		t.Errorf("a sheet that was never read was last read at %f (%t), want when it was made, %d", got, ok, made)
	}
	if got, _ := s.sample(failures, v1alpha1.ReasonSpreadsheetNotFound); got < 1 {
		t.Errorf("%f syncs failed", got)
	}

	s.Sheets.Add(world.SpreadsheetID, sp)
	s.Until("2026-12-01 15:10")
	read := s.Sheet().Status.LastSyncTime
	s.Stop()
	s.Sheets.Remove(world.SpreadsheetID)
	metrics.ForgetSheet(s.Namespace, world.SheetName) // as a process that starts
	s.Restart()
	if got, ok := s.sample(lastSync, ""); !ok || read == nil || int64(got) != read.Unix() {
		t.Errorf("after a restart it was last read at %f (%t), want %v", got, ok, read)
	}
}

// refuseRole lets STS refuse the role in the other account.
func (s *stage) refuseRole() *iam.Injected {
	return s.IAM.Inject(iam.Fault{Action: "AssumeRole", Code: "AccessDenied", Match: func(c iam.Call) bool {
		return strings.Contains(c.Params["RoleArn"], elsewhere)
	}})
}

func TestAWSReadyIsTrueAgainSoonAfterARoleIsMended(t *testing.T) {
	s, home, away, _ := twoAccounts(t, 1, true)
	s.Begin(accountColumn)
	s.Until("2026-12-01 15:10")
	s.ExpectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionTrue, v1alpha1.ReasonAWSReady)
	s.Must(s.Form().SetCell(endCell(secondRow), "2026/12/09")) // a new term, whose notice asks when the key was used
	s.Restart()                                                // without the session that it had
	refused := s.refuseRole()
	s.Until("2026-12-02 15:10")
	s.ExpectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionFalse, v1alpha1.ReasonAssumeRoleError, elsewhere)
	s.ExpectPhase(away[0].Key, v1alpha1.PhaseNotified)
	refused.Clear()
	s.Until("2026-12-02 15:21")
	s.ExpectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionTrue, v1alpha1.ReasonAWSReady, "belong to account "+world.AccountID)
	s.ExpectSheet(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	before := len(s.IAM.Calls())
	s.Until("2026-12-02 18:00")
	if calls := s.IAM.Calls()[before:]; len(calls) > 0 {
		t.Errorf("%d calls at rest, the first %s", len(calls), calls[0].Action)
	}
	s.ExpectPhase(home[0].Key, v1alpha1.PhaseNotified)
}

func TestWhoseTheCredentialsAreIsUnknownUntilAWSAnswers(t *testing.T) {
	s := rowsStage(t, "2026-12-01 10:00", fixture.Row{User: "svc-long", Key: "AKIALONG000000000001", Ends: "2027/06/30"})
	away := s.IAM.Inject(iam.Fault{Action: "GetCallerIdentity", Code: "ServiceUnavailable"})
	s.Begin()
	s.Until("2026-12-01 10:10")
	s.ExpectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionUnknown, v1alpha1.ReasonAWSUnavailable, world.AccountID)
	away.Clear()
	s.Until("2026-12-01 10:20")
	s.ExpectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionTrue, v1alpha1.ReasonAWSReady, world.AccountID)
}

func TestAnAccountThatNoLeaseNamesAnyMoreIsNoTrouble(t *testing.T) {
	s, _, away, _ := twoAccounts(t, 1, true)
	s.refuseRole()
	s.Begin(accountColumn)
	s.Until("2026-12-01 15:10")
	s.ExpectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionFalse, v1alpha1.ReasonAssumeRoleError, elsewhere)
	s.Must(s.Form().Edit(func(g *sheets.Grid) error { return g.DeleteRows(3, 1) }))
	s.Until("2026-12-01 15:20")
	s.ExpectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionFalse, v1alpha1.ReasonAssumeRoleError, elsewhere)
	s.Must(s.Client.Delete(t.Context(), &v1alpha1.AccessKeyLease{ObjectMeta: metav1.ObjectMeta{Name: strings.ToLower(away[0].Key), Namespace: s.Namespace}}, client.GracePeriodSeconds(0)))
	s.Until("2026-12-01 15:30")
	s.ExpectSheet(v1alpha1.ConditionAWSReady, metav1.ConditionTrue, v1alpha1.ReasonAWSReady)
}

func TestADailyCheckThatMayNotBeMadeIsToldOnceAndNotCalledMade(t *testing.T) {
	const told = "シートにないアクセスキーを確認できません"
	s := rowsStage(t, "2026-12-01 10:00", fixture.Row{User: "svc-long", Key: "AKIALONG000000000001", Ends: "2027/06/30"})
	denied := s.IAM.Inject(iam.Fault{Action: "ListUsers", Code: "AccessDenied"})
	s.Begin()
	s.Until("2026-12-03 17:00")
	s.ExpectTold(admin, 1, told, "権限の不足", world.AccountID)
	if got := s.Sheet().Status.UnleasedCheckTime; got != nil {
		t.Errorf("the keys were compared at %s", got)
	}
	if got := s.Events(v1alpha1.EventCheckFailed, world.SheetName); len(got) == 0 || !strings.Contains(got[0], "ListUsers") {
		t.Errorf("events: %v", got)
	}
	s.ExpectSheet(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	denied.Clear()
	s.Until("2026-12-04 17:00")
	if got := s.Sheet().Status.UnleasedCheckTime; got == nil {
		t.Error("the check was not made once it may be")
	}
	s.ExpectTold(admin, 1, told)
}
