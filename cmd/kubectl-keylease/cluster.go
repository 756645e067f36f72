package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
)

// fieldManager under which changes of this program are recorded.
const fieldManager = client.FieldOwner("kubectl-keylease")

// cluster that the flags name, and the caller's namespace in it.
type cluster struct {
	kubeconfig, context, namespace string
	clock                          clock.PassiveClock
}

func (c *cluster) addFlags(f *pflag.FlagSet) {
	f.StringVar(&c.kubeconfig, "kubeconfig", "", "kubeconfig file (default: KUBECONFIG, else ~/.kube/config)")
	f.StringVar(&c.context, "context", "", "context of the kubeconfig")
	f.StringVarP(&c.namespace, "namespace", "n", "", "namespace (default: that of the context)")
}

// connect gives a client and the namespace to work in.
func (c *cluster) connect() (client.Client, string, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = c.kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: c.context}
	overrides.Context.Namespace = c.namespace
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, "", fmt.Errorf("no cluster: %w", err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, "", fmt.Errorf("no namespace: %w", err)
	}
	config.UserAgent = "kubectl-keylease/" + version
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, "", err
	}
	cl, err := client.New(config, client.Options{Scheme: scheme})
	return cl, namespace, err
}

// lease by its name, or by its access key ID in whatever case.
func lease(ctx context.Context, cl client.Client, namespace, name string) (*v1alpha1.AccessKeyLease, error) {
	l := &v1alpha1.AccessKeyLease{}
	err := cl.Get(ctx, client.ObjectKey{Namespace: namespace, Name: strings.ToLower(name)}, l)
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("there is no lease %s in namespace %s: kubectl keylease list -A shows all", strings.ToLower(name), namespace)
	}
	return l, err
}

func accessKeySheet(ctx context.Context, cl client.Client, namespace, name string) (*v1alpha1.AccessKeySheet, error) {
	s := &v1alpha1.AccessKeySheet{}
	err := cl.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, s)
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("there is no AccessKeySheet %s in namespace %s: kubectl get accesskeysheets -A shows all", name, namespace)
	}
	return s, err
}

// annotate an object, whatever else is changed in it meanwhile.
func annotate(ctx context.Context, cl client.Client, o client.Object, key, value string) error {
	before := o.DeepCopyObject().(client.Object) //nolint:forcetypeassert // a copy is of the same type
	all := o.GetAnnotations()
	if all == nil {
		all = map[string]string{}
	}
	all[key] = value
	o.SetAnnotations(all)
	return cl.Patch(ctx, o, client.MergeFrom(before), fieldManager)
}

// now as a value that differs from every earlier one.
func (c *cluster) now() string { return c.clock.Now().UTC().Format(time.RFC3339Nano) }

// sentence that the API server refused with, without the object's whole coordinates before it.
func sentence(err error) string {
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Details != nil && status.Status().Reason == metav1.StatusReasonInvalid {
		var all []string
		for _, cause := range status.Status().Details.Causes {
			_, said, found := strings.Cut(cause.Message, ": ")
			if !found {
				said = cause.Message
			}
			all = append(all, said)
		}
		if len(all) > 0 {
			return strings.Join(all, "; ")
		}
	}
	if meta.IsNoMatchError(err) {
		return "this cluster does not know Keylease's kinds: install its CustomResourceDefinitions, or name another context"
	}
	return err.Error()
}
