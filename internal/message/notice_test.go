package message_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/message"
)

func TestTheMessageSaysHowManyDaysAreLeft(t *testing.T) {
	for name, tc := range map[string]struct{ today, ja, en string }{
		"a week before":       {"2026-12-01", "あと7日", "7 days left"},
		"the day before":      {"2026-12-07", "あと1日", "1 day left"},
		"on the end date":     {"2026-12-08", "本日まで", "ends today"},
		"the day after":       {"2026-12-09", "昨日終了", "ended yesterday"},
		"three days after":    {"2026-12-11", "3日前に終了", "ended 3 days ago"},
		"over a year's end":   {"2025-12-08", "あと365日", "365 days left"},
		"a date nobody reads": {"someday", "不明", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			n := aNotice(v1alpha1.NoticeExpiry, message.ToOwner)
			n.Today = tc.today
			expectWords(t, render(t, "ja", n), tc.ja)
			expectWords(t, render(t, "en", n), tc.en)
		})
	}
}

func TestTheOwnersMessageCarriesWhatTheRowSays(t *testing.T) {
	r := render(t, "ja", aNotice(v1alpha1.NoticeExpiry, message.ToOwner))
	expectWords(t, r, "svc-report", "AKIAKEYLEASE00000002", "123456789012", "月次レポートの集計", "Athena",
		"2026年6月3日（水）", "2026年12月8日（火）", "2026-12-09 15:00 JST",
		"延長申請済み", "3行目", "kubectl -n keylease patch accesskeylease akiakeylease00000002")
}

func TestTheLastUseIsToldInTheSheetsZone(t *testing.T) {
	n := aNotice(v1alpha1.NoticeExpiry, message.ToOwner)
	expectWords(t, render(t, "ja", n), "2026-12-01 08:30 JST / athena / ap-northeast-1")
}

func TestAKeyThatWasNeverUsedIsToldApartFromOneThatCouldNotBeChecked(t *testing.T) {
	n := aNotice(v1alpha1.NoticeExpiry, message.ToOwner)
	n.Lease.Status.Key.LastUsed = nil
	expectWords(t, render(t, "en", n), "no use on record")
	n.Lease.Status.Key.LastUseUnknown = true
	expectWords(t, render(t, "en", n), "could not be checked")
}

func TestTheDeactivationBeforeTheDeletionIsTold(t *testing.T) {
	n := aNotice(v1alpha1.NoticeExpiry, message.ToOwner)
	n.DeactivateAt, n.DeleteAt = n.DeleteAt, n.DeleteAt.Add(72*time.Hour)
	expectWords(t, render(t, "ja", n), "2026-12-09 15:00 JST 以降に無効化し", "2026-12-12 15:00 JST 以降に削除します")
}

func TestOnlyTheOwnersMessageMentionsTheOwner(t *testing.T) {
	link := "<https://docs.google.com/spreadsheets/d/1duJ/edit?gid=0&amp;range=I3|申請シートを開く>"
	got := render(t, "ja", aNotice(v1alpha1.NoticeExpiry, message.ToOwner)).texts("mrkdwn")
	if diff := cmp.Diff([]string{"<@U0EMPLOY02>", link}, got); diff != "" {
		t.Errorf("owner (-want +got):\n%s", diff)
	}
	got = render(t, "ja", aNotice(v1alpha1.NoticeExpiry, message.ToAdmin)).texts("mrkdwn")
	if diff := cmp.Diff([]string{link}, got); diff != "" {
		t.Errorf("admin (-want +got):\n%s", diff)
	}
}

func TestAnAdminLearnsWhetherTheOwnerWasTold(t *testing.T) {
	for name, tc := range map[string]struct {
		owner message.Owner
		want  []string
	}{
		"told":        {message.Owner{SlackUserID: "U0EMPLOY02"}, []string{"The owner (Slack ID U0EMPLOY02) has been told"}},
		"unknown":     {message.Owner{}, []string{`no Slack user in the users tab matches the name "鈴木 花子"`}},
		"ambiguous":   {message.Owner{Candidates: []string{"U0EMPLOY19", "U0EMPLOY20"}}, []string{"several Slack users", "U0EMPLOY19, U0EMPLOY20"}},
		"unreachable": {message.Owner{SlackUserID: "U0EMPLOY02", Unreachable: "user_disabled"}, []string{"U0EMPLOY02", "could not be reached by direct message (Slack's error: user_disabled)"}},
		"not yet":     {message.Owner{SlackUserID: "U0EMPLOY02", NotYet: true}, []string{"The owner (Slack ID U0EMPLOY02) could not be reached by direct message yet. It"}},
		"not yet, by an error": {message.Owner{SlackUserID: "U0EMPLOY02", NotYet: true, Unreachable: "http_503"},
			[]string{"could not be reached by direct message yet (Slack's error: http_503). It is sent again"}},
	} {
		t.Run(name, func(t *testing.T) {
			n := aNotice(v1alpha1.NoticeExpiry, message.ToAdmin)
			n.Owner = tc.owner
			expectWords(t, render(t, "en", n), tc.want...)
		})
	}
}

func TestAnAdminSeesThePlanAndTheOwnerDoesNot(t *testing.T) {
	n := aNotice(v1alpha1.NoticeExpiry, message.ToAdmin)
	n.Plan = aPlan()
	expectWords(t, render(t, "en", n), "delete the IAM user: svc-report", "permissions boundary", "is tagged")
	n.Audience = message.ToOwner
	expectNoWords(t, render(t, "en", n), "delete the IAM user:")
}

func TestTheMessageAfterADeletionSaysWhatBecameOfTheUser(t *testing.T) {
	n := aNotice(v1alpha1.NoticeRevoked, message.ToOwner)
	n.Lease.Status.Revocation = aRevocation()
	expectWords(t, render(t, "en", n), "The IAM user was deleted too.")
	n.Lease.Status.Revocation.Steps = n.Lease.Status.Revocation.Steps[:2]
	expectNoWords(t, render(t, "en", n), "The IAM user") // another lease, due on the same day, may have taken it along
	n.Lease.Status.Revocation.Retained = []v1alpha1.Retained{{Target: "svc-report", Reason: v1alpha1.RetainedUserNotFound}}
	expectNoWords(t, render(t, "en", n), "The IAM user remains.")
	expectNoWords(t, render(t, "ja", n), "残っています")
	n.Lease.Status.Revocation.Retained = []v1alpha1.Retained{{Target: "svc-report", Reason: v1alpha1.RetainedOtherKeys}}
	expectWords(t, render(t, "en", n), "The IAM user remains.")
	expectWords(t, render(t, "ja", n), "IAMユーザーは残っています。")
	n.Lease.Status.Revocation = &v1alpha1.RevocationStatus{Reason: v1alpha1.ReasonKeyAlreadyGone}
	expectWords(t, render(t, "en", n), "already gone from AWS")
}

func TestAKeyThatSomebodyElseDeactivatedIsNotPromisedToWorkAgain(t *testing.T) {
	for _, audience := range []message.Audience{message.ToOwner, message.ToAdmin} {
		n := aNotice(v1alpha1.NoticeDeactivated, audience)
		n.Lease.Status.Revocation = aDeactivation()
		expectWords(t, render(t, "en", n), "was deactivated", "the same key will work again")
		expectWords(t, render(t, "ja", n), "を無効化しました", "同じキーが再び使えるようになります")
		n.Lease.Status.Revocation.DeactivatedTime = nil
		r := render(t, "en", n)
		expectWords(t, r, "is inactive", "Somebody else had already deactivated", "Keylease will not activate it")
		expectNoWords(t, r, "was deactivated", "work again")
		r = render(t, "ja", n)
		expectWords(t, r, "無効化されています", "Keyleaseがキーを有効に戻すことはありません")
		expectNoWords(t, r, "を無効化しました", "再び使える")
	}
}

func TestTheLastUseIsSaidToBeBeforeWhatEndedIt(t *testing.T) {
	n := aNotice(v1alpha1.NoticeRevoked, message.ToOwner)
	n.Lease.Status.Revocation = aRevocation()
	n.Lease.Status.Revocation.DeactivatedTime = aDayAfterItsUse()
	expectWords(t, render(t, "en", n), "in the 24 hours before it was deactivated")
	expectWords(t, render(t, "ja", n), "無効化前の24時間以内")
	n.Lease.Status.Revocation.KeyDeletedTime = aDayAfterItsUse()
	expectWords(t, render(t, "en", n), "in the 24 hours before it was deleted")
	expectNoWords(t, render(t, "ja", n), "無効化前の")
}

func TestAKeyThatCameBackIsNotSaidToGoByClearingItsCell(t *testing.T) {
	n := aNotice(v1alpha1.NoticeKeyStillExists, message.ToAdmin)
	n.Lease.Status.Revocation = aDeactivation()
	expectNoWords(t, render(t, "en", n), "its lease is over")
	n.Lease.Status.Revocation.CompletionTime = n.Lease.Status.Revocation.StartTime
	expectWords(t, render(t, "en", n), "its lease is over", "delete the AccessKeyLease keylease/akiakeylease00000002 first")
	expectWords(t, render(t, "ja", n), "AWSのキーの一覧に残っています", "AccessKeyLease keylease/akiakeylease00000002 を削除してから")
}

func TestAKeyThatWasGoneBeforeIsNotSaidToHaveBeenDeletedByKeylease(t *testing.T) {
	n := aNotice(v1alpha1.NoticeRevoked, message.ToOwner)
	n.Lease.Status.Revocation = &v1alpha1.RevocationStatus{Reason: v1alpha1.ReasonKeyAlreadyGone}
	r := render(t, "ja", n)
	expectWords(t, r, "はすでに削除されていました", "すでにAWSに存在しませんでした")
	expectNoWords(t, r, "を削除しました")
	n.Audience = message.ToAdmin
	expectNoWords(t, render(t, "ja", n), "ご本人") // who gets no message of it
}

func TestOnlyAKeyThatGoesItsWayToDeletionIsToldADateOfDeletion(t *testing.T) {
	for kind, want := range map[string]bool{
		v1alpha1.NoticeExpiry: true, v1alpha1.NoticeDeactivated: true, v1alpha1.NoticeRowGone: true, v1alpha1.NoticeDateConflict: true,
		v1alpha1.NoticeKeyStillExists: false, v1alpha1.NoticeProtected: false, v1alpha1.NoticeRecentlyUsed: false, v1alpha1.NoticeLastUseUnknown: false,
		v1alpha1.NoticeFieldOwned: false, v1alpha1.NoticeStalled: false, v1alpha1.NoticeRevoked: false,
	} {
		r := render(t, "ja", aNotice(kind, message.ToAdmin))
		if got := strings.Contains(r.words(), "2026-12-09 15:00 JST"); got != want {
			t.Errorf("%s: a date of deletion: %v, want %v", kind, got, want)
		}
	}
}

func TestTheOperatorsEnglishIsOnlyQuotedInAJapaneseMessage(t *testing.T) {
	for _, kind := range adminKinds {
		n := aNotice(kind, message.ToAdmin)
		n.Detail = "the operator's own sentence"
		words := render(t, "ja", n).words()
		if strings.Contains(strings.ReplaceAll(words, "「the operator's own sentence」", ""), "sentence") {
			t.Errorf("%s: an English sentence stands unquoted in:\n%s", kind, words)
		}
	}
}

func TestWhyADeletionIsStuckIsSaidInTheRecipientsLanguage(t *testing.T) {
	n := aNotice(v1alpha1.NoticeStalled, message.ToAdmin)
	n.Reason, n.Detail = v1alpha1.ReasonWrongAccount, "the credentials are of account 1"
	expectWords(t, render(t, "ja", n), "理由：AWSの認証情報が、対象のAWSアカウントのものではありません", "「the credentials are of account 1」")
	n.Reason = "SomethingNew"
	expectNoWords(t, render(t, "ja", n), "理由：")
}

func TestWhatWouldStopTheDeletionIsSaidInTheRecipientsLanguage(t *testing.T) {
	n := aNotice(v1alpha1.NoticeExpiry, message.ToAdmin)
	n.Plan = &v1alpha1.RevocationPlan{BlockedReason: v1alpha1.ReasonUserRecreated, Blocked: "user svc-report was recreated"}
	expectWords(t, render(t, "ja", n), "このままでは削除できません。\n理由：同じ名前のIAMユーザーが作り直されています\n", "「user svc-report was recreated」")
	n.Plan.BlockedReason = "" // of a plan that was stored before plans had one
	r := render(t, "ja", n)
	expectWords(t, r, "このままでは削除できません。\n詳細", "「user svc-report was recreated」")
	expectNoWords(t, r, "理由：")
}

func TestTheMessageAfterTheEndSaysThatItHasExpiredAndWhenTheKeyGoes(t *testing.T) {
	n := aNotice(v1alpha1.NoticeExpiry, message.ToOwner)
	n.Today, n.DeleteAt = "2026-12-11", time.Date(2026, 12, 12, 15, 0, 0, 0, jst)
	r := render(t, "ja", n)
	expectWords(t, r, "すでに終了日を過ぎています", "2026-12-12 15:00 JST 以降にキーを削除します", "利用期限が過ぎています")
	if !strings.Contains(r.Text, "でした（3日前に終了）") {
		t.Errorf("notification %q", r.Text)
	}
}

func TestTheMarkIsNotSaidToBringADeactivatedKeyBack(t *testing.T) {
	expectWords(t, render(t, "ja", aNotice(v1alpha1.NoticeDeactivated, message.ToOwner)), "キーは新しい日付が入るまで無効のままです")
	expectNoWords(t, render(t, "ja", aNotice(v1alpha1.NoticeExpiry, message.ToOwner)), "無効のまま")
}

func TestALongPurposeIsShortenedAndArrives(t *testing.T) {
	n := aNotice(v1alpha1.NoticeExpiry, message.ToOwner)
	n.Lease.Spec.Purpose = strings.Repeat("あ", 50_000)
	i := slices.IndexFunc(render(t, "ja", n).texts("plain_text"), func(s string) bool { return strings.HasSuffix(s, "あ…") })
	if i < 0 {
		t.Error("no text ends with the shortened purpose")
	}
}

func TestHarmfulValuesStayPlainText(t *testing.T) {
	n := aNotice(v1alpha1.NoticeExpiry, message.ToAdmin)
	n.Lease.Spec.Owner.FullName = "阿部 <!channel> & Co."
	n.Lease.Spec.Purpose = `=HYPERLINK("http://evil.example/","click") *太字* <@U0ADMIN01>`
	n.Lease.Spec.UserName = "svc.report+prod@example"
	n.SheetURL = ""
	r := render(t, "ja", n)
	expectWords(t, r, n.Lease.Spec.Owner.FullName, n.Lease.Spec.Purpose, n.Lease.Spec.UserName)
	if got := r.texts("mrkdwn"); len(got) > 0 {
		t.Errorf("mrkdwn %q, want none", got)
	}
	if strings.Contains(r.Text, "svc.report") || strings.Contains(r.Text, "@example") {
		t.Errorf("the text for notifications has what Slack makes a link: %q", r.Text)
	}
}

func TestDirectionAndControlCharactersAreRemoved(t *testing.T) {
	n := aNotice(v1alpha1.NoticeExpiry, message.ToOwner)
	n.Lease.Spec.Purpose = "a\u202eb\x00c\nd\u2066e\ufefff\xff"
	expectWords(t, render(t, "ja", n), "abc def")
}

func TestAnIDThatIsNoneIsNotMentioned(t *testing.T) {
	for _, id := range []string{"", "!channel", "U0>EVIL", "u0employ02", "C0SECURITY", "U0EMPLOY02\n"} {
		n := aNotice(v1alpha1.NoticeExpiry, message.ToOwner)
		n.Owner.SlackUserID, n.SheetURL = id, ""
		if got := render(t, "ja", n).texts("mrkdwn"); len(got) > 0 {
			t.Errorf("%q: mrkdwn %q, want none", id, got)
		}
	}
}

func TestALinkIsMadeOfNothingButAWebAddress(t *testing.T) {
	for _, address := range []string{"", "javascript:alert(1)", "http://docs.google.com/x", "https://a|b", "https://u:p@h/", "https://h/>x", "https://h/ x"} {
		n := aNotice(v1alpha1.NoticeExpiry, message.ToAdmin)
		n.SheetURL = address
		if got := render(t, "ja", n).texts("mrkdwn"); len(got) > 0 {
			t.Errorf("%q: mrkdwn %q, want none", address, got)
		}
	}
}

func TestAnAdminsKindHasNoTextForTheOwner(t *testing.T) {
	for _, kind := range append([]string{"Nonsense"}, adminKinds...) {
		if _, err := own.Notice("ja", aNotice(kind, message.ToOwner)); err == nil {
			t.Errorf("%s: no error", kind)
		}
	}
}

func TestALanguageThatIsNotThereIsAnError(t *testing.T) {
	if _, err := own.Notice("fr", aNotice(v1alpha1.NoticeExpiry, message.ToOwner)); err == nil {
		t.Error("no error")
	}
}

func utf16Len(s string) int { return len(utf16.Encode([]rune(s))) }
