package sheet_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

var (
	defaultMarks = v1alpha1.Marks{Notified: "通知済み", Expired: "期限切れ", Revoked: "削除済み", Extended: "延長申請済み"}
	englishMarks = v1alpha1.Marks{Notified: "Notified", Expired: "Expired", Revoked: "Deleted", Extended: "Extension requested"}
)

func TestParseStatusReadsMarksAndRemarks(t *testing.T) {
	for name, tc := range map[string]struct {
		text   string
		mark   sheet.Mark
		remark string
	}{
		"empty":                                     {"", sheet.MarkNone, ""},
		"blanks":                                    {" 　 ", sheet.MarkNone, ""},
		"a remark":                                  {"要確認", sheet.MarkNone, "要確認"},
		"a remark with blanks around":               {"　要確認 ", sheet.MarkNone, "要確認"},
		"notified":                                  {"通知済み", sheet.MarkNotified, ""},
		"expired":                                   {"期限切れ", sheet.MarkExpired, ""},
		"deleted":                                   {"削除済み", sheet.MarkDeleted, ""},
		"deleted, short":                            {"削除済", sheet.MarkDeleted, ""},
		"extension":                                 {"延長申請済み", sheet.MarkExtension, ""},
		"extension done":                            {"延長済み", sheet.MarkExtension, ""},
		"extension asked":                           {"延長申請", sheet.MarkExtension, ""},
		"extension, short":                          {"延長", sheet.MarkExtension, ""},
		"blanks around a mark":                      {" 　削除済み　", sheet.MarkDeleted, ""},
		"mark and remark":                           {"通知済み 要確認", sheet.MarkNotified, "要確認"},
		"mark and remark, ideographic blank":        {"通知済み　要確認", sheet.MarkNotified, "要確認"},
		"mark and remark, comma":                    {"通知済み、要確認", sheet.MarkNotified, "要確認"},
		"mark and remark, colon":                    {"期限切れ：佐藤さんに連絡", sheet.MarkExpired, "佐藤さんに連絡"},
		"mark and remark, line break":               {"通知済み\n要確認", sheet.MarkNotified, "要確認"},
		"brackets belong to the remark":             {"延長（3月まで）", sheet.MarkExtension, "（3月まで）"},
		"a mark with a full stop":                   {"削除済み。", sheet.MarkDeleted, "。"},
		"the remark keeps its width":                {"通知済み ＡＢＣ", sheet.MarkNotified, "ＡＢＣ"},
		"the remark keeps its own dash":             {"通知済み -要確認", sheet.MarkNotified, "-要確認"},
		"a remark that is another mark of ours":     {"期限切れ 通知済み", sheet.MarkExpired, "通知済み"},
		"a mark that goes on is a remark":           {"通知済みですよ", sheet.MarkNone, "通知済みですよ"},
		"a question behind our own mark":            {"通知済み？", sheet.MarkNotified, "？"},
		"no need of extension":                      {"延長不要", sheet.MarkUnclear, "延長不要"},
		"do not delete":                             {"削除しないで", sheet.MarkUnclear, "削除しないで"},
		"to be deleted":                             {"削除予定", sheet.MarkUnclear, "削除予定"},
		"extension, spelled otherwise":              {"延長申請済", sheet.MarkUnclear, "延長申請済"},
		"withdrawn":                                 {"申請取消", sheet.MarkUnclear, "申請取消"},
		"not needed":                                {"不要", sheet.MarkUnclear, "不要"},
		"a verb that denies":                        {"使わない", sheet.MarkUnclear, "使わない"},
		"a mark that is denied":                     {"通知済みではない", sheet.MarkUnclear, "通知済みではない"},
		"a mark with a remark that denies":          {"延長申請済み 削除しないで", sheet.MarkUnclear, "延長申請済み 削除しないで"},
		"our mark with a remark about an extension": {"通知済み 延長希望", sheet.MarkUnclear, "通知済み 延長希望"},
		"a mark and its opposite":                   {"通知済み 削除済み", sheet.MarkUnclear, "通知済み 削除済み"},
		"half-width kana of a denial":               {"ﾅｲ ない", sheet.MarkUnclear, "ﾅｲ ない"},
		"deleted?":                                  {"削除済み？", sheet.MarkUnclear, "削除済み？"},
		"deleted ?":                                 {"削除済み ?", sheet.MarkUnclear, "削除済み ?"},
	} {
		t.Run(name, func(t *testing.T) {
			want := sheet.StatusCell{Text: tc.text, Mark: tc.mark, Remark: tc.remark}
			if diff := cmp.Diff(want, sheet.ParseStatus(tc.text, defaultMarks)); diff != "" {
				t.Errorf("ParseStatus(%q) (-want +got):\n%s", tc.text, diff)
			}
			if diff := cmp.Diff(want, sheet.ParseStatus(tc.text, v1alpha1.Marks{})); diff != "" {
				t.Errorf("without configured marks (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseStatusReadsConfiguredMarks(t *testing.T) {
	for name, tc := range map[string]struct {
		marks  v1alpha1.Marks
		text   string
		mark   sheet.Mark
		remark string
	}{
		"another language":                     {englishMarks, "Deleted", sheet.MarkDeleted, ""},
		"of several words":                     {englishMarks, "Extension requested - until March", sheet.MarkExtension, "- until March"},
		"another case":                         {englishMarks, "deleted", sheet.MarkDeleted, ""},
		"full width":                           {englishMarks, "Ｄｅｌｅｔｅｄ　ＡＢＣ", sheet.MarkDeleted, "ＡＢＣ"},
		"a longer word is none":                {englishMarks, "Notifieds", sheet.MarkNone, "Notifieds"},
		"the Japanese ones stay valid":         {englishMarks, "延長", sheet.MarkExtension, ""},
		"and their opposites unclear":          {englishMarks, "延長不要", sheet.MarkUnclear, "延長不要"},
		"a mark with an unclear word is clear": {v1alpha1.Marks{Revoked: "利用不要"}, "利用不要", sheet.MarkDeleted, ""},
		"the configured meaning wins":          {v1alpha1.Marks{Notified: "延長"}, "延長", sheet.MarkNotified, ""},
		"blanks around a configured mark":      {v1alpha1.Marks{Notified: " 済 "}, "済 要確認", sheet.MarkNotified, "要確認"},
	} {
		t.Run(name, func(t *testing.T) {
			want := sheet.StatusCell{Text: tc.text, Mark: tc.mark, Remark: tc.remark}
			if diff := cmp.Diff(want, sheet.ParseStatus(tc.text, tc.marks)); diff != "" {
				t.Errorf("ParseStatus(%q) (-want +got):\n%s", tc.text, diff)
			}
		})
	}
}

func TestStatusTextPutsTheRemarkBehindTheMark(t *testing.T) {
	for name, tc := range map[string]struct {
		mark   sheet.Mark
		remark string
		marks  v1alpha1.Marks
		want   string
	}{
		"mark alone":                {sheet.MarkNotified, "", defaultMarks, "通知済み"},
		"mark and remark":           {sheet.MarkNotified, "要確認", defaultMarks, "通知済み 要確認"},
		"no mark":                   {sheet.MarkNone, "要確認", defaultMarks, "要確認"},
		"nothing":                   {sheet.MarkNone, "", defaultMarks, ""},
		"expired":                   {sheet.MarkExpired, "", defaultMarks, "期限切れ"},
		"deleted":                   {sheet.MarkDeleted, " 要確認 ", defaultMarks, "削除済み 要確認"},
		"extension":                 {sheet.MarkExtension, "", defaultMarks, "延長申請済み"},
		"configured":                {sheet.MarkDeleted, "ok", englishMarks, "Deleted ok"},
		"not configured":            {sheet.MarkExtension, "", v1alpha1.Marks{}, "延長申請済み"},
		"unclear is nothing of its": {sheet.MarkUnclear, "延長不要", defaultMarks, "延長不要"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := sheet.StatusText(tc.mark, tc.remark, tc.marks); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAWrittenStatusIsReadAsItself(t *testing.T) {
	remarks := rapid.OneOf(rapid.StringMatching(`[ -~ぁ-ん一-龠　、。（）ー]{0,12}`), rapid.SampledFrom([]string{"", "要確認", "（3月）", "-", "通知済み"}))
	rapid.Check(t, func(t *rapid.T) {
		marks := rapid.SampledFrom([]v1alpha1.Marks{defaultMarks, englishMarks, {}}).Draw(t, "marks")
		cell := sheet.ParseStatus(remarks.Draw(t, "text"), marks)
		if cell.Mark == sheet.MarkUnclear || strings.HasPrefix(cell.Remark, "?") || strings.HasPrefix(cell.Remark, "？") {
			t.Skip("never written")
		}
		mark := rapid.SampledFrom([]sheet.Mark{sheet.MarkNotified, sheet.MarkExpired, sheet.MarkDeleted, sheet.MarkExtension}).Draw(t, "mark")
		text := sheet.StatusText(mark, cell.Remark, marks)
		got := sheet.ParseStatus(text, marks)
		want := sheet.StatusCell{Text: text, Mark: mark, Remark: cell.Remark}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", text, diff)
		}
	})
}

func FuzzParseStatus(f *testing.F) {
	for _, seed := range []string{"", "通知済み 要確認", "延長不要", "削除済み？", "削除しないで", "Deleted", "延長（3月）", "\xff削除済み"} {
		f.Add(seed, "Deleted")
	}
	f.Fuzz(func(t *testing.T, text, revoked string) {
		marks := v1alpha1.Marks{Revoked: revoked}
		cell := sheet.ParseStatus(text, marks)
		if cell.Text != text {
			t.Errorf("text %q became %q", text, cell.Text)
		}
		if !strings.Contains(text, cell.Remark) {
			t.Errorf("remark %q is not in %q", cell.Remark, text)
		}
		// Whatever else is configured, no opposite is read as a mark.
		for _, opposite := range []string{"削除しないで", "延長不要"} {
			if got := sheet.ParseStatus("延長 "+opposite+text, v1alpha1.Marks{}).Mark; got != sheet.MarkUnclear {
				t.Errorf("%q is read as %q", opposite+text, got)
			}
		}
	})
}
