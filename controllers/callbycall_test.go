package controllers_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	testingclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers"
	"github.com/keylease/keylease/controllers/lookup"
	"github.com/keylease/keylease/internal/awsiam"
	"github.com/keylease/keylease/internal/operator"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/emulator/slack"
	"github.com/keylease/keylease/test/fixture"
	"github.com/keylease/keylease/test/world"

	sheetsemulator "github.com/keylease/keylease/test/emulator/sheets"
)

// inProcess hands requests to handlers by their host: no socket is opened.
type inProcess map[string]http.Handler

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	if r = r.Clone(r.Context()); r.Body == nil {
		r.Body = http.NoBody // as a server has it
	}
	p[r.URL.Host].ServeHTTP(answer, r)
	return answer.Result(), nil
}

// indexer registers the controllers' lookups with a fake client.
type indexer struct{ *fake.ClientBuilder }

func (i indexer) IndexField(_ context.Context, o client.Object, field string, f client.IndexerFunc) error {
	i.WithIndex(o, field, f)
	return nil
}

// The simulation needs this: clock, chance, parallelism and transport are values, and what wakes a reconciler is a
// function. What the API server answers is not this test's subject; a fake one is enough.
func TestReconcilersRunCallByCallWithoutManagerCacheQueueOrSocket(t *testing.T) {
	const user, key, accountID = "svc-report", "AKIAKEYLEASE00000002", world.AccountID
	ctx, jst := t.Context(), time.FixedZone("JST", 9*60*60)
	clock := testingclock.NewFakePassiveClock(time.Date(2026, 12, 1, 15, 1, 0, 0, jst))

	google, messages, aws := sheetsemulator.NewServer(clock), slack.New(slack.Options{Clock: clock, Limits: &slack.Limits{}}), iam.New(iam.Options{Clock: clock})
	t.Cleanup(messages.Close)
	google.Add(world.SpreadsheetID, fixture.Rows(t, fixture.Row{User: user, Key: key, Ends: "2026/12/08"}))
	for _, id := range []string{fixture.Owner, "U0ADMIN01"} {
		messages.AddUser(slack.User{ID: id, Name: id})
	}
	account := aws.AddAccount(accountID, iam.PartitionAWS)
	account.AddCredential("AKIAOPERATOR00000001", "arn:aws:sts::"+accountID+":assumed-role/keylease/pod")
	account.AddUser(user)
	account.AddAccessKey(user, iam.AccessKey{ID: key, Created: clock.Now().AddDate(0, -6, 0)})

	transport := inProcess{"google.invalid": google, "slack.invalid": messages, "aws.invalid": aws}
	config := iam.Config("http://aws.invalid", "AKIAOPERATOR00000001")
	config.HTTPClient = &http.Client{Transport: transport}
	deps, err := operator.NewDeps(ctx, operator.Options{
		Clock: clock, Audit: logr.Discard(), Namespace: "keylease", Transport: transport,
		SheetsEmulatorHost: "google.invalid", SlackAPIURL: "http://slack.invalid/api/", SlackBurst: 100,
		AWS: awsiam.Options{Config: config},
	})
	if err != nil {
		t.Fatal(err)
	}
	api := fake.NewClientBuilder().WithScheme(world.Scheme()).WithStatusSubresource(&v1alpha1.AccessKeySheet{}, &v1alpha1.AccessKeyLease{}).
		WithObjects(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "keylease", Name: "slack"}, Data: map[string][]byte{"token": []byte(slack.BotToken)}},
			aSheet(accountID))
	if err := lookup.Register(ctx, indexer{api}); err != nil {
		t.Fatal(err)
	}
	deps.Client = api.Build()
	deps.Live, deps.Events = deps.Client, &events.FakeRecorder{}
	deps.Chance, deps.Writers = func(int64) int64 { return 0 }, 1
	run := controllers.New(deps, func(types.NamespacedName) {}, func(types.NamespacedName) {})

	sheet, lease := types.NamespacedName{Namespace: "keylease", Name: world.SheetName}, types.NamespacedName{Namespace: "keylease", Name: "akiakeylease00000002"}
	both := func(at time.Time) {
		t.Helper()
		clock.SetTime(at)
		if _, err := run.Sheets.Reconcile(ctx, ctrl.Request{NamespacedName: sheet}); err != nil {
			t.Fatal(err)
		}
		if _, err := run.Leases.Reconcile(ctx, ctrl.Request{NamespacedName: lease}); err != nil {
			t.Fatal(err)
		}
	}
	both(clock.Now())
	if got := len(messages.AllMessages()); got != 2 {
		t.Errorf("%d messages after the notice, want the owner's and the admin's", got)
	}
	for day := 2; day < 9; day++ { // after a week away, Keylease warns again
		both(time.Date(2026, 12, day, 15, 1, 0, 0, jst))
	}
	for minute := range 3 {
		both(time.Date(2026, 12, 9, 15, 1+minute, 0, 0, jst))
	}
	if got := account.KeyStatus(key); got != "" {
		t.Errorf("after its end the key is %q", got)
	}
	l := &v1alpha1.AccessKeyLease{}
	if err := deps.Client.Get(ctx, lease, l); err != nil || l.Status.Phase != v1alpha1.PhaseRevoked {
		t.Errorf("the lease is %s (%v): %+v", l.Status.Phase, err, l.Status.Conditions)
	}
}

func aSheet(accountID string) *v1alpha1.AccessKeySheet {
	s := &v1alpha1.AccessKeySheet{ObjectMeta: metav1.ObjectMeta{Namespace: "keylease", Name: world.SheetName, Generation: 1}}
	s.Spec.SpreadsheetID = world.SpreadsheetID
	s.Spec.Requests = v1alpha1.RequestsTab{Tab: "key_request_form", Columns: v1alpha1.RequestColumns{
		FullName: "B", Purpose: "C", Resource: "E", StartDate: "H", EndDate: "I", UserName: "J", Status: "K", AccessKeyID: "L"}}
	s.Spec.Users = v1alpha1.UsersTab{Tab: "users_json", Columns: v1alpha1.UserColumns{SlackUserID: "A", LastName: "D", FirstName: "E"}}
	s.Spec.Slack = v1alpha1.SlackAccess{TokenSecretRef: v1alpha1.SecretKeyReference{Name: "slack", Key: "token"}, Admins: []string{"U0ADMIN01"}, Language: "ja"}
	s.Spec.AWS = v1alpha1.AWSAccess{AccountID: accountID, Partition: "aws"}
	s.Spec.Schedule = v1alpha1.Schedule{TimeZone: "Asia/Tokyo", DailyAt: "15:00", NoticeDays: []int32{7}}
	s.Spec.Mode = "Enforce"
	s.Spec.Marks = v1alpha1.Marks{Notified: "通知済み", Expired: "期限切れ", Revoked: "削除済み", Extended: "延長申請済み"}
	return s
}
