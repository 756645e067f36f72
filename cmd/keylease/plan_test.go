package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"
	"k8s.io/utils/clock"

	"github.com/keylease/keylease/cmd/internal/plan"
	"github.com/keylease/keylease/test/emulator/sheets"
)

const companyFolder = "../../testdata/company"

func company(t *testing.T) *sheets.Spreadsheet {
	t.Helper()
	s, err := sheets.LoadPath(companyFolder)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// workbookOf saves a spreadsheet as people download it.
func workbookOf(t *testing.T, s *sheets.Spreadsheet) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "requests.xlsx")
	if err := s.SaveXLSX(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// runPlanWith flags, in this process.
func runPlanWith(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	c := newCommand()
	c.SetArgs(append([]string{"plan"}, args...))
	c.SetOut(&out)
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

func planOf(t *testing.T, args ...string) plan.Plan {
	t.Helper()
	text, err := runPlanWith(t, append(args, "-o", "json")...)
	if err != nil && !errors.Is(err, problemsFound) {
		t.Fatal(err)
	}
	var p plan.Plan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// outcome is what EXPECTED.md says of a row that becomes a lease, and what a plan can know of it.
type outcome struct {
	Phase, Held, DirectMessage, DaysLeft, Deleted, Notice string
}

var (
	expectedLine  = regexp.MustCompile(`(?m)^\| ([0-9]+) \| ((?:Active|Notified|Expired|Revoked)[^|]*) \| ([^|]*) \| ([^|]*) \|`)
	directMessage = regexp.MustCompile("DM `([A-Z0-9]+)`")
	daysLeft      = regexp.MustCompile(`([0-9]+) days left`)
	deletedOn     = regexp.MustCompile(`deleted (2[0-9-]{9})`)
	dayLater      = regexp.MustCompile(`deleted 24 h after`)
	noticeOn      = regexp.MustCompile(`notice (2[0-9-]{9})`)
)

func first(pattern *regexp.Regexp, text string) string {
	if m := pattern.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// expectedOutcomes reads the table of EXPECTED.md, by row number.
func expectedOutcomes(t *testing.T) map[int]outcome {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(companyFolder, "EXPECTED.md"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[int]outcome{}
	for _, m := range expectedLine.FindAllStringSubmatch(string(text), -1) {
		row, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		phase, _, _ := strings.Cut(strings.TrimSpace(m[2]), ",")
		phase, _, _ = strings.Cut(phase, " ")
		o := outcome{Phase: phase, DirectMessage: first(directMessage, m[3]), DaysLeft: first(daysLeft, m[3]),
			Deleted: first(deletedOn, m[4]), Notice: first(noticeOn, m[4])}
		if dayLater.MatchString(m[4]) {
			o.Deleted = "2026-12-02" // the day after the reading
		}
		switch {
		case strings.Contains(m[2], "UnclearMark"):
			o.Held = "UnclearMark"
		case strings.Contains(m[2], "Held"):
			o.Held = "ExtensionRequested"
		}
		all[row] = o
	}
	return all
}

func plannedOutcome(r plan.Row, want outcome) outcome {
	o := outcome{Phase: r.Phase}
	if r.Held != nil {
		o.Held = r.Held.Reason
	}
	for _, step := range r.Today {
		if step.Action == plan.ActionNotice {
			o.DirectMessage = r.Owner.SlackUserID
			if want.DaysLeft != "" { // the table does not say it of every row
				o.DaysLeft = strconv.Itoa(*step.DaysLeft)
			}
		}
	}
	for _, step := range r.Later {
		day, _, _ := strings.Cut(step.Time, "T")
		switch step.Action {
		case plan.ActionNotice:
			o.Notice = day
		case plan.ActionDelete:
			if want.Deleted != "" {
				o.Deleted = day
			}
		}
	}
	return o
}

func TestThePlanOfTheCompanyIsWhatIsExpectedOfIt(t *testing.T) {
	p := planOf(t, "--xlsx", workbookOf(t, company(t)), "--date", "2026-12-01")
	want := expectedOutcomes(t)
	got := map[int]outcome{}
	marks := map[int]string{}
	for _, r := range p.Rows {
		got[r.Row] = plannedOutcome(r, want[r.Row])
		if r.StatusAfter != r.Status {
			marks[r.Row] = r.StatusAfter
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcomes by row (-EXPECTED.md +plan):\n%s", diff)
	}
	wantMarks := map[int]string{33: "通知済み 要確認", 5: "期限切れ", 6: "期限切れ", 20: "期限切れ"}
	for _, row := range []int{3, 4, 9, 10, 22, 23, 24, 25} {
		wantMarks[row] = "通知済み"
	}
	if diff := cmp.Diff(wantMarks, marks); diff != "" {
		t.Errorf("status cells afterwards (-want +plan):\n%s", diff)
	}
	if diff := cmp.Diff(plan.Counts{Total: 31, Leases: 23, Pending: 1, Invalid: 7}, p.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestEveryProblemOfTheCompanyIsNamedWithItsReason(t *testing.T) {
	p := planOf(t, "--xlsx", workbookOf(t, company(t)), "--date", "2026-12-01")
	got := map[int]string{}
	for _, problem := range p.Problems {
		got[problem.Row] = problem.Reason
		if problem.Message == "" {
			t.Errorf("row %d: nothing says what to do", problem.Row)
		}
	}
	want := map[int]string{
		10: "OwnerUnknown", 11: "InvalidDate", 12: "EndBeforeStart", 13: "DuplicateAccessKeyID", 14: "DuplicateAccessKeyID",
		22: "OwnerAmbiguous", 23: "OwnerUnknown", 27: "UserNameMissing", 28: "InvalidAccessKeyID", 29: "InvalidDate", 32: "UnclearMark",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestASpreadsheetIsPlannedAsItsDownload(t *testing.T) {
	server := sheets.NewServer(clock.RealClock{})
	server.Add("1duJ", company(t))
	google := httptest.NewServer(server)
	defer google.Close()
	t.Setenv("SHEETS_EMULATOR_HOST", google.Listener.Addr().String())
	fromFile := planOf(t, "--xlsx", workbookOf(t, company(t)), "--date", "2026-12-01")
	fromGoogle := planOf(t, "--spreadsheet", "1duJ", "--date", "2026-12-01")
	if fromGoogle.Source != "1duJ" {
		t.Errorf("source %q", fromGoogle.Source)
	}
	fromGoogle.Source = fromFile.Source
	if diff := cmp.Diff(fromFile, fromGoogle); diff != "" {
		t.Errorf("(-file +spreadsheet):\n%s", diff)
	}
	if _, err := runPlanWith(t, "--spreadsheet", "another"); err == nil || !strings.Contains(err.Error(), "another") {
		t.Errorf("a spreadsheet that does not exist: %v", err)
	}
}

func TestAFolderOfCSVFilesIsPlannedAsTheWorkbook(t *testing.T) {
	fromFile := planOf(t, "--xlsx", workbookOf(t, company(t)), "--date", "2026-12-01")
	folder := t.TempDir()
	if err := company(t).SaveCSV(folder); err != nil {
		t.Fatal(err)
	}
	// As a browser names its downloads, and as Excel begins its files.
	text, err := os.ReadFile(filepath.Join(folder, "key_request_form.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(filepath.Join(folder, "IAM keys - key_request_form.csv"), append([]byte("\xef\xbb\xbf"), text...), 0o600),
		os.Remove(filepath.Join(folder, "key_request_form.csv"))); err != nil {
		t.Fatal(err)
	}
	fromFolder := planOf(t, "--csv", folder, "--date", "2026-12-01")
	fromFolder.Source = fromFile.Source
	if diff := cmp.Diff(fromFile, fromFolder); diff != "" {
		t.Errorf("(-file +folder):\n%s", diff)
	}
}

// requests with one good row; change it.
func oneRequest(t *testing.T, change func(requests *sheets.Tab) error) *sheets.Spreadsheet {
	t.Helper()
	s := twoRequests(t)
	requests := s.Tab("key_request_form")
	if err := errors.Join(requests.DeleteRows(3, 1), change(requests)); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDateCellsOfAWorkbookAreDatesAndTextsStayTexts(t *testing.T) {
	path := workbookOf(t, oneRequest(t, func(requests *sheets.Tab) error {
		return errors.Join(
			requests.SetCell("H2", sheets.Date(2026, time.June, 1)),
			requests.SetCell("I2", sheets.Date(2026, time.December, 8)),
			requests.SetCell("J2", sheets.Text("007")),
			requests.SetCell("K2", "延長申請済み"))
	}))
	p := planOf(t, "--xlsx", path, "--date", "2026-12-01")
	if len(p.Rows) != 1 || p.Rows[0].EndDate != "2026-12-08" || p.Rows[0].UserName != "007" || p.Rows[0].Held == nil {
		t.Errorf("read as %+v, problems %+v", p.Rows, p.Problems)
	}
}

func TestASheetInWhichNothingIsWrongEndsWithoutAnError(t *testing.T) {
	path := workbookOf(t, oneRequest(t, func(*sheets.Tab) error { return nil }))
	out, err := runPlanWith(t, "--xlsx", path)
	if err != nil || strings.Contains(out, "mended") || !strings.Contains(out, "svc-ci") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestProblemRowsEndTheProcessWithTwoAndABadFlagWithOne(t *testing.T) {
	path := workbookOf(t, company(t))
	for want, args := range map[int][]string{
		2: {"plan", "--xlsx", path, "--date", "2026-12-01"},
		1: {"plan", "--xlsx", path, "--date", "12/01/2026"},
	} {
		if got := start(t, nil, args...).end(t); got != want {
			t.Errorf("%v: exit code %d, want %d", args, got, want)
		}
	}
}

func TestTheTableFitsATerminalOf120Columns(t *testing.T) {
	out, err := runPlanWith(t, "--xlsx", workbookOf(t, company(t)), "--date", "2026-12-01")
	if !errors.Is(err, problemsFound) {
		t.Fatal(err)
	}
	narrow := runewidth.Condition{}
	for line := range strings.Lines(out) {
		// The first line names the file, wherever that is.
		if got := narrow.StringWidth(strings.TrimSuffix(line, "\n")); got > 120 && !strings.Contains(line, "as of 2026-12-01") {
			t.Errorf("%d columns: %s", got, line)
		}
	}
	for _, want := range []string{
		"\n3    AKIAKEYLEASE00000002  svc-report            2026-12-08  Notified  notice, 7 days left         deleted 2026-12-09\n",
		"\n7    AKIAKEYLEASE00000006  svc-ingest            2026-11-20  Held      –                           ExtensionRequested\n",
		"make the name in the\n                                                 request or in the users tab unambiguous\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

func TestTheWideTableIsAlignedWhereNamesAreWide(t *testing.T) {
	out, err := runPlanWith(t, "--xlsx", workbookOf(t, company(t)), "--date", "2026-12-01", "-o", "wide")
	if !errors.Is(err, problemsFound) {
		t.Fatal(err)
	}
	narrow := runewidth.Condition{}
	column := map[int]int{}
	for line := range strings.Lines(out) {
		if at := regexp.MustCompile(`20[0-9]{2}-[0-9]{2}-[0-9]{2}  +(Active|Notified|Expired|Revoked)`).FindStringIndex(line); at != nil {
			column[narrow.StringWidth(line[:at[0]])]++
		}
		if strings.HasPrefix(line, "ROW  KEY                   USER") {
			column[narrow.StringWidth(line[:strings.Index(line, "ENDS")])]++
		}
	}
	if len(column) != 1 || slices.Collect(maps.Values(column))[0] != 24 {
		t.Errorf("the end dates of the header and 23 rows stand in columns %v:\n%s", column, out)
	}
}

func TestADayIsNamedAsPeopleNameIt(t *testing.T) {
	path := workbookOf(t, company(t))
	for name, want := range map[string]string{
		"2026-12-01": "2026-12-01", "2026/12/1": "2026-12-01", "２０２６年１２月１日": "2026-12-01", " 20261201 ": "2026-12-01",
		"": "2026-12-31", "today": "2026-12-31", "今日": "2026-12-31", "Tomorrow": "2027-01-01", "明日": "2027-01-01",
	} {
		c := planConfig{xlsx: path, output: "json", date: name, now: time.Date(2026, 12, 30, 16, 0, 0, 0, time.UTC)} // in Tokyo it is the 31st
		var out bytes.Buffer
		c.out = &out
		if err := runPlan(t.Context(), c); err != nil && !errors.Is(err, problemsFound) {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if !strings.Contains(out.String(), `"at": "`+want+"T") {
			t.Errorf("%q is not %s:\n%.200s", name, want, &out)
		}
	}
}
