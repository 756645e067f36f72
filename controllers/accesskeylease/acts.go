package accesskeylease

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/lookup"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/pace"
	"github.com/keylease/keylease/internal/teardown"
)

// acts asks AWS about one lease's key, and makes the change that was decided.
type acts struct {
	draft  *draft
	about  loaded
	use    *services
	policy lifecycle.Policy
	// client lists the other leases of the account.
	client client.Client
	// known and wakeSheet report what concerns the whole account to the sheet.
	known     *state.Sheets
	wakeSheet func(types.NamespacedName)
	users     *teardown.UserLocks
	begun     *begun
}

func (a acts) target() lifecycle.AWSTarget { return lifecycle.TargetOf(a.draft.lease, a.policy) }

func (a acts) teardownTarget() (teardown.Target, error) {
	spec, t := a.about.sheet.Spec.AWS, a.target()
	policy, err := lifecycle.FillIn(ptr.Deref(spec.PolicyName, ""), map[string]string{"UserName": t.UserName, "AccountID": t.AccountID})
	if err != nil {
		return teardown.Target{}, &failure.Error{Class: failure.Terminal, Service: "keylease", Operation: "revoke", Code: v1alpha1.ReasonInvalidSpec,
			Message: "spec.aws.policyName: " + err.Error()}
	}
	return teardown.Target{
		AWSTarget: t, Partition: spec.Partition, PolicyName: policy, KeepConsoleUsers: ptr.Deref(spec.KeepConsoleUsers, true),
	}, nil
}

func (a acts) account(ctx context.Context) (state.AWS, error) {
	connect := a.about.known.Clients.AWS
	if connect == nil {
		return nil, &failure.Error{Class: failure.Retry, Service: "aws", Operation: "connect", Code: v1alpha1.ReasonNotConnected, Message: "the sheet was not synced yet"}
	}
	return connect(ctx, a.target().AccountID)
}

// connect connects to the account, for a teardown of the target.
func (a acts) connect(ctx context.Context) (state.AWS, teardown.Target, error) {
	c, err := a.account(ctx)
	if err != nil {
		return nil, teardown.Target{}, err
	}
	t, err := a.teardownTarget()
	return c, t, err
}

// observe reads AWS. A failed read does not fail the reconcile: notices are still sent, and Decide knows what must not
// be done without a reading.
func (a acts) observe(ctx context.Context, in lifecycle.Input) lifecycle.Input {
	l := a.draft.lease
	c, err := a.account(ctx)
	var o lifecycle.Observation
	if err == nil {
		o, err = c.Observe(ctx, l.Spec.UserName, l.Spec.AccessKeyID)
	}
	a.use.answered(a.use.account, err)
	in.Retry = a.use.asked
	if err != nil {
		return a.unobserved(in, err)
	}
	a.use.succeeded(pace.ReadAWS)
	t := a.target()
	reading := lifecycle.Judge(o, t, func() bool { return a.userDeletedElsewhere(ctx) })
	in.AWS, in.AWSError, in.AWSReason = &reading, "", ""
	l.Status.Key = reading.KeyStatus(l.Status.Key, a.draft.now())
	met := state.Trouble{}
	if refused := reading.Refused; refused != nil && lifecycle.LeaseReason(refused.Reason).Account {
		met = state.Trouble{Reason: refused.Reason, Message: refused.Message}
	}
	a.tellSheet(met)
	return in
}

// unobserved notes why AWS could not be read. A passing error is retried soon, one that people must fix every hour.
func (a acts) unobserved(in lifecycle.Input, err error) lifecycle.Input {
	in.AWSError, in.AWSReason = err.Error(), v1alpha1.ReasonAWSUnavailable
	if !failure.NeedsFix(err) {
		a.use.retryLater(pace.ReadAWS, err)
		return in
	}
	// AWS answered, so earlier failures no longer count, and the attempt that a person asked for was made.
	a.use.succeeded(pace.ReadAWS)
	in.AWSReason, in.Retry = v1alpha1.ReasonAWSForbidden, false
	key := ptr.Deref(a.draft.lease.Status.Key, v1alpha1.KeyStatus{})
	key.ObservedTime = lifecycle.Moment(a.draft.now())
	a.draft.lease.Status.Key = &key
	if failure.Is(err, failure.Credentials) {
		a.tellSheet(state.AWSTrouble(err, a.about.sheet.Spec.AWS.RoleARN))
	}
	return in
}

// tellSheet reports what concerns the whole account.
func (a acts) tellSheet(met state.Trouble) {
	if a.known.SetAWSTrouble(a.about.sheetKey, a.target().AccountID, met) {
		a.wakeSheet(a.about.sheetKey)
	}
}

// userDeletedElsewhere tells whether another lease deleted this pinned user together with the user's last key. If the
// cache cannot tell, the answer is no, and people have to look.
func (a acts) userDeletedElsewhere(ctx context.Context) bool {
	l, pinned := a.draft.lease, a.target().Pin.UserID
	if pinned == "" {
		return false
	}
	leases, err := lookup.OfAccount(ctx, a.client, l.Spec.AccountID)
	return err == nil && slices.ContainsFunc(leases, func(o v1alpha1.AccessKeyLease) bool {
		return o.UID != l.UID && o.Spec.UserName == l.Spec.UserName && o.Status.Key != nil &&
			o.Status.Key.UserID == pinned && lifecycle.UserDeleted(o.Status.Revocation, o.Spec.UserName)
	})
}

// complete records that the key is gone although Keylease did not delete it.
func (a acts) complete(ctx context.Context, reason string) error {
	rev := a.draft.lease.Status.Revocation
	if rev == nil {
		rev = &v1alpha1.RevocationStatus{}
		a.draft.lease.Status.Revocation = rev
	}
	rev.Reason, rev.CompletionTime = reason, lifecycle.Moment(a.draft.now())
	if err := a.draft.save(ctx); err != nil {
		return err
	}
	a.completed()
	a.draft.event(record.Normal, v1alpha1.EventRevoked, reason)
	return nil
}

// completed writes the audit line about how the revocation ended and what was kept on purpose.
func (a acts) completed() {
	rev := a.draft.lease.Status.Revocation
	kv := []any{"reason", rev.Reason, "retained", rev.Retained}
	if rev.SnapshotRef != nil {
		kv = append(kv, "snapshot", rev.SnapshotRef.Name, "snapshotSHA256", rev.SnapshotRef.SHA256)
	}
	a.draft.audit("complete", kv...)
}
