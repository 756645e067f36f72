// Package plan works out what the operator would do with a sheet, without a cluster, AWS or Slack. It uses the rules of
// internal/sheet and internal/lifecycle. It asks them moment after moment, as if every message arrived and every
// deletion succeeded.
package plan

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/sheet"
)

// Tabs are the two tabs as they were read: rows from row 1 and column A, cells of string, float64 and bool.
type Tabs struct {
	Requests, Users [][]any
}

// Of returns the plan of a sheet, on a day (YYYY-MM-DD) at the schedule's dailyAt. It fails if the columns are not
// where the spec says, or the spec itself is invalid.
func Of(source string, tabs Tabs, spec v1alpha1.AccessKeySheetSpec, day string) (Plan, error) {
	dryRun := spec.Mode == v1alpha1.ModeDryRun
	spec.Mode = v1alpha1.ModeEnforce
	policy, err := lifecycle.PolicyOf(spec)
	if err != nil {
		return Plan{}, err
	}
	if err := sheet.CheckColumns(spec.Requests.Columns); err != nil {
		return Plan{}, err
	}
	if err := checkColumns(tabs, spec); err != nil {
		return Plan{}, err
	}
	options := sheet.OptionsOf(spec)
	if err := sheet.CheckShape(tabs.Requests, options); err != nil && !empty(err) {
		return Plan{}, err
	}
	at := policy.Due(day, 0)
	requests := sheet.ParseRequests(tabs.Requests, options)
	people := sheet.ParseDirectory(tabs.Users, sheet.HeaderRows(spec.Users.HeaderRows), spec.Users.Columns)
	p := Plan{
		Source: source, At: at.Format(time.RFC3339), TimeZone: policy.Location.String(),
		Counts: Counts{Total: requests.Total, Leases: len(requests.Rows), Pending: requests.Pending, Invalid: len(requests.Problems)},
		Rows:   []Row{}, Problems: []Problem{},
	}
	for _, problem := range requests.Problems {
		p.Problems = append(p.Problems, Problem{
			Row: problem.Row, AccessKeyID: problem.AccessKeyID, Reason: problem.Reason, Message: problem.Message, Invalid: true,
		})
	}
	for _, row := range requests.Rows {
		planned := planRow(row, people.Resolve(row.FullName), policy, spec.Marks, at)
		p.Rows = append(p.Rows, planned.row)
		p.Problems = append(p.Problems, planned.problems...)
	}
	slices.SortStableFunc(p.Problems, func(a, b Problem) int { return a.Row - b.Row })
	p.Notes = notes(p, spec, dryRun)
	return p, nil
}

// DayOf is the calendar date of a moment in the sheet's time zone.
func DayOf(spec v1alpha1.AccessKeySheetSpec, now time.Time) (string, error) {
	policy, err := lifecycle.PolicyOf(spec)
	if err != nil {
		return "", err
	}
	return policy.Today(now), nil
}

// empty: a tab without requests is nothing wrong before the first.
func empty(err error) bool {
	var shape *sheet.ShapeError
	return errors.As(err, &shape) && shape.Reason == v1alpha1.ReasonEmptySheet
}

// checkColumns reports a column that no row reaches, not even the header. That is a mistake in the layout: an unused
// column has at least a header.
func checkColumns(tabs Tabs, spec v1alpha1.AccessKeySheetSpec) error {
	for _, tab := range []struct {
		name, field string
		headerRows  *int32
		rows        [][]any
		columns     []sheet.Column
	}{
		{spec.Requests.Tab, "requests", spec.Requests.HeaderRows, tabs.Requests, sheet.RequestColumns(spec.Requests.Columns)},
		{spec.Users.Tab, "users", spec.Users.HeaderRows, tabs.Users, sheet.UserColumns(spec.Users.Columns)},
	} {
		width := 0
		for _, row := range tab.rows {
			width = max(width, len(row))
		}
		for _, column := range tab.columns {
			if sheet.HeaderRows(tab.headerRows) > 0 && sheet.ColumnIndex(column.Letter) >= width {
				return fmt.Errorf("tab %q has no column %s, where %s should stand: %s; say where it stands in spec.%s.columns of --sheet-manifest",
					tab.name, column.Letter, column.Name, extent(width), tab.field)
			}
		}
	}
	return nil
}

func extent(width int) string {
	if width == 0 {
		return "it is empty"
	}
	return fmt.Sprintf("it ends with column %s", sheet.ColumnName(width-1))
}
