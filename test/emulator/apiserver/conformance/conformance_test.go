package conformance_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	testclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/google/go-cmp/cmp"
	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/controlplane"
	"github.com/keylease/keylease/test/emulator/apiserver"
)

var plane *controlplane.ControlPlane

func TestMain(m *testing.M) {
	os.Exit(controlplane.Main(m, controlplane.Options{CRDDirs: []string{controlplane.CRDs}}, &plane))
}

// step is one request. Its body may name the object's current version and UID as $RV and $UID.
type step struct {
	says    string
	on      string // kind/name; like the step before if empty
	verb    string // create, update, apply, merge, json, delete, or one of them with /status
	manager string
	force   bool
	body    string // YAML; of an update, a merge patch of what is there
}

// outcome is what is compared: all that does not depend on time or chance.
type outcome struct {
	Error   string
	Code    int32
	Reason  metav1.StatusReason
	Changed bool // the resource version
	Answer  string
	Object  string // as it is read afterwards
}

func TestTheSameScriptHasTheSameOutcomesOnTheRealServer(t *testing.T) {
	t.Parallel()
	s, err := apiserver.New(testclock.NewFakePassiveClock(time.Date(2031, 4, 1, 9, 0, 0, 0, time.UTC)))
	if err != nil {
		t.Fatal(err)
	}
	var seen []client.Object
	var copies []runtime.Object
	s.Watch(func(e apiserver.Event) {
		seen, copies = append(seen, e.New), append(copies, e.New.DeepCopyObject())
	})
	config := plane.Config()
	config.UserAgent = apiserver.DefaultManager
	genuine, err := client.New(config, client.Options{Scheme: s.Client().Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	ours := actor{Client: s.Client(), namespace: metav1.NamespaceDefault}
	theirs := actor{Client: genuine, namespace: plane.Namespace(t)}
	on := ""
	for i, step := range script {
		if step.on != "" {
			on = step.on
		}
		step.on = on
		want, err := theirs.do(t.Context(), step)
		if err != nil {
			t.Fatalf("%d, %s: the real server: %v", i, step.says, err)
		}
		got, err := ours.do(t.Context(), step)
		if err != nil {
			t.Fatalf("%d, %s: %v", i, step.says, err)
		}
		if testing.Verbose() {
			t.Logf("%d, %s: %d %s changed=%t %s", i, step.says, want.Code, want.Reason, want.Changed, want.Error)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%d, %s (- the real server, + ours):\n%s", i, step.says, d)
		}
	}
	for i, o := range seen {
		if !equality.Semantic.DeepEqual(o, copies[i]) {
			t.Errorf("version %s of %s was changed after watchers had seen it", o.GetResourceVersion(), o.GetName())
		}
	}
}

type actor struct {
	client.Client
	namespace string
}

func (a actor) do(ctx context.Context, s step) (outcome, error) {
	before, err := a.read(ctx, s.on)
	if err != nil {
		return outcome{}, err
	}
	body := strings.NewReplacer("$RV", before.GetResourceVersion(), "$UID", string(before.GetUID())).Replace(s.body)
	var out outcome
	o, err := a.send(ctx, s, before, body)
	if err := a.failed(&out, err); err != nil {
		return outcome{}, err
	}
	if out.Code == 0 {
		if out.Answer, err = a.render(o); err != nil {
			return outcome{}, err
		}
	}
	err = a.found(ctx, &out, s.on, before)
	return out, err
}

// failed takes over what a server answered instead of an object. Any other error is returned.
func (actor) failed(out *outcome, err error) error {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return err
	}
	out.Code, out.Reason = status.Status().Code, status.Status().Reason
	if out.Code != http.StatusInternalServerError { // those are what some library happens to say
		out.Error = status.Status().Message
	}
	return nil
}

// found takes over how the object is afterwards.
func (a actor) found(ctx context.Context, out *outcome, on string, before client.Object) error {
	out.Error = a.general(out.Error)
	after, err := a.read(ctx, on)
	if err != nil {
		return err
	}
	out.Changed = before.GetResourceVersion() != after.GetResourceVersion()
	out.Object, err = a.render(after)
	return err
}

func (a actor) empty(on string) (client.Object, error) {
	kind, name, _ := strings.Cut(on, "/")
	meta := metav1.ObjectMeta{Namespace: a.namespace, Name: name}
	switch kind {
	case "Lease":
		return &v1alpha1.AccessKeyLease{ObjectMeta: meta}, nil
	case "Sheet":
		return &v1alpha1.AccessKeySheet{ObjectMeta: meta}, nil
	case "Namespace":
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, nil
	case "Secret":
		return &corev1.Secret{ObjectMeta: meta}, nil
	}
	return nil, fmt.Errorf("no kind %q", kind)
}

// read an object; an empty one if there is none.
func (a actor) read(ctx context.Context, on string) (client.Object, error) {
	o, err := a.empty(on)
	if err != nil {
		return nil, err
	}
	if o.GetName() != "" {
		err = a.Get(ctx, client.ObjectKeyFromObject(o), o)
	}
	if o.GetName() == "" || apierrors.IsNotFound(err) {
		return a.empty(on)
	}
	return o, err
}

func (a actor) send(ctx context.Context, s step, before client.Object, body string) (client.Object, error) {
	o, err := a.empty(s.on)
	if err != nil {
		return nil, err
	}
	js, err := yaml.YAMLToJSON([]byte(body))
	if err != nil {
		return nil, err
	}
	owner := client.FieldOwner(s.manager)
	switch verb, _, status := strings.Cut(s.verb, "/"); verb {
	case "create":
		if err := json.Unmarshal(js, o); err != nil {
			return nil, err
		}
		return o, a.Create(ctx, o, owner)
	case "update":
		if err := edit(o, before, js); err != nil {
			return nil, err
		}
		if status {
			return o, a.Status().Update(ctx, o, owner)
		}
		return o, a.Update(ctx, o, owner)
	case "delete":
		options := &client.DeleteOptions{}
		if err := json.Unmarshal(js, &options.Preconditions); err != nil {
			return nil, err
		}
		return nil, a.Delete(ctx, o, options)
	default:
		return o, a.patch(ctx, o, verb, js, s, status)
	}
}

func (a actor) patch(ctx context.Context, o client.Object, verb string, js []byte, s step, status bool) error {
	kinds := map[string]types.PatchType{"apply": types.ApplyPatchType, "merge": types.MergePatchType, "json": types.JSONPatchType}
	if verb == "apply" {
		kind := map[string]string{"Lease": "iam.keylease.dev/v1alpha1/AccessKeyLease", "Sheet": "iam.keylease.dev/v1alpha1/AccessKeySheet", "Secret": "v1/Secret", "Namespace": "v1/Namespace"}
		kindOf, name, _ := strings.Cut(s.on, "/")
		slash := strings.LastIndex(kind[kindOf], "/")
		head := fmt.Sprintf(`{"apiVersion":%q,"kind":%q,"metadata":{"name":%q}}`, kind[kindOf][:slash], kind[kindOf][slash+1:], name)
		var err error
		if js, err = jsonpatch.MergePatch([]byte(head), js); err != nil {
			return err
		}
	}
	p := client.RawPatch(kinds[verb], js)
	if status {
		options := &client.SubResourcePatchOptions{PatchOptions: client.PatchOptions{FieldManager: s.manager}}
		if s.force {
			options.Force = &s.force
		}
		return a.Status().Patch(ctx, o, p, options)
	}
	options := &client.PatchOptions{FieldManager: s.manager}
	if s.force {
		options.Force = &s.force
	}
	return a.Patch(ctx, o, p, options)
}

func edit(o, before client.Object, patch []byte) error {
	was, err := json.Marshal(before)
	if err != nil {
		return err
	}
	is, err := jsonpatch.MergePatch(was, patch)
	if err != nil {
		return err
	}
	return json.Unmarshal(is, o)
}

var chance = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// general is a message without what depends on time or chance.
func (a actor) general(message string) string {
	message = chance.ReplaceAllString(message, "UID")
	message = regexp.MustCompile(`(resourceVersion"?[:=] ?"?)\d+`).ReplaceAllString(message, "${1}RV")
	message = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`).ReplaceAllString(message, "TIME")
	message = regexp.MustCompile(`ResourceVersion in record \(\d+\)`).ReplaceAllString(message, "ResourceVersion in record (RV)")
	// The rules of an object's fields are evaluated in the order of a map.
	parts := strings.Split(beforeField.ReplaceAllString(message, "\n$1"), "\n")
	for i := range parts {
		parts[i] = strings.Trim(parts[i], ", []")
	}
	slices.Sort(parts)
	return strings.ReplaceAll(strings.Join(parts, "\n"), a.namespace, "NAMESPACE")
}

var beforeField = regexp.MustCompile(`[\[ ]((?:spec|status|metadata|<nil>)[.:])`)

func (a actor) render(o client.Object) (string, error) {
	if o == nil || o.GetUID() == "" {
		return "none", nil
	}
	c := o.DeepCopyObject().(client.Object)
	c.SetUID("UID")
	if base := c.GetGenerateName(); base != "" {
		c.SetName(base + fmt.Sprint(len(c.GetName())-len(base)))
	}
	c.SetResourceVersion("RV")
	c.SetCreationTimestamp(metav1.Unix(0, 0))
	if c.GetDeletionTimestamp() != nil {
		c.SetDeletionTimestamp(&metav1.Time{})
	}
	managed := c.GetManagedFields()
	for i := range managed {
		managed[i].Time = nil
	}
	slices.SortFunc(managed, func(a, b metav1.ManagedFieldsEntry) int {
		return strings.Compare(string(a.Operation)+a.Manager+a.Subresource, string(b.Operation)+b.Manager+b.Subresource)
	})
	c.SetManagedFields(managed)
	b, err := json.MarshalIndent(c, "", " ")
	return strings.ReplaceAll(string(b), a.namespace, "NAMESPACE"), err
}
