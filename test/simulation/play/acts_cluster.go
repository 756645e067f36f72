package play

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/slack"
	"github.com/keylease/keylease/test/simulation/story"
)

var _ = register(map[string]func(*World, []string) error{
	"create-sheet": createSheet,
	"edit-sheet":   editSheet,
	"delete-sheet": deleteSheet,
	"approve":      approve,
	"allow":        allow,
	"sync":         syncNow,
	"take-claim":   takeClaim,
	"secret":       secret,

	"foreign-claim": foreignClaim,
})

const kubectlPatch = client.FieldOwner("kubectl-patch")

// createSheet [YAML [NAME]]: an AccessKeySheet with the defaults, and what the YAML of its spec says otherwise.
func createSheet(w *World, args []string) error {
	if len(args) > 1 {
		w.sheetName = args[1]
	}
	return w.createSheetIn(w.clusters[0], args)
}

func (w *World) createSheetIn(c *cluster, args []string) error {
	s := &v1alpha1.AccessKeySheet{}
	s.Namespace, s.Name = c.namespace, w.sheetName
	s.Spec.SpreadsheetID = SpreadsheetID
	s.Spec.Slack = v1alpha1.SlackAccess{TokenSecretRef: v1alpha1.SecretKeyReference{Name: "slack", Key: "token"}, Admins: slices.Clone(Admins)}
	s.Spec.AWS.AccountID = AccountID
	if len(args) > 0 {
		if err := yaml.UnmarshalStrict([]byte(args[0]), &s.Spec); err != nil {
			return fmt.Errorf("spec: %w", err)
		}
	}
	for _, id := range Admins {
		w.Slack.AddUser(slack.User{ID: id, Name: id})
	}
	for _, id := range s.Spec.Slack.Admins {
		if strings.HasPrefix(id, "C") || strings.HasPrefix(id, "G") {
			w.Slack.AddChannel(slack.Channel{ID: id, Name: "keys"})
		} else {
			w.Slack.AddUser(slack.User{ID: id, Name: id})
		}
	}
	return c.client.Create(w.context, s, client.FieldOwner("kubectl-create"))
}

// sheet as the API server has it.
func (w *World) sheet() (*v1alpha1.AccessKeySheet, error) {
	s := &v1alpha1.AccessKeySheet{}
	return s, w.Cluster().Get(w.context, client.ObjectKey{Namespace: w.Namespace, Name: w.sheetName}, s)
}

// patchSheet with a merge patch, as kubectl patch does.
func (w *World) patchSheet(patch any) error {
	s := &v1alpha1.AccessKeySheet{ObjectMeta: metav1.ObjectMeta{Namespace: w.Namespace, Name: w.sheetName}}
	return w.patch(s, patch)
}

func (w *World) patch(o client.Object, patch any) error {
	text, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	return w.Cluster().Patch(w.context, o, client.RawPatch(types.MergePatchType, text), kubectlPatch)
}

// editSheet YAML SECONDS: fields of the sheet's spec change, null takes one away. What they were comes back after that.
func editSheet(w *World, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want YAML and seconds")
	}
	change := map[string]any{}
	if err := yaml.Unmarshal([]byte(args[0]), &change); err != nil {
		return err
	}
	s, err := w.sheet()
	if err != nil {
		return err
	}
	back, err := backTo(s.Spec, change)
	if err != nil {
		return err
	}
	if err := w.patchSheet(map[string]any{"spec": change}); err != nil {
		return err
	}
	e := &edit{change, back}
	w.edits = append(w.edits, e)
	return w.mended(args[1], "edit-sheet "+args[0], func() error { return w.endEdit(e) })
}

// edit of the sheet's spec, and the patch that takes it back.
type edit struct{ change, back map[string]any }

// endEdit takes back an edit. What a later edit changed again stays until that ends, and is then what it was before both.
func (w *World) endEdit(e *edit) error {
	i, back := slices.Index(w.edits, e), e.back
	for _, later := range w.edits[i+1:] {
		back = later.takes(back)
	}
	if err := w.takeBack(back); err != nil {
		return err
	}
	w.edits = slices.Delete(w.edits, i, i+1)
	return nil
}

// takes over the part of an earlier edit's way back that is about the same fields. The result is the rest.
func (e *edit) takes(earlier map[string]any) map[string]any {
	rest := map[string]any{}
	for field, old := range earlier {
		now, again := e.change[field]
		before, isMap := old.(map[string]any)
		deeper, nowMap := now.(map[string]any)
		back, backMap := e.back[field].(map[string]any)
		switch {
		case !again:
			rest[field] = old
		case isMap && nowMap && backMap:
			if left := (&edit{deeper, back}).takes(before); len(left) > 0 {
				rest[field] = left
			}
		default:
			e.back[field] = old
		}
	}
	return rest
}

// takeBack what was edited, also in the sheet that will be made again.
func (w *World) takeBack(edit map[string]any) error {
	if w.deleted == nil {
		return w.patchSheet(map[string]any{"spec": edit})
	}
	if err := merge(&w.deleted.Spec, edit); err != nil {
		return err
	}
	return client.IgnoreNotFound(w.patchSheet(map[string]any{"spec": edit}))
}

// merge a change into a spec that no API server has.
func merge(spec *v1alpha1.AccessKeySheetSpec, change map[string]any) error {
	was, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	patch, err := json.Marshal(change)
	if err != nil {
		return err
	}
	text, err := jsonpatch.MergePatch(was, patch)
	if err != nil {
		return err
	}
	*spec = v1alpha1.AccessKeySheetSpec{}
	return json.Unmarshal(text, spec)
}

// backTo is the merge patch that takes a change of a spec back.
func backTo(spec v1alpha1.AccessKeySheetSpec, change map[string]any) (map[string]any, error) {
	text, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	was := map[string]any{}
	if err := json.Unmarshal(text, &was); err != nil {
		return nil, err
	}
	return reversed(was, change), nil
}

func reversed(was, change map[string]any) map[string]any {
	back := map[string]any{}
	for field, now := range change {
		old, there := was[field]
		deeper, isMap := now.(map[string]any)
		before, wasMap := old.(map[string]any)
		switch {
		case !there:
			back[field] = nil
		case isMap && wasMap:
			back[field] = reversed(before, deeper)
		default:
			back[field] = old
		}
	}
	return back
}

// deleteSheet SECONDS: the AccessKeySheet is deleted, and made again with the same spec. An edit that
// ends meanwhile is taken back in that.
func deleteSheet(w *World, args []string) error {
	if len(args) < 1 {
		return fmt.Errorf("want seconds")
	}
	s, err := w.sheet()
	if err != nil {
		return err
	}
	if err := w.Cluster().Delete(w.context, s.DeepCopy()); err != nil {
		return err
	}
	again := &v1alpha1.AccessKeySheet{ObjectMeta: metav1.ObjectMeta{Namespace: w.Namespace, Name: w.sheetName}, Spec: s.Spec}
	w.deleted = again
	return w.mended(args[0], "delete-sheet", func() error {
		w.deleted = nil
		return w.Cluster().Create(w.context, again, client.FieldOwner("kubectl-create"))
	})
}

func (w *World) annotateSheet(name string, value any) error {
	return w.patchSheet(map[string]any{"metadata": map[string]any{"annotations": map[string]any{name: value}}})
}

// approve: a person approves what the sheet shows now.
func approve(w *World, _ []string) error {
	s, err := w.sheet()
	if err != nil {
		return err
	}
	if s.Status.ObservedHash == "" {
		return fmt.Errorf("there is nothing to approve")
	}
	return w.annotateSheet(v1alpha1.AnnotationApproveChange, s.Status.ObservedHash)
}

// allow COUNT: so many revocations are allowed today.
func allow(w *World, args []string) error {
	if len(args) < 1 {
		return fmt.Errorf("want a number")
	}
	return w.annotateSheet(v1alpha1.AnnotationAllowRevocations, w.Clock.Now().In(story.Zone).Format(time.DateOnly)+"="+args[0])
}

// syncNow: a person asks for a reading.
func syncNow(w *World, _ []string) error {
	return w.annotateSheet(v1alpha1.AnnotationSync, fmt.Sprint(w.Clock.Now().Unix()))
}

// foreign is the claim of another cluster.
const foreign = "another cluster's keylease/key-requests"

// foreignClaim SECONDS: another cluster claims the sheet, and goes on until its claim is taken over. If no operator has seen
// the claim by then, somebody puts back what was in the cell.
func foreignClaim(w *World, args []string) error {
	if len(args) < 1 {
		return fmt.Errorf("want seconds")
	}
	s, err := w.sheet()
	if err != nil {
		return err
	}
	form := w.Form()
	if s.Spec.ClaimCell == "" || form == nil {
		return fmt.Errorf("there is no claim cell")
	}
	cell, was := s.Spec.ClaimCell, form.Cell(s.Spec.ClaimCell)
	if err := form.SetCell(cell, foreign); err != nil {
		return err
	}
	return w.mended(args[0], "foreign-claim", func() error {
		if takeClaim(w, nil) == nil {
			return nil
		}
		if form := w.Form(); form != nil && form.Cell(cell).String() == foreign {
			return form.SetCell(cell, was)
		}
		return fmt.Errorf("there is no foreign claim")
	})
}

// takeClaim: the foreign claim that the status shows is taken over.
func takeClaim(w *World, _ []string) error {
	s, err := w.sheet()
	if err != nil {
		return err
	}
	if s.Status.Claim == "" {
		return fmt.Errorf("there is no foreign claim")
	}
	return w.annotateSheet(v1alpha1.AnnotationTakeClaim, s.Status.Claim)
}

// secret gone|wrong SECONDS: the Slack token's Secret is deleted, or holds another token.
func secret(w *World, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want gone or wrong, and seconds")
	}
	o := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: w.Namespace, Name: "slack"}}
	switch args[0] {
	case "gone":
		if err := w.Cluster().Delete(w.context, o.DeepCopy()); err != nil {
			return err
		}
	case "wrong":
		if err := w.putSecret(o, "xoxb-of-another-workspace"); err != nil {
			return err
		}
	default:
		return fmt.Errorf("want gone or wrong")
	}
	w.unreach("")
	return w.mended(args[1], "secret "+args[0], func() error {
		w.reach("")
		return w.putSecret(o, slack.BotToken)
	})
}

func (w *World) putSecret(o *corev1.Secret, token string) error {
	o = o.DeepCopy()
	err := w.Cluster().Get(w.context, client.ObjectKeyFromObject(o), o)
	o.Data = map[string][]byte{"token": []byte(token)}
	if apierrors.IsNotFound(err) {
		return w.Cluster().Create(w.context, o)
	}
	if err != nil {
		return err
	}
	return w.Cluster().Update(w.context, o)
}
