package chance

import (
	"fmt"
	"strings"
	"time"

	"github.com/keylease/keylease/test/emulator/sheets"
)

// words of the table, in capitals, by what they stand for.
var words = map[string]func(*draw) string{
	// The key that it is about, any other key, and a new one.
	"KEY":   func(d *draw) string { return fmt.Sprint(d.key.n) },
	"OTHER": func(d *draw) string { return fmt.Sprint(1 + d.IntN(d.last)) },
	"NEW":   (*draw).fresh,
	// An owner: more often than not the key's.
	"OWNER": func(d *draw) string {
		if d.chance(60) {
			return fmt.Sprint(d.key.owner)
		}
		return fmt.Sprint(1 + d.IntN(owners))
	},
	// Another end, as people write it and as Kubernetes has it. NEAR is in two days, NEWEND that of a new request.
	"LATER":     func(d *draw) string { return d.written(d.later()) },
	"SOONER":    func(d *draw) string { return d.written(d.sooner()) },
	"ISOLATER":  func(d *draw) string { return d.later().Format(time.DateOnly) },
	"ISOSOONER": func(d *draw) string { return d.sooner().Format(time.DateOnly) },
	"NEAR":      func(d *draw) string { return d.written(d.at.AddDate(0, 0, 2)) },
	"NEWEND":    func(d *draw) string { return d.written(d.at.AddDate(0, 0, 5+d.IntN(10))) },
	// Seconds of a trouble: mostly of minutes, or of days, or so many that the operator has been away.
	"SPAN": (*draw).span,
	"DAYS": func(d *draw) string { return seconds(time.Duration(1+d.IntN(4))*day + d.upTo(day)) },
	"LONG": func(d *draw) string { return seconds(6*day + d.upTo(4*day)) },
	// HOW long a service fails: calls or seconds.
	"HOW": func(d *draw) string {
		if d.chance(60) {
			return fmt.Sprint(1+d.IntN(4), "x")
		}
		return d.span()
	},
	"SEED": func(d *draw) string { return fmt.Sprint(d.IntN(1 << 30)) },
}

func seconds(t time.Duration) string { return fmt.Sprint(int(t.Seconds())) }

func (d *draw) span() string {
	switch n := d.IntN(100); {
	case n < 50:
		return seconds(time.Minute + d.upTo(15*time.Minute))
	case n < 80:
		return seconds(hour + d.upTo(6*hour))
	case n < 95:
		return seconds(6*hour + d.upTo(day))
	default:
		return seconds(2*day + d.upTo(2*day))
	}
}

// later moves the key's end on. After some times it stays where it is.
func (d *draw) later() time.Time {
	if d.key.moves < mostMoves {
		d.key.moves++
		from := d.key.end
		if from.Before(d.at) {
			from = d.at
		}
		d.key.end = from.AddDate(0, 0, 2+d.IntN(14))
	}
	return d.key.end
}

// sooner moves the key's end to some day between now and then, or a little before now.
func (d *draw) sooner() time.Time {
	days := int(d.key.end.Sub(d.at)/day) + 2
	if days > 0 {
		d.key.end = d.at.AddDate(0, 0, d.IntN(days)-1)
	}
	return d.key.end
}

// written is a date in one of the forms that people use.
func (d *draw) written(t time.Time) string {
	forms := []string{"2006/1/2", "2006/1/2", "2006/01/02", "2006-01-02", "20060102", "2006年1月2日"}
	text := t.Format(forms[d.IntN(len(forms))])
	switch d.IntN(12) {
	case 0:
		return fullWidth(text)
	case 1:
		return "\u3000" + text + " "
	case 2:
		return fmt.Sprint(int(sheets.Serial(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC))))
	}
	return text
}

func fullWidth(text string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7f {
			return r + 0xfee0
		}
		return r
	}, text)
}
