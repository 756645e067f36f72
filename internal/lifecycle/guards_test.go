package lifecycle

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// due is a lease whose key is to be deleted now, with nothing to forbid it.
func due(changes ...change) Input {
	return at("2026-12-09 15:05", append([]change{noticed, phase(v1alpha1.PhaseExpired), asked}, changes...)...)
}

// theRemoval of due.
func theRemoval() removal {
	return removal{noticed: jst("2026-12-01 15:00"), due: jst("2026-12-09 15:00")}
}

func aws(f func(o *Observation, in *Input)) change {
	return func(in *Input) { asked(in); f(&in.AWS.Observation, in) }
}

// stops of a guard: what it is to stop.
type stops map[string]struct {
	change change
	reason string
	says   string
}

// byGuard has for each guard what it alone stops. docs/guards.md names these cases.
var byGuard = map[string]stops{
	guardOnSheet: {
		"a lease made with kubectl": {lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet = nil }), v1alpha1.ReasonNeverOnSheet, "never stood on a row"},
		"a row never agreed with":   {lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Sheet = &v1alpha1.SheetRowStatus{Row: 3} }), v1alpha1.ReasonNeverOnSheet, "never stood on a row"},
		"a lease of another name":   {lease(func(l *v1alpha1.AccessKeyLease) { l.Name = "akiakeylease00000003" }), v1alpha1.ReasonNeverOnSheet, "lease akiakeylease00000002 alone"},
	},
	guardHeld: {
		"an extension asked for": {rowHolds(v1alpha1.ReasonExtensionRequested, end), v1alpha1.ReasonExtensionRequested, "extension of 2026-12-08"},
		"an unclear mark":        {rowHolds(v1alpha1.ReasonUnclearMark, ""), v1alpha1.ReasonUnclearMark, "as the row says"},
		"given up":               {lease(func(l *v1alpha1.AccessKeyLease) { l.Annotations = map[string]string{v1alpha1.AnnotationGiveUp: "true"} }), v1alpha1.ReasonGivenUp, "remove it"},
	},
	guardEnded: {
		"the day after the end, before dailyAt": {func(in *Input) { in.Now = jst("2026-12-09 14:59") }, v1alpha1.ReasonWaiting, "has not passed"},
		"an end date that is none":              {lease(func(l *v1alpha1.AccessKeyLease) { l.Spec.EndDate = "来月末" }), v1alpha1.ReasonWaiting, "has not passed"},
	},
	guardNotice: {
		"no notice":             {nil, v1alpha1.ReasonAwaitingNotice, "have been told"},
		"a notice an hour late": {nil, v1alpha1.ReasonWaiting, ": nothing is deleted before 2026-12-"},
	},
	guardFresh: {
		"no reading":                       {func(in *Input) { in.Sheet.ReadStart = time.Time{} }, v1alpha1.ReasonWaiting, "was not read"},
		"a reading from before it was due": {readAt("2026-12-09 14:59:59"), v1alpha1.ReasonWaiting, "began after the key became due"},
		"a reading from a time to come":    {readAt("2026-12-09 15:07"), v1alpha1.ReasonWaiting, "clock was set back"},
		"an extension in the lease that no merge has seen": {
			lease(func(l *v1alpha1.AccessKeyLease) { l.Spec.ExtensionRequested = true }), v1alpha1.ReasonWaiting, "since the sheet was read",
		},
		"a lease that changed since":       {func(in *Input) { in.Sheet.Applied = false }, v1alpha1.ReasonWaiting, "changed since the sheet was read"},
		"a reading older than ten minutes": {func(in *Input) { in.Now = jst("2026-12-09 15:15:01"); in.Sheet.ReadStart = jst("2026-12-09 15:05") }, v1alpha1.ReasonWaiting, "too long ago"},
	},
	guardSlack: {
		"a token that Slack refuses":       {func(in *Input) { in.Sheet.SlackError = "invalid_auth" }, v1alpha1.ReasonSlackTokenInvalid, "nobody can be warned"},
		"a token that was not asked about": {func(in *Input) { in.Sheet.TokenAsked = false }, v1alpha1.ReasonWaiting, "still accepts the token"},
		"a token that nobody has": {func(in *Input) {
			in.Sheet.SlackError, in.Sheet.SlackReason = "Secret keylease/slack does not exist", v1alpha1.ReasonSecretMissing
		}, v1alpha1.ReasonSecretMissing, "does not exist"},
	},
	guardDailyLimit: {
		"the day's revocations are taken": {func(in *Input) { in.LimitReached = "20 revocations began today" }, v1alpha1.ReasonBreakerOpen, "20 revocations"},
	},
	guardAWSReadable: {
		"AWS denies the reading": {func(in *Input) {
			in.AWS, in.AWSError, in.AWSReason = nil, "AccessDenied: iam:GetUser", v1alpha1.ReasonAWSForbidden
		}, v1alpha1.ReasonAWSForbidden, "iam:GetUser"},
	},
	guardAccount: {
		"credentials of another account": {aws(func(o *Observation, _ *Input) { o.Identity.AccountID = "999999999999" }), v1alpha1.ReasonWrongAccount, "999999999999"},
		"of which nothing else was read": {aws(func(o *Observation, _ *Input) { *o = Observation{Identity: Identity{AccountID: "999999999999"}} }), v1alpha1.ReasonWrongAccount, "999999999999"},
		"a lease and credentials without account": {aws(func(o *Observation, in *Input) {
			o.Identity.AccountID, in.Lease.Spec.AccountID, in.Policy.AccountID = "", "", ""
		}), v1alpha1.ReasonWrongAccount, "spec.aws"},
	},
	guardKeyState: {
		"a state of the key that was not read": {aws(func(o *Observation, _ *Input) { o.Key = "" }), v1alpha1.ReasonAWSUnavailable, "unknown state"},
	},
	guardEmptyAccount: {
		"an account without any user": {aws(func(o *Observation, _ *Input) { absent(o); o.UserExists, o.AccountHasUsers = false, false }), v1alpha1.ReasonEmptyAccount, "endpoint"},
	},
	guardOwnIdentity: {
		"the operator's own user":                               {aws(func(o *Observation, _ *Input) { o.Identity.UserName = "SVC-report" }), v1alpha1.ReasonProtected, "operator's own"},
		"the user whose key the operator assumes its role with": {aws(func(o *Observation, _ *Input) { o.Identity.SourceUser = user }), v1alpha1.ReasonProtected, "operator's own"},
		"the key in use":                                        {aws(func(o *Observation, _ *Input) { o.Identity.AccessKeyID = keyID }), v1alpha1.ReasonProtected, "operator's own"},
		"the key that the operator assumes its role with":       {aws(func(o *Observation, _ *Input) { o.Identity.SourceAccessKeyID = keyID }), v1alpha1.ReasonProtected, "operator's own"},
	},
	guardProtected: {
		"a protected user":                  {aws(func(o *Observation, _ *Input) { o.Tags = map[string]string{ProtectedTag: "true"} }), v1alpha1.ReasonProtected, "tagged"},
		"a protected user in other letters": {aws(func(o *Observation, _ *Input) { o.Tags = map[string]string{"Keylease.dev/Protected": " True "} }), v1alpha1.ReasonProtected, "tagged"},
	},
	guardPath: {
		"a user outside the path":                    {policy(func(p *Policy) { p.PathPrefix = "/people/" }), v1alpha1.ReasonProtected, "userPathPrefix"},
		"a user under a path that only begins alike": {aws(func(o *Observation, in *Input) { o.Path, in.Policy.PathPrefix = "/service-b/", "/service" }), v1alpha1.ReasonProtected, "userPathPrefix"},
	},
	guardUserPin: {
		"a recreated user": {aws(func(o *Observation, _ *Input) { o.UserID = "AIDAOTHER" }), v1alpha1.ReasonUserRecreated, "AIDAOTHER"},
	},
	guardKeyPin: {
		"a recreated key": {aws(func(o *Observation, _ *Input) { o.CreateDate = created.Add(time.Second) }), v1alpha1.ReasonKeyRecreated, "creation date"},
	},
	guardKeyOwner: {
		"a key of another user": {aws(func(o *Observation, _ *Input) { o.KeyUser = "svc-backup" }), v1alpha1.ReasonOtherUser, "svc-backup"},
		"a user that was renamed and took the key along": {aws(func(o *Observation, _ *Input) {
			absent(o)
			o.UserExists, o.KeyUser = false, "svc-report-2"
		}), v1alpha1.ReasonOtherUser, "svc-report-2"},
	},
	guardPinned: {
		"no user pinned": {lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Key.UserID = "" }), v1alpha1.ReasonIdentityNotPinned, "not recorded"},
		"no key pinned":  {lease(func(l *v1alpha1.AccessKeyLease) { l.Status.Key.CreateDate = nil }), v1alpha1.ReasonIdentityNotPinned, "not recorded"},
	},
	guardRecentUse: {
		"used an hour ago": {aws(func(o *Observation, in *Input) {
			in.Policy.HoldIfUsedWithin = 24 * time.Hour
			o.LastUsed = &v1alpha1.LastUsed{Date: metav1.NewTime(in.Now.Add(-time.Hour))}
		}), v1alpha1.ReasonRecentlyUsed, "was used at 2026-12-09 14:05"},
		"used an hour ago, with a grace period": {aws(func(o *Observation, in *Input) {
			in.Policy.HoldIfUsedWithin, in.Policy.GracePeriod = 24*time.Hour, 72*time.Hour
			o.LastUsed = &v1alpha1.LastUsed{Date: metav1.NewTime(in.Now.Add(-time.Hour))}
		}), v1alpha1.ReasonRecentlyUsed, "was used at 2026-12-09 14:05"},
		"AWS does not tell when it was used": {aws(func(o *Observation, in *Input) {
			in.Policy.HoldIfUsedWithin = 24 * time.Hour
			o.UseUnknown = true
		}), v1alpha1.ReasonLastUseUnknown, "iam:GetAccessKeyLastUsed"},
	},
	guardMode: {
		"mode DryRun": {policy(func(p *Policy) { p.DryRun = true }), v1alpha1.ReasonDryRun, "would be deleted"},
	},
}

func TestTheGuard(t *testing.T) {
	for guard, cases := range byGuard {
		t.Run(guard, func(t *testing.T) {
			for name, c := range cases {
				t.Run(name, func(t *testing.T) {
					in, x := due(), theRemoval()
					switch {
					case c.change != nil:
						c.change(&in)
					case name == "no notice":
						in.Lease.Status.Notices, x.noticed = nil, time.Time{}
					default:
						x.noticed = jst("2026-12-08 16:05")
					}
					got := firstStop(judged(in), x)
					if got == nil {
						t.Fatal("nothing stops it")
					}
					if got.Guard != guard || got.Reason != c.reason || !strings.Contains(got.Message, c.says) {
						t.Errorf("stopped by %s, reason %s: %q; want %s, %s, …%s…", got.Guard, got.Reason, got.Message, guard, c.reason, c.says)
					}
					if d := decide(in); d.Action.Kind == ActionRevoke && c.change != nil {
						t.Errorf("Decide deletes all the same: %s", summary(d))
					}
					if isAWS := slices.ContainsFunc(awsGuards, func(g awsGuard) bool { return g.name == guard }); !isAWS {
						return
					}
					// The teardown asks these before each of its stages.
					if b := judged(in).AWS.Refused; b == nil || b.Guard != guard {
						t.Errorf("refused by %+v", b)
					}
				})
			}
		})
	}
}

func TestEveryGuardHasItsCases(t *testing.T) {
	for _, g := range guards {
		if len(byGuard[g.name]) == 0 {
			t.Errorf("nothing shows what %s stops", g.name)
		}
	}
	if len(byGuard) != len(guards) {
		t.Errorf("%d guards have cases, %d are asked", len(byGuard), len(guards))
	}
}

func TestGuardsLetPass(t *testing.T) {
	for name, change := range map[string]change{
		"a key that nothing forbids":             func(*Input) {},
		"a user inside the path":                 policy(func(p *Policy) { p.PathPrefix = "service" }),
		"a protection that was taken back":       aws(func(o *Observation, _ *Input) { o.Tags = map[string]string{ProtectedTag: "false"} }),
		"a key whose owner AWS does not tell":    aws(func(o *Observation, _ *Input) { o.KeyUser = "" }),
		"a creation date with parts of a second": aws(func(o *Observation, _ *Input) { o.CreateDate = created.Add(time.Millisecond) }),
		"an extension mark that another date has spent": lease(func(l *v1alpha1.AccessKeyLease) {
			l.Spec.ExtensionRequested = true
			l.Status.Sheet.ExtensionMark = &v1alpha1.ExtensionMark{Row: true, Lease: true, EndDate: "2026-11-08"}
		}),
		"a reading ten minutes old": func(in *Input) { in.Now, in.Sheet.ReadStart = jst("2026-12-09 15:15"), jst("2026-12-09 15:05") },
		"a reading of twice the sync interval": func(in *Input) {
			in.Policy.SyncInterval, in.Now, in.Sheet.ReadStart = time.Hour, jst("2026-12-09 17:00"), jst("2026-12-09 15:00")
		},
		"a key that is gone and was never pinned": aws(func(o *Observation, in *Input) { absent(o); in.Lease.Status.Key.UserID = "" }),
		"an account without users after our own deletion of the last": aws(func(o *Observation, in *Input) {
			absent(o)
			o.UserExists, o.AccountHasUsers = false, false
			in.Lease.Status.Revocation = &v1alpha1.RevocationStatus{Intent: &v1alpha1.RevocationIntent{Action: "DeleteUser", Target: user}}
		}),
		"a use longer ago than is asked for": aws(func(o *Observation, in *Input) {
			in.Policy.HoldIfUsedWithin = 24 * time.Hour
			o.LastUsed = &v1alpha1.LastUsed{Date: metav1.NewTime(in.Now.Add(-24 * time.Hour))}
		}),
		"a use of a key that is gone": aws(func(o *Observation, in *Input) {
			absent(o)
			in.Policy.HoldIfUsedWithin = 24 * time.Hour
			o.LastUsed = &v1alpha1.LastUsed{Date: metav1.NewTime(in.Now)}
		}),
		"an unknown use that nobody asks for": aws(func(o *Observation, _ *Input) { o.UseUnknown = true }),
		"an unknown use of a key that is gone": aws(func(o *Observation, in *Input) {
			absent(o)
			in.Policy.HoldIfUsedWithin, o.UseUnknown = 24*time.Hour, true
		}),
		"a spent extension mark": rowHolds(v1alpha1.ReasonExtensionRequested, "2026-11-30"),
	} {
		t.Run(name, func(t *testing.T) {
			in := due(change)
			if b := firstStop(judged(in), theRemoval()); b != nil {
				t.Errorf("stopped by %s: %s", b.Guard, b.Message)
			}
			if d := decide(in); d.Action.Kind != ActionRevoke {
				t.Errorf("Decide says %s", summary(d))
			}
		})
	}
}

func TestTheFirstGuardSpeaks(t *testing.T) {
	in := due(policy(func(p *Policy) { p.DryRun = true }), aws(func(o *Observation, _ *Input) { o.Identity.AccountID, o.UserID = "999999999999", "AIDAOTHER" }))
	if got := firstStop(judged(in), theRemoval()); got == nil || got.Guard != guardAccount {
		t.Errorf("got %+v, want the guard %s", got, guardAccount)
	}
	var order []string
	for _, g := range guards {
		order = append(order, g.name)
	}
	if diff := cmp.Diff(guardAccount, order[slices.Index(order, guardAWSReadable)+1]); diff != "" {
		t.Errorf("of a wrong account nothing else is read, so it must be asked first (-want +got):\n%s", diff)
	}
	if got := order[len(order)-1]; got != guardMode {
		t.Errorf("the last guard is %s: DryRun reports every other before itself", got)
	}
}

func TestAnUnpinnedKeyIsRefusedWhileItIsThere(t *testing.T) {
	for name, pin := range map[string]Pin{"neither": {}, "no user": {CreateDate: created}, "no key": {UserID: "AIDAREPORT"}} {
		t.Run(name, func(t *testing.T) {
			o, target := observation(), TargetOf(due().Lease, due().Policy)
			target.Pin = pin
			if CheckPinned(o, target) == nil {
				t.Error("an unpinned key passed")
			}
			o.Key = v1alpha1.KeyAbsent
			if got := CheckPinned(o, target); got != nil {
				t.Errorf("an absent key was refused: %+v", got)
			}
		})
	}
}

func TestAStopIsSaidInStatus(t *testing.T) {
	decisions{
		"a protected user is held": {due(aws(func(o *Observation, _ *Input) { o.Tags = map[string]string{ProtectedTag: "true"} })), "Expired; held Protected; blocked by NotProtected: Protected; again 2026-12-10 15:05"},
		"a key in use is held": {due(aws(func(o *Observation, in *Input) {
			in.Policy.HoldIfUsedWithin = time.Hour
			o.LastUsed = &v1alpha1.LastUsed{Date: metav1.NewTime(in.Now)}
		})), "Expired; held RecentlyUsed; blocked by NotRecentlyUsed: RecentlyUsed; again 2026-12-09 16:05"},
		"a key of unknown use is held": {due(aws(func(o *Observation, in *Input) {
			in.Policy.HoldIfUsedWithin, o.UseUnknown = time.Hour, true
		})), "Expired; held LastUseUnknown; blocked by NotRecentlyUsed: LastUseUnknown; again 2026-12-09 16:05"},
		"what AWS shows is asked again": {due(aws(func(o *Observation, _ *Input) { o.UserID = "AIDAOTHER" })), "Expired; blocked by SameUser: UserRecreated; next 2026-12-09 15:00; again 2026-12-09 16:05"},
		"and not within the hour": {
			due(func(in *Input) { in.AWS = nil }, condition(v1alpha1.ConditionKeyVerified, metav1.ConditionFalse, v1alpha1.ReasonUserRecreated)),
			"Expired; blocked by AWSReadable: UserRecreated; next 2026-12-09 15:00; again 2026-12-09 16:05",
		},
		"a stop does not keep a notice back": {
			due(func(in *Input) { in.LimitReached = "20 today" }, records(record(7, "UA3", v1alpha1.NoticePending, "2026-12-01 15:00")), policy(func(p *Policy) { p.Admins = append(twoAdmins, "UA3") })),
			"Expired; blocked by Breaker: BreakerOpen; do Notify Expiry 7; next 2026-12-09 15:00; again 2026-12-09 16:05",
		},
	}.check(t)
}
