package sheet_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keylease/keylease/internal/sheet"
)

func TestParseDateReadsEveryFormThatPeopleUse(t *testing.T) {
	for name, tc := range map[string]struct {
		cell any
		want string
	}{
		"slashes, no padding":              {"2026/1/6", "2026-01-06"},
		"slashes, padded":                  {"2026/01/06", "2026-01-06"},
		"dashes":                           {"2026-01-06", "2026-01-06"},
		"compact text":                     {"20260106", "2026-01-06"},
		"kanji":                            {"2026年1月6日", "2026-01-06"},
		"full-width digits and slashes":    {"２０２６／１／６", "2026-01-06"},
		"full-width kanji date":            {"２０２６年１２月３１日", "2026-12-31"},
		"full-width hyphens":               {"２０２６－０１－０６", "2026-01-06"},
		"minus signs of an input method":   {"2026−01−06", "2026-01-06"},
		"surrounding blanks":               {" 2026/07/09 ", "2026-07-09"},
		"surrounding ideographic blanks":   {"　2026/07/09　", "2026-07-09"},
		"a blank of zero width":            {"\u200b2026/07/09\ufeff", "2026-07-09"},
		"blanks inside a kanji date":       {"2026 年 1 月 6 日", "2026-01-06"},
		"text with a time of day":          {"2026/06/01 10:12:00", "2026-06-01"},
		"text with a late time of day":     {"2026-06-01T23:59", "2026-06-01"},
		"a leap day":                       {"2028/02/29", "2028-02-29"},
		"no end":                           {"9999/12/31", "9999-12-31"},
		"a serial number":                  {46363.0, "2026-12-07"},
		"a serial number just below":       {46362.9999999, "2026-12-07"},
		"a serial number with an evening":  {46363.75, "2026-12-07"},
		"a serial number at 23:59:59":      {46363.0 + 86399.0/86400, "2026-12-07"},
		"a serial number as int":           {46363, "2026-12-07"},
		"the first serial number accepted": {25569.0, "1970-01-01"},
		"the last serial number":           {2958465.0, "9999-12-31"},
		"a compact number":                 {20260106.0, "2026-01-06"},
		"the first compact number":         {19000101.0, "1900-01-01"},
		"the last compact number":          {99991231.0, "9999-12-31"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := sheet.ParseDate(tc.cell)
			if err != nil || got != tc.want {
				t.Errorf("ParseDate(%v) = %q, %v; want %q", tc.cell, got, err, tc.want)
			}
		})
	}
}

func TestParseDateGuessesNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		cell any
		want string
	}{
		"month/day/year":                      {"1/6/2026", `"1/6/2026" can be read in more than one way`},
		"month/day/year with a clear day":     {"12/31/2026", `"12/31/2026" can be read in more than one way`},
		"a year of two digits":                {"26/1/6", `"26/1/6" can be read in more than one way`},
		"a month that is none":                {"2026/13/40", `"2026/13/40" is not a calendar day`},
		"a day that the month has not":        {"2026-02-29", "is not a calendar day"},
		"a time that is none":                 {"2026/06/01 25:00", "is not a calendar day"},
		"a word":                              {"来月", `"来月"`},
		"a word behind a date":                {"2026/12/31 まで", `"2026/12/31 まで"`},
		"no day":                              {"2026/12", `"2026/12"`},
		"mixed separators":                    {"2026/12-31", `"2026/12-31"`},
		"a time zone":                         {"2026-12-31T18:00:00Z", `"2026-12-31T18:00:00Z"`},
		"circled digits":                      {"2026/①/6", `"2026/①/6"`},
		"an error of the sheet":               {"#REF!", `"#REF!"`},
		"an empty text":                       {"", "is empty"},
		"blanks":                              {"　 ", "is empty"},
		"no cell":                             {nil, "is empty"},
		"a check box":                         {true, `"TRUE"`},
		"a year alone":                        {2026.0, `"2026" is a number that is not a date`},
		"year and month as a number":          {202612.0, `"202612" is a number that is not a date`},
		"two digits of a year as a number":    {261231.0, `"261231" is a number that is not a date`},
		"an impossible compact number":        {20261340.0, `"20261340" is not a calendar day`},
		"a compact number with a fraction":    {20261231.5, `"20261231.5" is a number that is not a date`},
		"a negative number":                   {-1.0, `"-1" is a number that is not a date`},
		"infinity":                            {math.Inf(1), "is a number that is not a date"},
		"not a number":                        {math.NaN(), "is a number that is not a date"},
		"a text far too long":                 {strings.Repeat("1", 50_000), "…"},
		"a date behind more blanks than fit":  {strings.Repeat(" ", 300) + "2026/1/6", "use YYYY/MM/DD"},
		"a line break between date and words": {"2026/12/31\n延長", `"2026/12/31 延長"`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := sheet.ParseDate(tc.cell)
			if err == nil {
				t.Fatalf("ParseDate(%v) = %q; want an error", tc.cell, got)
			}
			if !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "use YYYY/MM/DD") {
				t.Errorf("error %q; want it to hold %q and what to write", err, tc.want)
			}
			if n := len([]rune(err.Error())); n > 200 {
				t.Errorf("error of %d characters", n)
			}
		})
	}
}

func TestFormatDateKeepsTheFormOfTheCell(t *testing.T) {
	for name, tc := range map[string]struct {
		date string
		cell any
		want any
	}{
		"padded slashes":                        {"2027-01-05", "2026/01/06", "2027/01/05"},
		"slashes without padding":               {"2027-11-05", "2026/1/6", "2027/11/5"},
		"a cell that does not tell is padded":   {"2027-01-05", "2026/12/31", "2027/01/05"},
		"a short month tells for the day":       {"2027-01-05", "2026/1/31", "2027/1/5"},
		"dashes":                                {"2027-01-05", "2026-12-08", "2027-01-05"},
		"compact text":                          {"2027-01-05", "20261208", "20270105"},
		"kanji":                                 {"2027-01-05", "2026年7月2日", "2027年1月5日"},
		"full width":                            {"2027-01-15", "２０２６／７／１", "２０２７／１／１５"},
		"surrounding blanks stay":               {"2027-01-05", " 2026/12/03 ", " 2027/01/05 "},
		"a time of day stays":                   {"2027-01-05", "2026/12/03 10:00", "2027/01/05 10:00"},
		"a serial number":                       {"2026-12-07", 46000.0, 46363.0},
		"a serial number with a time loses it":  {"2026-12-07", 46000.5, 46363.0},
		"a serial number for ever":              {"9999-12-31", 46000.0, 2958465.0},
		"a compact number":                      {"2027-01-05", 20261208.0, 20270105.0},
		"a serial that could not be read again": {"2500-01-01", 46000.0, "2500/01/01"},
		"an empty cell":                         {"2027-01-05", nil, "2027/01/05"},
		"a cell that holds no date":             {"2027-01-05", "来月", "2027/01/05"},
		"a new date that is none":               {"soon", "2026/12/03", "2026/12/03"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := sheet.FormatDate(tc.date, tc.cell); got != tc.want {
				t.Errorf("FormatDate(%q, %#v) = %#v; want %#v", tc.date, tc.cell, got, tc.want)
			}
		})
	}
}

// anyDate draws a day from 1970 to 9999, as YYYY-MM-DD.
func anyDate(t *rapid.T, label string) string {
	day := rapid.IntRange(0, 2958465-25569).Draw(t, label)
	return time.Date(1970, time.January, 1+day, 0, 0, 0, 0, time.UTC).Format("2006-01-02")
}

func TestAFormattedDateIsReadAsItself(t *testing.T) {
	cells := []any{
		nil, "来月", "2026/1/6", "2026/01/06", "2026-12-31", "20260106", "2026年1月6日", "２０２６／７／１", " 2026/12/03 ",
		"2026/06/01 10:12:00", 46000.0, 46000.25, 20260106.0,
	}
	rapid.Check(t, func(t *rapid.T) {
		date := anyDate(t, "date")
		cell := rapid.SampledFrom(cells).Draw(t, "cell")
		formatted := sheet.FormatDate(date, cell)
		got, err := sheet.ParseDate(formatted)
		if err != nil || got != date {
			t.Fatalf("%s formatted as %#v and read as %q, %v", date, formatted, got, err)
		}
		if again := sheet.FormatDate(date, formatted); again != formatted {
			t.Fatalf("formatted once %#v, twice %#v", formatted, again)
		}
	})
}

func TestAnUnchangedDateIsWrittenAsItStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		layout := rapid.SampledFrom([]string{"2006/01/02", "2006-01-02", "20060102", "2006/1/2", "2006年1月2日"}).Draw(t, "layout")
		day, _ := time.Parse("2006-01-02", anyDate(t, "date"))
		text := day.Format(layout)
		if got := sheet.FormatDate(day.Format("2006-01-02"), text); got != text {
			t.Fatalf("FormatDate of its own date gave %#v for %q", got, text)
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, seed := range []string{"2026/1/6", "２０２６年１２月３１日", "20260106", "1/6/2026", "2026/13/40", "来月", "2026-06-01T10:12:00"} {
		f.Add(seed, 46363.0)
	}
	f.Fuzz(func(t *testing.T, text string, serial float64) {
		for _, cell := range []any{text, serial} {
			date, err := sheet.ParseDate(cell)
			if err != nil {
				if !strings.Contains(err.Error(), "use YYYY/MM/DD") {
					t.Errorf("ParseDate(%#v): %q does not say what to write", cell, err)
				}
				continue
			}
			if _, err := time.Parse("2006-01-02", date); err != nil {
				t.Errorf("ParseDate(%#v) = %q", cell, date)
			}
			if back, err := sheet.ParseDate(sheet.FormatDate(date, cell)); err != nil || back != date {
				t.Errorf("%#v: %q formatted and read again is %q, %v", cell, date, back, err)
			}
		}
	})
}
