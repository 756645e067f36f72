package notice_test

import (
	"testing"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/notice"
)

func TestDeliveredMeansTheOwnerAndAnAdminOrAnAdminWhereTheOwnerCannotBeTold(t *testing.T) {
	hour := at(time.Hour)
	for name, tc := range map[string]struct {
		records records
		owner   string
		admins  []string
		want    time.Time // zero: not delivered
	}{
		"nobody":                       {nil, "U1", twoAdmins, time.Time{}},
		"the owner alone":              {records{delivered("U1", start)}, "U1", twoAdmins, time.Time{}},
		"an admin alone":               {records{delivered("UA1", start)}, "U1", twoAdmins, time.Time{}},
		"the owner and an admin later": {records{delivered("U1", start), delivered("UA2", hour)}, "U1", twoAdmins, hour},
		"an admin and the owner later": {records{delivered("UA1", start), delivered("U1", hour)}, "U1", twoAdmins, hour},
		"a second admin later changes nothing": {
			records{delivered("U1", start), delivered("UA1", start), delivered("UA2", hour)}, "U1", twoAdmins, start,
		},
		"an owner still pending":          {records{pendingSince("U1", start), delivered("UA1", start)}, "U1", twoAdmins, time.Time{}},
		"an admin still pending":          {records{delivered("U1", start), pendingSince("UA1", start)}, "U1", []string{"UA1"}, time.Time{}},
		"an unknown owner, an admin told": {records{delivered("UA1", hour)}, "", twoAdmins, hour},
		"an unknown owner, no admin told": {records{unreachable("UA1", start)}, "", twoAdmins, time.Time{}},
		"an unreachable owner":            {records{unreachable("U1", start), delivered("UA1", hour)}, "U1", twoAdmins, hour},
		"somebody who is no admin":        {records{delivered("U9", start)}, "", twoAdmins, time.Time{}},
		"the owner is the only admin":     {records{delivered("UA1", hour)}, "UA1", []string{"UA1"}, hour},
		"the owner is the only admin and unreachable": {
			records{unreachable("UA1", hour)}, "UA1", []string{"UA1"}, time.Time{},
		},
		"the owner is an admin, the other not told yet": {records{delivered("UA1", start)}, "UA1", twoAdmins, time.Time{}},
		"the owner is an admin, the other told":         {records{delivered("UA1", start), delivered("UA2", hour)}, "UA1", twoAdmins, hour},
		"the owner is an admin, the other unreachable":  {records{delivered("UA1", start), unreachable("UA2", hour)}, "UA1", twoAdmins, start},
		"all admins unreachable":                        {records{delivered("U1", start), unreachable("UA1", hour), unreachable("UA2", hour)}, "U1", twoAdmins, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := notice.DeliveredAt(tc.records, 1, v1alpha1.NoticeExpiry, tc.owner, tc.admins)
			if ok == tc.want.IsZero() || !got.Equal(tc.want) {
				t.Errorf("got %v %v, want %v", got, ok, tc.want)
			}
		})
	}
}

func reminder(n int32, recipient string, t time.Time) v1alpha1.NoticeStatus {
	r := delivered(recipient, t)
	r.DaysBefore = days(n)
	return r
}

func TestTheFirstCompleteReminderCounts(t *testing.T) {
	got, ok := notice.DeliveredAt(records{
		reminder(30, "U1", start), // its admin's copy never arrived
		reminder(7, "U1", at(time.Hour)), reminder(7, "UA1", at(time.Hour)),
		reminder(1, "U1", at(2*time.Hour)), reminder(1, "UA1", at(2*time.Hour)),
	}, 1, v1alpha1.NoticeExpiry, "U1", twoAdmins)
	if !ok || !got.Equal(at(time.Hour)) {
		t.Errorf("got %v %v, want that of seven days before", got, ok)
	}
}

func TestHalvesOfTwoRemindersMakeNoNotice(t *testing.T) {
	_, ok := notice.DeliveredAt(records{reminder(7, "U1", start), reminder(1, "UA1", start)}, 1, v1alpha1.NoticeExpiry, "U1", twoAdmins)
	if ok {
		t.Error("delivered")
	}
}

func TestANoticeOfAnotherTermOrKindDoesNotCount(t *testing.T) {
	all := records{delivered("U1", start), delivered("UA1", start)}
	if _, ok := notice.DeliveredAt(all, 2, v1alpha1.NoticeExpiry, "U1", twoAdmins); ok {
		t.Error("the notice of an earlier term justified a deletion")
	}
	if _, ok := notice.DeliveredAt(all, 1, v1alpha1.NoticeDeactivated, "U1", twoAdmins); ok {
		t.Error("a notice of another kind counted")
	}
}
