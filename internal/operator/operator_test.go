package operator

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	testclock "k8s.io/utils/clock/testing"

	"github.com/keylease/keylease/api/v1alpha1"
)

func TestTheNamespaceIsTheFlagsElseTheEnvironmentsElseThePodsElseTheDefault(t *testing.T) {
	file := filepath.Join(t.TempDir(), "namespace")
	if err := os.WriteFile(file, []byte("of-the-pod\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ flag, environment, file, want string }{
		"the flag goes first":            {"of-the-flag", "of-the-environment", file, "of-the-flag"},
		"the environment comes next":     {"", "of-the-environment", file, "of-the-environment"},
		"then the service account":       {"", "", file, "of-the-pod"},
		"outside of a pod there is none": {"", "", file + ".missing", DefaultNamespace},
	} {
		t.Run(name, func(t *testing.T) {
			if got := namespaceOf(c.flag, c.environment, c.file); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAnAuditRecordIsOneJSONLineInUTCByTheClock(t *testing.T) {
	var out bytes.Buffer
	jst := time.FixedZone("JST", 9*60*60)
	audit := NewAuditLogger(&out, testclock.NewFakePassiveClock(time.Date(2026, 12, 9, 15, 0, 0, 0, jst)))
	audit.Info("notice", "recipient", "U0EMPLOY02", "remark", "二\n行")
	want := `{"ts":"2026-12-09T06:00:00.000Z","logger":"audit","msg":"notice","recipient":"U0EMPLOY02","remark":"二\n行"}` + "\n"
	if got := out.String(); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func TestAClusterWithoutTheDefinitionsIsToldFromOneThatHasThem(t *testing.T) {
	mapper := meta.NewDefaultRESTMapper(nil)
	err := installed(mapper, "https://cluster.example")
	if err == nil || !strings.Contains(err.Error(), "https://cluster.example does not know AccessKeySheet") || !strings.Contains(err.Error(), "make install") {
		t.Errorf("an empty cluster: %v", err)
	}
	for _, kind := range []string{"AccessKeySheet", "AccessKeyLease"} {
		mapper.Add(v1alpha1.GroupVersion.WithKind(kind), meta.RESTScopeNamespace)
	}
	if err := installed(mapper, "https://cluster.example"); err != nil {
		t.Error(err)
	}
}

func TestSheetsThatShareATokenShareItsPace(t *testing.T) {
	connect, err := slackFactory(Options{Clock: testclock.NewFakePassiveClock(time.Unix(0, 0))})
	if err != nil {
		t.Fatal(err)
	}
	if connect("xoxb-1") != connect("xoxb-1") || connect("xoxb-1") == connect("xoxb-2") {
		t.Error("want one client for each token")
	}
}
