package play

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/keylease/keylease/controllers"
	"github.com/keylease/keylease/controllers/lookup"
	"github.com/keylease/keylease/internal/awsiam"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/internal/operator"
	"github.com/keylease/keylease/internal/pace"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// Names of the queues.
const (
	sheetQueue   = "accesskeysheet"
	leaseQueue   = "accesskeylease"
	accountQueue = "accountcheck"
)

// process is one running operator: the production reconcilers with a cache and queues.
type process struct {
	name string
	// of is the cluster that it runs in.
	of    *cluster
	cache *cache
	// sheets, leases and accounts are the queues of the three controllers.
	sheets, leases, accounts *queue
	reconcilers              controllers.Reconcilers
	// dead: killed. diesBehind: it is killed when its present call was carried out.
	dead, diesBehind bool
	// frozenUntil: it stands still, as on a machine that was suspended.
	frozenUntil time.Time
}

func (p *process) queues() []*queue { return []*queue{p.sheets, p.leases, p.accounts} }

// boot an operator, as the program does.
func (w *World) boot(of *cluster) (*process, error) {
	p := &process{of: of, name: fmt.Sprintf("operator-%d", len(w.processes)+1)}
	if of != w.clusters[0] {
		p.name = fmt.Sprint(ledger.OtherCluster, len(w.processes)+1)
	}
	for _, q := range []struct {
		of   **queue
		name string
	}{{&p.sheets, sheetQueue}, {&p.leases, leaseQueue}, {&p.accounts, accountQueue}} {
		*q.of = newQueue(q.name, w.Clock.Now, pace.QueueLimiter[reconcile.Request]())
	}
	p.cache = newCache(p)
	deps, err := w.deps(p)
	if err != nil {
		return nil, err
	}
	p.reconcilers = controllers.New(deps, alive(p, p.sheets.wake), alive(p, p.leases.wake))
	if !w.runs(of) {
		metrics.ForgetSheet(of.namespace, w.sheetName) // a process begins with empty metrics
	}
	if err := p.cache.fill(w.context, of.client, of.namespace); err != nil {
		return nil, err
	}
	w.processes = append(w.processes, p)
	return p, nil
}

// alive drops what a dead process still asks for.
func alive(p *process, wake func(types.NamespacedName)) func(types.NamespacedName) {
	return func(key types.NamespacedName) {
		if !p.dead {
			wake(key)
		}
	}
}

func (w *World) deps(p *process) (*controllers.Deps, error) {
	config := iam.Config("http://aws.invalid", operatorKey)
	config.HTTPClient = w.http
	deps, err := operator.NewDeps(w.context, operator.Options{
		Clock: w.Clock, Audit: logr.New(&auditSink{w: w, p: p}), Namespace: p.of.namespace, Transport: w.http.Transport,
		SheetsEmulatorHost: "google.invalid", SlackAPIURL: "http://slack.invalid/api/", SlackBurst: 1 << 20,
		AWS: awsiam.Options{Config: config, Rate: 1e9, Burst: 1 << 30, MaxBackoff: time.Microsecond},
	})
	if err != nil {
		return nil, err
	}
	deps.Client = cached{server: server{w, p.of}, cache: p.cache}
	deps.Live, deps.Events = server{w, p.of}, &events.FakeRecorder{}
	deps.Chance, deps.Writers = func(n int64) int64 { return n / 2 }, 1
	return deps, lookup.Register(w.context, p.cache)
}

// reconcile one item, as its controller does.
func (p *process) reconcile(ctx context.Context, q *queue, item reconcile.Request) (reconcile.Result, error) {
	switch q {
	case p.sheets:
		return p.reconcilers.Sheets.Reconcile(ctx, item)
	case p.leases:
		return p.reconcilers.Leases.Reconcile(ctx, item)
	default:
		return p.reconcilers.Accounts.Reconcile(ctx, item)
	}
}

// kill a process between two calls: nothing that it still does has an effect.
func (w *World) kill(p *process) {
	p.dead = true
	for _, q := range p.queues() {
		q.ready, q.delayed = nil, nil
	}
}

var _ client.Client = cached{}
