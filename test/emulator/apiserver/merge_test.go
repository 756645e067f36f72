package apiserver

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/keylease/keylease/api/v1alpha1"
)

func TestAMergeThatForgetsIsTheMergeThatRemembers(t *testing.T) {
	c, err := theCatalog()
	if err != nil {
		t.Fatal(err)
	}
	k := c.kinds[v1alpha1.GroupVersion.WithKind("AccessKeyLease")]
	rapid.Check(t, func(t *rapid.T) {
		live := k.empty()
		live.Name, live.Namespace, live.UID, live.ResourceVersion = "akia000000000001", "default", "u", "1"
		for range rapid.IntRange(1, 12).Draw(t, "writes") {
			part := rapid.SampledFrom([]string{"spec", "status"}).Draw(t, "part")
			applied := map[string]any{}
			for range rapid.IntRange(0, 4).Draw(t, "fields") {
				name := rapid.SampledFrom(keys(values[part])).Draw(t, "field")
				if v := rapid.SampledFrom(values[part][name]).Draw(t, "value"); v != nil {
					applied[name] = v
				}
			}
			w := target{
				kind: k, NamespacedName: types.NamespacedName{Namespace: "default", Name: live.Name}, status: part == "status",
				manager: rapid.SampledFrom([]string{"lease", "sheet"}).Draw(t, "manager"),
			}
			body := func() *unstructured.Unstructured {
				return &unstructured.Unstructured{Object: runtime.DeepCopyJSON(map[string]any{
					"apiVersion": live.APIVersion, "kind": live.Kind, part: applied, "metadata": map[string]any{"name": live.Name, "namespace": "default"},
				})}
			}
			want, wantErr := w.fieldManager().Apply(live.edit(), body(), w.manager, true)
			got, err := w.merge(live.edit(), body(), true)
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("got %v, want %v", err, wantErr)
			}
			if err != nil {
				continue
			}
			a, b := want.(*object), got
			stamp(live, a, metav1.Unix(1, 0))
			stamp(live, b, metav1.Unix(1, 0))
			if d := cmp.Diff(a.with(&a.ObjectMeta), b.with(&b.ObjectMeta)); d != "" {
				t.Fatalf("(- the library, + ours)\n%s", d)
			}
			live = got
			live.fields = maps.Clone(live.fields)
		}
	})
}
