package lifecycle

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// decisions is a table of inputs and the summary of what is decided, by the sentence that says why.
type decisions map[string]struct {
	in   Input
	want string
}

func (all decisions) check(t *testing.T) {
	t.Helper()
	for name, tc := range all {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, summary(decide(tc.in))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestALeaseIsActedOnOnlyWhereItsSheetSaysSo(t *testing.T) {
	decisions{
		"a sheet that is gone leaves everything as it is": {
			at("2026-12-09 16:00", noticed, phase(v1alpha1.PhaseExpired), asked, func(in *Input) { in.Sheet = SheetFacts{} }),
			"Expired; blocked by OnSheet: SheetMissing",
		},
		"a hold is not forgotten while the sheet is gone, or its release would go unseen": {
			at("2026-12-09 16:00", wasHeldFor(v1alpha1.ReasonExtensionRequested), func(in *Input) { in.Sheet = SheetFacts{} }),
			"Active; held ExtensionRequested; blocked by OnSheet: SheetMissing",
		},
		"a sheet that another cluster has claimed: no notice is sent, however late": {
			at("2026-12-05 16:00", readAt("2026-12-01 14:58"), foreign), "Active; blocked by OnSheet: ForeignClaim",
		},
		"no key is deleted for it": {
			at("2026-12-09 16:00", noticed, phase(v1alpha1.PhaseExpired), asked, foreign), "Expired; blocked by OnSheet: ForeignClaim",
		},
		"and its holds are not forgotten": {
			at("2026-12-09 16:00", wasHeldFor(v1alpha1.ReasonExtensionRequested), foreign),
			"Active; held ExtensionRequested; blocked by OnSheet: ForeignClaim",
		},
		"a lease made with kubectl alone": {
			at("2026-12-09 16:00", asked, noticed, lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet = nil })),
			"Active; blocked by OnSheet: NeverOnSheet",
		},
		"a lease made with kubectl on a row that could never be read": {
			at("2026-12-09 16:00", asked, noticed, endDate(""), lease(func(l *v1alpha1.AccessKeyLease) { l.Spec.EndDate = end }), rowHolds(v1alpha1.ReasonInvalidRow, "")),
			"Active; held InvalidRow; blocked by OnSheet: NeverOnSheet",
		},
		"a lease that is not named after its key sends no notice": {
			at("2026-12-05 16:00", lease(func(l *v1alpha1.AccessKeyLease) { l.Name = "my-key" })), "Active; blocked by OnSheet: NeverOnSheet",
		},
		"a lease whose row is gone goes on": {
			at("2026-12-09 16:00", asked, noticed, lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet.Row = 0 })),
			"Expired; do Revoke; next 2026-12-09 15:00",
		},
		"an end date that is none destroys nothing": {
			at("2026-12-09 16:00", asked, noticed, endDate("来月末")),
			"Active; blocked by EndDatePassed: InvalidSpec",
		},
	}.check(t)
}

func TestActiveUntilTheFirstNoticeIsDelivered(t *testing.T) {
	decisions{
		"a new lease asks AWS once, to pin its key": {
			at("2026-10-01 09:00", unknown), "Active; term 1 FirstSeen; do Observe",
		},
		"then it waits for its notice":        {at("2026-10-01 09:00"), "Active; next 2026-12-01 15:00"},
		"a start in the future has no effect": {at("2026-10-01 09:00", lease(func(l *v1alpha1.AccessKeyLease) { l.Spec.StartDate = "2026-12-05" })), "Active; next 2026-12-01 15:00"},
		"a distant lease is not read again":   {at("2026-11-30 09:00", seenAt("2026-10-01 09:00")), "Active; next 2026-12-01 15:00"},
		"a distant lease whose key AWS does not have is read daily at most": {
			at("2026-10-01 09:00", answered(absent), lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Key.CreateDate = nil })),
			"Active; next 2026-12-01 15:00",
		},
		"AWS is asked again after an hour where it gave no answer": {
			at("2026-10-01 09:00", lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Key.Status, l.Status.Key.CreateDate = "", nil })),
			"Active; next 2026-12-01 15:00; again 2026-10-01 09:59",
		},
		"and then once":      {at("2026-10-01 09:00", seenAt("2026-10-01 07:59"), lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Key.Status, l.Status.Key.CreateDate = "", nil })), "Active; do Observe"},
		"a minute before":    {at("2026-12-01 14:59"), "Active; next 2026-12-01 15:00"},
		"on the minute":      {at("2026-12-01 15:00"), "Active; do Notify Expiry 7"},
		"a week late":        {at("2026-12-07 23:00"), "Active; do Notify Expiry 7"},
		"and when delivered": {at("2026-12-01 15:01", noticed), "Notified; next 2026-12-09 00:00"},
		"AWS is asked first, since the message says when the key was last used": {
			at("2026-12-01 15:00", seenAt("2026-10-01 09:00")), "Active; do Observe",
		},
		"AWS that cannot be read keeps nobody from being told": {
			at("2026-12-01 15:00", seenAt("2026-10-01 09:00"), func(in *Input) { in.AWSError, in.AWSReason = "timeout", v1alpha1.ReasonAWSUnavailable }),
			"Active; do Notify Expiry 7",
		},
	}.check(t)
}

func TestOfSeveralRemindersOnlyTheLastDueGoesOut(t *testing.T) {
	three := noticeDays(14, 7, 1)
	decisions{
		"each in its time, the first": {at("2026-11-24 15:00", three), "Active; do Notify Expiry 14"},
		"between them it waits":       {at("2026-11-25 15:00", three, told(14, "2026-11-24 15:00")), "Notified; next 2026-12-01 15:00"},
		"the second":                  {at("2026-12-01 15:00", three, told(14, "2026-11-24 15:00")), "Notified; do Notify Expiry 7"},
		"the last":                    {at("2026-12-07 15:00", three, told(14, "2026-11-24 15:00"), noticed), "Notified; do Notify Expiry 1"},
		"a late start sends one":      {at("2026-12-07 16:00", three), "Active; do Notify Expiry 1"},
		"and not the others after it": {at("2026-12-07 17:00", three, told(1, "2026-12-07 16:00")), "Notified; next 2026-12-09 00:00"},
		"late between two":            {at("2026-12-03 16:00", three), "Active; do Notify Expiry 7"},
		"zero days are the last day":  {at("2026-12-08 15:00", noticeDays(0)), "Active; do Notify Expiry 0"},
		"before it nothing":           {at("2026-12-08 14:59", noticeDays(7, 0), noticed), "Notified; next 2026-12-08 15:00"},
		"a reminder of the last day":  {at("2026-12-08 15:00", noticeDays(7, 0), noticed), "Notified; do Notify Expiry 0"},
		"days that were added for a past day tell nobody twice": {
			at("2026-12-03 16:00", three, told(1, "2026-12-01 15:00")), "Notified; next 2026-12-07 15:00",
		},
		"days that were taken away leave the notice given": {
			at("2026-12-03 16:00", noticeDays(1), noticed), "Notified; next 2026-12-07 15:00",
		},
		"one admin who has not got it yet gets it": {
			at("2026-12-01 16:00", records(record(7, "U1", v1alpha1.NoticeDelivered, "2026-12-01 15:00"), record(7, "UA1", v1alpha1.NoticeDelivered, "2026-12-01 15:00"), record(7, "UA2", v1alpha1.NoticePending, "2026-12-01 15:00"))),
			"Notified; do Notify Expiry 7",
		},
	}.check(t)
}

func TestANoticeWaitsForAReadingOfTheSheetButNotForEver(t *testing.T) {
	decisions{
		"no reading by this process": {
			at("2026-12-01 15:00", func(in *Input) { in.Sheet.ReadStart = time.Time{} }),
			"Active; blocked by SheetFresh: Waiting; next 2026-12-01 15:00; again 2026-12-01 16:00",
		},
		"a reading from before it was due: the owner may have extended since": {
			at("2026-12-01 15:00", readAt("2026-12-01 14:58")),
			"Active; blocked by SheetFresh: Waiting; next 2026-12-01 15:00; again 2026-12-01 16:00",
		},
		"an hour later people are told all the same": {
			at("2026-12-01 16:00", readAt("2026-12-01 14:58")), "Active; do Notify Expiry 7",
		},
		"a reminder that waits keeps the phases going": {
			at("2026-12-07 15:01", noticeDays(7, 1), noticed, readAt("2026-12-07 14:58")),
			"Notified; blocked by SheetFresh: Waiting; next 2026-12-07 15:00; again 2026-12-07 16:00",
		},
		"a token that Slack refuses": {
			at("2026-12-01 15:00", func(in *Input) { in.Sheet.SlackError = "invalid_auth" }),
			"Active; blocked by SlackReady: SlackTokenInvalid; next 2026-12-01 15:00",
		},
		"Slack was not reached yet": {
			at("2026-12-01 15:00", func(in *Input) {
				in.Sheet.SlackError, in.Sheet.SlackReason = "not connected", v1alpha1.ReasonSlackUnavailable
			}),
			"Active; blocked by SlackReady: SlackUnavailable; next 2026-12-01 15:00",
		},
		"Expired comes in time though a reminder is stopped": {
			at("2026-12-08 16:00", noticeDays(7, 0), noticed, func(in *Input) { in.Sheet.SlackError = "invalid_auth" }),
			"Notified; blocked by SlackReady: SlackTokenInvalid; next 2026-12-08 15:00; again 2026-12-09 00:00",
		},
	}.check(t)
}

func TestExpiredFromMidnightAndDeletedAtItsHour(t *testing.T) {
	decisions{
		"the last minute of the last day": {at("2026-12-08 23:59", noticed), "Notified; next 2026-12-09 00:00"},
		"midnight":                        {at("2026-12-09 00:00", noticed), "Expired; next 2026-12-09 15:00"},
		"a minute before its hour":        {at("2026-12-09 14:59", noticed), "Expired; next 2026-12-09 15:00"},
		"its hour: AWS is asked":          {at("2026-12-09 15:00", noticed), "Expired; do Observe; next 2026-12-09 15:00"},
		"and as all is well":              {at("2026-12-09 15:00", noticed, asked), "Expired; do Revoke; next 2026-12-09 15:00"},
		"days late":                       {at("2027-01-20 03:00", noticed, asked), "Expired; do Revoke; next 2026-12-09 15:00"},
		"a late notice moves the deletion": {
			at("2026-12-09 15:00", asked, told(7, "2026-12-08 20:00")), "Expired; next 2026-12-09 20:00",
		},
		"by minimumNotice and no more": {
			at("2026-12-09 20:00", asked, told(7, "2026-12-08 20:00")), "Expired; do Revoke; next 2026-12-09 20:00",
		},
		"minimumNotice 0s asks for a reading of the sheet that is younger than the notice": {
			at("2026-12-10 09:00:30", asked, told(7, "2026-12-10 09:00:10"), readAt("2026-12-10 08:59:00"), policy(func(p *Policy) { p.MinimumNotice = 0 })),
			"Expired; blocked by SheetFresh: Waiting; next 2026-12-10 09:00; again 2026-12-10 10:00",
		},
		"and deletes then": {
			at("2026-12-10 09:05", asked, told(7, "2026-12-10 09:00"), policy(func(p *Policy) { p.MinimumNotice = 0 })),
			"Expired; do Revoke; next 2026-12-10 09:00",
		},
		"a reminder that was missed holds up nothing": {
			at("2026-12-09 15:00", asked, noticeDays(7, 1), noticed), "Expired; do Revoke; next 2026-12-09 15:00",
		},
		"but goes out while there is time": {
			at("2026-12-09 10:00", asked, noticeDays(7, 1), noticed), "Expired; do Notify Expiry 1; next 2026-12-09 15:00",
		},
		"an owner who becomes known only now is warned, and has the full time": {
			at("2026-12-09 15:00", asked, phase(v1alpha1.PhaseExpired), records(record(7, "UA1", v1alpha1.NoticeDelivered, "2026-12-01 15:00"), record(7, "UA2", v1alpha1.NoticeDelivered, "2026-12-01 15:00"))),
			"Expired; do Notify Expiry 7",
		},
		"admins who were all replaced are told before anything is deleted": {
			at("2026-12-09 15:00", asked, phase(v1alpha1.PhaseExpired), noticed, policy(func(p *Policy) { p.Admins = []string{"UA9"} })),
			"Expired; do Notify Expiry 7",
		},
	}.check(t)
}

func TestFirstSeenAfterTheEndAWSIsAskedBeforePeople(t *testing.T) {
	late := "2026-12-20 09:00"
	decisions{
		"first AWS":                         {at(late, unknown), "Active; term 1 FirstSeen; do Observe"},
		"gone: Revoked, and nobody is told": {at(late, missedAt("2026-12-20 08:59"), answered(absent)), "Active; do Complete KeyAlreadyGone"},
		"gone, the user protected":          {at(late, missedAt("2026-12-20 08:59"), answered(func(o *Observation) { absent(o); o.Tags = map[string]string{ProtectedTag: "true"} })), "Active; do Complete KeyAlreadyGone"},
		"alive: the notice":                 {at(late, asked), "Active; do Notify Expiry 7"},
		"seen alive a moment ago":           {at(late), "Active; do Notify Expiry 7"},
		"seen alive long ago":               {at(late, seenAt("2026-12-01 09:00")), "Active; do Observe"},
		"then Expired":                      {at(late, told(7, "2026-12-20 08:59")), "Expired; next 2026-12-21 08:59"},
		"an end years ago":                  {at(late, endDate("2019-03-31"), inTerm(func(t *v1alpha1.Term) { t.EndDate = "2019-03-31" }), asked), "Active; do Notify Expiry 7"},
		"AWS that does not answer is no proof": {
			at(late, func(in *Input) { in.AWSError, in.AWSReason = "timeout", v1alpha1.ReasonAWSUnavailable }),
			"Active; blocked by AWSReadable: AWSUnavailable; next 2026-12-01 15:00; again 2026-12-20 09:59",
		},
		"an empty account is no proof": {
			at(late, answered(func(o *Observation) { absent(o); o.UserExists, o.AccountHasUsers = false, false })),
			"Active; blocked by AccountNotEmpty: EmptyAccount; next 2026-12-01 15:00; again 2026-12-20 10:00",
		},
		"another account is no proof": {
			at(late, answered(func(o *Observation) { *o = Observation{Identity: Identity{AccountID: "999999999999"}} })),
			"Active; blocked by Account: WrongAccount; next 2026-12-01 15:00; again 2026-12-20 10:00",
		},
		"a refusal of AWS stands for an hour": {
			at(late, condition(v1alpha1.ConditionKeyVerified, metav1.ConditionFalse, v1alpha1.ReasonAWSForbidden)),
			"Active; blocked by AWSReadable: AWSForbidden; next 2026-12-01 15:00; again 2026-12-20 09:59",
		},
		"but not one from a time that is still to come: the clock was set back": {
			at(late, condition(v1alpha1.ConditionKeyVerified, metav1.ConditionFalse, v1alpha1.ReasonAWSForbidden), seenAt("2027-12-20 09:00")),
			"Active; do Observe",
		},
		"unless a person asks to try again": {
			at(late, condition(v1alpha1.ConditionKeyVerified, metav1.ConditionFalse, v1alpha1.ReasonAWSForbidden), func(in *Input) { in.Retry = true }),
			"Active; do Observe",
		},
	}.check(t)
}

func TestAMarkThatWasFoundSparesTheOwnerASecondMessage(t *testing.T) {
	decisions{
		"not due yet: as if it were not there": {at("2026-11-20 09:00", foundMark("")), "Active; next 2026-12-01 15:00"},
		"the admins get a summary first": {
			at("2026-12-03 09:00", foundMark("")), "Active; blocked by NoticeDelivered: AwaitingSummary; next 2026-12-01 15:00",
		},
		"which is the notice":            {at("2026-12-03 09:05", foundMark("2026-12-03 09:04")), "Notified; next 2026-12-09 00:00"},
		"and from which the time counts": {at("2026-12-20 09:05", foundMark("2026-12-20 09:04")), "Expired; next 2026-12-21 09:04"},
		"until its end":                  {at("2026-12-21 09:05", asked, foundMark("2026-12-20 09:04")), "Expired; do Revoke; next 2026-12-21 09:04"},
		"past its end AWS is asked first, even so": {
			at("2026-12-20 09:00", foundMark(""), missedAt("2026-12-20 08:59"), answered(absent)), "Active; do Complete KeyAlreadyGone",
		},
		"a later reminder is not spared": {
			at("2026-12-07 15:00", noticeDays(7, 1), foundMark("2026-12-03 09:04")), "Notified; do Notify Expiry 1",
		},
		"it says nothing of another date": {
			at("2026-12-10 15:00", foundMark("2026-12-03 09:04"), endDate("2026-12-17"), inTerm(func(t *v1alpha1.Term) { t.EndDate = "2026-12-17" })),
			"Active; do Notify Expiry 7",
		},
		"nor of a later term": {
			at("2026-12-10 15:00", foundMark("2026-12-03 09:04"), inTerm(func(t *v1alpha1.Term) { t.Number, t.Reason = 2, TermHoldReleased })),
			"Active; do Notify Expiry 7",
		},
		"found in a spell of DryRun, it spares once the mode is Enforce": {
			at("2026-12-03 09:05", foundMark(""), inTerm(func(t *v1alpha1.Term) { t.DryRun = true })),
			"Active; term 2 ModeEnforced; blocked by NoticeDelivered: AwaitingSummary; next 2026-12-01 15:00",
		},
		"but a summary from before the DryRun does not count": {
			at("2026-12-03 09:05", foundMark("2026-12-02 09:00"), inTerm(func(t *v1alpha1.Term) { t.DryRun = true })),
			"Active; term 2 ModeEnforced; do Notify Expiry 7",
		},
	}.check(t)
}

func TestNoAdminReachedKeepsTheKeyAndIsTriedAgainHourly(t *testing.T) {
	unreachable := records(record(7, "U1", v1alpha1.NoticeDelivered, "2026-12-01 15:00"), record(7, "UA1", v1alpha1.NoticeUnreachable, "2026-12-01 15:00"),
		record(7, "UA2", v1alpha1.NoticeUnreachable, "2026-12-01 15:10"))
	decisions{
		"within the hour": {at("2026-12-01 15:30", unreachable), "Active; next 2026-12-01 16:00"},
		"after it":        {at("2026-12-01 16:00", unreachable), "Active; do Notify Expiry 7"},
		"after the end as well": {at("2026-12-20 15:30", asked, records(record(7, "U1", v1alpha1.NoticeDelivered, "2026-12-01 15:00"), record(7, "UA1", v1alpha1.NoticeUnreachable, "2026-12-20 15:00"),
			record(7, "UA2", v1alpha1.NoticeUnreachable, "2026-12-20 15:10"))), "Active; next 2026-12-20 16:00"},
		"one reached is enough": {at("2026-12-01 16:00", records(record(7, "U1", v1alpha1.NoticeDelivered, "2026-12-01 15:00"), record(7, "UA1", v1alpha1.NoticeDelivered, "2026-12-01 15:00"),
			record(7, "UA2", v1alpha1.NoticeUnreachable, "2026-12-01 15:00"))), "Notified; next 2026-12-09 00:00"},
	}.check(t)
}
