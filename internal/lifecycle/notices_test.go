package lifecycle

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/delivery"
)

type statuses = []v1alpha1.NoticeStatus

var start = time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC)

func after(d time.Duration) time.Time { return start.Add(d) }

func state(recipient string, s v1alpha1.NoticeState, at time.Time) v1alpha1.NoticeStatus {
	days := int32(7)
	return v1alpha1.NoticeStatus{
		Term: 1, Kind: v1alpha1.NoticeExpiry, DaysBefore: &days,
		Delivery: v1alpha1.Delivery{Recipient: recipient, State: s, Time: metav1.NewTime(at)},
	}
}

func delivered(to string, at time.Time) v1alpha1.NoticeStatus {
	return state(to, v1alpha1.NoticeDelivered, at)
}

func pending(to string, at time.Time) v1alpha1.NoticeStatus {
	return state(to, v1alpha1.NoticePending, at)
}

func unreachable(to string, at time.Time) v1alpha1.NoticeStatus {
	return state(to, v1alpha1.NoticeUnreachable, at)
}

func TestOutstandingNamesThoseWhoAreToGetTheNoticeNow(t *testing.T) {
	revoked := Notice{Kind: v1alpha1.NoticeRevoked, Owner: true}
	ofKind := func(r v1alpha1.NoticeStatus, kind string) v1alpha1.NoticeStatus {
		r.Kind, r.DaysBefore = kind, nil
		return r
	}
	for name, tc := range map[string]struct {
		records statuses
		n       Notice
		term    int64
		owner   string
		now     time.Time
		want    []string
	}{
		"everybody, at first":                          {owner: "U1", want: []string{"U1", "UA1", "UA2"}},
		"the admins alone, where the owner is unknown": {want: twoAdmins},
		"the admins alone, where it is theirs alone":   {n: Notice{Kind: v1alpha1.NoticeStalled}, owner: "U1", want: twoAdmins},
		"an owner who is an admin, once":               {owner: "UA1", want: twoAdmins},
		"who is pending":                               {owner: "U1", now: after(time.Hour), records: statuses{delivered("U1", start), delivered("UA1", start), pending("UA2", start)}, want: []string{"UA2"}},
		"an owner who was unknown when the admins were told": {
			owner: "U1", now: after(time.Hour), records: statuses{delivered("UA1", start), delivered("UA2", start)}, want: []string{"U1"},
		},
		"no owner who becomes known after a deletion": {
			n: revoked, owner: "U1", now: after(time.Hour), records: statuses{ofKind(delivered("UA1", start), v1alpha1.NoticeRevoked), ofKind(delivered("UA2", start), v1alpha1.NoticeRevoked)},
		},
		"no admin who came later":                         {now: after(time.Hour), records: statuses{delivered("UA1", start)}},
		"no admin who came later, where the owner is one": {owner: "UA1", now: after(time.Hour), records: statuses{delivered("UA1", start)}},
		"an admin who came later, where no other has it":  {now: after(time.Minute), records: statuses{unreachable("UA1", start)}, want: []string{"UA2"}},
		"the admins, where only the owner was told":       {owner: "U1", now: after(time.Minute), records: statuses{delivered("U1", start)}, want: twoAdmins},
		"no unreachable owner":                            {owner: "U1", now: after(48 * time.Hour), records: statuses{unreachable("U1", start), delivered("UA1", start), delivered("UA2", start)}},
		"no unreachable admin, where another has it":      {now: after(48 * time.Hour), records: statuses{unreachable("UA1", start), delivered("UA2", start)}},
		"unreachable admins after an hour, where no admin has it": {
			owner: "U1", now: after(time.Hour), records: statuses{delivered("U1", start), unreachable("UA1", start), unreachable("UA2", after(time.Minute))}, want: []string{"UA1"},
		},
		"an unreachable owner who is the only admin that could have it": {
			owner: "UA1", now: after(time.Hour), records: statuses{unreachable("UA1", start), unreachable("UA2", start)}, want: twoAdmins,
		},
		"no unreachable admin of a message that nothing waits for": {
			n: revoked, now: after(48 * time.Hour), records: statuses{ofKind(unreachable("UA1", start), v1alpha1.NoticeRevoked), ofKind(unreachable("UA2", start), v1alpha1.NoticeRevoked)},
		},
		"no former owner": {
			n: expiryNotice(1), owner: "U2", now: after(time.Hour), records: statuses{delivered("U1", start), delivered("UA1", start)}, want: []string{"U2", "UA1", "UA2"},
		},
		"everybody of another term":   {term: 2, records: statuses{delivered("UA1", start), delivered("UA2", start)}, want: twoAdmins},
		"everybody of another notice": {n: expiryNotice(1), records: statuses{delivered("UA1", start), delivered("UA2", start)}, want: twoAdmins},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.n.Kind == "" {
				tc.n = expiryNotice(7)
			}
			if tc.now.IsZero() {
				tc.now = start
			}
			got := Outstanding(tc.records, max(tc.term, 1), tc.n, tc.owner, twoAdmins, tc.now)
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRetryIsAnHourAfterTheFirstUnreachableAdmin(t *testing.T) {
	if got := retryAt(statuses{unreachable("UA1", after(time.Minute)), unreachable("UA2", start)}, 1, expiryNotice(7), twoAdmins); !got.Equal(after(time.Hour)) {
		t.Errorf("got %v", got)
	}
	if got := retryAt(statuses{unreachable("UA1", start), delivered("UA2", start)}, 1, expiryNotice(7), twoAdmins); !got.IsZero() {
		t.Errorf("a retry at %v although an admin has it", got)
	}
}

func TestDeliveredMeansTheOwnerAndAnAdminOrAnAdminWhereTheOwnerCannotBeTold(t *testing.T) {
	hour := after(time.Hour)
	never := time.Time{}
	for name, tc := range map[string]struct {
		records statuses
		owner   string
		admins  []string
		want    time.Time
	}{
		"nobody":                                      {nil, "U1", twoAdmins, never},
		"the owner alone":                             {statuses{delivered("U1", start)}, "U1", twoAdmins, never},
		"an admin alone":                              {statuses{delivered("UA1", start)}, "U1", twoAdmins, never},
		"the owner and an admin later":                {statuses{delivered("U1", start), delivered("UA2", hour)}, "U1", twoAdmins, hour},
		"an admin and the owner later":                {statuses{delivered("UA1", start), delivered("U1", hour)}, "U1", twoAdmins, hour},
		"a second admin later changes nothing":        {statuses{delivered("U1", start), delivered("UA1", start), delivered("UA2", hour)}, "U1", twoAdmins, start},
		"an owner still pending":                      {statuses{pending("U1", start), delivered("UA1", start)}, "U1", twoAdmins, never},
		"an admin still pending":                      {statuses{delivered("U1", start), pending("UA1", start)}, "U1", []string{"UA1"}, never},
		"an unknown owner, an admin told":             {statuses{delivered("UA1", hour)}, "", twoAdmins, hour},
		"an unknown owner, no admin told":             {statuses{unreachable("UA1", start)}, "", twoAdmins, never},
		"an unreachable owner":                        {statuses{unreachable("U1", start), delivered("UA1", hour)}, "U1", twoAdmins, hour},
		"somebody who is no admin":                    {statuses{delivered("U9", start)}, "", twoAdmins, never},
		"an owner who became known since":             {statuses{delivered("UA1", start), delivered("UA2", start)}, "U1", twoAdmins, never},
		"the owner is the only admin":                 {statuses{delivered("UA1", hour)}, "UA1", []string{"UA1"}, hour},
		"the owner is the only admin and unreachable": {statuses{unreachable("UA1", hour)}, "UA1", []string{"UA1"}, never},
		"the owner is an admin: theirs is both":       {statuses{delivered("UA1", start)}, "UA1", twoAdmins, start},
		"the owner is an admin, the other told later": {statuses{delivered("UA1", start), delivered("UA2", hour)}, "UA1", twoAdmins, start},
		"the owner is an admin and unreachable":       {statuses{unreachable("UA1", start), delivered("UA2", hour)}, "UA1", twoAdmins, hour},
		"all admins unreachable":                      {statuses{delivered("U1", start), unreachable("UA1", hour), unreachable("UA2", hour)}, "U1", twoAdmins, never},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := deliveredAt(tc.records, 1, expiryNotice(7), tc.owner, tc.admins)
			if ok == tc.want.IsZero() || !got.Equal(tc.want) {
				t.Errorf("got %v %v, want %v", got, ok, tc.want)
			}
		})
	}
}

// deliveries of the owner U1's notices in term 1.
func deliveries(all statuses) (first, last time.Time) {
	in := at("2026-12-09 15:00", records(all...))
	return expiryDelivered(in.Lease, 1, twoAdmins)
}

func reminder(days int32, to string, at time.Time) v1alpha1.NoticeStatus {
	r := delivered(to, at)
	r.DaysBefore = &days
	return r
}

func TestTheFirstCompleteReminderCounts(t *testing.T) {
	first, last := deliveries(statuses{
		reminder(30, "U1", start), // its admin's copy never arrived
		reminder(7, "U1", after(time.Hour)), reminder(7, "UA1", after(time.Hour)),
		reminder(1, "U1", after(2*time.Hour)), reminder(1, "UA1", after(2*time.Hour)),
	})
	if !first.Equal(after(time.Hour)) || !last.Equal(after(2*time.Hour)) {
		t.Errorf("got %v and %v, want those of seven days and one day before", first, last)
	}
}

func TestHalvesOfTwoRemindersMakeNoNotice(t *testing.T) {
	if first, _ := deliveries(statuses{reminder(7, "U1", start), reminder(1, "UA1", start)}); !first.IsZero() {
		t.Errorf("delivered at %v", first)
	}
}

func TestANoticeOfAnotherTermOrKindDoesNotCount(t *testing.T) {
	earlier, other := statuses{delivered("U1", start), delivered("UA1", start)}, statuses{delivered("U1", start), delivered("UA1", start)}
	for i := range earlier {
		earlier[i].Term, other[i].Kind = 2, v1alpha1.NoticeDeactivated
	}
	if first, _ := deliveries(append(earlier, other...)); !first.IsZero() {
		t.Error("the notice of another term or kind justified a deletion")
	}
}

// intent to send a notice in a term.
func intent(l *v1alpha1.AccessKeyLease, term int64, n Notice, to string) (statuses, []delivery.Post) {
	d := Decision{Term: &v1alpha1.Term{Number: term}, Action: Action{Notice: n}}
	return Intend(l, d, []string{to}, &metav1.Time{Time: after(48 * time.Hour)}, start)
}

func TestAKeyTellsNoticesApart(t *testing.T) {
	key := func(uid types.UID, term int64, n Notice, to string) string {
		l := &v1alpha1.AccessKeyLease{ObjectMeta: metav1.ObjectMeta{UID: uid}}
		_, posts := intent(l, term, n, to)
		return posts[0].Key()
	}
	revoked := Notice{Kind: v1alpha1.NoticeRevoked}
	seen := map[string]bool{}
	for _, key := range []string{
		key("uid", 1, expiryNotice(7), "U1"), key("uid", 1, expiryNotice(3), "U1"),
		key("uid", 2, expiryNotice(7), "U1"), key("uid", 1, revoked, "U1"),
		key("uid", 1, Notice{Kind: v1alpha1.NoticeExpiry}, "U1"), key("uid", 1, expiryNotice(7), "U2"),
		key("other", 1, expiryNotice(7), "U1"),
	} {
		if seen[key] {
			t.Errorf("%q stands for two notices", key)
		}
		seen[key] = true
	}
	if got := key("uid", 1, expiryNotice(7), "U1"); got != "uid/1/Expiry/7/U1" {
		t.Errorf("%q: messages in Slack already carry the old form", got)
	}
}

func TestARecordKeepsTheDeletionTimeThatItsMessageNames(t *testing.T) {
	records, _ := intent(&v1alpha1.AccessKeyLease{}, 1, expiryNotice(7), "U1")
	if got := records[0].Announced; got == nil || !got.Time.Equal(after(48*time.Hour)) {
		t.Errorf("announced %v", got)
	}
}

func TestRecordsOfThisTermAndTheOneBeforeAreKept(t *testing.T) {
	l := &v1alpha1.AccessKeyLease{}
	for number := range int64(4) {
		l.Status.Notices, _ = intent(l, number+1, expiryNotice(7), "U1")
	}
	var terms []int64
	for _, r := range l.Status.Notices {
		terms = append(terms, r.Term)
	}
	if diff := cmp.Diff([]int64{3, 4}, terms); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMoreRecordsThanStatusHoldsCostTheTermBeforeFirst(t *testing.T) {
	var all statuses
	for i := range int32(301) {
		for number := range int64(2) {
			r := reminder(i, "U1", start)
			r.Term = number + 1
			all = append(all, r)
		}
	}
	got := RecentNotices(all, 2)
	for _, r := range got {
		if r.Term != 2 {
			t.Fatalf("term %d is still there", r.Term)
		}
	}
	if len(got) != 301 {
		t.Errorf("%d records of the newest term, want 301", len(got))
	}
}

func TestStatusNeverHoldsMoreRecordsThanTheCRDTakes(t *testing.T) {
	var all statuses
	for i := range int32(700) {
		all = RecentNotices(append(all, reminder(i, "U1", after(time.Duration(i)*time.Second))), 1)
	}
	if len(all) != 500 || *all[0].DaysBefore != 200 {
		t.Errorf("%d records, the first of %d days; want the newest 500", len(all), *all[0].DaysBefore)
	}
}
