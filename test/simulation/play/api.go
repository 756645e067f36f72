package play

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
)

// server is the API server as an operator's process reaches it: each request is a call that can fail.
type server struct {
	w  *World
	to *cluster
}

// trouble of the API server with some of the next requests.
type apiTrouble struct {
	// op is "apply", "status" or "read"; empty: any. name restricts it to one object.
	op, name string
	// effect: see refuse.
	effect string
	// times left; negative: until it is ended.
	times int
}

// do sends a request. A trouble refuses it, or loses its answer.
func (s server) do(ctx context.Context, op, kind, name string, request func() error) error {
	var err error
	dead := s.w.outside(ctx, call{"api", op + " " + kind}, func() bool {
		trouble := s.w.apiTrouble(op, name)
		if trouble == nil {
			err = request()
			return err == nil
		}
		performed := strings.HasPrefix(trouble.effect, "lost")
		if performed {
			err = request()
		}
		err = refuse(trouble.effect, kind, name, err)
		return false
	})
	if dead != nil {
		return dead
	}
	return err
}

func (w *World) apiTrouble(op, name string) *apiTrouble {
	for _, t := range w.apiTroubles {
		if t.times == 0 || (t.op != "" && t.op != op) || (t.name != "" && t.name != name) {
			continue
		}
		t.times--
		return t
	}
	return nil
}

// refuse gives the error of a trouble: conflict, timeout (nothing was done), lost (it was done), refused (by an admission
// webhook), unavailable.
func refuse(effect, kind, name string, err error) error {
	resource := schema.GroupResource{Group: v1alpha1.GroupVersion.Group, Resource: strings.ToLower(kind) + "s"}
	switch effect {
	case "conflict":
		return apierrors.NewConflict(resource, name, fmt.Errorf("the object has been modified; please apply your changes to the latest version and try again"))
	case "timeout":
		return apierrors.NewTimeoutError("request did not complete within the allowed timeout", 0)
	case "lost":
		if err != nil {
			return err // it failed, and that answer arrived
		}
		return apierrors.NewTimeoutError("request did not complete within the allowed timeout", 0)
	case "refused":
		return apierrors.NewForbidden(resource, name, fmt.Errorf("admission webhook \"policy.example.com\" denied the request"))
	default:
		return apierrors.NewServiceUnavailable("the server is currently unable to handle the request")
	}
}

func kindOf(o any) string {
	name := fmt.Sprintf("%T", o)
	name = name[strings.LastIndex(name, ".")+1:]
	return strings.TrimSuffix(name, "ApplyConfiguration")
}

// Get past the cache.
func (s server) Get(ctx context.Context, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
	return s.do(ctx, "read", kindOf(into), key.Name, func() error { return s.to.client.Get(ctx, key, into, options...) })
}

// List past the cache.
func (s server) List(ctx context.Context, into client.ObjectList, options ...client.ListOption) error {
	return s.do(ctx, "read", kindOf(into), "", func() error { return s.to.client.List(ctx, into, options...) })
}

// cached is the client of the reconcilers: leases and sheets are read from the cache, all else goes to the server. What
// they do not use panics.
type cached struct {
	client.Client
	server server
	cache  *cache
}

func (c cached) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	return c.cache.get(key, into)
}

func (c cached) List(_ context.Context, into client.ObjectList, options ...client.ListOption) error {
	return c.cache.list(into, options...)
}

func (c cached) Apply(ctx context.Context, o runtime.ApplyConfiguration, options ...client.ApplyOption) error {
	return c.server.do(ctx, "apply", kindOf(o), nameOf(o), func() error { return c.server.to.client.Apply(ctx, o, options...) })
}

func (c cached) Status() client.SubResourceWriter { return cachedStatus{server: c.server} }

type cachedStatus struct {
	client.SubResourceWriter
	server server
}

func (c cachedStatus) Apply(ctx context.Context, o runtime.ApplyConfiguration, options ...client.SubResourceApplyOption) error {
	return c.server.do(ctx, "status", kindOf(o), nameOf(o), func() error { return c.server.to.client.Status().Apply(ctx, o, options...) })
}

// named are apply configurations.
type named interface{ GetName() *string }

func nameOf(o any) string {
	if n, ok := o.(named); ok && n.GetName() != nil {
		return *n.GetName()
	}
	return ""
}
