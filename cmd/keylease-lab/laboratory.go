package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/go-logr/zapr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/operator"
	"github.com/keylease/keylease/test/controlplane"
	"github.com/keylease/keylease/test/world"
)

const namespace = "keylease"

// laboratory is everything that runs.
type laboratory struct {
	*world.World
	plane *controlplane.ControlPlane
	clock *world.Clock
	// folder for the kubeconfig and the logs.
	folder   string
	logs     []*os.File
	operator *world.Operator
}

// open starts the control plane and the emulators. If something fails, it closes what it started.
func open(ctx context.Context, now time.Time, progress io.Writer) (lab *laboratory, err error) {
	lab = &laboratory{clock: world.NewClock(now)}
	defer func() {
		if err != nil {
			err = errors.Join(err, lab.close())
		}
	}()
	fmt.Fprintln(progress, "demo: starting kube-apiserver and etcd")
	lab.plane, err = controlplane.Start(ctx, controlplane.Options{CRDDirs: []string{controlplane.CRDs}, Progress: progress})
	if err != nil {
		return lab, err
	}
	if lab.folder, err = os.MkdirTemp("", "keylease-lab-"); err != nil {
		return lab, err
	}
	if err := lab.plane.WriteKubeConfig(lab.kubeconfig()); err != nil {
		return lab, err
	}
	fmt.Fprintln(progress, "demo: starting the emulators of Google Sheets, Slack and IAM")
	lab.World, err = world.New(world.Options{Clock: lab.clock, Config: lab.plane.Config(), Namespace: namespace})
	return lab, err
}

func (l *laboratory) kubeconfig() string { return filepath.Join(l.folder, "kubeconfig") }

// install creates what an admin would: the namespace, the Secret, the AccessKeySheet.
func (l *laboratory) install(ctx context.Context) error {
	if err := l.Client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}); err != nil {
		return err
	}
	if err := l.Client.Create(ctx, l.SlackSecret()); err != nil {
		return err
	}
	return l.Client.Create(ctx, l.AccessKeySheet(func(s *v1alpha1.AccessKeySheet) {
		// A day takes seconds here, and syncs every five minutes of it would fill the screen.
		s.Spec.Schedule.SyncInterval = &metav1.Duration{Duration: time.Hour}
	}))
}

// operate starts the operator itself, as `keylease manager` does.
func (l *laboratory) operate(ctx context.Context) error {
	log, err := l.log("operator.log")
	if err != nil {
		return err
	}
	audit, err := l.log("audit.log")
	if err != nil {
		return err
	}
	logger := zapr.NewLogger(zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.Lock(log), zapcore.InfoLevel)))
	ctrl.SetLogger(logger)
	klog.SetLogger(logger)
	l.operator, err = l.Start(ctx, l.clock, logger, operator.NewAuditLogger(audit, l.clock))
	return err
}

func (l *laboratory) log(name string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(l.folder, name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	l.logs = append(l.logs, file)
	return file, nil
}

// until lets the operator run to a moment.
func (l *laboratory) until(ctx context.Context, to time.Time) error {
	return l.clock.Until(ctx, to, 20*time.Minute, l.settle)
}

func (l *laboratory) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := l.operator.Settle(ctx); err != nil {
		return fmt.Errorf("%w (its log: %s)", err, filepath.Join(l.folder, "operator.log"))
	}
	return nil
}

// sheetSays is what the AccessKeySheet reports: why it is not ready, or its counts.
func (l *laboratory) sheetSays(ctx context.Context) string {
	s := l.AccessKeySheet()
	if err := l.Client.Get(ctx, client.ObjectKeyFromObject(s), s); err != nil {
		return err.Error()
	}
	if c := meta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionReady); c != nil && c.Status != metav1.ConditionTrue {
		return "demo: the sheet is not used: " + c.Message
	}
	said := fmt.Sprintf("demo: the sheet has %d requests, %d of them without a key yet, %d that cannot be used", s.Status.Rows.Total, s.Status.Rows.Pending, s.Status.Rows.Invalid)
	for _, r := range s.Status.InvalidRows {
		said += fmt.Sprintf("\n  row %d: %s", r.Row, r.Message)
	}
	return said
}

// close closes everything, in the opposite order.
func (l *laboratory) close() error {
	var err error
	if l.operator != nil {
		err = l.operator.Stop()
	}
	if l.World != nil {
		l.World.Close()
	}
	err = errors.Join(err, l.plane.Stop())
	for _, f := range l.logs {
		err = errors.Join(err, f.Close())
	}
	if l.folder != "" {
		err = errors.Join(err, os.RemoveAll(l.folder))
	}
	return err
}
