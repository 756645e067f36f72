package judge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/emulator/slack"
	"github.com/keylease/keylease/test/simulation/ledger"
)

const (
	theKey   = "AKIASIM0000000000001"
	theOwner = "U0OWNER001"
	admin    = "U0ADMIN01"
	operator = "operator-1"
	// weekly message, before the keys that it names.
	weekly = "期限を過ぎて残っているアクセスキー（週次）\n・"
)

// story of one key, made by hand: what is entered in the ledger, and when.
type story struct{ entries []entry }

type entry struct {
	at   time.Time
	name string
	do   func(l *ledger.Ledger, at time.Time)
}

// on "12-09 15:05" of 2026 in Japan, something is entered. Names are for without.
func (s *story) on(at, name string, do func(*ledger.Ledger, time.Time)) *story {
	t, err := time.ParseInLocation("2006-01-02 15:04", "2026-"+at, japan)
	if err != nil {
		panic(err)
	}
	s.entries = append(s.entries, entry{t, name, do})
	return s
}

// without the entries of a name.
func (s *story) without(name string) *story {
	s.entries = slices.DeleteFunc(s.entries, func(e entry) bool { return e.name == name })
	return s
}

// broken invariants, each once.
func (s *story) broken(t *testing.T) []string {
	t.Helper()
	slices.SortStableFunc(s.entries, func(a, b entry) int { return a.at.Compare(b.at) })
	l, j := ledger.New(), &Judge{checks: checks()}
	var found []Finding
	for _, e := range s.entries {
		e.do(l, e.at)
		found = append(found, j.Step(l)...)
	}
	found = append(found, j.End(l)...)
	var names []string
	for _, f := range found {
		t.Log(f.Invariant, f.Text)
		if !slices.Contains(names, f.Invariant) {
			names = append(names, f.Invariant)
		}
	}
	return names
}

func row(by string, change ...func(*ledger.Row)) func(*ledger.Ledger, time.Time) {
	return rowOf(theKey, by, change...)
}

// rowOf a key changes: what is not said stays.
func rowOf(key, by string, change ...func(*ledger.Row)) func(*ledger.Ledger, time.Time) {
	return func(l *ledger.Ledger, at time.Time) {
		r := ledger.Row{Count: 1, Row: 2, Ends: "2026/12/08", Owner: "山田 太郎", User: "svc-01"}
		if before := l.Rows[key]; len(before) > 0 {
			r = before[len(before)-1]
		}
		r.Stamp = l.Stamp(at, by)
		for _, c := range change {
			c(&r)
		}
		l.Rows[key] = append(l.Rows[key], r)
	}
}

func ends(text string) func(*ledger.Row)  { return func(r *ledger.Row) { r.Ends = text } }
func mark(text string) func(*ledger.Row)  { return func(r *ledger.Row) { r.Mark = text } }
func owner(text string) func(*ledger.Row) { return func(r *ledger.Row) { r.Owner = text } }
func user(text string) func(*ledger.Row)  { return func(r *ledger.Row) { r.User = text } }
func times(n int) func(*ledger.Row)       { return func(r *ledger.Row) { r.Count = n } }

func lease(by string, change ...func(*v1alpha1.AccessKeyLeaseSpec)) func(*ledger.Ledger, time.Time) {
	return leaseOf(theKey, by, change...)
}

func leaseOf(key, by string, change ...func(*v1alpha1.AccessKeyLeaseSpec)) func(*ledger.Ledger, time.Time) {
	return func(l *ledger.Ledger, at time.Time) {
		name := strings.ToLower(key)
		o := &v1alpha1.AccessKeyLease{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.AccessKeyLeaseSpec{
			SheetRef: v1alpha1.SheetReference{Name: "requests"}, AccessKeyID: key, UserName: "svc-01", EndDate: "2026-12-08",
			Owner: v1alpha1.LeaseOwner{FullName: "山田 太郎"},
		}}
		if before := l.Leases[name]; len(before) > 0 {
			o = before[len(before)-1].Object.DeepCopy()
		}
		o.Generation++
		for _, c := range change {
			c(&o.Spec)
		}
		l.Leases[name] = append(l.Leases[name], ledger.Lease{Stamp: l.Stamp(at, by), Object: o})
	}
}

func until(date string) func(*v1alpha1.AccessKeyLeaseSpec) {
	return func(s *v1alpha1.AccessKeyLeaseSpec) { s.EndDate = date }
}

func asked(yes bool) func(*v1alpha1.AccessKeyLeaseSpec) {
	return func(s *v1alpha1.AccessKeyLeaseSpec) { s.ExtensionRequested = yes }
}

func number(n int32) *int32 { return &n }

// sheet whose spec people change.
func sheet(change ...func(*v1alpha1.AccessKeySheet)) func(*ledger.Ledger, time.Time) {
	return func(l *ledger.Ledger, at time.Time) {
		o := &v1alpha1.AccessKeySheet{ObjectMeta: metav1.ObjectMeta{Name: "requests"}, Spec: v1alpha1.AccessKeySheetSpec{
			Slack:           v1alpha1.SlackAccess{Admins: []string{admin}},
			Schedule:        v1alpha1.Schedule{TimeZone: "Asia/Tokyo", DailyAt: "15:00"},
			ExtensionPolicy: v1alpha1.ExtensionUntilEndDateMoves, Mode: v1alpha1.ModeEnforce,
			Limits: v1alpha1.Limits{MaxRevocationsPerDay: number(20), MaxChangePercent: number(20), MinChangeRows: number(10)},
			Marks:  v1alpha1.Marks{Notified: "通知済み", Expired: "期限切れ", Revoked: "削除済み", Extended: "延長申請済み"},
		}}
		if len(l.Sheets) > 0 {
			o = l.Sheets[len(l.Sheets)-1].Object.DeepCopy()
		}
		o.Generation++
		for _, c := range change {
			c(o)
		}
		l.Sheets = append(l.Sheets, ledger.Sheet{Stamp: l.Stamp(at, ledger.Person), Name: "requests", Object: o})
	}
}

func mode(m v1alpha1.Mode) func(*v1alpha1.AccessKeySheet) {
	return func(s *v1alpha1.AccessKeySheet) { s.Spec.Mode = m }
}

// toldTo: people change the admins.
func toldTo(ids ...string) func(*ledger.Ledger, time.Time) {
	return sheet(func(s *v1alpha1.AccessKeySheet) { s.Spec.Slack.Admins = ids })
}

// users tab by name; every act that changes it is one that puts a person into Slack.
func users(names map[string]string) func(*ledger.Ledger, time.Time) {
	return func(l *ledger.Ledger, at time.Time) {
		ids := map[string][]string{}
		for name, id := range names {
			ids[name] = []string{id}
		}
		l.Acts = append(l.Acts, ledger.Act{Stamp: l.Stamp(at, ledger.Person), Verb: "owner"})
		l.Users = append(l.Users, ledger.Users{Stamp: l.Stamp(at, ledger.Person), IDs: ids})
	}
}

func act(verb string, args ...string) func(*ledger.Ledger, time.Time) {
	return func(l *ledger.Ledger, at time.Time) {
		l.Acts = append(l.Acts, ledger.Act{Stamp: l.Stamp(at, ledger.Person), Verb: verb, Args: args})
	}
}

func reach(to string, ok bool) func(*ledger.Ledger, time.Time) {
	return func(l *ledger.Ledger, at time.Time) {
		l.Reach = append(l.Reach, ledger.Reach{Stamp: l.Stamp(at, ledger.Person), To: to, OK: ok})
	}
}

// summaries of keys past their end, each week from a day on.
func (s *story) summaries(from int, keys ...string) *story {
	for day := from; day <= 31; day += 7 {
		s.on(fmt.Sprintf("12-%02d 09:00", day), "summary", post(admin, weekly+strings.Join(keys, "\n・")))
	}
	return s
}

// post a text to somebody.
func post(to, text string) func(*ledger.Ledger, time.Time) {
	return func(l *ledger.Ledger, at time.Time) {
		l.Posts = append(l.Posts, ledger.Post{Stamp: l.Stamp(at, operator), Message: slack.Message{User: to}, Plain: text})
	}
}

// expiry is the text of a notice.
func expiry(key, days, end, deletion string) string {
	return fmt.Sprintf("AWSアクセスキーの利用期限のお知らせ（%s）\n延長されない場合は、%s 以降にキーを削除します。\nアクセスキーID\n%s\n利用終了日\n%s\n残り日数\n%s\n削除予定\n%s",
		days, deletion, key, end, days, deletion)
}

// week is a notice a week before the end, last on its day.
var (
	week = expiry(theKey, "あと7日", "2026年12月8日（火）", "2026-12-09 15:00 JST")
	last = expiry(theKey, "本日まで", "2026年12月8日（火）", "2026-12-09 15:00 JST")
)

func aws(by, action string, params ...string) func(*ledger.Ledger, time.Time) {
	return awsOf(theKey, by, action, params...)
}

func awsOf(key, by, action string, params ...string) func(*ledger.Ledger, time.Time) {
	return func(l *ledger.Ledger, at time.Time) {
		p := map[string]string{"AccessKeyId": key, "UserName": "svc-01"}
		if len(params) > 0 {
			p["Status"] = params[0]
		}
		l.AWS = append(l.AWS, ledger.AWS{Stamp: l.Stamp(at, by), Call: iam.Call{Action: action, Params: p}})
	}
}

func call(l *ledger.Ledger, at time.Time) {
	l.Calls = append(l.Calls, ledger.Call{Stamp: l.Stamp(at, operator), Service: "google", Op: "get"})
}

func overdue(keys int) func(*ledger.Ledger, time.Time) {
	return func(l *ledger.Ledger, at time.Time) {
		l.Overdue = append(l.Overdue, ledger.Overdue{Stamp: l.Stamp(at, operator), Keys: keys})
	}
}

// life of one key that ends on 8 December, as it should be.
func life() *story {
	s := (&story{}).
		on("11-02 09:00", "users", users(map[string]string{"山田 太郎": theOwner, "林 太郎": "U0OWNER002"})).
		on("11-02 09:00", "issue", aws(ledger.Person, "issue key")).
		on("11-02 09:00", "row", row(ledger.Person)).
		on("11-02 09:00", "sheet", sheet()).
		on("11-02 09:01", "lease", lease(operator)).
		on("12-01 15:00", "notice", post(theOwner, week)).
		on("12-01 15:00", "copy", post(admin, "【管理者向け】"+week)).
		on("12-01 15:01", "mark", row(operator, mark("通知済み"))).
		on("12-09 15:05", "removal", aws(operator, "UpdateAccessKey", "Inactive")).
		on("12-09 15:05", "removal", aws(operator, "DeleteAccessKey")).
		on("12-09 15:06", "deleted", post(theOwner, "AWSアクセスキーを削除しました\nアクセスキーID\n"+theKey+"\n利用終了日\n2026年12月8日（火）")).
		on("12-09 15:06", "row deleted", row(operator, mark("削除済み")))
	for d := time.Date(2026, 11, 2, 9, 5, 0, 0, japan); d.Before(time.Date(2026, 12, 31, 0, 0, 0, 0, japan)); d = d.Add(6 * time.Hour) {
		s.entries = append(s.entries, entry{d, "call", call})
	}
	return s
}

// check that a story breaks these invariants, by the beginning of their names, and no others.
func (s *story) breaks(t *testing.T, want ...string) {
	t.Helper()
	got := s.broken(t)
	same := len(got) == len(want)
	for _, w := range want {
		same = same && slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, w) })
	}
	if !same {
		t.Errorf("broken are %q, want %q", got, want)
	}
}
