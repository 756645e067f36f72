package sheet_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

// directory makes users of "ID last first" with a header above.
func directory(users ...string) sheet.Directory {
	rows := [][]any{{"ユーザーID", "表示名", "メールアドレス", "姓", "名"}}
	for _, u := range users {
		f := append(strings.Split(u, "|"), "", "")
		rows = append(rows, []any{f[0], nil, "", f[1], f[2]})
	}
	return sheet.ParseDirectory(rows, 1, usersColumns)
}

func TestResolveFindsTheOwner(t *testing.T) {
	for name, tc := range map[string]struct {
		users    []string
		fullName string
		want     string
	}{
		"last and first name":              {[]string{"U01|山田|太郎", "U02|鈴木|花子"}, "山田 太郎", "U01"},
		"first and last name":              {[]string{"U01|Yamada|Taro"}, "Taro Yamada", "U01"},
		"an ideographic blank":             {[]string{"U01|佐藤|健"}, "佐藤　健", "U01"},
		"no blank":                         {[]string{"U01|高橋|一郎"}, "高橋一郎", "U01"},
		"half-width kana":                  {[]string{"U01|ヤマダ|タロウ"}, "ﾔﾏﾀﾞ ﾀﾛｳ", "U01"},
		"equality beats containing":        {[]string{"U08|小林|一", "U09|小林|一郎"}, "小林一郎", "U09"},
		"a title around the name":          {[]string{"U01|山田|太郎", "U02|鈴木|花子"}, "開発部 山田太郎 様", "U01"},
		"a middle name":                    {[]string{"U01|Yamada|Taro"}, "Taro J. Yamada", "U01"},
		"a Slack ID listed twice":          {[]string{"U01|山田|太郎", "U01|山田|太郎"}, "山田 太郎", "U01"},
		"a Slack ID with blanks":           {[]string{" W0123ABC |山田|太郎"}, "山田 太郎", "W0123ABC"},
		"one name only, equal":             {[]string{"U01|マドンナ|"}, "マドンナ", "U01"},
		"namesakes of whom one is equal":   {[]string{"U18|林|優子", "U19|林|優"}, "林 優", "U19"},
		"containing, an empty name beside": {[]string{"U01|山田|太郎", "U02|山田|"}, "山田太郎様", "U01"},
	} {
		t.Run(name, func(t *testing.T) {
			got := directory(tc.users...).Resolve(tc.fullName)
			if got.SlackUserID != tc.want || got.Reason != v1alpha1.ReasonOwnerFound || got.Candidates != nil {
				t.Errorf("got %+v; want %s", got, tc.want)
			}
		})
	}
}

func TestResolveNeverGuesses(t *testing.T) {
	for name, tc := range map[string]struct {
		users      []string
		fullName   string
		reason     string
		candidates []string
		message    string
	}{
		"nobody": {[]string{"U01|山田|太郎"}, "中村 さくら", v1alpha1.ReasonOwnerUnknown, nil,
			`no user named "中村 さくら" in the users tab: add the user there, or correct the name in the request`},
		"no name": {[]string{"U01|山田|太郎"}, " 　", v1alpha1.ReasonOwnerUnknown, nil,
			"the row names no owner: write the full name of the person"},
		"no users": {nil, "山田 太郎", v1alpha1.ReasonOwnerUnknown, nil,
			`no user named "山田 太郎" in the users tab: add the user there, or correct the name in the request`},
		"two of one name": {[]string{"U20|林|優", "U19|林|優", "U18|林|優子"}, "林 優", v1alpha1.ReasonOwnerAmbiguous, []string{"U19", "U20"},
			`2 users match "林 優" (U19, U20): make the name in the request or in the users tab unambiguous`},
		"two are contained": {[]string{"U01|山田|太郎", "U02|山田|太"}, "山田太郎様", v1alpha1.ReasonOwnerAmbiguous, []string{"U01", "U02"},
			`2 users match "山田太郎様" (U01, U02): make the name in the request or in the users tab unambiguous`},
		"an empty first name": {[]string{"U21|阿部|"}, "阿部 <!channel> & Co.", v1alpha1.ReasonOwnerUnknown, nil,
			`no user named "阿部 <!channel> & Co." in the users tab: add the user there, or correct the name in the request`},
		"one name within the other": {[]string{"U01|林|林太"}, "林太郎", v1alpha1.ReasonOwnerUnknown, nil,
			`no user named "林太郎" in the users tab: add the user there, or correct the name in the request`},
		"a channel in the place of a user": {[]string{"C0SECURITY|山田|太郎"}, "山田 太郎", v1alpha1.ReasonOwnerUnknown, nil,
			`the users tab gives "山田 太郎" the Slack ID "C0SECURITY": write the user's ID, such as U0123ABCD`},
		"the equal one has no Slack ID, another is contained": {[]string{"|小林|一郎", "U08|小林|一"}, "小林一郎", v1alpha1.ReasonOwnerUnknown, nil,
			`the users tab gives "小林一郎" the Slack ID "": write the user's ID, such as U0123ABCD`},
		"a namesake without a Slack ID": {[]string{"|林|優", "U19|林|優"}, "林 優", v1alpha1.ReasonOwnerAmbiguous, []string{"U19"},
			`2 users match "林 優" (U19): make the name in the request or in the users tab unambiguous`},
	} {
		t.Run(name, func(t *testing.T) {
			want := sheet.Resolution{Reason: tc.reason, Candidates: tc.candidates, Message: tc.message}
			if diff := cmp.Diff(want, directory(tc.users...).Resolve(tc.fullName)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestResolveListsTwentyCandidatesAtMost(t *testing.T) {
	var users []string
	for i := range 30 {
		users = append(users, fmt.Sprintf("U%02d|林|優", i))
	}
	got := directory(users...).Resolve("林優")
	if len(got.Candidates) != 20 || !strings.HasPrefix(got.Message, "30 users match") {
		t.Errorf("got %+v", got)
	}
}

func TestParseDirectoryTakesAnyRows(t *testing.T) {
	d := sheet.ParseDirectory([][]any{{"header"}, nil, {"U01"}, {"U02", nil, nil, 7.0}, {nil, nil, nil, "山田", "太郎"}, {true, 1.0}}, 1, usersColumns)
	if d.Len() != 2 {
		t.Errorf("%d users; want the two with names", d.Len())
	}
}

func TestTheOrderOfUsersDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[山田太郎一ab]{0,3}`)
		users := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			return rapid.StringMatching(`U[0-9]|x|`).Draw(t, "id") + "|" + name.Draw(t, "last") + "|" + name.Draw(t, "first")
		}), 0, 8).Draw(t, "users")
		fullName := rapid.StringMatching(`[山田太郎一ab 　]{0,6}`).Draw(t, "full name")
		shuffled := rapid.Permutation(users).Draw(t, "shuffled")
		if diff := cmp.Diff(directory(users...).Resolve(fullName), directory(shuffled...).Resolve(fullName)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzResolve(f *testing.F) {
	f.Add("山田 太郎", "山田", "太郎", "U01")
	f.Add("阿部 <!channel>", "阿部", "", "U21")
	f.Add("", "", "", "")
	f.Add("林太郎", "林", "林太", "W\xff")
	f.Fuzz(func(t *testing.T, fullName, last, first, id string) {
		rows := [][]any{{id, nil, nil, last, first}, {"U0OTHER", nil, nil, "他", "人"}}
		got := sheet.ParseDirectory(rows, 0, usersColumns).Resolve(fullName)
		found := got.Reason == v1alpha1.ReasonOwnerFound
		if found != (got.SlackUserID != "") || got.Message == "" {
			t.Errorf("got %+v", got)
		}
		if found && got.SlackUserID != "U0OTHER" && got.SlackUserID != strings.TrimSpace(id) && !strings.Contains(id, got.SlackUserID) {
			t.Errorf("found %s, whom the tab does not have", got.SlackUserID)
		}
		if len(got.Candidates) > 20 || !slices.IsSorted(got.Candidates) {
			t.Errorf("candidates %v", got.Candidates)
		}
	})
}
