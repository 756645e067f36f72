package sheet_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

const company = "../../testdata/company"

// companyTab reads a CSV file of the company as the Sheets API answers: ragged, without trailing empty cells.
func companyTab(t *testing.T, file string) [][]any {
	t.Helper()
	f, err := os.Open(filepath.Join(company, file))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]any
	for _, record := range records {
		var row []any
		for i, text := range record {
			if text != "" {
				for len(row) < i {
					row = append(row, "")
				}
				row = append(row, text)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// expectedRows reads the table of EXPECTED.md: what stands in the column "lease", by row number.
func expectedRows(t *testing.T) map[int]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(company, "EXPECTED.md"))
	if err != nil {
		t.Fatal(err)
	}
	expected := map[int]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([0-9, ]+) \| ([^|]*) \|`).FindAllStringSubmatch(string(text), -1) {
		for n := range strings.SplitSeq(m[1], ",") {
			row, err := strconv.Atoi(strings.TrimSpace(n))
			if err != nil {
				t.Fatal(err)
			}
			expected[row] = m[2]
		}
	}
	return expected
}

// seen says what the parser made of a row, in the words of EXPECTED.md.
func seen(r sheet.Requests, total int) map[int]string {
	words := map[string]string{
		v1alpha1.RowInvalidDate: "date", v1alpha1.RowEndBeforeStart: "end before start", v1alpha1.RowDuplicateID: "same key ID twice",
		v1alpha1.RowUserNameMissing: "no user name", v1alpha1.RowAccessKeyIDInvalid: "key ID",
	}
	at := map[int]string{}
	for row := 2; row <= total; row++ {
		at[row] = "none"
	}
	for _, row := range r.Rows {
		at[row.Number] = "lease"
	}
	for _, p := range r.Problems {
		at[p.Row] = "invalid: " + words[p.Reason]
	}
	return at
}

func TestEveryRowOfTheCompanyIsReadAsExpected(t *testing.T) {
	rows := companyTab(t, "key_request_form.csv")
	got := sheet.ParseRequests(rows, options())
	expected := expectedRows(t)
	if len(expected) != len(rows)-1 || len(rows) != 33 {
		t.Fatalf("EXPECTED.md speaks of %d rows, the sheet has %d below its header", len(expected), len(rows)-1)
	}
	at := seen(got, len(rows))
	for row, lease := range expected {
		want := "lease"
		if strings.HasPrefix(lease, "none") || lease == "blank" {
			want = "none"
		}
		if _, problem, ok := strings.Cut(lease, "invalid: "); ok {
			problem, _, _ = strings.Cut(problem, " (")
			want = "invalid: " + problem
		} else if strings.Contains(lease, "both invalid: ") {
			_, problem, _ = strings.Cut(lease, "both invalid: ")
			want = "invalid: " + problem
		}
		if at[row] != want {
			t.Errorf("row %d is read as %q; EXPECTED.md has %q", row, at[row], lease)
		}
	}
	if got.Total != 31 || got.Pending != 1 || len(got.Problems) != 7 || len(got.Rows) != 23 {
		t.Errorf("%d rows, %d pending, %d problems, %d usable; want 31, 1, 7, 23",
			got.Total, got.Pending, len(got.Problems), len(got.Rows))
	}
	if err := sheet.CheckShape(rows, options()); err != nil {
		t.Errorf("the sheet is refused: %v", err)
	}
}

// companyRow is what matters of a row of the company.
type companyRow struct {
	ID, User, End string
	Mark          sheet.Mark
	Remark        string
	Owner         string
	Reason        string
}

func TestTheValuesOfTheCompanysRows(t *testing.T) {
	d := sheet.ParseDirectory(companyTab(t, "users_json.csv"), 1, usersColumns)
	got := map[int]companyRow{}
	for _, r := range sheet.ParseRequests(companyTab(t, "key_request_form.csv"), options()).Rows {
		owner := d.Resolve(r.FullName)
		id := strings.TrimPrefix(r.AccessKeyID, "AKIAKEYLEASE000000")
		got[r.Number] = companyRow{id, r.UserName, r.EndDate, r.Status.Mark, r.Status.Remark,
			strings.TrimPrefix(owner.SlackUserID, "U0EMPLOY"), owner.Reason}
	}
	const found, unknown, several = v1alpha1.ReasonOwnerFound, v1alpha1.ReasonOwnerUnknown, v1alpha1.ReasonOwnerAmbiguous
	want := map[int]companyRow{
		2:  {"01", "svc-ci-upload", "2026-12-31", "", "", "01", found},
		3:  {"02", "svc-report", "2026-12-08", "", "", "02", found},
		4:  {"03", "svc-transcode", "2026-12-05", "", "", "03", found},
		5:  {"04", "svc-monitor", "2026-11-30", "", "", "04", found},
		6:  {"05", "vendor-acme", "2026-11-30", sheet.MarkNotified, "", "05", found},
		7:  {"06", "svc-ingest", "2026-11-20", sheet.MarkExtension, "", "06", found},
		8:  {"07", "tmp-migration", "2026-10-31", sheet.MarkDeleted, "", "07", found},
		9:  {"08", "svc-backup", "2026-12-08", "", "", "09", found},
		10: {"09", "svc-mail", "2026-12-08", "", "", "", unknown},
		17: {"15", "svc-iot", "2027-01-15", "", "", "14", found},
		18: {"16", "svc-billing", "2026-12-24", "", "", "15", found},
		19: {"17", "svc-search", "2027-01-31", "", "", "16", found},
		20: {"18", "svc-orders", "2026-11-30", sheet.MarkNotified, "", "17", found},
		21: {"19", "svc-orders", "2027-04-30", "", "", "17", found},
		22: {"20", "svc-share", "2026-12-08", "", "", "", several},
		23: {"21", "svc.report+prod@example", "2026-12-08", "", "", "", unknown},
		24: {"22", "svc-long", "2026-12-08", "", "", "22", found},
		25: {"23", "svc-blank", "2026-12-03", "", "", "23", found},
		26: {"24", "svc-today", "2026-12-01", sheet.MarkNotified, "", "24", found},
		30: {"28", "svc-extended", "2027-02-28", sheet.MarkExtension, "", "28", found},
		31: {"29", "svc-zombie", "2026-11-15", sheet.MarkDeleted, "", "29", found},
		32: {"30", "svc-unclear", "2026-12-04", sheet.MarkUnclear, "延長不要", "30", found},
		33: {"31", "svc-remark", "2026-12-08", "", "要確認", "31", found},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"U0EMPLOY19", "U0EMPLOY20"}, d.Resolve("林 優").Candidates); diff != "" {
		t.Errorf("candidates of row 22 (-want +got):\n%s", diff)
	}
}
