package notice_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/delivery"
	"github.com/keylease/keylease/internal/notice"
)

const invalid = v1alpha1.NoticeInvalidRows

func newBatch(problems, recipients []string) notice.Batch {
	return notice.NewBatch("uid", invalid, problems, recipients)
}

func outcome(b notice.Batch, to string, state v1alpha1.NoticeState, now time.Time) v1alpha1.Delivery {
	return v1alpha1.Delivery{MessageID: b.ID, Recipient: to, State: state, Time: metav1.NewTime(now)}
}

// tell sends a batch and records the same outcome for all recipients.
func tell(records []v1alpha1.SheetNotice, problems, recipients []string, state v1alpha1.NoticeState, now time.Time) []v1alpha1.SheetNotice {
	b := newBatch(problems, recipients)
	records, _ = b.Intend(records, now)
	for _, to := range recipients {
		records = delivery.Settle(records, outcome(b, to, state, now))
	}
	return records
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
	if diff := cmp.Diff(newBatch([]string{"a", "b"}, twoAdmins), newBatch([]string{"b", "a", "b"}, twoAdmins)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if newBatch([]string{"a"}, nil).ID == notice.NewBatch("uid", "UnclearMarks", []string{"a"}, nil).ID {
		t.Error("batches of two kinds have one ID")
	}
	if got := newBatch([]string{"a"}, nil).ID; got != "uid/InvalidRows/38b4ef836e9dea32" {
		t.Errorf("%q: messages in Slack already carry the old form", got)
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
	b := newBatch([]string{"a", "b"}, twoAdmins)
	all, _ := b.Intend(nil, start)
	all = delivery.Settle(all, outcome(b, "UA1", v1alpha1.NoticeDelivered, at(time.Second)))
	got := notice.OpenBatches(all, invalid, at(time.Minute))
	want := newBatch([]string{"a", "b"}, []string{"UA2"})
	if diff := cmp.Diff([]notice.Batch{want}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, posts := got[0].Intend(all, at(time.Minute))
	if diff := cmp.Diff([]delivery.Post{{ID: b.ID, Recipient: "UA2", Since: start}}, posts); diff != "" {
		t.Errorf("posts (-want +got):\n%s", diff)
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
		t.Fatalf("after an hour: %v, want both admins", got)
	}
	// The process may die before it records the outcome: what was sent then must be searched.
	all, _ = got[0].Intend(all, at(time.Hour))
	_, posts := got[0].Intend(all, at(2*time.Hour))
	if len(posts) != 2 || !posts[0].Since.Equal(at(time.Hour)) {
		t.Errorf("posts %v, want both searched from the retry on", posts)
	}
}

func TestTheFirstAdminsDeliveryOfAProblemCounts(t *testing.T) {
	b := notice.NewBatch("uid", v1alpha1.NoticeFoundMarks, []string{"a"}, twoAdmins)
	all, _ := b.Intend(nil, start)
	all = delivery.Settle(all, outcome(b, "UA1", v1alpha1.NoticeDelivered, at(time.Hour)))
	all = delivery.Settle(all, outcome(b, "UA2", v1alpha1.NoticeDelivered, start))
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
