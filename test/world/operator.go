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

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers"
	"github.com/keylease/keylease/internal/operator"
)

// Operator is a running operator in this process: the shipped one, with the world's clock.
type Operator struct {
	clock  *Clock
	world  *World
	heard  *deliveries
	cancel context.CancelFunc
	done   chan error
}

// Start starts an operator in the world's namespace. End it with Stop. Several may be started one after the other, as
// after a crash.
func (w *World) Start(ctx context.Context, stepped *Clock, log, audit logr.Logger, change ...func(*controllers.Deps)) (*Operator, error) {
	o := &Operator{clock: stepped, world: w, heard: &deliveries{clock: stepped}, done: make(chan error, 1)}
	mgr, err := operator.New(ctx, operator.Options{
		REST: w.Config, Namespace: w.Namespace, Version: "test",
		SheetsEmulatorHost: w.SheetsHost(), SlackAPIURL: w.Slack.APIURL(), AWS: w.AWS,
		// The clock stands still while messages are sent, so a rate by that clock would never be met.
		SlackBurst: 1 << 20,
		Log:        log, Audit: audit, Clock: w.Clock, NewQueue: stepped.NewQueue,
		Manager: o.manager,
	}, change...)
	if err != nil {
		return nil, err
	}
	ctx, o.cancel = context.WithCancel(ctx)
	w.news.doubt() // the new operator knows nothing yet
	go func() { o.done <- mgr.Start(ctx) }()
	if !mgr.GetCache().WaitForCacheSync(ctx) {
		o.cancel()
		return nil, fmt.Errorf("world: the cache did not fill: %w", <-o.done)
	}
	return o, nil
}

// manager sets the options of one of many operators in the process.
func (o *Operator) manager(options *ctrl.Options) {
	options.Cache.DefaultNamespaces = map[string]cache.Config{}
	for _, namespace := range o.world.namespaces() {
		options.Cache.DefaultNamespaces[namespace] = cache.Config{}
	}
	options.NewCache = o.heard.cache
	options.MapperProvider = mapperOf
}

// Stop ends the operator, as a process ends. Stopping it again does nothing.
func (o *Operator) Stop() error {
	o.cancel()
	err := <-o.done
	o.done <- err
	return err
}

// Kill ends the operator at once: what it is doing is neither finished nor recorded. Stop waits for its end.
func (o *Operator) Kill() { o.cancel() }

// Settle waits until the operator has nothing to do at this moment and knows everything that was written.
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

// caughtUp tells whether the operator's controllers have received everything that was written to the API server.
func (o *Operator) caughtUp(ctx context.Context) (bool, error) {
	open, unsure := o.world.news.open()
	maps.DeleteFunc(open, func(of object, _ string) bool { return !slices.Contains(o.world.namespaces(), of.namespace) })
	same, err := !o.heard.behind(open), error(nil)
	if unsure {
		same, err = o.heardOfAll(ctx)
	}
	switch {
	case err != nil || (unsure && !same):
		o.world.news.doubt()
	case same:
		o.world.news.old(open)
	}
	return same, err
}

// heardOfAll tells whether the controllers have received what the API server has, whoever wrote it. It asks the server
// for metadata only.
func (o *Operator) heardOfAll(ctx context.Context) (bool, error) {
	for kind, resource := range map[string]string{"AccessKeyLeaseList": leaseResource, "AccessKeySheetList": sheetResource} {
		served := map[object]string{}
		for _, namespace := range o.world.namespaces() {
			list := &metav1.PartialObjectMetadataList{}
			list.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
			if err := o.world.Client.List(ctx, list, client.InNamespace(namespace)); err != nil {
				return false, fmt.Errorf("world: list: %w", err)
			}
			for _, item := range list.Items {
				served[object{item.Namespace, resource, item.Name}] = item.ResourceVersion
			}
		}
		if !o.heard.same(resource, served) {
			return false, nil
		}
	}
	return true, nil
}

// Until lets time pass to a moment: see Clock.Until.
func (o *Operator) Until(ctx context.Context, to time.Time, step time.Duration) error {
	return o.clock.Until(ctx, to, step, o.Settle)
}
