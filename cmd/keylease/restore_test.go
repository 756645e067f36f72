package main

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/teardown"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/world"
)

const restoredLease = "akiakeylease00000002"

// restoring is a namespace with a Revoked lease, and an account without its user.
type restoring struct {
	*testing.T
	client.Client
	account     *iam.Account
	namespace   string
	environment map[string]string
}

func newRestoring(t *testing.T) *restoring {
	t.Helper()
	server := iam.New(iam.Options{})
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	r := &restoring{T: t, account: server.AddAccount("123456789012", iam.PartitionAWS), namespace: plane.Namespace(t)}
	r.account.AddCredential("AKIAPERSON0000000001", "arn:aws:iam::123456789012:user/alice")
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	r.must(plane.WriteKubeConfig(kubeconfig))
	r.environment = map[string]string{
		"KUBECONFIG": kubeconfig, "AWS_ENDPOINT_URL": listener.URL,
		"AWS_ACCESS_KEY_ID": "AKIAPERSON0000000001", "AWS_SECRET_ACCESS_KEY": "not-checked",
	}
	var err error
	r.Client, err = client.New(plane.Config(), client.Options{Scheme: world.Scheme()})
	r.must(err)

	data, digest, err := teardown.Snapshot{AccountID: "123456789012", Partition: "aws", UserName: "svc-report", UserID: "AIDAOLD", Path: "/service/",
		Tags:           []teardown.SnapshotTag{{Key: "team", Value: "data"}},
		InlinePolicies: []teardown.SnapshotPolicy{{Name: "own", Document: `{"Version":"2012-10-17","Statement":[{"Effect":"Deny"}]}`}}}.Encode()
	r.must(err)
	r.must(r.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: restoredLease + "-snapshot"},
		Data: map[string][]byte{"snapshot.json": data}}))
	lease := &v1alpha1.AccessKeyLease{ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: restoredLease},
		Spec: v1alpha1.AccessKeyLeaseSpec{SheetRef: v1alpha1.SheetReference{Name: "key-requests"}, AccessKeyID: strings.ToUpper(restoredLease),
			UserName: "svc-report", AccountID: "123456789012", EndDate: "2026-12-08"}}
	r.must(r.Create(t.Context(), lease))
	r.setRevocation(func(rev *v1alpha1.RevocationStatus) {
		now := metav1.NewTime(time.Date(2026, 12, 9, 6, 0, 30, 0, time.UTC))
		rev.StartTime, rev.CompletionTime = &now, &now
		rev.SnapshotRef = &v1alpha1.SnapshotReference{Name: restoredLease + "-snapshot", SHA256: digest}
	})
	return r
}

func (r *restoring) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *restoring) setRevocation(change func(*v1alpha1.RevocationStatus)) {
	r.Helper()
	lease := &v1alpha1.AccessKeyLease{}
	r.must(r.Get(r.Context(), client.ObjectKey{Namespace: r.namespace, Name: restoredLease}, lease))
	if lease.Status.Revocation == nil {
		lease.Status.Revocation = &v1alpha1.RevocationStatus{}
	}
	change(lease.Status.Revocation)
	r.must(r.Status().Update(r.Context(), lease))
}

// keylease restore, as the person calls it.
func (r *restoring) restore(more ...string) (code int, stdout, stderr string) {
	r.Helper()
	p := start(r.T, r.environment, append([]string{"restore", strings.ToUpper(restoredLease), "-n", r.namespace}, more...)...)
	code = p.end(r.T)
	return code, p.stdout.String(), p.stderr.String()
}

func (r *restoring) says(text string, words ...string) {
	r.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			r.Errorf("does not say %q:\n%s", word, text)
		}
	}
}

func TestRestoreShowsFirstAndCreatesWhenTold(t *testing.T) {
	r := newRestoring(t)
	code, out, problem := r.restore()
	if code != 0 || r.account.UserExists("svc-report") {
		t.Fatalf("exit code %d, user exists: %v\n%s", code, r.account.UserExists("svc-report"), problem)
	}
	r.says(out, "User svc-report of account 123456789012", "You are arn:aws:iam::123456789012:user/alice",
		"CreateUser        /service/svc-report", "PutUserPolicy     own", "Not restored: access keys", "older versions of policies", "Nothing was changed. With --yes")

	code, out, problem = r.restore("--yes")
	if code != 0 || !r.account.UserExists("svc-report") {
		t.Fatalf("exit code %d, user exists: %v\n%s", code, r.account.UserExists("svc-report"), problem)
	}
	r.says(out, "done: CreateUser", "done: PutUserPolicy", "a deleted key cannot be brought back", "aws iam create-access-key --user-name svc-report")

	code, _, problem = r.restore("--yes")
	if code != 1 {
		t.Errorf("a second restore: exit code %d, want 1", code)
	}
	r.says(problem, "user svc-report exists in account 123456789012: nothing is restored over it")
}

func TestRestoreRefusesASnapshotThatIsNotTheOneOfTheStatus(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(r *restoring)
		want  string
	}{
		"changed": {func(r *restoring) {
			secret := &corev1.Secret{}
			r.must(r.Get(r.Context(), client.ObjectKey{Namespace: r.namespace, Name: restoredLease + "-snapshot"}, secret))
			secret.Data["snapshot.json"] = []byte(strings.Replace(string(secret.Data["snapshot.json"]), "Deny", "Allow", 1))
			r.must(r.Update(r.Context(), secret))
		}, "is not the one that was taken"},
		"gone": {func(r *restoring) {
			r.must(r.Delete(r.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: restoredLease + "-snapshot"}}))
		}, "there is no Secret " + restoredLease + "-snapshot"},
		"without a checksum": {func(r *restoring) {
			r.setRevocation(func(rev *v1alpha1.RevocationStatus) { rev.SnapshotRef.SHA256 = "" })
		}, "is not the one that was taken"},
		"never taken": {func(r *restoring) {
			r.setRevocation(func(rev *v1alpha1.RevocationStatus) { rev.SnapshotRef = nil })
		}, "has no snapshot"},
		"of a deletion that goes on": {func(r *restoring) {
			r.setRevocation(func(rev *v1alpha1.RevocationStatus) { rev.CompletionTime = nil })
		}, "is not over yet"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRestoring(t)
			tc.spoil(r)
			code, _, problem := r.restore("--yes")
			if code != 1 || r.account.UserExists("svc-report") {
				t.Errorf("exit code %d, user exists: %v", code, r.account.UserExists("svc-report"))
			}
			r.says(problem, tc.want)
		})
	}
}
