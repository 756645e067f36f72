package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

const (
	keyA = "AKIAKEYLEASE00000001"
	keyB = "AKIAKEYLEASE00000002"
	keyC = "AKIAKEYLEASE00000003"
)

// threeLeases that differ in what they are listed by.
func threeLeases(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.give(keyA, "svc-late", "2027-03-31", v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseActive})
	d.give(keyB, "svc-report", "2026-12-08", v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseNotified})
	d.give(keyC, "svc-held", "2026-11-30", v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseExpired, Conditions: []metav1.Condition{
		condition(v1alpha1.ConditionHeld, metav1.ConditionTrue, v1alpha1.ReasonUnclearMark, "what does 延長不要 mean?")}})
	return d
}

func TestLeasesAreListedInTheOrderInWhichTheyEnd(t *testing.T) {
	d := threeLeases(t)
	out, problem := d.keylease("list")
	d.says(out, "NAME", "svc-held", "鈴木 花子", "Expired", "2026-11-30", "UnclearMark", "svc-report", "svc-late")
	if lines := strings.Count(out, "\n"); lines != 4 || problem != "" {
		t.Errorf("%d lines, %q", lines, problem)
	}
	out, _ = d.keylease("list", "-A")
	d.says(out, "NAMESPACE", d.namespace)
}

func TestLeasesAreListedByPhaseUserAndEnd(t *testing.T) {
	d := threeLeases(t)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"phase, in any case":        {[]string{"--phase", "notified"}, "svc-report"},
		"user":                      {[]string{"--user", "svc-late"}, "svc-late"},
		"end, the day left out":     {[]string{"--ends-before", "2026-12-08"}, "svc-held"},
		"several narrow each other": {[]string{"--phase", "Active", "--user", "svc-held"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			out, problem := d.keylease(append([]string{"list"}, c.args...)...)
			var listed []string
			for _, user := range []string{"svc-held", "svc-late", "svc-report"} {
				if strings.Contains(out, user) {
					listed = append(listed, user)
				}
			}
			if got := strings.Join(listed, " "); got != c.want || problem != "" {
				t.Errorf("lists %q, want %q (%s)", got, c.want, problem)
			}
		})
	}
}

func TestAListIsAskedForInWordsThatExist(t *testing.T) {
	d := newDesk(t)
	for args, want := range map[string]string{"--phase Gone": "Active, Notified, Expired or Revoked", "--ends-before soon": "YYYY-MM-DD"} {
		_, problem := d.keylease(append([]string{"list"}, strings.Fields(args)...)...)
		d.says(problem, args, want)
	}
	if out, problem := d.keylease("list"); out != "No such leases in namespace "+d.namespace+" (-A: in all namespaces).\n" || problem != "" {
		t.Errorf("%q, %q", out, problem)
	}
}

func TestAnExtensionMovesTheEndDateAsAPatchOfItsOwnManager(t *testing.T) {
	d := threeLeases(t)
	out, problem := d.keylease("extend", keyB, "2027-01-31") // the key ID, as people copy it
	d.says(out, "svc-report", "2026-12-08 → 2027-01-31", "key-requests")
	l := d.lease(keyB)
	if l.Spec.EndDate != "2027-01-31" || problem != "" {
		t.Errorf("ends on %s; %s", l.Spec.EndDate, problem)
	}
	manager := ""
	for _, m := range l.ManagedFields {
		if strings.Contains(m.FieldsV1.String(), "f:endDate") {
			manager = m.Manager + " " + string(m.Operation)
		}
	}
	if manager != "kubectl-keylease Update" {
		t.Errorf("the end date is managed by %q: the operator must see a person's edit, not another apply", manager)
	}
}

func TestAnEarlierDateTakesAWordMore(t *testing.T) {
	d := threeLeases(t)
	_, problem := d.keylease("extend", keyB, "2026-12-05")
	d.says(problem, "svc-report", "2026-12-08", "2026-12-05", "--shorten")
	if end := d.lease(keyB).Spec.EndDate; end != "2026-12-08" {
		t.Errorf("moved to %s nevertheless", end)
	}
	if _, problem := d.keylease("extend", keyB, "2026-12-05", "--shorten"); problem != "" {
		t.Error(problem)
	}
	if end := d.lease(keyB).Spec.EndDate; end != "2026-12-05" {
		t.Errorf("ends on %s", end)
	}
}

func TestAnExtensionThatCannotBeIsRefusedInASentence(t *testing.T) {
	d := threeLeases(t)
	d.give("AKIAKEYLEASE00000004", "svc-gone", "2026-11-01", v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseRevoked})
	for name, c := range map[string]struct{ key, date, want string }{
		"no date":         {keyB, "2026/12/31", "2026/12/31: give a calendar date as YYYY-MM-DD"},
		"no such day":     {keyB, "2027-02-30", "2027-02-30: give a calendar date as YYYY-MM-DD"},
		"no such lease":   {"AKIANOWHERE000000001", "2027-01-31", "there is no lease akianowhere000000001"},
		"the key is gone": {"AKIAKEYLEASE00000004", "2027-01-31", "this lease is Revoked"},
	} {
		t.Run(name, func(t *testing.T) {
			if out, problem := d.keylease("extend", c.key, c.date); !strings.HasPrefix(problem, c.want) {
				t.Errorf("says %q (%q), want %q", problem, out, c.want)
			}
		})
	}
}

func TestADateThatALeaseHasAlreadyIsNoError(t *testing.T) {
	d := threeLeases(t)
	before := d.lease(keyB).ResourceVersion
	out, problem := d.keylease("extend", keyB, "2026-12-08")
	d.says(out, "2026-12-08 already")
	if d.lease(keyB).ResourceVersion != before || problem != "" {
		t.Errorf("it was written nevertheless, or refused: %s", problem)
	}
}

func TestSyncAndRetryAskAnewEachTime(t *testing.T) {
	d := threeLeases(t)
	d.giveSheet("")
	seen := map[string]bool{}
	for range 2 {
		d.clock.SetTime(d.clock.Now().Add(time.Second))
		out, problem := d.keylease("sync", "key-requests")
		d.says(out, "key-requests", "read now")
		retried, also := d.keylease("retry", keyC)
		d.says(retried, "svc-held", "tried again")
		if problem+also != "" {
			t.Error(problem, also)
		}
		seen["sync "+d.sheetAnnotation(v1alpha1.AnnotationSync)] = true
		seen["retry "+d.lease(keyC).Annotations[v1alpha1.AnnotationRetry]] = true
	}
	if len(seen) != 4 || seen["sync "] || seen["retry "] {
		t.Errorf("annotations %v, want two new ones of each", seen)
	}
	_, problem := d.keylease("sync", "another")
	d.says(problem, "there is no AccessKeySheet another in namespace "+d.namespace)
}

func TestWithoutAClusterTheSentenceSaysSo(t *testing.T) {
	d := newDesk(t)
	d.kubeconfig += ".missing"
	_, problem := d.keylease("list")
	d.says(problem, "no cluster", ".missing")
}

func TestAClusterThatDoesNotAnswerIsSaidToBeThat(t *testing.T) {
	d := newDesk(t)
	config, err := os.ReadFile(d.kubeconfig)
	d.must(err)
	gone := regexp.MustCompile(`server: .*`).ReplaceAll(config, []byte("server: https://127.0.0.1:1"))
	d.must(os.WriteFile(d.kubeconfig, gone, 0o600))
	for _, args := range [][]string{{"list"}, {"why", keyB}} {
		_, problem := d.keylease(args...)
		d.says(problem, "no cluster answers at 127.0.0.1:1", "refused", "kubeconfig")
	}
}

func TestAWrongCallSaysHowToGoOn(t *testing.T) {
	d := newDesk(t)
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"an unknown flag":        {[]string{"list", "--nope"}, []string{"unknown flag: --nope", "kubectl keylease list --help"}},
		"too little":             {[]string{"extend", keyB}, []string{"call it as: kubectl keylease extend LEASE DATE", "--help"}},
		"too much":               {[]string{"list", keyB}, []string{"call it as: kubectl keylease list", "--help"}},
		"a mistyped subcommand":  {[]string{"aprove"}, []string{`unknown command "aprove"`, "approve"}},
		"no such context":        {[]string{"list", "--context", "nowhere"}, []string{`context "nowhere" does not exist`}},
		"a phase that is none":   {[]string{"list", "--phase", "Gone"}, []string{"--phase Gone", "Revoked"}},
		"a date that is unclear": {[]string{"list", "--ends-before", "1/6/2026"}, []string{"--ends-before 1/6/2026", "YYYY-MM-DD"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, problem := d.keylease(c.args...)
			d.says(problem, c.want...)
			if problem != strings.TrimSpace(problem) {
				t.Errorf("blank lines around %q", problem)
			}
		})
	}
}
