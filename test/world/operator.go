package world

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers"
	"github.com/keylease/keylease/internal/awsiam"
	"github.com/keylease/keylease/internal/googlesheets"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/slackapi"
)

// Operator is a running one, in this process, with the production adapters and the world's clock.
type Operator struct {
	clock *Clock
	// Cached is the operator's own client: what it believes.
	cached client.Client
	world  *World
	cancel context.CancelFunc
	done   chan error
}

// Start an operator in the world's namespace. It ends with Stop; several may be started one after the other, as after a
// crash. The process's environment must hold World.Environment.
func (w *World) Start(ctx context.Context, stepped *Clock, log, audit logr.Logger, change ...func(*controllers.Deps)) (*Operator, error) {
	namespaces := map[string]cache.Config{}
	for _, namespace := range w.namespaces() {
		namespaces[namespace] = cache.Config{}
	}
	mgr, err := ctrl.NewManager(w.Config, ctrl.Options{
		Scheme: Scheme(), Logger: log,
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Cache:      cache.Options{DefaultNamespaces: namespaces, DefaultTransform: cache.TransformStripManagedFields()},
		Client:     client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
		Controller: config.Controller{SkipNameValidation: ptr.To(true)},
	})
	if err != nil {
		return nil, fmt.Errorf("world: manager: %w", err)
	}
	aws, err := awsiam.NewFactory(ctx, awsiam.Options{Clock: w.Clock, Rate: 1000, Burst: 1000, MaxBackoff: time.Millisecond})
	if err != nil {
		return nil, err
	}
	deps := &controllers.Deps{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Events: mgr.GetEventRecorder("keylease"),
		Clock: w.Clock, Audit: audit, Namespace: w.Namespace, NewQueue: stepped.NewQueue,
		Sheets: func(ctx context.Context, credentials []byte) (controllers.Spreadsheets, error) {
			return googlesheets.New(ctx, googlesheets.Options{CredentialsJSON: credentials, EmulatorHost: w.SheetsHost()})
		},
		Slack: slackFactory(w.Slack.APIURL(), w.Clock),
		AWS: func(ctx context.Context, a lifecycle.AWSAccess) (controllers.AWS, error) {
			return aws.For(ctx, a)
		},
	}
	for _, f := range change {
		f(deps)
	}
	if err := controllers.Setup(mgr, deps); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	w.news.doubt() // of what the new one knows
	o := &Operator{clock: stepped, cached: mgr.GetClient(), world: w, cancel: cancel, done: make(chan error, 1)}
	go func() { o.done <- mgr.Start(ctx) }()
	if !mgr.GetCache().WaitForCacheSync(ctx) {
		cancel()
		return nil, fmt.Errorf("world: the cache did not fill: %w", <-o.done)
	}
	return o, nil
}

// slackFactory never paces: the clock stands while messages go out.
func slackFactory(url string, c clock.PassiveClock) func(string) controllers.Slack {
	return func(token string) controllers.Slack {
		client, err := slackapi.New(slackapi.Options{Token: token, BaseURL: url, Clock: c, Burst: 1 << 20})
		if err != nil {
			panic(err) // the emulator's own address
		}
		return client
	}
}

// Stop the operator, as a process that ends. Stopping it again does nothing.
func (o *Operator) Stop() error {
	o.cancel()
	err := <-o.done
	o.done <- err
	return err
}

// Kill the operator where it stands: nothing that it is doing is finished or recorded. Stop waits for its end.
func (o *Operator) Kill() { o.cancel() }

// Settle waits until the operator has nothing to do at this moment and has heard of everything that is so.
func (o *Operator) Settle(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case err := <-o.done:
			o.done <- err
			cancel(fmt.Errorf("the operator ended: %w", err))
		case <-ctx.Done():
		}
	}()
	return o.clock.Settle(ctx, o.caughtUp)
}

// caughtUp tells whether the operator's cache shows all that was written to the API server.
func (o *Operator) caughtUp(ctx context.Context) (bool, error) {
	open, unsure := o.world.news.open()
	look := func(ctx context.Context) (bool, error) { return o.shows(ctx, open) }
	if unsure {
		look = o.showsAll
	}
	same, err := look(ctx)
	switch {
	case err != nil || (unsure && !same):
		o.world.news.doubt()
	case same:
		o.world.news.old(open)
	}
	return same, err
}

// shows tells whether the cache has these versions, or newer ones.
func (o *Operator) shows(ctx context.Context, open map[object]string) (bool, error) {
	for name, version := range open {
		if !slices.Contains(o.world.namespaces(), name.namespace) {
			continue
		}
		var into client.Object = &v1alpha1.AccessKeyLease{}
		if name.resource == "accesskeysheets" {
			into = &v1alpha1.AccessKeySheet{}
		}
		err := o.cached.Get(ctx, client.ObjectKey{Namespace: name.namespace, Name: name.name}, into)
		if apierrors.IsNotFound(err) || (err == nil && older(into.GetResourceVersion(), version)) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("world: the operator's cache: %w", err)
		}
	}
	return true, nil
}

// showsAll tells whether the cache and the API server have the same, whoever wrote it. The server is asked for metadata only.
func (o *Operator) showsAll(ctx context.Context) (bool, error) {
	for kind, cached := range map[string]client.ObjectList{
		"AccessKeyLeaseList": &v1alpha1.AccessKeyLeaseList{}, "AccessKeySheetList": &v1alpha1.AccessKeySheetList{},
	} {
		served := &metav1.PartialObjectMetadataList{}
		served.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
		for _, namespace := range o.world.namespaces() {
			live, err := versions(ctx, o.world.Client, served, namespace)
			if err != nil {
				return false, err
			}
			believed, err := versions(ctx, o.cached, cached, namespace)
			if err != nil {
				return false, err
			}
			if !maps.Equal(live, believed) {
				return false, nil
			}
		}
	}
	return true, nil
}

func versions(ctx context.Context, c client.Reader, list client.ObjectList, namespace string) (map[string]string, error) {
	if err := c.List(ctx, list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("world: list: %w", err)
	}
	out := map[string]string{}
	return out, meta.EachListItem(list, func(item runtime.Object) error {
		object, err := meta.Accessor(item)
		if err == nil {
			out[object.GetName()] = object.GetResourceVersion()
		}
		return err
	})
}

// Until lets time pass to a moment: see Clock.Until.
func (o *Operator) Until(ctx context.Context, to time.Time, step time.Duration) error {
	return o.clock.Until(ctx, to, step, o.Settle)
}
