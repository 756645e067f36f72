package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/teardown"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/expect"
	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"
)

// fullUser has one of everything that DeleteUser and DeletePolicy refuse for.
func (s *stage) fullUser(r fixture.Row) {
	own := s.Account.AddPolicy(r.User, "/", "", iam.WithVersions(2))
	s.Account.AddUser(r.User, iam.WithTag("team", "data"), iam.WithLoginProfile(), iam.WithVirtualMFA(r.User),
		iam.WithHardwareMFA("GAHT"+r.Key[len(r.Key)-8:]), iam.WithSSHKey(), iam.WithSigningCertificate(),
		iam.WithServiceCredential("codecommit.amazonaws.com"), iam.WithInlinePolicy("first", ""),
		iam.WithAttachedPolicy(own, "arn:aws:iam::"+world.AccountID+":policy/shared"), iam.WithGroup("staff"))
	s.Account.AddAccessKey(r.User, iam.AccessKey{ID: r.Key, Created: fixture.JST("2026-06-01 09:00")})
}

// deletion is one key's end, watched call by call, and perhaps cut short behind one of them.
type deletion struct {
	*stage
	row fixture.Row
	// killBehind is the number of the call, from 1, behind which the process dies; 0: it lives.
	killBehind int

	mu sync.Mutex
	// calls so far; life those of the process that runs now.
	calls  int
	life   []string
	killed string
	wrong  []string
}

// watch every call from now on.
func (d *deletion) watch() {
	d.IAM.SetHooks(iam.Hooks{Before: d.arrives, After: d.carriedOut})
	d.IAM.Inject(iam.Fault{LoseAnswer: true, Match: func(iam.Call) bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.calls == d.killBehind
	}})
}

func (d *deletion) arrives(c iam.Call) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls++
	if c.Changing() && c.Service == "iam" {
		if broken := d.forbidden(c); broken != "" {
			d.wrong = append(d.wrong, c.Action+": "+broken)
		}
	}
	d.life = append(d.life, c.Action)
}

func (d *deletion) carriedOut(c iam.Call) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.calls == d.killBehind && d.killed == "" {
		d.killed = c.Action
		d.Operator().Kill()
	}
}

// forbidden is what a changing call lacks of what the guards ask for, as the cluster and the calls so far show it.
func (d *deletion) forbidden(c iam.Call) string {
	l := &v1alpha1.AccessKeyLease{}
	if err := d.Get(d.Context(), strings.ToLower(d.row.Key), l); err != nil {
		return err.Error()
	}
	rev := l.Status.Revocation
	told := func(n v1alpha1.NoticeStatus) bool {
		return n.Kind == v1alpha1.NoticeExpiry && n.Term == l.Status.Term.Number && n.State == v1alpha1.NoticeDelivered
	}
	looked := func(actions ...string) bool {
		return !slices.ContainsFunc(actions, func(a string) bool { return !slices.Contains(d.life, a) })
	}
	onKey := strings.HasSuffix(c.Action, "AccessKey")
	switch {
	case !strings.Contains(fmt.Sprint(c.Params), d.row.User):
		return "it is on something else: " + fmt.Sprint(c.Params)
	case l.Spec.EndDate >= d.Clock.Now().In(fixture.Tokyo).Format(time.DateOnly) || !slices.ContainsFunc(l.Status.Notices, told):
		return "the key has not ended, or nobody was told"
	case rev == nil || rev.Intent == nil || rev.Intent.Action != c.Action:
		return "its intent is not recorded"
	case !looked("GetCallerIdentity", "GetUser") || onKey && !looked("ListUserTags", "ListAccessKeys"):
		return "AWS was not asked since the process began"
	case !onKey && (rev.KeyDeletedTime == nil || rev.SnapshotRef == nil || rev.Policy == nil):
		return "the key is still there, or no snapshot was taken, or the policy is not pinned"
	}
	return ""
}

// ending is how it ended, without what differs between two users.
type ending struct {
	Phase, Reason string
	Steps         []string
	Retained      []v1alpha1.Retained
	Intent        bool
	Mark          string
	Snapshot      teardown.Snapshot
}

func (d *deletion) ending() ending {
	d.Helper()
	l := d.Lease(d.row.Key)
	rev := l.Status.Revocation
	if rev == nil || rev.SnapshotRef == nil {
		d.Fatalf("the revocation is %+v (%s)", rev, expect.Ready(l))
	}
	e := ending{Phase: string(l.Status.Phase), Reason: rev.Reason, Retained: rev.Retained, Intent: rev.Intent != nil}
	for _, step := range rev.Steps {
		e.Steps = append(e.Steps, step.Action)
	}
	slices.Sort(e.Steps)
	row, _ := d.Form().FindRow("L", d.row.Key)
	e.Mark = d.Cell(fmt.Sprint("K", row))
	secret := &corev1.Secret{}
	d.Must(d.Get(d.Context(), rev.SnapshotRef.Name, secret))
	for _, data := range secret.Data {
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != rev.SnapshotRef.SHA256 {
			d.Errorf("the snapshot is not the one of the status")
		}
		d.Must(json.Unmarshal([]byte(strings.ReplaceAll(string(data), d.row.User, "USER")), &e.Snapshot))
	}
	e.Snapshot.UserID, e.Snapshot.CreateDate = "", time.Time{}
	return e
}

// run the whole end of a key that is appended to the sheet, and give the number of calls that its deletion took.
func (d *deletion) run() int {
	d.Helper()
	d.fullUser(d.row)
	_, err := d.Form().AppendRow("", fullName, "試験", "", "S3", "", "", "2026/06/01", d.row.Ends, d.row.User, "", d.row.Key)
	d.Must(err)
	d.Sync()
	d.ExpectPhase(d.row.Key, v1alpha1.PhaseExpired)
	d.watch()
	defer d.IAM.SetHooks(iam.Hooks{})
	defer d.IAM.ClearFaults()
	if d.killBehind > 0 {
		d.Die()
		d.life = nil
		d.Restart()
	}
	for range 20 {
		gone := d.Lease(d.row.Key).Status.Phase == v1alpha1.PhaseRevoked
		d.Soon(10 * time.Second) // in which people are told
		if gone {
			break
		}
	}
	for _, w := range d.wrong {
		d.Errorf("a call that the guards forbid, killed behind call %d (%s): %s", d.killBehind, d.killed, w)
	}
	return d.calls
}

// TestAKillOfTheOperatorBehindAnyCallChangesNothing: a user with every leftover that IAM refuses for, in pages of one. The
// process dies behind the first call of the deletion, for the next user behind the second, and so on; another process
// finds the end that one without any death finds. Four stages share the calls, so that it takes a quarter of the time.
func TestAKillOfTheOperatorBehindAnyCallChangesNothing(t *testing.T) {
	const stages = 4
	for first := 1; first <= stages; first++ {
		t.Run(fmt.Sprintf("call %d and every fourth behind it", first), func(t *testing.T) {
			t.Parallel()
			killBehindCalls(t, first, stages)
		})
	}
}

// killBehindCalls from the first on, by steps.
func killBehindCalls(t *testing.T, first, step int) {
	t.Helper()
	s := newStage(t, "2026-12-01 14:00", func(o *world.Options) { o.IAM.PageSize = 1 })
	s.Seed(fixture.Rows(t))
	s.Account.AddPolicy("shared", "/", "")
	s.Account.AddUser("bystander", iam.WithGroup("staff"), iam.WithVirtualMFA("bystander"))
	s.Begin(atMost(1000), func(a *v1alpha1.AccessKeySheet) {
		a.Spec.Schedule.MinimumNotice = &metav1.Duration{Duration: time.Minute}
		a.Spec.AWS.KeepConsoleUsers, a.Spec.AWS.ReportUnleased = ptr.To(false), ptr.To(false)
	})
	before := s.Account.Inventory()
	rows := fixture.RowsOf(1000, "2026/11/20")
	undisturbed := &deletion{stage: s, row: rows[0]}
	calls := undisturbed.run()
	want := undisturbed.ending()
	if want.Phase != string(v1alpha1.PhaseRevoked) || len(want.Steps) < 16 {
		t.Fatalf("undisturbed it ended so: %+v (%s)", want, expect.Ready(s.Lease(rows[0].Key)))
	}
	for n := first; n <= calls; n += step {
		d := &deletion{stage: s, row: rows[n], killBehind: n}
		d.run()
		if diff := cmp.Diff(want, d.ending()); diff != "" {
			t.Errorf("killed behind call %d, %s, the end is another (-want +got):\n%s", n, d.killed, diff)
		}
		for _, to := range []string{owner, admin, admin2} {
			s.ExpectTold(to, 2, d.row.User)
		}
	}
	if diff := cmp.Diff(before, s.Account.Inventory()); diff != "" {
		t.Errorf("the account (-want +got):\n%s", diff)
	}
	s.ExpectOneOfEach()
}
