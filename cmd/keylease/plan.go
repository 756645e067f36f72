package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/cmd/internal/kube"
	"github.com/keylease/keylease/cmd/internal/plan"
	"github.com/keylease/keylease/cmd/internal/workbook"
	"github.com/keylease/keylease/internal/googlesheets"
	"github.com/keylease/keylease/internal/sheet"
)

// problemsFound is the exit code of a plan in which some row has to be mended.
const problemsFound = exitCode(2)

// planConfig is what flags and environment say.
type planConfig struct {
	xlsx, csv, spreadsheet, credentials, manifest string
	// date, YYYY-MM-DD; empty: today in the sheet's time zone.
	date   string
	output string
	// emulator of Google Sheets, host:port.
	emulator string
	now      time.Time
	out      io.Writer
}

func newPlanCommand() *cobra.Command {
	var c planConfig
	cmd := &cobra.Command{
		Use:   "plan {--xlsx FILE | --csv FOLDER | --spreadsheet ID}",
		Short: "Print what the operator would do with a sheet, without a cluster",
		Long: "Reads a sheet and prints for each row what the operator would do on that day and after, as if it saw the sheet\n" +
			"for the first time, and every row that has to be mended. Nothing is changed, and neither Kubernetes nor AWS nor\n" +
			"Slack is asked. -o wide prints more of each row, -o json all for programs.\n\n" +
			"Exit code 0: nothing is wrong; 2: there are rows to be mended; 1: no plan could be made.",
		Example: "  keylease plan --xlsx requests.xlsx\n" +
			"  keylease plan --csv downloads/ --date 2026-12-01\n" +
			"  keylease plan --spreadsheet 1duJ… --credentials google.json --date 2026-12-01 -o json\n" +
			"  keylease plan --xlsx requests.xlsx --sheet-manifest accesskeysheet.yaml",
		Args: kube.Exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.emulator, c.now, c.out = os.Getenv("SHEETS_EMULATOR_HOST"), time.Now(), cmd.OutOrStdout()
			return runPlan(cmd.Context(), c)
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.xlsx, "xlsx", "", "an Excel workbook: the spreadsheet, downloaded")
	f.StringVar(&c.csv, "csv", "", "a folder with one CSV file for each tab: key_request_form.csv and users_json.csv")
	f.StringVar(&c.spreadsheet, "spreadsheet", "", "a Google spreadsheet's ID: the long part of its address between /d/ and /edit")
	f.StringVar(&c.credentials, "credentials", "", "file with a service account's JSON, for --spreadsheet\n(default: Application Default Credentials)")
	f.StringVar(&c.manifest, "sheet-manifest", "", "file with an AccessKeySheet, whose tabs, columns, schedule and marks are used\n(default: those of an AccessKeySheet that leaves them open)")
	f.StringVar(&c.date, "date", "", "day to plan for: YYYY-MM-DD, today or tomorrow (default: today in the sheet's time zone)")
	f.StringVarP(&c.output, "output", "o", "table", "table, wide (with owners, marks, times and all that follows) or json")
	return cmd
}

func runPlan(ctx context.Context, c planConfig) error {
	if !slices.Contains([]string{"table", "wide", "json"}, c.output) {
		return fmt.Errorf("-o %s: use table, wide or json", c.output)
	}
	spec, err := c.spec()
	if err != nil {
		return err
	}
	sources := slices.DeleteFunc([]string{c.xlsx, c.csv, c.spreadsheet}, func(s string) bool { return s == "" })
	if len(sources) == 0 && c.manifest != "" {
		c.spreadsheet = spec.SpreadsheetID
		sources = []string{c.spreadsheet}
	}
	if len(sources) != 1 {
		return errors.New("give one of --xlsx FILE, --csv FOLDER and --spreadsheet ID")
	}
	day, err := c.day(spec)
	if err != nil {
		return err
	}
	tabs, err := c.read(ctx, spec)
	if err != nil {
		return err
	}
	p, err := plan.Of(sources[0], tabs, spec, day)
	if err != nil {
		return fmt.Errorf("%s: %w", sources[0], err)
	}
	return c.print(p)
}

func (c planConfig) read(ctx context.Context, spec v1alpha1.AccessKeySheetSpec) (plan.Tabs, error) {
	switch {
	case c.xlsx != "":
		book, err := workbook.Open(c.xlsx)
		if err != nil {
			return plan.Tabs{}, err
		}
		return readBook(book, spec)
	case c.csv != "":
		folder, err := workbook.OpenFolder(c.csv)
		if err != nil {
			return plan.Tabs{}, err
		}
		return readBook(folder, spec)
	}
	return c.readSpreadsheet(ctx, spec)
}

func (c planConfig) spec() (v1alpha1.AccessKeySheetSpec, error) {
	if c.manifest == "" {
		return plan.DefaultSpec()
	}
	text, err := os.ReadFile(c.manifest)
	if err != nil {
		return v1alpha1.AccessKeySheetSpec{}, fmt.Errorf("--sheet-manifest: %w", err)
	}
	spec, err := plan.ParseSpec(text)
	if err != nil {
		return spec, fmt.Errorf("--sheet-manifest %s: %w", c.manifest, err)
	}
	return spec, nil
}

// day to plan for, in whatever form people write dates into a sheet.
func (c planConfig) day(spec v1alpha1.AccessKeySheetSpec) (string, error) {
	switch strings.ToLower(strings.TrimSpace(c.date)) {
	case "", "today", "今日", "本日":
		return plan.DayOf(spec, c.now)
	case "tomorrow", "明日":
		today, err := plan.DayOf(spec, c.now)
		if err != nil {
			return "", err
		}
		day, err := time.Parse(time.DateOnly, today)
		return day.AddDate(0, 0, 1).Format(time.DateOnly), err
	}
	day, err := sheet.ParseDate(c.date)
	if err != nil {
		return "", fmt.Errorf("--date %s: give a calendar date as YYYY-MM-DD, or today or tomorrow", c.date)
	}
	return day, nil
}

// book is a spreadsheet in files.
type book interface {
	Tab(name string) ([][]any, error)
	Close() error
}

func readBook(book book, spec v1alpha1.AccessKeySheetSpec) (tabs plan.Tabs, err error) {
	defer func() { err = errors.Join(err, book.Close()) }()
	if tabs.Requests, err = book.Tab(spec.Requests.Tab); err != nil {
		return tabs, err
	}
	tabs.Users, err = book.Tab(spec.Users.Tab)
	return tabs, err
}

func (c planConfig) readSpreadsheet(ctx context.Context, spec v1alpha1.AccessKeySheetSpec) (plan.Tabs, error) {
	var key []byte
	if c.credentials != "" {
		var err error
		if key, err = os.ReadFile(c.credentials); err != nil {
			return plan.Tabs{}, fmt.Errorf("--credentials: %w", err)
		}
	}
	google, err := googlesheets.New(ctx, googlesheets.Options{CredentialsJSON: key, EmulatorHost: c.emulator, UserAgent: "keylease/" + version})
	if err != nil && c.credentials == "" {
		return plan.Tabs{}, errors.New("no Google credentials can be used: give --credentials FILE or GOOGLE_APPLICATION_CREDENTIALS=FILE with the JSON of a service account that the spreadsheet is shared with")
	}
	if err != nil {
		return plan.Tabs{}, err
	}
	tabs, err := google.Read(ctx, c.spreadsheet, sheet.ReadRanges(spec.Requests, spec.Users, ""))
	if err != nil {
		return plan.Tabs{}, err
	}
	return plan.Tabs{Requests: tabs[0], Users: tabs[1]}, nil
}

func (c planConfig) print(p plan.Plan) error {
	var err error
	switch c.output {
	case "json":
		encoder := json.NewEncoder(c.out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(p)
	case "wide":
		err = p.WriteWide(c.out)
	default:
		err = p.Write(c.out)
	}
	if err == nil && len(p.Problems) > 0 {
		return problemsFound
	}
	return err
}
