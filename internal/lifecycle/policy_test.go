package lifecycle

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

func TestADayBeginsAndIsDueByTheClockOnTheWall(t *testing.T) {
	for name, tc := range map[string]struct {
		zone         string
		hour, minute int
		date         string
		days         int
		midnight     string
		due          string
	}{
		"Tokyo":                            {"Asia/Tokyo", 15, 0, "2026-12-08", 1, "2026-12-08T15:00:00Z", "2026-12-09T06:00:00Z"},
		"a week before":                    {"Asia/Tokyo", 15, 0, "2026-12-08", -7, "2026-11-30T15:00:00Z", "2026-12-01T06:00:00Z"},
		"over the end of a year":           {"Asia/Tokyo", 15, 0, "2026-12-31", 1, "2026-12-31T15:00:00Z", "2027-01-01T06:00:00Z"},
		"a leap day":                       {"UTC", 15, 0, "2028-02-28", 1, "2028-02-29T00:00:00Z", "2028-02-29T15:00:00Z"},
		"the day before clocks go forward": {"America/New_York", 15, 0, "2026-03-07", 0, "2026-03-07T05:00:00Z", "2026-03-07T20:00:00Z"},
		"the day that has 23 hours":        {"America/New_York", 15, 0, "2026-03-07", 1, "2026-03-08T05:00:00Z", "2026-03-08T19:00:00Z"},
		"the day that has 25 hours":        {"America/New_York", 15, 0, "2026-10-31", 1, "2026-11-01T04:00:00Z", "2026-11-01T20:00:00Z"},
		"an hour that is skipped":          {"America/New_York", 2, 30, "2026-03-07", 1, "2026-03-08T05:00:00Z", "2026-03-08T07:30:00Z"},
		// Not 03:00 UTC: that is 23:00 of the day before, on which the key is its owner's.
		"a midnight that is skipped":  {"America/Santiago", 0, 0, "2026-09-05", 1, "2026-09-06T04:00:00Z", "2026-09-06T04:00:00Z"},
		"a midnight that comes twice": {"America/Havana", 0, 0, "2026-10-31", 1, "2026-11-01T04:00:00Z", "2026-11-01T04:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			p := Policy{Location: zone(tc.zone), Hour: tc.hour, Minute: tc.minute}
			got := []string{p.Midnight(tc.date, tc.days).UTC().Format(time.RFC3339), p.Due(tc.date, tc.days).UTC().Format(time.RFC3339)}
			if diff := cmp.Diff([]string{tc.midnight, tc.due}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestADateThatIsNoneHasNoMoment(t *testing.T) {
	p := at("2026-12-01 15:00").Policy
	for _, date := range []string{"", "来月末", "2026-13-40", "2026/12/08"} {
		if !p.Due(date, 1).IsZero() || !p.Midnight(date, 1).IsZero() {
			t.Errorf("%q has a moment", date)
		}
	}
}

func sheetSpec() v1alpha1.AccessKeySheetSpec {
	var s v1alpha1.AccessKeySheetSpec
	s.Slack.Admins = []string{"UA1"}
	s.AWS.AccountID = account
	s.Schedule.TimeZone, s.Schedule.DailyAt, s.Schedule.NoticeDays = "Asia/Tokyo", "09:30", []int32{1, 14, 7}
	return s
}

func TestAPolicyIsReadFromTheSheetsSpec(t *testing.T) {
	spec := sheetSpec()
	spec.Schedule.MinimumNotice = &metav1.Duration{}
	spec.Schedule.GracePeriod = &metav1.Duration{Duration: time.Hour}
	spec.Schedule.SyncInterval = &metav1.Duration{Duration: time.Minute}
	spec.AWS.HoldIfUsedWithin = &metav1.Duration{Duration: 2 * time.Hour}
	spec.Mode, spec.ExtensionPolicy = v1alpha1.ModeDryRun, v1alpha1.ExtensionExempt
	got, err := PolicyOf(spec)
	if err != nil {
		t.Fatal(err)
	}
	want := Policy{Location: tokyo, Hour: 9, Minute: 30, NoticeDays: []int32{14, 7, 1}, GracePeriod: time.Hour, SyncInterval: time.Minute,
		HoldIfUsedWithin: 2 * time.Hour, Exempt: true, DryRun: true, Admins: []string{"UA1"}, AccountID: account}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.FreshFor() != 10*time.Minute {
		t.Errorf("a reading counts for %s, want at least 10 minutes", got.FreshFor())
	}
}

func TestAPathPrefixIsTakenHoweverItIsWritten(t *testing.T) {
	for _, tc := range [][2]string{
		{"", ""}, {"/", ""}, {"team", "/team/"}, {"team/", "/team/"}, {"/team", "/team/"}, {"/team/", "/team/"}, {"/a/b", "/a/b/"},
	} {
		spec := sheetSpec()
		spec.AWS.UserPathPrefix = tc[0]
		if got, err := PolicyOf(spec); err != nil || got.PathPrefix != tc[1] {
			t.Errorf("%q is taken for %q, want %q (%v)", tc[0], got.PathPrefix, tc[1], err)
		}
	}
}

func TestASpecWithoutTheFieldsHasTheDefaultsOfTheCRD(t *testing.T) {
	got, err := PolicyOf(sheetSpec())
	if err != nil || got.MinimumNotice != 24*time.Hour || got.SyncInterval != 5*time.Minute || got.GracePeriod != 0 || got.DryRun || got.Exempt {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAnUnusableSpecIsRefusedWithTheFieldsName(t *testing.T) {
	for field, breakIt := range map[string]func(s *v1alpha1.AccessKeySheetSpec){
		"timeZone":   func(s *v1alpha1.AccessKeySheetSpec) { s.Schedule.TimeZone = "Tokyo" },
		"dailyAt":    func(s *v1alpha1.AccessKeySheetSpec) { s.Schedule.DailyAt = "3 pm" },
		"admins":     func(s *v1alpha1.AccessKeySheetSpec) { s.Slack.Admins = nil },
		"noticeDays": func(s *v1alpha1.AccessKeySheetSpec) { s.Schedule.NoticeDays = nil },
	} {
		spec := sheetSpec()
		breakIt(&spec)
		if _, err := PolicyOf(spec); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	empty := sheetSpec()
	empty.Schedule.TimeZone = ""
	if _, err := PolicyOf(empty); err == nil {
		t.Error("no time zone at all passed for UTC")
	}
}
