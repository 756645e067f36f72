package delivery

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

type notices = []v1alpha1.SheetNotice

var start = time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC)

func after(d time.Duration) time.Time { return start.Add(d) }

// about a problem, in the message "m".
func about(problem string) v1alpha1.SheetNotice {
	return v1alpha1.SheetNotice{Problem: problem, Kind: v1alpha1.NoticeInvalidRows, Delivery: v1alpha1.Delivery{MessageID: "m"}}
}

func state(recipient string, s v1alpha1.NoticeState, at time.Time) v1alpha1.SheetNotice {
	r := about("a")
	r.Recipient, r.State, r.Time = recipient, s, metav1.NewTime(at)
	return r
}

func delivered(to string, at time.Time) v1alpha1.SheetNotice {
	return state(to, v1alpha1.NoticeDelivered, at)
}

func pending(to string, at time.Time) v1alpha1.SheetNotice {
	return state(to, v1alpha1.NoticePending, at)
}

func unreachable(to string, at time.Time) v1alpha1.SheetNotice {
	return state(to, v1alpha1.NoticeUnreachable, at)
}

func expect(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestTheIntentIsRecordedOnceAndKeepsItsTime(t *testing.T) {
	first, posts := Intend(nil, notices{about("a")}, []string{"U1"}, after(time.Millisecond))
	expect(t, "first", notices{pending("U1", start)}, first)
	expect(t, "posts", []Post{{ID: "m", Recipient: "U1"}}, posts)

	again, posts := Intend(first, notices{about("a")}, []string{"U1"}, after(time.Hour))
	expect(t, "again", first, again)
	expect(t, "posts", []Post{{ID: "m", Recipient: "U1", Since: start}}, posts)
}

// Slack refused the recipient outright, so there is no earlier message to search for.
func TestAnUnreachableRecipientIsIntendedAfresh(t *testing.T) {
	before := unreachable("UA1", start)
	before.Reason = "not_in_channel"
	again, posts := Intend(notices{before}, notices{about("a")}, []string{"UA1"}, after(time.Hour))
	expect(t, "records", notices{pending("UA1", after(time.Hour))}, again)
	expect(t, "posts", []Post{{ID: "m", Recipient: "UA1"}}, posts)
}

func TestNothingIsPostedToWhoHasTheMessage(t *testing.T) {
	before := notices{delivered("U1", start)}
	again, posts := Intend(before, notices{about("a")}, []string{"U1"}, after(time.Hour))
	expect(t, "records", before, again)
	expect(t, "posts", []Post(nil), posts)
}

// The message may be in Slack under the ID of its first intent, even if it would be sent together with others now.
func TestAMessageIsSearchedUnderTheIDOfItsFirstIntent(t *testing.T) {
	other := about("a")
	other.MessageID = "together"
	again, posts := Intend(notices{pending("U1", start)}, notices{other}, []string{"U1"}, after(time.Hour))
	expect(t, "records", notices{pending("U1", start)}, again)
	expect(t, "posts", []Post{{ID: "m", Recipient: "U1", Since: start}}, posts)
}

func TestARecordNamesTheLatestDeletionTimeThatMayBeInSlack(t *testing.T) {
	at := func(d time.Duration) v1alpha1.SheetNotice {
		n := about("a")
		n.Announced = &metav1.Time{Time: after(d)}
		return n
	}
	all, _ := Intend(nil, notices{at(2 * time.Hour)}, []string{"U1"}, start)
	for _, next := range []time.Duration{3 * time.Hour, time.Hour} {
		all, _ = Intend(all, notices{at(next)}, []string{"U1"}, start)
	}
	all = Settle(all, delivered("U1", start).Delivery)
	if got := all[0].Announced; got == nil || !got.Time.Equal(after(3*time.Hour)) {
		t.Errorf("announced %v", got)
	}
}

func TestOneMessageHasManySubjects(t *testing.T) {
	all, posts := Intend(nil, notices{about("a"), about("b")}, []string{"U1", "UA1"}, start)
	expect(t, "posts", []Post{{ID: "m", Recipient: "U1"}, {ID: "m", Recipient: "UA1"}}, posts)

	got := map[string]v1alpha1.NoticeState{}
	for _, r := range Settle(all, delivered("U1", start).Delivery) {
		got[r.Problem+" to "+r.Recipient] = r.State
	}
	expect(t, "states", map[string]v1alpha1.NoticeState{
		"a to U1": v1alpha1.NoticeDelivered, "b to U1": v1alpha1.NoticeDelivered,
		"a to UA1": v1alpha1.NoticePending, "b to UA1": v1alpha1.NoticePending,
	}, got)
}

func TestSettleRecordsWhatBecameOfARecipient(t *testing.T) {
	before := notices{pending("U1", start), pending("UA1", start), pending("UA2", start)}
	told, gone, busy := delivered("U1", after(1500*time.Millisecond)), unreachable("UA1", after(time.Second)), pending("UA2", after(time.Second))
	told.Channel, told.MessageTS, gone.Reason, busy.Reason = "D1", "1.2", "user_disabled", "ratelimited"
	got := Settle(Settle(Settle(before, told.Delivery), gone.Delivery), busy.Delivery)
	want := notices{delivered("U1", after(time.Second)), unreachable("UA1", after(time.Second)), pending("UA2", start)}
	want[0].Channel, want[0].MessageTS, want[1].Reason, want[2].Reason = "D1", "1.2", "user_disabled", "ratelimited"
	expect(t, "records", want, got)
	if before[0].State != v1alpha1.NoticePending {
		t.Error("Settle changed the records that it was given")
	}
}

func TestAnotherFailedAttemptWithTheSameCodeChangesNothing(t *testing.T) {
	busy := pending("U1", after(time.Hour))
	busy.Reason = "ratelimited"
	first := Settle(notices{pending("U1", start)}, busy.Delivery)
	intended, _ := Intend(first, notices{about("a")}, []string{"U1"}, after(2*time.Hour))
	busy.Time = metav1.NewTime(after(2 * time.Hour))
	expect(t, "records", first, Settle(intended, busy.Delivery))
}

func TestWhatWasDeliveredStaysDelivered(t *testing.T) {
	before := notices{delivered("U1", start)}
	expect(t, "records", before, Settle(before, pending("U1", after(time.Hour)).Delivery))
}

func TestBeyondTheLimitTheDispensableAreForgottenFirstAndThenTheOldest(t *testing.T) {
	all := notices{delivered("U1", after(time.Hour)), delivered("U2", start), delivered("U3", after(time.Hour)), delivered("U4", start)}
	isU1 := func(r *v1alpha1.SheetNotice) bool { return r.Recipient == "U1" }
	expect(t, "four of four", all, Limit(all, 4, isU1))
	expect(t, "three of four", all[1:], Limit(all, 3, isU1))
	expect(t, "two of four", notices{all[3], all[2]}, Limit(all, 2, isU1))
}
