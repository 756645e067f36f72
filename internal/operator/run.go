package operator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers"
	"github.com/keylease/keylease/internal/metrics"
)

// Run runs the operator until the context ends, which is not an error: running steps are finished and recorded first.
// With LeaderElection the process must end after Run, because the lock was released.
func Run(ctx context.Context, o Options) error {
	mgr, err := New(ctx, o)
	if err != nil {
		return err
	}
	o = o.withDefaults()
	o.Log.Info("starting", "version", o.Version, "namespace", o.Namespace, "server", o.REST.Host,
		"sheetsEmulator", o.SheetsEmulatorHost, "slackAPIURL", o.SlackAPIURL)
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("the operator ended: %w", err)
	}
	o.Log.Info("stopped")
	return nil
}

// New makes a manager with the controllers and everything they need; change may replace some of it. Nothing runs before
// the manager is started.
func New(ctx context.Context, o Options, change ...func(*controllers.Deps)) (ctrl.Manager, error) {
	if o.REST == nil {
		return nil, errors.New("operator: Options.REST names no API server")
	}
	o = o.withDefaults()
	deps, err := NewDeps(ctx, o)
	if err != nil {
		return nil, err
	}
	scheme, err := Scheme()
	if err != nil {
		return nil, err
	}
	mgr, err := ctrl.NewManager(o.REST, o.manager(scheme))
	if err != nil {
		return nil, fmt.Errorf("API server %s: %w", o.REST.Host, err)
	}
	if err := installed(mgr.GetRESTMapper(), o.REST.Host); err != nil {
		return nil, err
	}
	if err := metrics.Register(ctrlmetrics.Registry); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	if err := probes(mgr); err != nil {
		return nil, err
	}
	deps.Client, deps.Live, deps.Events = mgr.GetClient(), mgr.GetAPIReader(), mgr.GetEventRecorder("keylease")
	for _, f := range change {
		f(deps)
	}
	return mgr, controllers.Setup(mgr, deps)
}

// NewDeps makes the production adapters, but no clients of an API server.
func NewDeps(ctx context.Context, o Options) (*controllers.Deps, error) {
	o = o.withDefaults()
	slack, err := slackFactory(o)
	if err != nil {
		return nil, err
	}
	texts, err := readTexts(o.TemplatesDir)
	if err != nil {
		return nil, err
	}
	aws, err := awsFactory(ctx, o.AWS)
	if err != nil {
		return nil, err
	}
	return &controllers.Deps{
		Clock: o.Clock, Audit: o.Audit,
		Sheets: googleFactory(o), Slack: slack, AWS: aws, Texts: texts,
		Namespace: o.Namespace, CredentialsNamespaces: o.CredentialsNamespaces,
		NewQueue: o.NewQueue, Workers: o.Workers,
	}, nil
}

// installed fails at once if the definitions are missing. Otherwise that would show minutes later, as a cache that does
// not fill.
func installed(mapper meta.RESTMapper, host string) error {
	for _, kind := range []string{"AccessKeySheet", "AccessKeyLease"} {
		gk := schema.GroupKind{Group: v1alpha1.GroupVersion.Group, Kind: kind}
		_, err := mapper.RESTMapping(gk, v1alpha1.GroupVersion.Version)
		if meta.IsNoMatchError(err) {
			return fmt.Errorf("API server %s does not know %s: install the CustomResourceDefinitions (make install)", host, gk)
		}
		if err != nil {
			return fmt.Errorf("API server %s: %w", host, err)
		}
	}
	return nil
}

// probes: the process is alive if it answers, and ready once its cache is filled.
func probes(mgr ctrl.Manager) error {
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return err
	}
	return mgr.AddReadyzCheck("cache", cacheFilled(mgr.GetCache()))
}

func cacheFilled(c cache.Cache) healthz.Checker {
	return func(r *http.Request) error {
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		if !c.WaitForCacheSync(ctx) {
			return errors.New("the cache is not filled yet")
		}
		return nil
	}
}
