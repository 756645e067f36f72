package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	testclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/cmd/internal/kube"
	"github.com/keylease/keylease/test/controlplane"
)

var plane *controlplane.ControlPlane

func TestMain(m *testing.M) {
	os.Exit(controlplane.Main(m, controlplane.Options{CRDDirs: []string{controlplane.CRDs}}, &plane))
}

// noon of 2026-12-01 in Tokyo.
var noon = time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)

// desk is a person with kubectl in a namespace of their own.
type desk struct {
	*testing.T
	client.Client
	namespace, kubeconfig string
	clock                 *testclock.FakePassiveClock
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	cl, err := client.New(plane.Config(), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{T: t, Client: cl, namespace: plane.Namespace(t), kubeconfig: filepath.Join(t.TempDir(), "kubeconfig"), clock: testclock.NewFakePassiveClock(noon)}
	d.must(plane.WriteKubeConfig(d.kubeconfig))
	return d
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// keylease as the person calls it; the error is what they read.
func (d *desk) keylease(args ...string) (out, problem string) {
	d.Helper()
	return d.answering("", args...)
}

// answering what is asked.
func (d *desk) answering(answer string, args ...string) (out, problem string) {
	d.Helper()
	var b bytes.Buffer
	c := newCommand(&cluster{clock: d.clock})
	c.SetArgs(append(args, "--kubeconfig", d.kubeconfig, "-n", d.namespace))
	c.SetIn(strings.NewReader(answer))
	c.SetOut(&b)
	if err := c.ExecuteContext(d.Context()); err != nil {
		problem = kube.Sentence(err)
	}
	return b.String(), problem
}

// give the namespace a lease with the status.
func (d *desk) give(id, user, end string, status v1alpha1.AccessKeyLeaseStatus) *v1alpha1.AccessKeyLease {
	d.Helper()
	l := &v1alpha1.AccessKeyLease{
		ObjectMeta: metav1.ObjectMeta{Namespace: d.namespace, Name: strings.ToLower(id)},
		Spec: v1alpha1.AccessKeyLeaseSpec{
			SheetRef: v1alpha1.SheetReference{Name: "key-requests"}, AccessKeyID: id, UserName: user, EndDate: end,
			Owner: v1alpha1.LeaseOwner{FullName: "鈴木 花子"},
		},
	}
	d.must(d.Create(d.Context(), l))
	l.Status = status
	for i := range l.Status.Conditions {
		l.Status.Conditions[i].LastTransitionTime = metav1.NewTime(noon)
	}
	d.must(d.Status().Update(d.Context(), l))
	return l
}

// giveSheet key-requests with these conditions.
func (d *desk) giveSheet(hash string, conditions ...metav1.Condition) {
	d.Helper()
	s := &v1alpha1.AccessKeySheet{
		ObjectMeta: metav1.ObjectMeta{Namespace: d.namespace, Name: "key-requests"},
		Spec: v1alpha1.AccessKeySheetSpec{
			SpreadsheetID: "1duJ", AWS: v1alpha1.AWSAccess{AccountID: "123456789012"},
			Slack: v1alpha1.SlackAccess{TokenSecretRef: v1alpha1.SecretKeyReference{Name: "slack", Key: "token"}, Admins: []string{"U0ADMIN01"}},
		},
	}
	d.must(d.Create(d.Context(), s))
	for i := range conditions {
		conditions[i].LastTransitionTime = metav1.NewTime(noon)
	}
	s.Status.ObservedHash, s.Status.Conditions = hash, conditions
	d.must(d.Status().Update(d.Context(), s))
}

func (d *desk) lease(id string) *v1alpha1.AccessKeyLease {
	d.Helper()
	l, err := kube.Lease(context.WithoutCancel(d.Context()), d.Client, d.namespace, id)
	d.must(err)
	return l
}

func (d *desk) sheetAnnotation(key string) string {
	d.Helper()
	s, err := kube.Sheet(d.Context(), d.Client, d.namespace, "key-requests")
	d.must(err)
	return s.Annotations[key]
}

func condition(kind string, status metav1.ConditionStatus, reason, text string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: status, Reason: reason, Message: text}
}

// says that a text holds the words, in this order.
func (d *desk) says(text string, words ...string) {
	d.Helper()
	rest := text
	for _, word := range words {
		_, after, found := strings.Cut(rest, word)
		if !found {
			d.Errorf("does not say %q (in this order):\n%s", word, text)
			return
		}
		rest = after
	}
}
