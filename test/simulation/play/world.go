// Package play runs one simulated world: the production reconcilers, call by call, between an API server, the emulators
// of the three services, and people, on one clock. Everything that happens comes from a story, so it happens in the same
// way each time.
package play

import (
	"context"
	"net/http"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	testclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	runtimemetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/test/emulator/apiserver"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/emulator/slack"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// Names of what every world has.
const (
	Namespace     = "keylease" // the default
	SpreadsheetID = "1simulated"
	SheetName     = "key-requests"
	AccountID     = "123456789012"

	otherAccountID = "999999999999"

	operatorKey = "AKIAOPERATOR00000001"
	googleHost  = "google.invalid"
	slackHost   = "slack.invalid"
	awsHost     = "aws.invalid"
)

// principalIn an account is the operator's.
func principalIn(account string) string {
	return "arn:aws:sts::" + account + ":assumed-role/keylease/pod"
}

// API is an API server.
type API struct {
	// Client of it, without a cache.
	Client client.Client
	// Watch calls f for every change from now on.
	Watch func(f func(apiserver.Event))
	// Memory is the server in memory; nil: it is a real one.
	Memory *apiserver.Server
}

// Options of a world. The zero value is ready for use.
type Options struct {
	// Namespace of the operator and the sheet. Worlds that run at the same time need one each, because the program's
	// metrics tell them apart by it. Default: keylease.
	Namespace string
	// NewAPI gives the API server of a cluster. Default: one in memory.
	NewAPI func(clock clock.PassiveClock) (API, error)
	// Watch is called after each step; when it returns true, the play is over.
	Watch func(*World) bool
}

func inMemory(clock clock.PassiveClock) (API, error) {
	s, err := apiserver.New(clock)
	if err != nil {
		return API{}, err
	}
	return API{Client: s.Client(), Watch: s.Watch, Memory: s}, nil
}

// cluster is an API server. Its processes run the operator, in one namespace.
type cluster struct {
	name, namespace string
	api             *apiserver.Server
	client          client.Client
}

// World is one world. The acts of a story change it.
type World struct {
	Options
	Clock   *testclock.FakePassiveClock
	Ledger  *ledger.Ledger
	Book    *sheets.Spreadsheet
	Sheets  *sheets.Server
	Slack   *slack.Server
	IAM     *iam.Server
	Account *iam.Account

	context   context.Context
	http      *http.Client
	clusters  []*cluster
	processes []*process
	stage     stage
	company
	troubles
	observer
}

// company is what acts must know of those before.
type company struct {
	// users of the keys that were issued.
	users map[int]string
	// sheetName is the AccessKeySheet's.
	sheetName string
	// other is an AWS account of others.
	other *iam.Account
	// backup of the first cluster's objects.
	backup backup
	// deleted is the AccessKeySheet that will be made again; nil: it is there. edits of its spec were not taken back yet.
	deleted *v1alpha1.AccessKeySheet
	edits   []*edit
}

// troubles that acts have put in.
type troubles struct {
	apiTroubles []*apiTrouble
	late        []*lateness
	// open are troubles that something else has. They have ended with calm at the latest.
	open []*trouble
	// unreachable counts the troubles that keep Slack from each recipient.
	unreachable map[string]int
}

// New world at a moment. Nobody works in it and no operator runs.
func New(now time.Time, o Options) (*World, error) {
	if o.Namespace == "" {
		o.Namespace = Namespace
	}
	if o.NewAPI == nil {
		o.NewAPI = inMemory
	}
	if err := metrics.Register(runtimemetrics.Registry); err != nil { // as the program does
		return nil, err
	}
	w := &World{Options: o, Clock: testclock.NewFakePassiveClock(now), Ledger: ledger.New(), context: context.Background()}
	w.users, w.sheetName = map[int]string{}, SheetName
	w.stage.yielded = make(chan struct{})
	w.Sheets = sheets.NewServer(w.Clock)
	w.Slack = slack.NewHandler(slack.Options{Clock: w.Clock, Limits: &slack.Limits{}, PageSize: 100})
	w.IAM = iam.New(iam.Options{Clock: w.Clock})
	w.Account = w.IAM.AddAccount(AccountID, iam.PartitionAWS)
	w.Account.AddCredential(operatorKey, principalIn(AccountID))
	w.http = &http.Client{Transport: transport{w, map[string]http.Handler{googleHost: w.Sheets, slackHost: w.Slack, awsHost: w.IAM}}}
	if err := w.addCluster("first", w.Namespace); err != nil {
		return nil, err
	}
	if err := w.openBook(); err != nil {
		return nil, err
	}
	w.listen()
	return w, nil
}

// addCluster makes an API server with what an administrator puts there before the operator starts.
func (w *World) addCluster(name, namespace string) error {
	api, err := w.NewAPI(w.Clock)
	if err != nil {
		return err
	}
	c := &cluster{name: name, namespace: namespace, api: api.Memory, client: api.Client}
	w.clusters = append(w.clusters, c)
	api.Watch(func(e apiserver.Event) { w.changed(c, e) })
	for range w.clusters { // UIDs are counted, and two clusters must not have the same kube-system
		if err := c.client.Create(w.context, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: name + "-"}}); err != nil {
			return err
		}
	}
	for _, o := range []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "kube-system"}},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "slack"}, Data: map[string][]byte{"token": []byte(slack.BotToken)}},
	} {
		if err := c.client.Create(w.context, o); client.IgnoreAlreadyExists(err) != nil {
			return err
		}
	}
	return nil
}

// Cluster is the first cluster, as kubectl reaches it.
func (w *World) Cluster() client.Client { return w.clusters[0].client }

// runs tells whether an operator lives in a cluster.
func (w *World) runs(in *cluster) bool {
	return slices.ContainsFunc(w.living(), func(p *process) bool { return p.of == in })
}

// living processes.
func (w *World) living() []*process {
	var living []*process
	for _, p := range w.processes {
		if !p.dead {
			living = append(living, p)
		}
	}
	return living
}
