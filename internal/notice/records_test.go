package notice_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/notice"
)

type records = []v1alpha1.NoticeStatus

var twoAdmins = []string{"UA1", "UA2"}

func TestAKeyTellsNoticesApart(t *testing.T) {
	seen := map[string]bool{}
	for _, key := range []string{
		notice.Key("uid", 1, "Expiry", days(7), "U1"), notice.Key("uid", 1, "Expiry", days(3), "U1"),
		notice.Key("uid", 2, "Expiry", days(7), "U1"), notice.Key("uid", 1, "Revoked", nil, "U1"),
		notice.Key("uid", 1, "Expiry", nil, "U1"), notice.Key("uid", 1, "Expiry", days(7), "U2"),
		notice.Key("other", 1, "Expiry", days(7), "U1"),
	} {
		if seen[key] {
			t.Errorf("%q stands for two notices", key)
		}
		seen[key] = true
	}
	if got := notice.Key("uid", 1, "Expiry", days(7), "U1"); got != "uid/1/Expiry/7/U1" {
		t.Errorf("%q: messages in Slack already carry the old form", got)
	}
}

func TestTheOwnerWhoIsAnAdminIsNotAmongTheAdmins(t *testing.T) {
	if diff := cmp.Diff([]string{"UA2"}, notice.Recipients("UA1", []string{"UA1", "UA2", "UA2"})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOutstandingNamesThoseWhoAreToGetTheNoticeNow(t *testing.T) {
	for name, tc := range map[string]struct {
		records records
		n       notice.Notice
		owner   string
		now     time.Time
		want    []notice.Due
	}{
		"everybody, at first": {
			n: expiry7, owner: "U1", now: start,
			want: []notice.Due{{Recipient: "U1", Owner: true}, {Recipient: "UA1"}, {Recipient: "UA2"}},
		},
		"the admins alone, where the owner is unknown": {
			n: expiry7, now: start, want: []notice.Due{{Recipient: "UA1"}, {Recipient: "UA2"}},
		},
		"an owner who is an admin, once": {
			n: expiry7, owner: "UA1", now: start, want: []notice.Due{{Recipient: "UA1", Owner: true}, {Recipient: "UA2"}},
		},
		"who is pending, since then": {
			n: expiry7, owner: "U1", now: at(time.Hour),
			records: records{delivered("U1", start), delivered("UA1", start), pendingSince("UA2", start)},
			want:    []notice.Due{{Recipient: "UA2", PendingSince: start}},
		},
		"an owner who was unknown when the admins were told": {
			n: expiry7, owner: "U1", now: at(time.Hour), records: records{delivered("UA1", start), delivered("UA2", start)},
			want: []notice.Due{{Recipient: "U1", Owner: true}},
		},
		"no admin who came later": {
			n: expiry7, now: at(time.Hour), records: records{delivered("UA1", start)},
		},
		"an admin who came later, where no other has it": {
			n: expiry7, now: at(time.Minute), records: records{unreachable("UA1", start)},
			want: []notice.Due{{Recipient: "UA2"}},
		},
		"no unreachable owner": {
			n: expiry7, owner: "U1", now: at(48 * time.Hour), records: records{unreachable("U1", start), delivered("UA1", start), delivered("UA2", start)},
		},
		"unreachable admins after an hour, where no admin has it": {
			n: expiry7, owner: "U1", now: at(time.Hour),
			records: records{delivered("U1", start), unreachable("UA1", start), unreachable("UA2", at(time.Minute))},
			want:    []notice.Due{{Recipient: "UA1"}},
		},
		"nobody of another term": {
			n: notice.Notice{Term: 2, Kind: v1alpha1.NoticeExpiry, DaysBefore: days(7)}, now: start,
			records: records{delivered("UA1", start), delivered("UA2", start)},
			want:    []notice.Due{{Recipient: "UA1"}, {Recipient: "UA2"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := notice.Outstanding(tc.records, tc.n, tc.owner, twoAdmins, tc.now)
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnOwnerWhoBecomesKnownAfterADeletionIsNotToldOfIt(t *testing.T) {
	revoked := notice.Notice{Term: 1, Kind: v1alpha1.NoticeRevoked}
	old := notice.Merge(nil, revoked, []notice.Result{{Recipient: "UA1", State: v1alpha1.NoticeDelivered, Time: start}})
	if got := notice.Outstanding(old, revoked, "U1", []string{"UA1"}, at(time.Hour)); len(got) > 0 {
		t.Errorf("got %v", got)
	}
}

func TestRetryAtIsAnHourAfterTheFirstUnreachableAdmin(t *testing.T) {
	got, ok := notice.RetryAt(records{unreachable("UA1", at(time.Minute)), unreachable("UA2", start)}, expiry7, twoAdmins)
	if !ok || !got.Equal(at(time.Hour)) {
		t.Errorf("got %v %v", got, ok)
	}
	if _, ok := notice.RetryAt(records{unreachable("UA1", start), delivered("UA2", start)}, expiry7, twoAdmins); ok {
		t.Error("a retry although an admin has it")
	}
}

func TestPendRecordsTheIntentOnceAndKeepsItsTime(t *testing.T) {
	first := notice.Pend(nil, expiry7, []notice.Due{{Recipient: "U1"}}, start)
	want := records{pendingSince("U1", start)}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("first (-want +got):\n%s", diff)
	}
	again := notice.Pend(first, expiry7, []notice.Due{{Recipient: "U1", PendingSince: start}}, at(time.Hour))
	if diff := cmp.Diff(want, again); diff != "" {
		t.Errorf("again (-want +got):\n%s", diff)
	}
}

func TestMergeRecordsWhatBecameOfEachRecipient(t *testing.T) {
	before := records{pendingSince("U1", start), pendingSince("UA1", start), pendingSince("UA2", start)}
	got := notice.Merge(before, expiry7, []notice.Result{
		{Recipient: "U1", State: v1alpha1.NoticeDelivered, Time: at(time.Second), Receipt: notice.Receipt{Channel: "D1", TS: "1.2"}},
		{Recipient: "UA1", State: v1alpha1.NoticeUnreachable, Reason: "user_disabled", Time: at(time.Second)},
		{Recipient: "UA2", State: v1alpha1.NoticePending, Reason: "ratelimited", Time: at(time.Second)},
	})
	want := records{delivered("U1", at(time.Second)), unreachable("UA1", at(time.Second)), pendingSince("UA2", start)}
	want[0].Channel, want[0].MessageTS = "D1", "1.2"
	want[1].Reason, want[2].Reason = "user_disabled", "ratelimited"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if before[0].State != v1alpha1.NoticePending {
		t.Error("Merge changed the records that it was given")
	}
}

func TestAnotherFailedAttemptWithTheSameCodeChangesNothing(t *testing.T) {
	result := []notice.Result{{Recipient: "U1", State: v1alpha1.NoticePending, Reason: "ratelimited", Time: at(time.Hour)}}
	first := notice.Merge(records{pendingSince("U1", start)}, expiry7, result)
	result[0].Time = at(2 * time.Hour)
	if diff := cmp.Diff(first, notice.Merge(first, expiry7, result)); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
}

func TestWhatWasDeliveredStaysDelivered(t *testing.T) {
	before := records{delivered("U1", start)}
	got := notice.Merge(before, expiry7, []notice.Result{{Recipient: "U1", State: v1alpha1.NoticePending, Time: at(time.Hour)}})
	if diff := cmp.Diff(before, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRecordsOfThisTermAndTheOneBeforeAreKept(t *testing.T) {
	var all records
	for term := range int64(4) {
		n := notice.Notice{Term: term + 1, Kind: v1alpha1.NoticeRevoked}
		all = notice.Merge(all, n, []notice.Result{{Recipient: "U1", State: v1alpha1.NoticeDelivered, Time: start}})
	}
	var terms []int64
	for _, r := range all {
		terms = append(terms, r.Term)
	}
	if diff := cmp.Diff([]int64{3, 4}, terms); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMoreRecordsThanStatusHoldsCostTheTermBeforeFirst(t *testing.T) {
	var all records
	for i := range int32(300) {
		all = append(all, v1alpha1.NoticeStatus{Term: 1, Kind: "Expiry", DaysBefore: days(i), Recipient: "U1"})
		all = append(all, v1alpha1.NoticeStatus{Term: 2, Kind: "Expiry", DaysBefore: days(i), Recipient: "U1"})
	}
	got := notice.Merge(all, notice.Notice{Term: 2, Kind: "Revoked"}, []notice.Result{{Recipient: "U1", Time: start}})
	for _, r := range got {
		if r.Term != 2 {
			t.Fatalf("term %d is still there", r.Term)
		}
	}
	if len(got) != 301 {
		t.Errorf("%d records of the newest term, want 301", len(got))
	}
}
