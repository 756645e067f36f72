package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatIsMissingIsSaidInTheWordsOfTheCommandLine(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none.json")
	for name, c := range map[string]struct {
		args []string
		want []string
		not  string
	}{
		"no kubeconfig":        {[]string{"restore", "akiakeylease00000002"}, []string{"no cluster", "no kubeconfig was found", "KUBECONFIG"}, "KUBERNETES_MASTER"},
		"no such kubeconfig":   {[]string{"restore", "akiakeylease00000002", "--kubeconfig", none}, []string{"no cluster", none}, ""},
		"no way to Google":     {[]string{"plan", "--spreadsheet", "1duJ"}, []string{"--credentials FILE", "GOOGLE_APPLICATION_CREDENTIALS=FILE"}, "spec.google"},
		"an argument too much": {[]string{"plan", "requests.xlsx"}, []string{"call it as: keylease plan {--xlsx FILE", "--help"}, "unknown command"},
		"an unknown flag":      {[]string{"manager", "--leader"}, []string{"unknown flag: --leader", "keylease manager --help"}, ""},
		"a mistyped command":   {[]string{"maneger"}, []string{`unknown command "maneger"`, "manager"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, nil, c.args...)
			if code := p.end(t); code != 1 {
				t.Errorf("exit code %d", code)
			}
			said := p.stderr.String()
			for _, word := range c.want {
				if !strings.Contains(said, word) {
					t.Errorf("does not say %q: %s", word, said)
				}
			}
			if c.not != "" && strings.Contains(said, c.not) || strings.HasSuffix(said, "\n\n") {
				t.Errorf("says %q", said)
			}
		})
	}
}

func TestTheVersionIsToldAsOtherProgramsTellTheirs(t *testing.T) {
	for _, arg := range []string{"version", "--version"} {
		p := start(t, nil, arg)
		if code := p.end(t); code != 0 || !strings.Contains(p.stdout.String(), "v0.0.0-test") {
			t.Errorf("%s: exit code %d, %q", arg, code, &p.stdout)
		}
	}
}

func TestEveryFlagOfTheManagerIsSaidByItself(t *testing.T) {
	p := start(t, nil, "manager", "--help")
	if code := p.end(t); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	for _, text := range []string{"whose sheets may use the operator's own AWS credentials too", "0: 20", "(default: iso8601, in UTC)"} {
		if !strings.Contains(p.stdout.String(), text) {
			t.Errorf("does not say %q:\n%s", text, &p.stdout)
		}
	}
	if strings.Contains(p.stdout.String(), "Defaults to 'epoch'") {
		t.Error("says that times are seconds since 1970, and they are not")
	}
}
