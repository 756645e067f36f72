package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/keylease/keylease/test/controlplane"
)

var (
	plane *controlplane.ControlPlane
	// binary is the program as it is shipped.
	binary string
)

// suite builds the program before its tests.
type suite struct{ *testing.M }

func (s suite) Run() int {
	dir, err := os.MkdirTemp("", "keylease-test-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "keylease")
	build := exec.Command("go", "build", "-ldflags", "-X main.version=v0.0.0-test", "-o", binary, ".")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		panic(err)
	}
	return s.M.Run()
}

func TestMain(m *testing.M) {
	os.Exit(controlplane.Main(suite{m}, controlplane.Options{CRDDirs: []string{controlplane.CRDs}}, &plane))
}

// patience with a process on a busy machine.
const patience = 2 * time.Minute

// process is a running keylease. Its output may be read when it has ended.
type process struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
	// ended is closed when the process is; err is how.
	ended chan struct{}
	err   error
}

// start keylease with nothing in its environment but what is given.
func start(t *testing.T, environment map[string]string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(binary, args...), ended: make(chan struct{})}
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	p.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	for k, v := range environment {
		p.Env = append(p.Env, k+"="+v)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() { _ = p.Process.Kill() }) // ended already where all went well
	return p
}

// end waits for the process and gives its exit code.
func (p *process) end(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
		if exit := (*exec.ExitError)(nil); p.err != nil && !errors.As(p.err, &exit) {
			t.Fatal(p.err)
		}
		return p.ProcessState.ExitCode()
	case <-time.After(patience):
		_ = p.Process.Kill()
		<-p.ended
		t.Fatalf("the process did not end; it said:\n%s", &p.stderr)
		return -1
	}
}

// waitFor asks until the answer is yes, or the process has ended.
func (p *process) waitFor(t *testing.T, what string, yes func(ctx context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for !yes(ctx) {
		select {
		case <-p.ended:
			t.Fatalf("waiting until %s: the process ended: %v\n%s", what, p.err, &p.stderr)
		case <-ctx.Done():
			_ = p.Process.Kill()
			<-p.ended
			t.Fatalf("waited in vain until %s; the process said:\n%s", what, &p.stderr)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// records of an output in which every line must be a JSON object.
func records(t *testing.T, name string, output *bytes.Buffer) []map[string]any {
	t.Helper()
	var all []map[string]any
	lines := bufio.NewScanner(bytes.NewReader(output.Bytes()))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var record map[string]any
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			t.Errorf("%s has a line that is no JSON object: %q", name, lines.Text())
			continue
		}
		all = append(all, record)
	}
	if err := lines.Err(); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return all
}

// freeAddress on loopback that nothing listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
