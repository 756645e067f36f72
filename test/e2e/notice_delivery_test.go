package e2e

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/emulator/slack"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
)

const post = "chat.postMessage"

// noticeStage is a minute before the notice of one key is due.
func noticeStage(t *testing.T) *stage {
	t.Helper()
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.Begin()
	s.Until("2026-12-01 14:59")
	return s
}

func (s *stage) record(accessKeyID, recipient string) v1alpha1.NoticeStatus {
	s.Helper()
	days := int32(7)
	r := lifecycle.Record(s.Lease(accessKeyID).Status.Notices, 1, lifecycle.Notice{Kind: v1alpha1.NoticeExpiry, DaysBefore: &days}, recipient)
	if r == nil {
		s.Fatalf("nothing is recorded for %s: %+v", recipient, s.Lease(accessKeyID).Status.Notices)
	}
	return *r
}

func TestTheOwnerIsToldBeforeTheAdmins(t *testing.T) {
	s := noticeStage(t)
	s.Slack.Inject(3, slack.OnTarget(post, owner), slack.FailStatus(503))
	s.Until("2026-12-01 15:05")
	all := s.Slack.AllMessages()
	if len(all) != 3 || all[0].User != owner {
		t.Fatalf("the first of %d messages went to %s, want the owner", len(all), all[0].User)
	}
	s.ExpectTold(admin, 1, report.User, owner)
	s.ExpectTold(admin, 0, "http_503")
	s.ExpectOneOfEach()
}

func TestAdminsDoNotWaitForEverForAnOwnerWhomSlackCannotReachNow(t *testing.T) {
	s := noticeStage(t)
	down := s.Slack.Inject(0, slack.OnTarget(post, owner), slack.FailStatus(503))
	s.Until("2026-12-01 15:30")
	for _, to := range []string{admin, admin2} {
		s.ExpectTold(to, 1, report.User, "http_503", "まだDMを届けられていません")
	}
	s.ExpectPhase(report.Key, v1alpha1.PhaseActive) // without the owner's it does not count as delivered
	down.Remove()
	s.Until("2026-12-01 15:40")
	s.ExpectTold(owner, 1, report.User)
	s.ExpectPhase(report.Key, v1alpha1.PhaseNotified)
	s.ExpectOneOfEach()
}

func TestOneAdminsTroubleBlocksNothing(t *testing.T) {
	s := noticeStage(t)
	s.Slack.Inject(0, slack.OnTarget(post, admin2), slack.FailStatus(503))
	s.Until("2026-12-01 15:05")
	s.ExpectPhase(report.Key, v1alpha1.PhaseNotified)
	s.Until("2026-12-09 15:05")
	s.ExpectKey(report.Key, "")
	s.ExpectTold(admin2, 0, report.User)
}

func TestAMessageThatSlackRefusesIsSaidInPlainWords(t *testing.T) {
	s := noticeStage(t)
	withBlocks := func(c slack.Call) bool { return c.Method == post && c.Args["blocks"] != "" && c.Args["blocks"] != "[]" }
	s.Slack.Inject(0, withBlocks, slack.FailWith("msg_blocks_too_long"))
	s.Until("2026-12-01 15:05")
	s.ExpectPhase(report.Key, v1alpha1.PhaseNotified)
	for _, to := range []string{owner, admin, admin2} {
		s.ExpectTold(to, 1, report.User, "2026-12-08")
	}
}

func TestAnOwnerWhomNoMessageSuitsIsUnreachableAndTheAdminsHearWhy(t *testing.T) {
	s := noticeStage(t)
	s.Slack.Inject(0, slack.OnTarget(post, owner), slack.FailWith("msg_too_long"))
	s.Until("2026-12-01 15:05")
	if got := s.record(report.Key, owner); got.State != v1alpha1.NoticeUnreachable || got.Reason != "msg_too_long" {
		t.Errorf("the record is %+v", got)
	}
	s.ExpectTold(admin, 1, report.User, "msg_too_long")
	s.ExpectPhase(report.Key, v1alpha1.PhaseNotified)
	calls := s.Slack.Calls()[post]
	s.Until("2026-12-02 15:05")
	if got := s.Slack.Calls()[post]; got != calls {
		t.Errorf("%d further attempts", got-calls)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	s := noticeStage(t)
	s.Slack.Inject(1, slack.OnTarget(post, owner), slack.RateLimit(3*time.Minute))
	s.Until("2026-12-01 15:02")
	if got := s.Slack.Calls()[post]; got != 1 {
		t.Errorf("%d attempts before the time that Slack asked for, want 1", got)
	}
	s.Until("2026-12-01 15:05")
	s.ExpectTold(owner, 1, report.User)
	s.ExpectOneOfEach()
}

func TestALostAnswerDoesNotLeadToASecondMessage(t *testing.T) {
	for name, effect := range map[string]slack.Effect{
		"the connection breaks": slack.DropAnswer(), "internal_error": slack.FailAnswer("internal_error"), "fatal_error": slack.FailAnswer("fatal_error"),
	} {
		t.Run(name, func(t *testing.T) {
			s := noticeStage(t)
			for _, to := range []string{owner, admin} {
				s.Slack.Inject(1, slack.OnTarget(post, to), effect)
			}
			s.Until("2026-12-01 15:10")
			s.ExpectPhase(report.Key, v1alpha1.PhaseNotified)
			for _, to := range []string{owner, admin, admin2} {
				s.ExpectTold(to, 1, report.User)
				got := s.record(report.Key, to)
				if got.State != v1alpha1.NoticeDelivered || got.MessageTS == "" {
					t.Errorf("%s: %+v", to, got)
				}
				if at := fixture.JST("2026-12-09 15:00"); got.Announced == nil || !got.Announced.Time.Equal(at) {
					t.Errorf("%s: announced is %v, want the %v of the message", to, got.Announced, at)
				}
			}
			s.ExpectOneOfEach()
		})
	}
}

func TestADeathBetweenSendingAndRecordingDoesNotLeadToASecondMessage(t *testing.T) {
	for _, to := range []string{owner, admin, admin2} {
		t.Run("to "+to, func(t *testing.T) {
			s := noticeStage(t)
			killed := false
			s.Slack.OnMessage(func(m slack.Message) {
				if m.User == to && !killed {
					killed = true
					s.Operator().Kill()
				}
			})
			s.Clock.Set(fixture.JST("2026-12-01 15:00"))
			s.Die()
			if !killed {
				t.Fatal("nothing was sent")
			}
			if got := s.record(report.Key, to).State; got != v1alpha1.NoticePending {
				t.Errorf("after the death the record is %s, want Pending", got)
			}
			s.Restart()
			s.Until("2026-12-01 15:10")
			s.ExpectPhase(report.Key, v1alpha1.PhaseNotified)
			for _, to := range []string{owner, admin, admin2} {
				s.ExpectTold(to, 1, report.User)
			}
			s.ExpectOneOfEach()
		})
	}
}

func TestABadTokenIsTheSheetsMatterAndStopsDeletions(t *testing.T) {
	late := fixture.Row{User: "svc-late", Key: "AKIALATE000000000001", Ends: "2026/12/10"}
	s := rowsStage(t, "2026-12-01 14:50", report, late)
	s.Begin()
	s.Until("2026-12-03 14:55")
	s.ExpectPhase(report.Key, v1alpha1.PhaseNotified)
	s.Slack.RevokeToken(slack.BotToken)
	s.Until("2026-12-03 15:10")
	s.ExpectSheet(v1alpha1.ConditionSlackReady, metav1.ConditionFalse, v1alpha1.ReasonSlackTokenInvalid, "token_revoked")
	if l := s.Lease(late.Key); meta.IsStatusConditionTrue(l.Status.Conditions, v1alpha1.ConditionStalled) || !strings.Contains(expect.Ready(l), v1alpha1.ReasonSlackTokenInvalid) {
		t.Errorf("the lease says %s", expect.Ready(l))
	}
	s.Until("2026-12-09 16:00")
	s.ExpectKey(report.Key, "Active")
	s.Slack.AddToken(slack.BotToken, slack.BotScopes()...)
	s.Until("2026-12-09 16:10")
	s.ExpectKey(report.Key, "")
	s.ExpectTold(owner, 1, late.User)
	s.ExpectTold(owner, 2, report.User)
	s.ExpectOneOfEach()
}

// Where AWS did not tell when the key was last used, a message that goes out later does not say "never" either.
func TestALateMessageGuessesNoLastUse(t *testing.T) {
	s := rowsStage(t, "2026-12-01 14:50", report)
	s.IAM.Inject(iam.Fault{Action: "GetAccessKeyLastUsed", Code: "AccessDenied"})
	s.Slack.Inject(1, slack.OnTarget(post, owner), slack.RateLimit(3*time.Minute))
	s.Begin()
	s.Until("2026-12-01 15:10")
	s.ExpectTold(owner, 1, report.User, "確認できませんでした")
	s.ExpectTold(owner, 0, report.User, "利用の記録なし")
}
