// Package kube connects commands that people run to their cluster, as kubectl does.
package kube

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Flags name a cluster and a namespace in it.
type Flags struct{ kubeconfig, context, namespace string }

// AddTo gives a command the flags, with kubectl's names.
func (c *Flags) AddTo(f *pflag.FlagSet) {
	f.StringVar(&c.kubeconfig, "kubeconfig", "", "kubeconfig file (default: KUBECONFIG, else ~/.kube/config)")
	f.StringVar(&c.context, "context", "", "context of the kubeconfig")
	f.StringVarP(&c.namespace, "namespace", "n", "", "namespace (default: that of the context)")
}

// Connect gives a client for leases, sheets and Secrets, and the namespace to work in.
func (c *Flags) Connect(userAgent string) (client.Client, string, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = c.kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: c.context}
	overrides.Context.Namespace = c.namespace
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
	config, err := loader.ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, "", errors.New("no cluster: no kubeconfig was found: set KUBECONFIG or give --kubeconfig FILE")
	}
	if err != nil {
		return nil, "", fmt.Errorf("no cluster: %w", err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, "", fmt.Errorf("no namespace: %w", err)
	}
	config.UserAgent = userAgent
	scheme := runtime.NewScheme()
	if err := errors.Join(v1alpha1.AddToScheme(scheme), corev1.AddToScheme(scheme)); err != nil {
		return nil, "", err
	}
	cl, err := client.New(config, client.Options{Scheme: scheme})
	return cl, namespace, err
}

// Lease by its name, or by its access key ID in whatever case.
func Lease(ctx context.Context, cl client.Client, namespace, name string) (*v1alpha1.AccessKeyLease, error) {
	l := &v1alpha1.AccessKeyLease{}
	err := cl.Get(ctx, client.ObjectKey{Namespace: namespace, Name: strings.ToLower(name)}, l)
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("there is no lease %s in namespace %s: kubectl get accesskeyleases -A shows all", strings.ToLower(name), namespace)
	}
	return l, err
}

// Sheet by its name.
func Sheet(ctx context.Context, cl client.Client, namespace, name string) (*v1alpha1.AccessKeySheet, error) {
	s := &v1alpha1.AccessKeySheet{}
	err := cl.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, s)
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("there is no AccessKeySheet %s in namespace %s: kubectl get accesskeysheets -A shows all", name, namespace)
	}
	return s, err
}

// Exactly n arguments, or a sentence that says how the command is called.
func Exactly(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == n {
			return nil
		}
		return fmt.Errorf("call it as: %s; --help tells more", cmd.UseLine())
	}
}

// FlagError of cobra's, with the way to go on.
func FlagError(cmd *cobra.Command, err error) error {
	return fmt.Errorf("%w: %s --help lists the flags", err, cmd.CommandPath())
}

// Sentence that the API server refused with, without the object's whole coordinates before it. Of several the first:
// whoever mends that meets the next, and some rules say the same of one mistake.
func Sentence(err error) string {
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Details != nil && status.Status().Reason == metav1.StatusReasonInvalid {
		if causes := status.Status().Details.Causes; len(causes) > 0 {
			_, said, found := strings.Cut(causes[0].Message, ": ")
			if !found {
				said = causes[0].Message
			}
			return said
		}
	}
	if meta.IsNoMatchError(err) {
		return "this cluster does not know Keylease's kinds: install its CustomResourceDefinitions, or name another context"
	}
	if apierrors.IsUnauthorized(err) {
		return "the cluster does not accept your credentials: log in to it again, or name another context"
	}
	var request *url.Error
	if errors.As(err, &request) {
		if at, parseErr := url.Parse(request.URL); parseErr == nil {
			return fmt.Sprintf("no cluster answers at %s (%v): check that it runs, and that the kubeconfig's context is the one you mean", at.Host, request.Err)
		}
	}
	return strings.TrimSpace(err.Error())
}
