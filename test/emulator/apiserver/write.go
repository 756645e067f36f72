package apiserver

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
)

const (
	changedMeanwhile = "the object has been modified; please apply your changes to the latest version and try again"
	etcdBytes        = 3 << 19 // that etcd takes
	bodyBytes        = 3 << 20 // that the server reads
)

// target is what a request is about.
type target struct {
	*kind
	types.NamespacedName
	status  bool // the subresource
	manager string
}

// operation as managed fields name it, apart from the manager.
func (t target) strategy() strategy { return strategy{t.kind, t.status} }

// create stores a new object that a client sent.
func (s *Server) create(ctx context.Context, t target, o *object) (*entry, error) {
	defer s.deliver()
	s.mu.Lock()
	defer s.mu.Unlock()
	rest.WipeObjectMetaSystemFields(o)
	if t.Name == "" {
		t.Name = t.strategy().GenerateName(o.GenerateName) + fmt.Sprintf("%05x", s.made+1)
		o.Name = t.Name
	}
	if o.ResourceVersion != "" {
		return nil, errors.New("resourceVersion should not be set on objects to be created")
	}
	o = t.main.UpdateNoErrors(t.empty(), o, t.manager).(*object)
	o, err := s.admitNew(ctx, t, o)
	if err != nil {
		return nil, err
	}
	if _, ok := s.objects[t.kind][t.NamespacedName]; ok {
		return nil, apierrors.NewAlreadyExists(t.resource, t.Name)
	}
	return s.commit(t.kind, nil, o)
}

func (s *Server) admitNew(ctx context.Context, t target, o *object) (*object, error) {
	if err := s.checkNamespace(t, o); err != nil {
		return nil, err
	}
	rest.WipeObjectMetaSystemFields(o)
	o.UID, o.CreationTimestamp = s.uid(), s.now()
	stamp(nil, o, s.now())
	if err := rest.BeforeCreate(t.strategy(), request.WithNamespace(ctx, t.Namespace), o); err != nil {
		return nil, err
	}
	return o, checkSize(o)
}

// change is what a request makes of an object. live is an empty object if there is none, and not to be changed.
type change func(live *object) (*object, error)

// update changes an object, or creates it if allowed. uid, unless empty, is the one that the object must have.
func (s *Server) update(ctx context.Context, t target, mayCreate bool, uid types.UID, f change) (*entry, error) {
	defer s.deliver()
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.objects[t.kind][t.NamespacedName]
	if old == nil && !mayCreate {
		return nil, apierrors.NewNotFound(t.resource, t.Name)
	}
	live := t.empty()
	if old != nil {
		live = old.edit()
		live.json = old.json
		if uid != "" && uid != old.UID {
			return nil, s.conflict(t, fmt.Sprintf("StorageError: invalid object, Code: 4, Key: /registry/%s/%s/%s, ResourceVersion: 0, "+
				"AdditionalErrorMsg: Precondition failed: UID in precondition: %v, UID in object meta: %v",
				strings.TrimPrefix(t.resource.Group+"/"+t.resource.Resource, "/"), t.Namespace, t.Name, uid, old.UID))
		}
	}
	o, err := f(live)
	if err != nil {
		return nil, err
	}
	if old == nil {
		if o.UID != "" {
			return nil, s.conflict(t, fmt.Sprintf("uid mismatch: the provided object specified uid %s, and no existing object was found", o.UID))
		}
		if o, err = s.admitNew(ctx, t, o); err != nil {
			return nil, err
		}
		return s.commit(t.kind, nil, o)
	}
	return s.replace(ctx, t, old, o)
}

// replace the version old by o, if the rules allow it and it changes anything.
func (s *Server) replace(ctx context.Context, t target, old *entry, o *object) (*entry, error) {
	if err := s.checkVersion(t, old, o); err != nil {
		return nil, err
	}
	if err := rest.BeforeUpdate(t.strategy(), request.WithNamespace(ctx, t.Namespace), o, old.object); err != nil {
		return nil, err
	}
	stamp(old.object, o, s.now())
	if len(o.Finalizers) == 0 && old.DeletionTimestamp != nil && !kept(t.kind, o) {
		return s.remove(t.kind, old, o)
	}
	if sameObject(old.object, o) {
		known := *old.object
		known.proof, known.sets = o.proof, o.sets
		e := &entry{object: &known, typed: old.typed}
		s.objects[t.kind][t.NamespacedName] = e
		return e, nil
	}
	if err := checkSize(o); err != nil {
		return nil, err
	}
	return s.commit(t.kind, old, o)
}

func (s *Server) checkVersion(t target, old *entry, o *object) error {
	if o.ResourceVersion == "" || o.ResourceVersion == "0" {
		if t.unconditional {
			o.ResourceVersion = old.ResourceVersion
			return nil
		}
		path := field.NewPath("metadata").Child("resourceVersion")
		return apierrors.NewInvalid(t.resourceAsKind(), t.Name, field.ErrorList{
			field.Invalid(path, 0, "must be specified for an update"),
		})
	}
	if _, err := strconv.ParseUint(o.ResourceVersion, 10, 64); err != nil {
		path := field.NewPath("metadata").Child("resourceVersion")
		return apierrors.NewInvalid(t.GroupKind(), t.Name, field.ErrorList{field.Invalid(path, o.ResourceVersion, err.Error())})
	}
	if o.ResourceVersion != old.ResourceVersion {
		return s.conflict(t, changedMeanwhile)
	}
	return nil
}

func (s *Server) conflict(t target, why string) error {
	return apierrors.NewConflict(t.resource, t.Name, errors.New(why))
}

// checkSize refuses what etcd would refuse.
func checkSize(o *object) error {
	if longerThan(etcdBytes, o) {
		return errors.New("etcdserver: request is too large") // the API server has no better words for it
	}
	return nil
}

// checkBody refuses what the server would not read.
func checkBody(o *object) error {
	if longerThan(bodyBytes, o) {
		return errBodyTooLarge
	}
	return nil
}

var errBodyTooLarge = apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("limit is %d", bodyBytes))

// longerThan n bytes of JSON. Strings grow at most sixfold there, so that most objects need not be encoded.
func longerThan(n int, o *object) bool {
	if 6*roughSize(o.fields) < n/2 {
		return false
	}
	b, err := o.MarshalJSON()
	return err != nil || len(b) > n
}

func roughSize(v any) int {
	n := 8
	switch v := v.(type) {
	case string:
		n += len(v)
	case map[string]any:
		for name, inner := range v {
			n += len(name) + roughSize(inner)
		}
	case []any:
		for _, inner := range v {
			n += roughSize(inner)
		}
	}
	return min(n, math.MaxInt32)
}

// resourceAsKind and resourceAs mix up kinds and resources exactly where the real server does.
func (t target) resourceAsKind() schema.GroupKind {
	return schema.GroupKind{Group: t.resource.Group, Kind: t.resource.Resource}
}

func (t target) resourceAs(kind string) schema.GroupResource {
	return schema.GroupResource{Group: t.Group, Resource: kind}
}
