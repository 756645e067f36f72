package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keylease/keylease/cmd/internal/plan"
	"github.com/keylease/keylease/test/emulator/sheets"
)

// manifest of an AccessKeySheet with a further line in its spec.
func manifest(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "accesskeysheet.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const sheetManifest = `
apiVersion: v1
kind: Secret
metadata: {name: slack}
---
apiVersion: iam.keylease.dev/v1alpha1
kind: AccessKeySheet
metadata: {name: key-requests}
spec:
  spreadsheetID: 1duJ
  slack: {tokenSecretRef: {name: slack, key: token}, admins: [U0ADMIN01]}
  aws: {accountID: "123456789012"}
`

func TestWhatCannotBePlannedIsSaidInASentence(t *testing.T) {
	good := workbookOf(t, company(t))
	text := filepath.Join(t.TempDir(), "requests.xlsx")
	if err := os.WriteFile(text, []byte("氏名,終了日\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	csv := filepath.Join(t.TempDir(), "key_request_form.csv")
	if err := os.WriteFile(csv, []byte("氏名,終了日\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	renamed := workbookOf(t, oneRequest(t, func(requests *sheets.Tab) error { return requests.RenameTab("申請") }))
	narrow := workbookOf(t, oneRequest(t, func(requests *sheets.Tab) error { return requests.DeleteColumn("L") }))
	moved := workbookOf(t, oneRequest(t, func(requests *sheets.Tab) error { return requests.InsertColumn("C") }))
	for name, c := range map[string]struct {
		args []string
		say  []string
	}{
		"no sheet":                {nil, []string{"--xlsx", "--spreadsheet"}},
		"two sheets":              {[]string{"--xlsx", good, "--spreadsheet", "1duJ"}, []string{"one of"}},
		"a sheet and a folder":    {[]string{"--xlsx", good, "--csv", filepath.Dir(good)}, []string{"one of"}},
		"no such folder":          {[]string{"--csv", "missing"}, []string{"there is no folder missing"}},
		"a file for a folder":     {[]string{"--csv", csv}, []string{"is no folder", "--csv " + filepath.Dir(csv)}},
		"a workbook for a folder": {[]string{"--csv", good}, []string{"is an Excel workbook", "--xlsx " + good}},
		"a folder for a file":     {[]string{"--xlsx", filepath.Dir(good)}, []string{"is a folder", "--csv"}},
		"a folder without CSV":    {[]string{"--csv", t.TempDir()}, []string{`no file "key_request_form.csv": it has no CSV file at all`}},
		"a folder with others":    {[]string{"--csv", filepath.Join("..", "..", "testdata", "company"), "--sheet-manifest", manifest(t, sheetManifest+"  requests: {tab: 申請}\n")}, []string{`no file "申請.csv"`, `"key_request_form.csv", "users_json.csv"`}},
		"no such file":            {[]string{"--xlsx", good + ".missing"}, []string{"there is no file", ".missing"}},
		"no workbook":             {[]string{"--xlsx", text}, []string{text, "not an Excel workbook", "save"}},
		"no such tab":             {[]string{"--xlsx", renamed}, []string{`"key_request_form"`, `its tabs are "users_json", "申請"`}},
		"no such column":          {[]string{"--xlsx", narrow}, []string{"no column L", "accessKeyID", "ends with column K"}},
		"columns moved":           {[]string{"--xlsx", moved}, []string{`"key_request_form"`, "column"}},
		"an impossible date":      {[]string{"--xlsx", good, "--date", "2026-02-30"}, []string{"--date 2026-02-30", "YYYY-MM-DD"}},
		"an ambiguous date":       {[]string{"--xlsx", good, "--date", "12/01/2026"}, []string{"--date 12/01/2026", "YYYY-MM-DD", "tomorrow"}},
		"an unknown output":       {[]string{"--xlsx", good, "-o", "yaml"}, []string{"-o yaml", "json"}},
		"no such manifest":        {[]string{"--xlsx", good, "--sheet-manifest", "missing.yaml"}, []string{"--sheet-manifest", "missing.yaml"}},
		"another kind":            {[]string{"--xlsx", good, "--sheet-manifest", manifest(t, "kind: Secret\n")}, []string{"no AccessKeySheet"}},
		"two AccessKeySheets":     {[]string{"--xlsx", good, "--sheet-manifest", manifest(t, sheetManifest+"---"+sheetManifest)}, []string{"more than one"}},
		"a mistyped field":        {[]string{"--xlsx", good, "--sheet-manifest", manifest(t, sheetManifest+"  request: {tab: a}\n")}, []string{"request"}},
		"a value out of range":    {[]string{"--xlsx", good, "--sheet-manifest", manifest(t, sheetManifest+"  schedule: {dailyAt: '25:00'}\n")}, []string{"dailyAt", "25:00"}},
		"an unknown time zone":    {[]string{"--xlsx", good, "--sheet-manifest", manifest(t, sheetManifest+"  schedule: {timeZone: Asia/Tokio}\n")}, []string{"Asia/Tokio", "IANA"}},
		"credentials of nothing":  {[]string{"--spreadsheet", "1duJ", "--credentials", "missing.json"}, []string{"--credentials", "missing.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := runPlanWith(t, c.args...)
			if err == nil || errors.Is(err, problemsFound) {
				t.Fatalf("it was planned: %v", err)
			}
			for _, word := range c.say {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("does not say %q: %v", word, err)
				}
			}
		})
	}
}

func TestAManifestSaysWhereThingsStandAndWhen(t *testing.T) {
	s := oneRequest(t, func(requests *sheets.Tab) error {
		return errors.Join(requests.RenameTab("申請"), requests.InsertColumn("A"),
			requests.SetCell("J2", "2026/12/10"), requests.SetCell("L2", "連絡した"))
	})
	path := manifest(t, sheetManifest+`
  requests: {tab: 申請, columns: {fullName: C, purpose: D, resource: F, startDate: I, endDate: J, userName: K, status: L, accessKeyID: M}}
  schedule: {dailyAt: "09:30", noticeDays: [3, 9], gracePeriod: 48h}
  marks: {notified: 連絡した}
`)
	p := planOf(t, "--xlsx", workbookOf(t, s), "--date", "2026-12-01", "--sheet-manifest", path)
	if len(p.Rows) != 1 {
		t.Fatalf("%+v", p)
	}
	row := p.Rows[0]
	var steps []string
	for _, step := range append(row.Today, row.Later...) {
		steps = append(steps, step.Time+" "+step.Action)
	}
	want := "2026-12-01T09:30:00+09:00 Summary, 2026-12-07T09:30:00+09:00 Notice, 2026-12-11T00:00:00+09:00 Expire, " +
		"2026-12-11T09:30:00+09:00 Deactivate, 2026-12-13T09:30:00+09:00 Delete"
	if got := strings.Join(steps, ", "); got != want || row.AccountID != "123456789012" {
		t.Errorf("account %s\ngot  %s\nwant %s", row.AccountID, got, want)
	}
}

func TestAPathPrefixMayBeWrittenWithoutItsSlashes(t *testing.T) {
	for _, prefix := range []string{"team", "/team", "team/", "/team/"} {
		path := manifest(t, strings.Replace(sheetManifest, "aws: {", "aws: {userPathPrefix: "+prefix+", ", 1))
		p := planOf(t, "--xlsx", workbookOf(t, oneRequest(t, func(*sheets.Tab) error { return nil })), "--date", "2026-12-01", "--sheet-manifest", path)
		if row := p.Rows[0]; row.Held != nil {
			t.Errorf("%s: held by %+v", prefix, row.Held)
		}
		deleted := false
		for _, step := range append(p.Rows[0].Today, p.Rows[0].Later...) {
			deleted = deleted || step.Action == plan.ActionDelete
		}
		if !deleted {
			t.Errorf("%s: the key is never deleted: %+v", prefix, p.Rows[0])
		}
	}
}

func TestADryRunIsPlannedAsIfItWereNotAndSaysSo(t *testing.T) {
	path := manifest(t, sheetManifest+"  mode: DryRun\n  limits: {maxRevocationsPerDay: 5}\n")
	p := planOf(t, "--xlsx", workbookOf(t, company(t)), "--date", "2026-12-01", "--sheet-manifest", path)
	notes := strings.Join(p.Notes, "\n")
	if p.Rows[1].Phase != "Notified" || !strings.Contains(notes, "DryRun") {
		t.Errorf("phase %s, notes:\n%s", p.Rows[1].Phase, notes)
	}
	if !strings.Contains(notes, "7 keys are due for deletion on 2026-12-09") {
		t.Errorf("the notes do not say that the breaker would open:\n%s", notes)
	}
}
