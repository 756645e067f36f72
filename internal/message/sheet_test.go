package message_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/message"
)

func invalidRows(n int) message.SheetMessage {
	m := aSheetMessage(v1alpha1.NoticeInvalidRows)
	m.Items = nil
	for i := range n {
		m.Items = append(m.Items, message.Item{Row: i + 2, AccessKeyID: fmt.Sprintf("AKIAKEYLEASE%08d", i), Reason: v1alpha1.RowInvalidDate})
	}
	return m
}

func TestManyItemsAreToldInSeveralNumberedMessagesAndNoneIsLost(t *testing.T) {
	m := invalidRows(45)
	got, err := own.Sheet("en", m)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 {
		t.Fatalf("%d messages, want 3", len(got))
	}
	var all strings.Builder
	for i, part := range got {
		r := read(t, part)
		expectWords(t, r, fmt.Sprintf("(%d/3)", i+1))
		all.WriteString(r.words())
	}
	for _, item := range m.Items {
		if !strings.Contains(all.String(), item.AccessKeyID) {
			t.Errorf("no message names %s", item.AccessKeyID)
		}
	}
}

func TestAPartOfASplitMessageRendersAsOneMessage(t *testing.T) {
	m := invalidRows(45)
	whole, err := own.Sheet("ja", m)
	if err != nil {
		t.Fatal(err)
	}
	var parts []message.Message
	for _, part := range message.Split(m) {
		ms, err := own.Sheet("ja", part)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, ms...)
	}
	if diff := cmp.Diff(whole, parts); diff != "" {
		t.Errorf("(-whole +parts):\n%s", diff)
	}
}

func TestAMessageWithoutItemsIsStillSent(t *testing.T) {
	got, err := own.Sheet("ja", message.SheetMessage{Kind: v1alpha1.NoticeWrongAccount})
	if err != nil || len(got) != 1 {
		t.Fatalf("%d messages and error %v, want one message", len(got), err)
	}
}

func TestAnItemSaysWhatIsWrongInWords(t *testing.T) {
	got, err := own.Sheet("ja", aSheetMessage(v1alpha1.NoticeInvalidRows))
	if err != nil {
		t.Fatal(err)
	}
	expectWords(t, read(t, got[0]), "11行目 AKIAKEYLEASE00000010 svc-logs （加藤 大輔） — 利用終了日または利用開始日を日付として読み取れません（「来月末」）。2026/12/31 の形で記入してください")
	expectNoWords(t, read(t, got[0]), "use YYYY/MM/DD")
}

func TestWhyASheetCannotBeReadIsSaidInTheRecipientsLanguage(t *testing.T) {
	for _, lang := range []string{"ja", "en"} {
		for _, reason := range []string{
			v1alpha1.ReasonSecretMissing, v1alpha1.ReasonSecretForbidden, v1alpha1.ReasonCredentialsInvalid, v1alpha1.ReasonSpreadsheetNotFound,
			v1alpha1.ReasonSpreadsheetForbidden, v1alpha1.ReasonTabMissing, v1alpha1.ReasonColumnsMoved, v1alpha1.ReasonInvalidSpec,
		} {
			m := aSheetMessage(v1alpha1.NoticeUnreadable)
			m.Items = []message.Item{{Reason: reason}}
			got, err := own.Sheet(lang, m)
			if err != nil {
				t.Fatal(err)
			}
			expectNoWords(t, read(t, got[0]), reason)
		}
	}
}

func TestAReasonWithoutWordsBringsTheOperatorsSentence(t *testing.T) {
	m := aSheetMessage(v1alpha1.NoticeInvalidRows)
	m.Items = []message.Item{{Row: 3, Reason: "SomethingNew", Detail: "what to do about it"}}
	got, err := own.Sheet("ja", m)
	if err != nil {
		t.Fatal(err)
	}
	expectWords(t, read(t, got[0]), "SomethingNew", "「what to do about it」")
}

func TestTheReasonOfTheWholeMessageIsNotCountedAsAKey(t *testing.T) {
	got, err := own.Sheet("ja", aSheetMessage(v1alpha1.NoticeBreaker))
	if err != nil {
		t.Fatal(err)
	}
	expectNoWords(t, read(t, got[0]), "1件）")
}

func TestAKindThatIsNotThereIsAnError(t *testing.T) {
	if _, err := own.Sheet("ja", message.SheetMessage{Kind: v1alpha1.NoticeExpiry}); err == nil {
		t.Error("no error")
	}
}

func TestRowsWithTheSameProblemStandInOneLine(t *testing.T) {
	m := invalidRows(2)
	m.Items[0].AlsoRows = []int{5, 7}
	for lang, want := range map[string][]string{"ja": {"・2・5・7行目 AKIA", "・3行目 AKIA"}, "en": {"・ Rows 2, 5, 7 AKIA", "・ Row 3 AKIA"}} {
		ms, err := own.Sheet(lang, m)
		if err != nil {
			t.Fatal(err)
		}
		expectWords(t, read(t, ms[0]), want...)
	}
}

func TestAProblemOfThousandsOfRowsFitsAMessage(t *testing.T) {
	m := invalidRows(20)
	for i := range m.Items {
		for row := range 5000 {
			m.Items[i].AlsoRows = append(m.Items[i].AlsoRows, 100+row)
		}
	}
	ms, err := own.Sheet("ja", m)
	if err != nil {
		t.Fatal(err)
	}
	expectWords(t, read(t, ms[0]), "・2・100・101・102・103・104・105・106・107・108、ほか4991行 AKIA")
}

func TestTheCommandThatPeoplePasteIsWhole(t *testing.T) {
	m := aSheetMessage(v1alpha1.NoticeForeignClaim)
	m.Approval = strings.Repeat("claim ", 42) + "end"
	for _, lang := range []string{"ja", "en"} {
		ms, err := own.Sheet(lang, m)
		if err != nil {
			t.Fatal(err)
		}
		expectWords(t, read(t, ms[0]), "'iam.keylease.dev/take-claim="+m.Approval+"'")
	}
}
