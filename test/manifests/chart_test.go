package manifests_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/test/controlplane"
)

// rendered gives what Helm makes of the chart with these values, as the release keylease in a namespace.
func rendered(t *testing.T, namespace, values string) ([]*unstructured.Unstructured, error) {
	t.Helper()
	root, err := controlplane.Root()
	if err != nil {
		t.Fatal(err)
	}
	helm, err := exec.Command(filepath.Join(root, "hack", "tool.sh"), "chart").Output()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(path, []byte(values), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	render := exec.Command(strings.TrimSpace(string(helm)), filepath.Join(root, "charts", "keylease"), path)
	render.Env, render.Stderr = append(os.Environ(), "NAMESPACE="+namespace), &said
	out, err := render.Output()
	if err != nil {
		return nil, errors.Join(err, errors.New(said.String()))
	}
	return objects(out)
}

func mustRender(t *testing.T, namespace, values string) []*unstructured.Unstructured {
	t.Helper()
	all, err := rendered(t, namespace, values)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// byName without the Namespace, which is Helm's caller's to make.
func byName(t *testing.T, all []*unstructured.Unstructured) map[string]any {
	t.Helper()
	named := map[string]any{}
	for _, object := range all {
		key := strings.Join([]string{object.GetKind(), object.GetNamespace(), object.GetName()}, " ")
		if _, twice := named[key]; twice {
			t.Errorf("%s is there twice", key)
		}
		if object.GetKind() != "Namespace" {
			named[key] = object.Object
		}
	}
	return named
}

func TestTheChartIsConfigDefault(t *testing.T) {
	if diff := cmp.Diff(byName(t, mustBuild(t, "config/default")), byName(t, mustRender(t, namespace, ""))); diff != "" {
		t.Errorf("(-config/default +charts/keylease):\n%s", diff)
	}
}

func TestTheChartInAnotherNamespaceIsTheOverlayForIt(t *testing.T) {
	if diff := cmp.Diff(byName(t, mustBuild(t, "config/samples/other-namespace")), byName(t, mustRender(t, "access-keys", ""))); diff != "" {
		t.Errorf("(-config/samples/other-namespace +charts/keylease):\n%s", diff)
	}
}

// The values are those that config/aws/README.md gives for the chart.
func TestTheChartTakesAnAccessKeyAsTheOverlayForItDoes(t *testing.T) {
	_, values, found := strings.Cut(string(file(t, "config", "aws", "README.md")), "```yaml\n# values.yaml: an access key\n")
	if !found {
		t.Fatal("config/aws/README.md has no such values")
	}
	values, _, _ = strings.Cut(values, "```")
	overlay := byName(t, mustBuild(t, "config/samples/aws-secret"))
	sortEnv := cmp.Transformer("env", func(all []any) map[string]any {
		named := map[string]any{}
		for i, one := range all {
			name := strconv.Itoa(i)
			if object, ok := one.(map[string]any); ok && object["name"] != nil {
				name = fmt.Sprint(object["name"])
			}
			named[name] = one
		}
		return named
	})
	if diff := cmp.Diff(overlay, byName(t, mustRender(t, namespace, values)), sortEnv); diff != "" {
		t.Errorf("(-config/samples/aws-secret +charts/keylease):\n%s", diff)
	}
}

func TestTheChartAddsPrometheusObjectsWhereAsked(t *testing.T) {
	without, with := byName(t, mustRender(t, namespace, "")), byName(t, mustRender(t, namespace, "prometheus: {enabled: true}"))
	for key := range without {
		delete(with, key)
	}
	if diff := cmp.Diff(byName(t, mustBuild(t, "config/prometheus")), with); diff != "" {
		t.Errorf("(-config/prometheus +charts/keylease):\n%s", diff)
	}
}

func TestTheChartsValuesReachTheManager(t *testing.T) {
	need(t, foundation)
	all := mustRender(t, namespace, `
image: {repository: registry.example.com/keylease, tag: v1.2.3, pullPolicy: Always}
replicas: 2
serviceAccount: {annotations: {eks.amazonaws.com/role-arn: "arn:aws:iam::123456789012:role/keylease"}}
credentialsNamespaces: [security, platform]
slackAPIURL: https://slack.example.com/api/
env: [{name: AWS_REGION, value: ap-northeast-1}]
extraArgs: [--templates-dir=/templates, --workers=40, --zap-log-level=debug]
volumes:
- {name: templates, configMap: {name: keylease-templates}}
- {name: aws-token, projected: {sources: [{serviceAccountToken: {path: token, audience: sts.amazonaws.com}}]}}
volumeMounts:
- {name: templates, mountPath: /templates, readOnly: true}
- {name: aws-token, mountPath: /var/run/secrets/aws, readOnly: true}
resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}
`)
	c := clientFor(t, "")
	var deployment *appsv1.Deployment
	var account *corev1.ServiceAccount
	for _, object := range all {
		if err := apply(t.Context(), c, object.DeepCopy(), client.DryRunAll); err != nil {
			t.Errorf("%s %s: %v", object.GetKind(), object.GetName(), err)
		}
		switch object.GetKind() {
		case "Deployment":
			deployment = typed[appsv1.Deployment](t, object)
		case "ServiceAccount":
			account = typed[corev1.ServiceAccount](t, object)
		}
	}
	manager := deployment.Spec.Template.Spec.Containers[0]
	environment := map[string]string{}
	for _, e := range manager.Env {
		environment[e.Name] = e.Value
	}
	got := map[string]any{
		"image": manager.Image, "pull": string(manager.ImagePullPolicy), "replicas": *deployment.Spec.Replicas,
		"role": account.Annotations["eks.amazonaws.com/role-arn"], "last flags": strings.Join(manager.Args[len(manager.Args)-4:], " "),
		"slack": environment["SLACK_API_URL"], "region": environment["AWS_REGION"], "cpu": manager.Resources.Requests.Cpu().String(),
		"texts":    deployment.Spec.Template.Spec.Volumes[0].ConfigMap.Name + " at " + manager.VolumeMounts[0].MountPath,
		"audience": deployment.Spec.Template.Spec.Volumes[1].Projected.Sources[0].ServiceAccountToken.Audience,
	}
	want := map[string]any{
		"image": "registry.example.com/keylease:v1.2.3", "pull": "Always", "replicas": int32(2),
		"role": "arn:aws:iam::123456789012:role/keylease", "last flags": "--credentials-namespaces=security,platform --templates-dir=/templates --workers=40 --zap-log-level=debug",
		"slack": "https://slack.example.com/api/", "region": "ap-northeast-1", "cpu": "1",
		"texts": "keylease-templates at /templates", "audience": "sts.amazonaws.com",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAMisspelledValueOfTheChartIsRefused(t *testing.T) {
	for _, values := range []string{"credentialNamespaces: [a]", "image: {version: v1}", "replicas: two", "slackAPIURL: slack.com", "credentialsNamespaces: ['a,b']", "extraArgs: [workers=40]", "extraArgs: [--metrics-secure=false]", "volumes: [{emptyDir: {}}]", "volumeMounts: [{name: a}]"} {
		if _, err := rendered(t, namespace, values); err == nil {
			t.Errorf("%s: no error", values)
		}
	}
}
