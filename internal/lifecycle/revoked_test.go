package lifecycle

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

func TestRevokedByAPersonsMarkAWSIsReadAndNotChanged(t *testing.T) {
	revoked := phase(v1alpha1.PhaseRevoked)
	stillThere := condition(v1alpha1.ConditionKeyVerified, metav1.ConditionFalse, v1alpha1.ReasonKeyStillExists)
	toldOfIt := records(noticeTo(v1alpha1.NoticeKeyStillExists, "UA1", v1alpha1.NoticeDelivered),
		noticeTo(v1alpha1.NoticeKeyStillExists, "UA2", v1alpha1.NoticeDelivered))
	decisions{
		"AWS is asked at once":                {at("2026-12-03 09:00", markedDeleted), "Revoked; do Observe"},
		"at first sight too":                  {at("2026-12-03 09:00", unknown, markedDeleted), "Revoked; term 1 FirstSeen; do Observe"},
		"gone: done":                          {at("2026-12-03 09:00", markedDeleted, missedAt("2026-12-03 08:59"), answered(absent)), "Revoked; do Complete MarkedDeleted"},
		"gone, in DryRun: not recorded":       {at("2026-12-03 09:00", markedDeleted, dryRun, answered(absent)), "Revoked; again 2026-12-04 09:00"},
		"alive: the admins are told":          {at("2026-12-03 09:00", markedDeleted, asked), "Revoked; do Notify KeyStillExists"},
		"alive, in DryRun":                    {at("2026-12-03 09:00", markedDeleted, dryRun, asked), "Revoked; again 2026-12-04 09:00"},
		"alive: once, and AWS is asked daily": {at("2026-12-03 12:00", markedDeleted, revoked, stillThere, toldOfIt, seenAt("2026-12-03 09:00")), "Revoked; again 2026-12-04 09:00"},
		"a day later":                         {at("2026-12-04 09:00", markedDeleted, revoked, stillThere, toldOfIt, seenAt("2026-12-03 09:00")), "Revoked; do Observe"},
		"alive and due: not touched all the same": {
			at("2026-12-20 09:00", markedDeleted, revoked, noticed, asked, toldOfIt), "Revoked; again 2026-12-21 09:00",
		},
		"an empty account is no proof": {
			at("2026-12-03 09:00", markedDeleted, answered(func(o *Observation) { absent(o); o.UserExists, o.AccountHasUsers = false, false })), "Revoked; again 2026-12-03 10:00",
		},
		"nor is a renamed user that took the key along, even if its old name is protected": {
			at("2026-12-03 09:00", markedDeleted, answered(func(o *Observation) {
				absent(o)
				o.KeyUser, o.Tags = "svc-report-2", map[string]string{ProtectedTag: "true"}
			})),
			"Revoked; again 2026-12-03 10:00",
		},
		"a protected user's key that is gone is gone": {
			at("2026-12-03 09:00", markedDeleted, missedAt("2026-12-03 08:59"), answered(func(o *Observation) { absent(o); o.Tags = map[string]string{ProtectedTag: "true"} })), "Revoked; do Complete MarkedDeleted",
		},
		"the mark is taken back: the key, just seen alive, has its notice": {
			at("2026-12-20 09:00", noticed, revoked, stillThere), "Active; term 2 HoldReleased; do Notify Expiry 7",
		},
		"AWS that does not answer": {
			at("2026-12-03 09:00", markedDeleted, func(in *Input) { in.AWSError, in.AWSReason = "denied", v1alpha1.ReasonAWSForbidden }), "Revoked; again 2026-12-03 09:59",
		},
		"and refused within the hour": {
			at("2026-12-03 09:00", markedDeleted, revoked, condition(v1alpha1.ConditionKeyVerified, metav1.ConditionFalse, v1alpha1.ReasonAWSForbidden)), "Revoked; again 2026-12-03 09:59",
		},
		"a mark on a key that we deleted ourselves stops nothing": {
			at("2026-12-09 16:00", markedDeleted, noticed, phase(v1alpha1.PhaseExpired), deletedKey("2026-12-09 15:00"), answered(absent)),
			"Expired; do Revoke; next 2026-12-09 15:00",
		},
	}.check(t)
}

func TestRevokedAndConfirmedOnlyTheClosingMessagesAreLeft(t *testing.T) {
	done := func(reason string) change {
		return revocation(func(r *v1alpha1.RevocationStatus) { r.Reason, r.CompletionTime = reason, moment("2026-12-09 15:10") })
	}
	closing := records(noticeTo(v1alpha1.NoticeRevoked, "U1", v1alpha1.NoticeDelivered),
		noticeTo(v1alpha1.NoticeRevoked, "UA1", v1alpha1.NoticeDelivered),
		noticeTo(v1alpha1.NoticeRevoked, "UA2", v1alpha1.NoticeUnreachable))
	decisions{
		"owner and admins are told":                          {at("2026-12-09 15:11", noticed, done(v1alpha1.ReasonEndDatePassed)), "Revoked; do Notify Revoked"},
		"and then nothing, without a timer":                  {at("2026-12-20 15:11", noticed, done(v1alpha1.ReasonEndDatePassed), closing), "Revoked"},
		"a key that was gone when first seen: nobody":        {at("2026-12-09 15:11", done(v1alpha1.ReasonKeyAlreadyGone)), "Revoked"},
		"a key that was gone when its turn came: the admins": {at("2026-12-09 15:11", noticed, done(v1alpha1.ReasonKeyAlreadyGone)), "Revoked; do Notify Revoked"},
		"its user was deleted by us: the admins": {at("2026-12-09 15:11", foundMark("2026-12-01 09:00"), done(v1alpha1.ReasonKeyAlreadyGone), revocation(func(r *v1alpha1.RevocationStatus) {
			r.Steps = []v1alpha1.RevocationStep{{Action: "DeleteUser", Target: user}}
		})), "Revoked; do Notify Revoked"},
		"deleted by hand: nobody":                            {at("2026-12-09 15:11", noticed, done(v1alpha1.ReasonMarkedDeleted)), "Revoked"},
		"a mark that is taken away changes nothing any more": {at("2026-12-09 15:11", done(v1alpha1.ReasonMarkedDeleted)), "Revoked"},
		"nor does a hold":                                    {at("2026-12-09 15:11", noticed, done(v1alpha1.ReasonEndDatePassed), closing, rowHolds(v1alpha1.ReasonUnclearMark, "")), "Revoked"},
		"nor a date":                                         {at("2026-12-09 15:11", noticed, done(v1alpha1.ReasonEndDatePassed), closing, endDate("2027-03-31")), "Revoked"},
	}.check(t)
}

func TestTheRestFollowsADeletedKey(t *testing.T) {
	expired := phase(v1alpha1.PhaseExpired)
	deletedUser := revocation(func(r *v1alpha1.RevocationStatus) {
		r.Steps = []v1alpha1.RevocationStep{{Action: "DeleteUser", Target: user}}
	})
	all := func(more ...change) Input {
		return at("2026-12-09 15:05", append([]change{noticed, expired, deletedKey("2026-12-09 15:00")}, more...)...)
	}
	decisions{
		"AWS is asked":        {all(), "Expired; do Observe; next 2026-12-09 15:00"},
		"and it goes on":      {all(answered(absent)), "Expired; do Revoke; next 2026-12-09 15:00"},
		"with a lagging list": {all(asked), "Expired; do Revoke; next 2026-12-09 15:00"},
		"an owner who becomes known only now stops nothing": {
			all(answered(absent), lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Owner.SlackUserID = "U9" })), "Expired; do Revoke; next 2026-12-09 15:00",
		},
		"the last user of the account, gone by our own doing, is no empty account": {
			all(deletedUser, answered(func(o *Observation) { absent(o); o.UserExists, o.UserID, o.AccountHasUsers = false, "", false })), "Expired; do Revoke; next 2026-12-09 15:00",
		},
		"whoever has the name now is none of ours": {
			all(deletedUser, answered(func(o *Observation) {
				absent(o)
				o.UserID, o.Tags = "AIDAOTHER", map[string]string{ProtectedTag: "true"}
			})), "Expired; do Revoke; next 2026-12-09 15:00",
		},
		"an extension came too late": {
			all(answered(absent), rowHolds(v1alpha1.ReasonExtensionRequested, end)), "Expired; do Revoke; next 2026-12-09 15:00",
		},
		"even if it held the lease until that was known": {
			all(answered(absent), rowHolds(v1alpha1.ReasonExtensionRequested, end), wasHeldFor(v1alpha1.ReasonExtensionRequested)), "Expired; do Revoke; next 2026-12-09 15:00",
		},
		"a row that nobody understands holds the rest": {all(answered(absent), rowHolds(v1alpha1.ReasonUnclearMark, "")), "Expired; held UnclearMark"},
		"a recreated user that we did not delete stops it": {
			all(answered(func(o *Observation) { absent(o); o.UserID = "AIDAOTHER" })), "Expired; blocked by SameUser: UserRecreated; next 2026-12-09 15:00; again 2026-12-09 16:05",
		},
		"a deletion whose outcome is not known, and the key is gone: it was ours": {
			at("2026-12-20 09:00", expired, wasHeldFor(v1alpha1.ReasonUnclearMark), answered(absent), revocation(func(r *v1alpha1.RevocationStatus) {
				r.StartTime, r.Intent = moment("2026-12-09 15:00"), &v1alpha1.RevocationIntent{Action: "DeleteAccessKey", Target: keyID}
			})),
			"Expired; term 2 HoldReleased; do Revoke; next 2026-12-09 15:00",
		},
		"and the key is alive: its new term's notice comes first": {
			at("2026-12-20 09:00", asked, expired, noticed, wasHeldFor(v1alpha1.ReasonUnclearMark), revocation(func(r *v1alpha1.RevocationStatus) {
				r.StartTime, r.Intent = moment("2026-12-09 15:00"), &v1alpha1.RevocationIntent{Action: "DeleteAccessKey", Target: keyID}
			})),
			"Active; term 2 HoldReleased; do Notify Expiry 7",
		},
	}.check(t)
}

func TestAnExtensionHoldsUntilItIsKnownThatTheKeyIsDeleted(t *testing.T) {
	extended := func(now string, more ...change) Input {
		return at(now, append([]change{noticed, phase(v1alpha1.PhaseExpired), rowHolds(v1alpha1.ReasonExtensionRequested, end),
			revocation(func(r *v1alpha1.RevocationStatus) {
				r.StartTime = moment("2026-12-09 15:00")
				r.Intent = &v1alpha1.RevocationIntent{Action: "DeleteAccessKey", Target: keyID, Time: *moment("2026-12-09 15:00")}
			})}, more...)...)
	}
	decisions{
		"AWS may still show the key":               {extended("2026-12-09 15:00"), "Expired; held ExtensionRequested; again 2026-12-09 15:00"},
		"AWS is asked when it shows the result":    {extended("2026-12-09 15:01", seenAt("2026-12-09 15:00")), "Expired; held ExtensionRequested; do Observe"},
		"the key is there: the extension stands":   {extended("2026-12-09 15:01", asked), "Expired; held ExtensionRequested; again 2026-12-10 15:01"},
		"AWS is asked again a day later":           {extended("2026-12-10 15:01", seenAt("2026-12-09 15:01")), "Expired; held ExtensionRequested; do Observe"},
		"the key is gone: it came too late":        {extended("2026-12-09 15:01", answered(absent)), "Expired; do Revoke; next 2026-12-09 15:00"},
		"AWS that cannot be asked changes nothing": {extended("2026-12-09 15:01", func(in *Input) { in.AWSError, in.AWSReason = "timeout", v1alpha1.ReasonAWSUnavailable }), "Expired; held ExtensionRequested; again 2026-12-10 15:00"},
	}.check(t)
}

func TestTellNamesWhatAdminsHearOnceATerm(t *testing.T) {
	toldOf := func(kind string) change {
		return records(noticeTo(kind, "UA1", v1alpha1.NoticeDelivered), noticeTo(kind, "UA2", v1alpha1.NoticeDelivered))
	}
	stalled := condition(v1alpha1.ConditionStalled, metav1.ConditionTrue, "AccessDenied")
	rowGone := condition(v1alpha1.ConditionRowPresent, metav1.ConditionFalse, v1alpha1.ReasonRowGone)
	for name, tc := range map[string]struct {
		in   Input
		want string
	}{
		"nothing, where all is well":    {at("2026-12-03 09:00", noticed), ""},
		"a protected user":              {at("2026-12-10 09:00", noticed, wasHeldFor(v1alpha1.ReasonProtected)), v1alpha1.NoticeProtected},
		"once":                          {at("2026-12-10 09:00", noticed, wasHeldFor(v1alpha1.ReasonProtected), toldOf(v1alpha1.NoticeProtected)), ""},
		"a key in use":                  {at("2026-12-10 09:00", noticed, wasHeldFor(v1alpha1.ReasonRecentlyUsed)), v1alpha1.NoticeRecentlyUsed},
		"a key of unknown use":          {at("2026-12-10 09:00", noticed, wasHeldFor(v1alpha1.ReasonLastUseUnknown)), v1alpha1.NoticeLastUseUnknown},
		"a date that GitOps owns":       {at("2026-12-10 09:00", rowHolds(v1alpha1.ReasonFieldOwnedElsewhere, "")), v1alpha1.NoticeFieldOwned},
		"an extension, which they know": {at("2026-12-10 09:00", rowHolds(v1alpha1.ReasonExtensionRequested, end)), ""},
		"what is stalled":               {at("2026-12-03 09:00", noticed, stalled), v1alpha1.NoticeStalled},
		"a row that is gone":            {at("2026-12-03 09:00", noticed, rowGone), v1alpha1.NoticeRowGone},
		"not of a Revoked lease":        {at("2026-12-03 09:00", rowGone, markedDeleted), ""},
		"not in DryRun":                 {at("2026-12-03 09:00", noticed, stalled, dryRun), ""},
		"not while Slack refuses":       {at("2026-12-03 09:00", noticed, stalled, func(in *Input) { in.Sheet.SlackError = "invalid_auth" }), ""},
		"not of another cluster's":      {at("2026-12-10 09:00", noticed, stalled, wasHeldFor(v1alpha1.ReasonProtected), foreign), ""},
		"not of a lease off the sheet":  {at("2026-12-03 09:00", stalled, lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet = nil })), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if n, ok := Tell(tc.in, decide(tc.in)); n.Kind != tc.want || ok != (tc.want != "") {
				t.Errorf("told %q %v, want %q", n.Kind, ok, tc.want)
			}
		})
	}
}

func TestAKeyThatIsListedAfterItsEndIsReportedAndNotTouched(t *testing.T) {
	over := revocation(func(r *v1alpha1.RevocationStatus) {
		r.Reason, r.CompletionTime = v1alpha1.ReasonMarkedDeleted, moment("2026-12-09 15:10:00")
	})
	listed := func(began string, there, complete bool) change {
		return func(in *Input) {
			in.Listed = KeyList{Time: jst(began), Complete: complete}
			if there {
				in.Listed.Key = &AccountKey{UserName: user, AccessKeyID: keyID, Status: v1alpha1.KeyActive}
			}
		}
	}
	reported := condition(v1alpha1.ConditionKeyVerified, metav1.ConditionFalse, v1alpha1.ReasonKeyStillExists)
	told := records(noticeTo(v1alpha1.NoticeKeyStillExists, "UA1", v1alpha1.NoticeDelivered),
		noticeTo(v1alpha1.NoticeKeyStillExists, "UA2", v1alpha1.NoticeDelivered))
	ended := revocation(func(r *v1alpha1.RevocationStatus) { r.Reason = v1alpha1.ReasonEndDatePassed })
	for name, tc := range map[string]struct {
		in              Input
		want, reason    string
		verifiedIsFalse bool
	}{
		"listed: the admins are told":             {at("2026-12-10 16:00", over, listed("2026-12-10 16:00", true, true)), "Revoked; do Notify KeyStillExists", v1alpha1.ReasonKeyStillExists, true},
		"once":                                    {at("2026-12-11 16:00", over, reported, told, listed("2026-12-11 16:00", true, true)), "Revoked", v1alpha1.ReasonKeyStillExists, true},
		"after the news of its end":               {at("2026-12-10 16:00", over, ended, listed("2026-12-10 16:00", true, true)), "Revoked; do Notify Revoked", v1alpha1.ReasonKeyStillExists, true},
		"by a list from before AWS had settled":   {at("2026-12-10 16:00", over, listed("2026-12-09 15:10:09", true, true)), "Revoked", "", false},
		"no list yet":                             {at("2026-12-10 16:00", over), "Revoked", "", false},
		"not listed":                              {at("2026-12-10 16:00", over, listed("2026-12-10 16:00", false, true)), "Revoked", "", false},
		"reported, and a restart forgot the list": {at("2026-12-10 16:00", over, reported), "Revoked; do Notify KeyStillExists", "", false},
		"reported, and not listed any more":       {at("2026-12-11 16:00", over, reported, listed("2026-12-11 16:00", false, true)), "Revoked", v1alpha1.ReasonKeyGone, false},
		"reported, and in no list of a part":      {at("2026-12-11 16:00", over, reported, told, listed("2026-12-11 16:00", false, false)), "Revoked", "", false},
		"in DryRun nobody is told":                {at("2026-12-10 16:00", over, dryRun, listed("2026-12-10 16:00", true, true)), "Revoked", v1alpha1.ReasonKeyStillExists, true},
		"a lease that is not over asks AWS":       {at("2026-12-20 16:00", noticed, listed("2026-12-20 16:00", true, true)), "Expired; do Observe; next 2026-12-09 15:00", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(tc.in)
			if got := summary(d); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
			switch {
			case d.Verified == nil:
				if tc.reason != "" {
					t.Errorf("nothing is verified, want %s", tc.reason)
				}
			case d.Verified.Reason != tc.reason || d.Verified.True == tc.verifiedIsFalse:
				t.Errorf("verified %+v, want %s", d.Verified, tc.reason)
			}
		})
	}
}
