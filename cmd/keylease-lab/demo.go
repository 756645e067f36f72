package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/world"
)

type demoOptions struct {
	// sheet is a file of the user's own; empty: the sample.
	sheet string
	day   time.Duration
	days  int
	ci    bool
}

// hours of a day at which the demonstration stops to show how things stand. The day's work is due at 15:00.
var hours = []int{0, 9, 15, 18}

func runDemo(ctx context.Context, o demoOptions, out io.Writer) (err error) {
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		return err
	}
	y, m, d := time.Now().In(tokyo).Date()
	now := time.Date(y, m, d, 14, 55, 0, 0, tokyo)
	sp, err := spreadsheet(o.sheet, now)
	if err != nil {
		return err
	}
	lab, err := open(ctx, now, out)
	if err != nil {
		return err
	}
	defer func() {
		fmt.Fprintln(out, "demo: ending")
		err = errors.Join(err, lab.close())
	}()
	if err := lab.install(ctx); err != nil {
		return err
	}
	if err := seed(lab.World, sp, now); err != nil {
		return err
	}
	s := newScreen(lab, out, tokyo)
	watching, stop := context.WithCancel(ctx)
	defer stop()
	if err := s.listen(watching); err != nil {
		return err
	}
	fmt.Fprintf(out, "demo: starting the operator; it is %s\n", now.Format("2006-01-02 15:04 MST"))
	if err := lab.operate(ctx); err != nil {
		return err
	}
	if err := play(ctx, lab, s, o, now); err != nil {
		return err
	}
	if o.sheet == "" {
		if err := s.judge(); err != nil {
			return err
		}
	}
	if o.ci {
		return nil
	}
	return stay(ctx, lab, s)
}

func spreadsheet(path string, now time.Time) (*sheets.Spreadsheet, error) {
	if path == "" {
		return sampleSheet(now)
	}
	sp, err := sheets.LoadPath(path)
	if err != nil {
		return nil, err
	}
	return sp, nameTabs(sp)
}

// nameTabs finds the two tabs. A browser downloads a tab as "<spreadsheet> - <tab>.csv".
func nameTabs(sp *sheets.Spreadsheet) error {
	titles := sp.Titles()
	for _, tab := range []string{requestsTab, usersTab} {
		at := slices.Index(titles, tab)
		if at < 0 {
			at = slices.IndexFunc(titles, func(title string) bool { return strings.HasSuffix(title, " - "+tab) })
		}
		if at < 0 {
			return fmt.Errorf("the spreadsheet has no tab %q, its tabs are %q: give the tab (or its CSV file) that name", tab, titles)
		}
		if titles[at] != tab {
			if err := sp.Tab(titles[at]).RenameTab(tab); err != nil {
				return err
			}
		}
	}
	return nil
}

// play lets the days pass, with what people do on them.
func play(ctx context.Context, lab *laboratory, s *screen, o demoOptions, start time.Time) error {
	for day := range o.days {
		for _, hour := range hours {
			at := time.Date(start.Year(), start.Month(), start.Day()+day, hour, 6, 0, 0, start.Location())
			if at.Before(start) {
				continue
			}
			if err := lab.until(ctx, at); err != nil {
				return err
			}
			s.flush()
			if o.sheet == "" && hour == 9 {
				if err := act(ctx, lab, s, day, start); err != nil {
					return err
				}
			}
			if err := sleep(ctx, o.day/time.Duration(len(hours))); err != nil {
				return err
			}
		}
		leases, err := s.table(ctx)
		if err != nil {
			return err
		}
		if day == 0 {
			s.line(lab.sheetSays(ctx) + "\n")
		}
		if leases == 0 {
			return errors.New("no row of the spreadsheet became a lease")
		}
	}
	return nil
}

// act is what people do in the morning of a day.
func act(ctx context.Context, lab *laboratory, s *screen, day int, start time.Time) error {
	form := lab.Sheets.Spreadsheet(world.SpreadsheetID).Tab(requestsTab)
	switch day {
	case 1:
		end := start.AddDate(0, 0, 45).Format(time.DateOnly)
		name := strings.ToLower(keyByKubectl)
		s.say("people", fmt.Sprintf("kubectl -n %s patch accesskeylease %s --type merge -p '{\"spec\":{\"endDate\":\"%s\"}}'", namespace, name, end))
		lease := &v1alpha1.AccessKeyLease{}
		lease.Name, lease.Namespace = name, namespace
		return lab.Client.Patch(ctx, lease, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"endDate":"`+end+`"}}`)))
	case 2:
		s.say("people", "伊藤さん: シートの状態の列に「延長申請済み」と記入")
		return form.Edit(func(g *sheets.Grid) error {
			row, ok := g.FindRow("L", keyByMark)
			if !ok {
				return fmt.Errorf("key %s stands in no row any more", keyByMark)
			}
			return g.SetCell(fmt.Sprintf("K%d", row), "延長申請済み")
		})
	case 6:
		end := start.AddDate(0, 0, 60)
		s.say("people", "管理者: 伊藤さんの利用終了日を "+end.Format("2006/01/02")+" に変更")
		return form.Edit(func(g *sheets.Grid) error {
			row, ok := g.FindRow("L", keyByMark)
			if !ok {
				return fmt.Errorf("key %s stands in no row any more", keyByMark)
			}
			return g.SetCell(fmt.Sprintf("I%d", row), end.Format("2006/01/02"))
		})
	}
	return nil
}

// stay leaves everything up, at the pace of real time, until Ctrl-C.
func stay(ctx context.Context, lab *laboratory, s *screen) error {
	s.line("")
	s.line("Everything stays up, now at the pace of real time. Try in another terminal:")
	s.line("  export KUBECONFIG=" + lab.kubeconfig())
	s.line("  kubectl -n " + namespace + " get accesskeyleases")
	s.line("  kubectl -n " + namespace + " describe accesskeysheet")
	s.line("  kubectl -n " + namespace + " describe accesskeyleases")
	s.line("  kubectl -n " + namespace + " get events --sort-by=.metadata.creationTimestamp")
	s.line("  tail -f " + lab.folder + "/audit.log")
	s.line("Ctrl-C ends it.")
	for {
		if err := sleep(ctx, time.Second); err != nil {
			return nil //nolint:nilerr // Ctrl-C is how a person ends it
		}
		if err := lab.until(ctx, lab.clock.Now().Add(time.Second)); err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // as above
			}
			return err
		}
		s.flush()
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
