package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/emulator/slack"
	"github.com/keylease/keylease/test/world"
)

const (
	livingKey = "AKIAKEYLEASE00000001"             // ends in a far year
	endedKey  = "AKIAKEYLEASE00000002"             // ended long ago: its owner is told
	awsSecret = "c2VjcmV0LW9mLXRoZS1zbW9rZS10ZXN0" // nothing that could stand in a log by chance
)

// twoRequests is a spreadsheet whose outcome does not depend on today.
func twoRequests(t *testing.T) *sheets.Spreadsheet {
	t.Helper()
	s := sheets.NewSpreadsheet("requests")
	users := s.AddTab("users_json")
	requests := s.AddTab("key_request_form")
	for tab, rows := range map[*sheets.Tab][][]any{
		users: {{"ユーザーID", "表示名", "メールアドレス", "姓", "名"}, {"U0EMPLOY01", "山田 太郎", "", "山田", "太郎"}},
		requests: {
			{"", "氏名", "利用目的", "", "AWSリソース名", "", "", "開始日", "終了日", "アカウント名", "状態", "アクセスキーID"},
			{"", "山田 太郎", "CI", "", "S3", "", "", "2019/01/01", "2099/12/31", "svc-ci", "", livingKey},
			{"", "山田 太郎", "旧 CI", "", "S3", "", "", "2019/01/01", "2020/01/01", "svc-old", "", endedKey},
		},
	} {
		for _, row := range rows {
			if _, err := tab.AppendRow(row...); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

// surroundings of an operator that runs by the machine's clock.
func surroundings(t *testing.T) *world.World {
	t.Helper()
	w, err := world.New(world.Options{Clock: clock.RealClock{}, Config: plane.Config(), Namespace: plane.Namespace(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	// The next test's sheet has the same keys: as long as these leases stand, they would be the first sheet's.
	t.Cleanup(func() {
		for _, of := range []client.Object{&v1alpha1.AccessKeySheet{}, &v1alpha1.AccessKeyLease{}} {
			if err := w.Client.DeleteAllOf(context.Background(), of, client.InNamespace(w.Namespace)); err != nil {
				t.Error(err)
			}
		}
	})
	w.Seed(twoRequests(t))
	created := time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)
	w.Key("svc-ci", livingKey, created)
	w.Key("svc-old", endedKey, created)
	for _, create := range []func() error{
		func() error { return w.Client.Create(t.Context(), w.SlackSecret()) },
		func() error { return w.Client.Create(t.Context(), w.AccessKeySheet()) },
	} {
		if err := create(); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func TestTheManagerRunsWithAKubeconfigAndEndpointsAloneAndEndsCleanly(t *testing.T) {
	w := surroundings(t)
	environment := w.Environment()
	environment["AWS_SECRET_ACCESS_KEY"] = awsSecret
	environment["SLACK_API_URL"] = w.Slack.APIURL() + "chat.postMessage" // as the Lambda had it
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := plane.WriteKubeConfig(kubeconfig); err != nil {
		t.Fatal(err)
	}
	probes, metrics := freeAddress(t), freeAddress(t)
	p := start(t, environment, "manager", "--kubeconfig", kubeconfig, "--namespace", w.Namespace, "--leader-elect",
		"--metrics-bind-address", metrics, "--health-probe-bind-address", probes)

	p.waitFor(t, "/healthz is well", answers(http.StatusOK, "http://"+probes+"/healthz"))
	p.waitFor(t, "/readyz is well", answers(http.StatusOK, "http://"+probes+"/readyz"))
	p.waitFor(t, "/metrics asks who is asking", answers(http.StatusUnauthorized, "https://"+metrics+"/metrics"))
	p.waitFor(t, "the living key has its lease", phase(w, livingKey, v1alpha1.PhaseActive))
	p.waitFor(t, "the ended key's owner was told", func(context.Context) bool { return len(w.Slack.Messages("U0EMPLOY01")) == 1 })
	p.waitFor(t, "the ended key is marked", phase(w, endedKey, v1alpha1.PhaseExpired))

	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.end(t); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0:\n%s", code, &p.stderr)
	}
	expectLockGivenBack(t, w)
	expectOutput(t, w, p)
	for _, call := range w.IAM.Calls() {
		if call.Changing() {
			t.Errorf("%s of %s, although nobody had 24 hours to object", call.Action, call.User())
		}
	}
}

// expectLockGivenBack, so that the next replica need not wait for it.
func expectLockGivenBack(t *testing.T, w *world.World) {
	t.Helper()
	lock := &coordinationv1.Lease{}
	if err := w.Get(t.Context(), "keylease.iam.keylease.dev", lock); err != nil {
		t.Fatal(err)
	}
	if holder := ptr.Deref(lock.Spec.HolderIdentity, ""); holder != "" {
		t.Errorf("the lock is still held by %s", holder)
	}
}

// expectOutput: the audit trail and nothing else on standard output, the log on standard error, no secret in either.
func expectOutput(t *testing.T, w *world.World, p *process) {
	t.Helper()
	audited := map[string]bool{}
	for _, record := range records(t, "standard output", &p.stdout) {
		ts, _ := record["ts"].(string)
		if _, err := time.Parse("2006-01-02T15:04:05.000Z", ts); err != nil || record["logger"] != "audit" {
			t.Errorf("not an audit record: %v", record)
		}
		id, _ := record["accessKeyID"].(string)
		audited[id] = true
	}
	if !audited[livingKey] || !audited[endedKey] {
		t.Errorf("the audit trail speaks of %v, want both keys", audited)
	}
	if len(records(t, "standard error", &p.stderr)) == 0 {
		t.Error("the log is empty")
	}
	for what, secret := range map[string]string{"Slack token": slack.BotToken, "AWS secret": awsSecret, "kubeconfig's key": "PRIVATE KEY"} {
		for stream, output := range map[string]*bytes.Buffer{"standard output": &p.stdout, "standard error": &p.stderr} {
			if strings.Contains(output.String(), secret) {
				t.Errorf("the %s stands in %s", what, stream)
			}
		}
	}
}

// answers tells whether a URL answers with a status. The manager's certificate is its own.
func answers(status int, url string) func(context.Context) bool {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	return func(ctx context.Context) bool {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return false
		}
		response, err := client.Do(request)
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == status
	}
}

func phase(w *world.World, accessKeyID string, want v1alpha1.Phase) func(context.Context) bool {
	return func(ctx context.Context) bool {
		l := &v1alpha1.AccessKeyLease{}
		return w.Get(ctx, strings.ToLower(accessKeyID), l) == nil && l.Status.Phase == want
	}
}

func TestAManagerThatFindsNoClusterSaysSoAndEndsWithOne(t *testing.T) {
	p := start(t, nil, "manager")
	if code := p.end(t); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	records(t, "standard error", &p.stderr)
	if !strings.Contains(p.stderr.String(), "--kubeconfig") {
		t.Errorf("the log does not say what to give: %s", &p.stderr)
	}
	if p.stdout.Len() > 0 {
		t.Errorf("standard output, which is for the audit trail, has %q", &p.stdout)
	}
}

func TestAManagerWithABadSlackURLSaysWhichVariableIsWrong(t *testing.T) {
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := plane.WriteKubeConfig(kubeconfig); err != nil {
		t.Fatal(err)
	}
	p := start(t, map[string]string{"SLACK_API_URL": "slack.com/api", "KUBECONFIG": kubeconfig}, "manager")
	if code := p.end(t); code != 1 || !strings.Contains(p.stderr.String(), "SLACK_API_URL") {
		t.Errorf("exit code %d, want 1 and a word about SLACK_API_URL:\n%s", code, &p.stderr)
	}
}

// templates is a folder with a ja.tmpl, as a mounted ConfigMap is.
func templates(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ja.tmpl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTheManagerSendsTheTextsOfTheTemplatesFolder(t *testing.T) {
	w := surroundings(t)
	environment := w.Environment()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := plane.WriteKubeConfig(kubeconfig); err != nil {
		t.Fatal(err)
	}
	p := start(t, environment, "manager", "--kubeconfig", kubeconfig, "--namespace", w.Namespace,
		"--metrics-bind-address", "0", "--health-probe-bind-address", "0",
		"--templates-dir", templates(t, `{{define "Expiry/Owner/fallback"}}情シスより、{{.UserName}}の件{{end}}`))
	p.waitFor(t, "the owner was told", func(context.Context) bool { return len(w.Slack.Messages("U0EMPLOY01")) == 1 })
	if got := w.Slack.Messages("U0EMPLOY01")[0].Text; got != "情シスより、svc-oldの件" {
		t.Errorf("the owner reads %q", got)
	}
}

func TestAManagerWithBadTemplatesSaysWhatIsWrongAndDoesNotStart(t *testing.T) {
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := plane.WriteKubeConfig(kubeconfig); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		templates(t, `{{define "Expiry/Owner/titel"}}x{{end}}`): "Expiry/Owner/titel",
		t.TempDir(): "neither ja.tmpl nor en.tmpl",
	} {
		p := start(t, map[string]string{"KUBECONFIG": kubeconfig}, "manager", "--templates-dir", dir)
		if code := p.end(t); code != 1 || !strings.Contains(p.stderr.String(), want) {
			t.Errorf("exit code %d, want 1 and %q:\n%s", code, want, &p.stderr)
		}
	}
}

func TestTheVersionIsTheLinkers(t *testing.T) {
	p := start(t, nil, "version")
	if code := p.end(t); code != 0 || !strings.HasPrefix(p.stdout.String(), "keylease v0.0.0-test ") {
		t.Errorf("exit code %d, %q", code, &p.stdout)
	}
}

func TestTheShippedDeploymentsFlagsExist(t *testing.T) {
	text, err := os.ReadFile("../../config/manager/manager.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var deployment appsv1.Deployment
	if err := yaml.UnmarshalStrict(text, &deployment); err != nil {
		t.Fatal(err)
	}
	args := deployment.Spec.Template.Spec.Containers[0].Args
	cmd, flags, err := newCommand().Find(args)
	if err != nil || cmd.Name() != "manager" || len(flags) == 0 {
		t.Fatalf("%v: command %q, flags %v, %v", args, cmd.Name(), flags, err)
	}
	if err := cmd.ParseFlags(flags); err != nil {
		t.Error(err)
	}
}
