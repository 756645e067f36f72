package notice_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/notice"
)

const invalid = v1alpha1.NoticeInvalidRows

// tell sends a batch and records the same outcome for all recipients.
func tell(records []v1alpha1.SheetNotice, problems, recipients []string, state v1alpha1.NoticeState, now time.Time) []v1alpha1.SheetNotice {
	b := notice.NewBatch(invalid, problems)
	records = notice.PendBatch(records, b, recipients, now)
	var results []notice.Result
	for _, to := range recipients {
		results = append(results, notice.Result{Recipient: to, State: state, Time: now})
	}
	return notice.MergeBatch(records, b, results)
}

func TestAProblemIsKnownByItsParts(t *testing.T) {
	if notice.ProblemID("a", "bc") == notice.ProblemID("ab", "c") {
		t.Error("two problems have one ID")
	}
	if got := notice.ProblemID("AKIA", "InvalidDate", "来月"); got != "7346ab8664442c67" {
		t.Errorf("%q: status.notices already holds the old form, and all problems would be told again", got)
	}
}

func TestABatchIsTheSameInWhateverOrderItsProblemsWereFound(t *testing.T) {
	if diff := cmp.Diff(notice.NewBatch(invalid, []string{"a", "b"}), notice.NewBatch(invalid, []string{"b", "a", "b"})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if notice.NewBatch(invalid, []string{"a"}).ID == notice.NewBatch("UnclearMarks", []string{"a"}).ID {
		t.Error("batches of two kinds have one ID")
	}
}

func TestAProblemIsToldOnce(t *testing.T) {
	all := tell(nil, []string{"a", "b"}, twoAdmins, v1alpha1.NoticeDelivered, start)
	if diff := cmp.Diff([]string{"c"}, notice.Untold(all, invalid, []string{"b", "c", "a", "c"}, twoAdmins)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnAdminWhoCameLaterIsNotToldOfOldProblems(t *testing.T) {
	all := tell(nil, []string{"a"}, []string{"UA1"}, v1alpha1.NoticeDelivered, start)
	if got := notice.Untold(all, invalid, []string{"a"}, twoAdmins); len(got) > 0 {
		t.Errorf("got %v", got)
	}
}

func TestABatchStaysOpenForThoseWhoDidNotGetIt(t *testing.T) {
	b := notice.NewBatch(invalid, []string{"a", "b"})
	all := notice.PendBatch(nil, b, twoAdmins, start)
	all = notice.MergeBatch(all, b, []notice.Result{{Recipient: "UA1", State: v1alpha1.NoticeDelivered, Time: at(time.Second)}})
	got := notice.OpenBatches(all, invalid, at(time.Minute))
	want := []notice.OpenBatch{{Batch: b, Due: []notice.Due{{Recipient: "UA2", PendingSince: start}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestABatchThatAllHaveIsNotOpen(t *testing.T) {
	all := tell(nil, []string{"a"}, twoAdmins, v1alpha1.NoticeDelivered, start)
	if got := notice.OpenBatches(all, invalid, at(48*time.Hour)); len(got) > 0 {
		t.Errorf("got %v", got)
	}
}

func TestABatchThatNobodyCouldBeToldIsTriedAgainAfterAnHour(t *testing.T) {
	all := tell(nil, []string{"a"}, twoAdmins, v1alpha1.NoticeUnreachable, start)
	if got := notice.OpenBatches(all, invalid, at(time.Minute)); len(got) > 0 {
		t.Errorf("after a minute: %v", got)
	}
	got := notice.OpenBatches(all, invalid, at(time.Hour))
	if len(got) != 1 || len(got[0].Due) != 2 {
		t.Errorf("after an hour: %v, want both admins", got)
	}
}

func TestTheFirstAdminsDeliveryOfAProblemCounts(t *testing.T) {
	b := notice.NewBatch(v1alpha1.NoticeFoundMarks, []string{"a"})
	all := notice.MergeBatch(nil, b, []notice.Result{
		{Recipient: "UA1", State: v1alpha1.NoticeDelivered, Time: at(time.Hour)},
		{Recipient: "UA2", State: v1alpha1.NoticeDelivered, Time: start},
	})
	got, ok := notice.ProblemDeliveredAt(all, v1alpha1.NoticeFoundMarks, "a")
	if !ok || !got.Equal(start) {
		t.Errorf("got %v %v", got, ok)
	}
	if _, ok := notice.ProblemDeliveredAt(all, v1alpha1.NoticeFoundMarks, "b"); ok {
		t.Error("a problem that nobody was told of counts as delivered")
	}
}

func TestAProblemIsForgottenOnlyWhenItIsGoneAndLongTold(t *testing.T) {
	all := tell(nil, []string{"gone"}, twoAdmins, v1alpha1.NoticeDelivered, start)
	all = tell(all, []string{"alive"}, twoAdmins, v1alpha1.NoticeDelivered, start)
	all = tell(all, []string{"new"}, twoAdmins, v1alpha1.NoticeDelivered, at(50*time.Hour))
	alive := func(_, problem string) bool { return problem == "alive" }
	got := notice.Forget(all, alive, at(72*time.Hour), 24*time.Hour)
	untold := notice.Untold(got, invalid, []string{"gone", "alive", "new"}, twoAdmins)
	if diff := cmp.Diff([]string{"gone"}, untold); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHoweverManyProblemsThereAreNoneIsToldTwice(t *testing.T) {
	var problems []string
	for i := range 2500 {
		problems = append(problems, fmt.Sprint(i))
	}
	told := map[string]int{}
	var all []v1alpha1.SheetNotice
	for sync := range 4 {
		now := at(time.Duration(sync) * time.Minute)
		untold := notice.Untold(all, invalid, problems, twoAdmins)
		for _, p := range untold {
			told[p]++
		}
		all = tell(all, untold, twoAdmins, v1alpha1.NoticeDelivered, now)
		if len(all) > 2000 {
			t.Fatalf("%d records, the status holds 2,000", len(all))
		}
	}
	for p, n := range told {
		if n > 1 {
			t.Fatalf("problem %s was told %d times", p, n)
		}
	}
	if len(told) < 1800 {
		t.Errorf("only %d problems were told", len(told))
	}
}

func TestABatchIsMergedWithoutChangingItsInput(t *testing.T) {
	b := notice.NewBatch(invalid, []string{"a"})
	before := notice.PendBatch(nil, b, []string{"UA1"}, start)
	notice.MergeBatch(before, b, []notice.Result{{Recipient: "UA1", State: v1alpha1.NoticeDelivered, Time: start}})
	if diff := cmp.Diff(v1alpha1.NoticePending, before[0].State, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
