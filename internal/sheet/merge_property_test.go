package sheet_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

// world is one row and its lease.
type world struct {
	date, status string
	// row is usable, unless it is:
	invalid, gone bool
	lease         *v1alpha1.AccessKeyLease
	f             sheet.Facts
}

func (w *world) row() *sheet.Row { return rowWith(w.date, w.status) }

func (w *world) merge() sheet.Outcome {
	switch {
	case w.gone:
		return sheet.Merge(nil, nil, w.lease, w.f)
	case w.invalid:
		return sheet.Merge(nil, &sheet.Problem{Row: 3, Reason: v1alpha1.RowInvalidDate, Message: "来月末"}, w.lease, w.f)
	}
	return sheet.Merge(w.row(), nil, w.lease, w.f)
}

// sync merges once and does the first steps of what Merge asks for: 1 spec, 2 status, 3 cells, 4 read-back. It tells
// whether a cell was wanted otherwise.
func (w *world) sync(steps int) (out sheet.Outcome, wrote bool) {
	out = w.merge()
	wrote = out.StatusText != nil || out.EndDate != ""
	if steps >= 1 && out.Spec != nil {
		if w.lease == nil {
			w.lease = &v1alpha1.AccessKeyLease{}
		}
		w.lease.Spec = *out.Spec
	}
	if w.lease == nil || (w.gone && w.lease.Status.Sheet == nil) {
		return out, wrote
	}
	if steps >= 2 {
		w.lease.Status.Sheet = out.Sheet.DeepCopy()
	}
	if steps >= 3 {
		if out.StatusText != nil {
			w.status = *out.StatusText
		}
		if out.EndDate != "" {
			w.date = out.EndDate
		}
	}
	if steps >= 4 {
		s := sheet.Written(*w.lease.Status.Sheet, out.StatusText, out.EndDate)
		w.lease.Status.Sheet = &s
	}
	return out, wrote
}

var (
	someDate   = rapid.SampledFrom([]string{earlier, agreed, later, latest})
	someMark   = rapid.SampledFrom([]string{"", "通知済み", "期限切れ", "延長申請済み", "延長", "削除済み"})
	someRemark = rapid.SampledFrom([]string{"", "要確認", "田中へ連絡"})
	somePhase  = rapid.SampledFrom([]v1alpha1.Phase{"", v1alpha1.PhaseActive, v1alpha1.PhaseNotified, v1alpha1.PhaseExpired})
)

func someStatus(t *rapid.T) string {
	if rapid.IntRange(0, 9).Draw(t, "unclear") == 0 {
		return "延長不要"
	}
	return strings.TrimSpace(someMark.Draw(t, "mark") + " " + someRemark.Draw(t, "remark"))
}

// someWorld is a row and a lease that agreed once, wherever they went since, syncs that died included.
func someWorld(t *rapid.T) *world {
	w := &world{date: someDate.Draw(t, "first date"), status: someStatus(t), f: facts()}
	w.f.Exempt = rapid.Bool().Draw(t, "exempt")
	due := someDate.Draw(t, "a notice is due up to")
	w.f.FirstNoticeDue = func(end string) bool { return end <= due }
	w.sync(rapid.IntRange(0, 4).Draw(t, "steps of the first sync"))
	for range rapid.IntRange(0, 8).Draw(t, "operations") {
		w.operate(t)
	}
	w.gone, w.invalid = false, false
	return w
}

// settle does what is left from before, so that both sides agree.
func (w *world) settle() {
	for range 4 {
		w.sync(4)
	}
}

func (w *world) operate(t *rapid.T) {
	operation := rapid.SampledFrom([]string{"date in the sheet", "mark", "sync", "row", "date in the lease", "flag", "phase"}).Draw(t, "operation")
	switch operation {
	case "date in the sheet":
		w.date = someDate.Draw(t, operation)
	case "mark":
		w.status = someStatus(t)
	case "row":
		w.lose(t)
	case "sync":
		w.sync(rapid.IntRange(0, 4).Draw(t, "steps done before the crash"))
	}
	if w.lease == nil {
		return
	}
	switch operation {
	case "date in the lease":
		w.lease.Spec.EndDate = someDate.Draw(t, operation)
	case "flag":
		w.lease.Spec.ExtensionRequested = rapid.Bool().Draw(t, operation)
	case "phase":
		w.decide(somePhase.Draw(t, operation))
	}
}

// lose makes the row unusable, or usable again.
func (w *world) lose(t *rapid.T) {
	state := rapid.SampledFrom([]string{"usable", "invalid", "gone"}).Draw(t, "row")
	w.invalid, w.gone = state == "invalid", state == "gone"
}

// freeze makes the lease one whose spec cannot change any more, or leaves it as it is.
func (w *world) freeze(t *rapid.T) {
	state := rapid.SampledFrom([]string{"running", "running", "Revoked by mark", "being deleted", "confirmed"}).Draw(t, "lease")
	if w.lease == nil || state == "running" {
		return
	}
	w.decide(v1alpha1.PhaseRevoked)
	switch state {
	case "being deleted":
		w.decide(v1alpha1.PhaseExpired)
		w.lease.Status.Revocation = &v1alpha1.RevocationStatus{KeyDeletedTime: &earlyOn}
	case "confirmed":
		w.lease.Status.Revocation = &v1alpha1.RevocationStatus{KeyDeletedTime: &earlyOn, CompletionTime: &earlyOn}
	}
}

// decide puts the lease in a phase, as its controller does: of the date that the lease has now, or not at all.
func (w *world) decide(phase v1alpha1.Phase) {
	w.lease.Status.Phase, w.lease.Status.Term = phase, nil
	if phase != "" {
		w.lease.Status.Term = &v1alpha1.Term{Number: 1, EndDate: w.lease.Spec.EndDate}
	}
}

func TestMergeConverges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := someWorld(t)
		w.f.OwnedElsewhere = rapid.Bool().Draw(t, "owned")
		w.f.FlagOwnedElsewhere = rapid.Bool().Draw(t, "flag owned")
		w.lose(t)
		w.freeze(t)
		for range 3 {
			w.sync(rapid.IntRange(3, 4).Draw(t, "steps"))
		}
		before := w.lease.DeepCopy()
		out, wrote := w.sync(4)
		if wrote || out.Spec != nil || len(out.Changes) > 0 || !cmp.Equal(before, w.lease) {
			t.Fatalf("a fourth sync still has something to do: %+v\n%s", out, cmp.Diff(before, w.lease))
		}
		if w.lease == nil || w.gone || w.invalid || w.lease.Status.Phase == v1alpha1.PhaseRevoked || w.lease.Status.Revocation != nil {
			return
		}
		if h := w.lease.Status.Sheet.Hold; w.date != w.lease.Spec.EndDate && (h == nil || (h.Reason != v1alpha1.ReasonFieldOwnedElsewhere && h.Reason != v1alpha1.ReasonUnclearMark)) {
			t.Fatalf("the sheet says %s, the lease %s, and nobody is told", w.date, w.lease.Spec.EndDate)
		}
		if s := w.lease.Status.Sheet; w.lease.Spec.ExtensionRequested && s.Hold == nil && !s.MarkedDeleted && !sheet.Marked(s) {
			t.Fatal("the lease asks for an extension for ever, and no merge takes it")
		}
		if s := w.lease.Status.Sheet; w.date == w.lease.Spec.EndDate && (s.EndDate != w.date || s.RowEndDate+s.LeaseEndDate+s.RefusedEndDate != "") {
			t.Fatalf("both say %s, and the status says more: %+v", w.date, s)
		}
	})
}

func TestMergeTwiceBeforeAnythingIsWrittenDecidesTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := someWorld(t)
		w.f.OwnedElsewhere = rapid.Bool().Draw(t, "owned")
		w.f.FlagOwnedElsewhere = rapid.Bool().Draw(t, "flag owned")
		w.lose(t)
		w.freeze(t)
		first, _ := w.sync(2)
		before := w.lease.DeepCopy()
		second, _ := w.sync(2)
		if len(second.Changes) > 0 || second.Spec != nil || !cmp.Equal(before, w.lease) {
			t.Fatalf("told or decided again: %+v\n%s", second, cmp.Diff(before, w.lease))
		}
		if diff := cmp.Diff([]any{first.StatusText, first.EndDate}, []any{second.StatusText, second.EndDate}); diff != "" {
			t.Fatalf("(-first +second):\n%s", diff)
		}
	})
}

func TestMergeAfterACrashBetweenSpecAndStatusDecidesTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := someWorld(t)
		w.f.OwnedElsewhere = rapid.Bool().Draw(t, "owned")
		w.lose(t)
		crashed := *w
		crashed.lease = w.lease.DeepCopy()
		crashed.sync(1)
		got, _ := crashed.sync(2)
		want, _ := w.sync(2)
		if diff := cmp.Diff([]any{want.StatusText, want.EndDate, w.lease}, []any{got.StatusText, got.EndDate, crashed.lease}); diff != "" {
			t.Fatalf("(-without a crash +with):\n%s", diff)
		}
	})
}

func TestMergeNeverTakesTheEarlierDateOfAConflict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := someWorld(t)
		w.settle()
		sheets, leases := someDate.Draw(t, "sheet's"), someDate.Draw(t, "lease's")
		if was := w.lease.Spec.EndDate; sheets == was || leases == was {
			return
		}
		w.date, w.lease.Spec.EndDate = sheets, leases
		for range 3 {
			w.sync(rapid.IntRange(0, 4).Draw(t, "steps"))
		}
		w.sync(3)
		if want := max(sheets, leases); w.date != want || w.lease.Spec.EndDate != want {
			t.Fatalf("%s in the sheet and %s in the lease became %s and %s", sheets, leases, w.date, w.lease.Spec.EndDate)
		}
	})
}

func TestMergeNeverLosesAHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := someWorld(t)
		w.settle()
		text := rapid.SampledFrom([]string{"延長申請済み", "延長 部長承認", "延長不要"}).Draw(t, "text")
		word := func(text string) string { return strings.Fields(text + " ")[0] }
		if w.date != w.lease.Spec.EndDate || (w.row().Status.Mark == sheet.MarkExtension && word(w.status) == word(text)) {
			return // M-again: a spent mark cannot be put a second time with the same text
		}
		w.f.Now = w.f.Now.Add(11 * time.Minute) // M-together: sooner, it may belong to the edit that moved the date
		w.status = text
		for range rapid.IntRange(1, 5).Draw(t, "syncs") {
			w.decide(somePhase.Draw(t, "phase"))
			out, _ := w.sync(rapid.IntRange(0, 4).Draw(t, "steps"))
			if sheet.Holding(&out.Sheet, w.lease.Spec.EndDate, w.f.Exempt) == nil || w.status != text {
				t.Fatalf("the cell says %q (now %q), the lease has %+v", text, w.status, out.Sheet)
			}
			invalid := sheet.Merge(nil, &sheet.Problem{Message: "x"}, w.lease, w.f)
			if sheet.Holding(&invalid.Sheet, w.lease.Spec.EndDate, w.f.Exempt) == nil {
				t.Fatalf("an invalid row is not held")
			}
		}
		w.sync(2)
		if gone := sheet.Merge(nil, nil, w.lease, w.f); sheet.Holding(&gone.Sheet, w.lease.Spec.EndDate, w.f.Exempt) == nil {
			t.Fatalf("the hold went with the row")
		}
	})
}

// M-extend, M-undone: whatever people do to the dates, a mark of Keylease's own holds nothing.
func TestMergeHoldsNoLeaseThatNobodyAskedFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{date: someDate.Draw(t, "first date"), f: facts()}
		w.sync(4)
		for range rapid.IntRange(1, 12).Draw(t, "operations") {
			switch operation := rapid.SampledFrom([]string{"date in the sheet", "date in the lease", "phase", "row", "sync", "sync"}).Draw(t, "operation"); operation {
			case "date in the sheet":
				w.date = someDate.Draw(t, operation)
			case "date in the lease":
				w.lease.Spec.EndDate = someDate.Draw(t, operation)
			case "phase":
				w.decide(somePhase.Draw(t, operation))
			case "row":
				w.lose(t)
			case "sync": // a flag without the status that says whose it is would look like a person's
				w.sync(rapid.SampledFrom([]int{0, 2, 3, 4}).Draw(t, "steps done before the crash"))
			}
		}
		w.gone, w.invalid = false, false
		w.settle()
		if holds(w.lease, false) {
			t.Fatalf("%q with %s holds the lease, which ends %s: %+v", w.status, w.date, w.lease.Spec.EndDate, w.lease.Status.Sheet)
		}
	})
}

func TestMergeNeverLosesARemark(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := someWorld(t)
		if w.lease != nil && rapid.Bool().Draw(t, "confirmed gone") {
			w.lease.Status.Phase, w.lease.Status.Revocation = v1alpha1.PhaseRevoked, &v1alpha1.RevocationStatus{CompletionTime: &earlyOn}
		}
		before := w.row().Status
		out, _ := w.sync(3)
		switch {
		case out.StatusText == nil:
		case before.Mark == sheet.MarkUnclear && w.status != "削除済み "+before.Text:
			t.Fatalf("%q became %q", before.Text, w.status)
		case before.Mark != sheet.MarkUnclear && w.row().Status.Remark != before.Remark:
			t.Fatalf("%q became %q", before.Text, w.status)
		}
	})
}

// TestMergeOfEveryCombination checks every pair of what can have happened to the two sides since they agreed against the
// sentences of the specification, for a lease with and without the mark.
func TestMergeOfEveryCombination(t *testing.T) {
	for _, had := range []bool{false, true} {
		for _, rowDate := range []string{agreed, later, earlier, "unreadable", "removed"} {
			for _, leaseDate := range []string{agreed, later, earlier, latest} {
				for _, rowMark := range []string{"unchanged", "changed", "unclear"} {
					for _, flag := range []bool{false, true} {
						name := fmt.Sprintf("had mark %v, row %s and mark %s, lease %s and flag %v", had, rowDate, rowMark, leaseDate, flag)
						t.Run(name, func(t *testing.T) { checkCombination(t, had, rowDate, leaseDate, rowMark, flag) })
					}
				}
			}
		}
	}
}

func checkCombination(t *testing.T, had bool, rowDate, leaseDate, rowMark string, flag bool) {
	t.Helper()
	lease := agreedLease()
	if had {
		lease = agreedLease(marked(agreed))
	}
	lease.Spec.EndDate, lease.Spec.ExtensionRequested = leaseDate, flag
	has := had != (rowMark == "changed")
	status := map[bool]string{true: mark}[has]
	if rowMark == "unclear" {
		status, has = "延長不要", false
	}
	row, problem := rowWith(rowDate, status), (*sheet.Problem)(nil)
	switch rowDate {
	case "unreadable":
		row, problem = nil, &sheet.Problem{Row: 3, Reason: v1alpha1.RowInvalidDate, Message: "来月末"}
	case "removed":
		row = nil
	}
	got := mergedOf(lease, sheet.Merge(row, problem, lease, facts()), facts())

	if row == nil {
		if got.Ends != leaseDate || got.Asked != flag || got.Agreed != agreed || got.WriteDate != "" || got.WriteText != "" {
			t.Errorf("something moved: %+v", got)
		}
		if want := problem != nil || (flag && (!had || leaseDate == agreed)); got.Holds != want {
			t.Errorf("holds %v, want %v", got.Holds, want)
		}
		return
	}
	ends := rowDate
	if rowDate == agreed || (leaseDate != agreed && leaseDate > rowDate) {
		ends = leaseDate
	}
	if got.Ends != ends || (got.WriteDate != "") != (ends != rowDate) {
		t.Errorf("ends %s, writes %q: want %s", got.Ends, got.WriteDate, ends)
	}
	extended := ends != rowDate
	wanted := had
	switch {
	case extended:
		wanted = true
	case has != had:
		wanted = has
	case flag != had:
		wanted = flag
	}
	if rowMark == "unclear" {
		if !got.Holds || got.WriteText != "" {
			t.Errorf("an unclear cell: holds %v, writes %q", got.Holds, got.WriteText)
		}
		return
	}
	if got.Asked != wanted || (got.WriteText != "") != (wanted != has) {
		t.Errorf("flag %v, writes %q: want %v", got.Asked, got.WriteText, wanted)
	}
	if want := wanted && ends == agreed; got.Holds != want {
		t.Errorf("holds %v, want %v: %s", got.Holds, want, got.Hold)
	}
	if told := got.Told != ""; told != (ends != agreed) {
		t.Errorf("ends %s, told %q", ends, got.Told)
	}
}
