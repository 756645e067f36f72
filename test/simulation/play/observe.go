package play

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/metrics"
	"github.com/keylease/keylease/test/emulator/apiserver"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/emulator/slack"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// observer writes the ledger.
type observer struct {
	// by is who acts now.
	by string
	// sheetChanged since it was looked at.
	sheetChanged bool
	// stopped: who watches has seen enough.
	stopped bool
	// counted is the day on which the overdue keys were read last.
	counted time.Time
}

func (w *World) stamp() ledger.Stamp { return w.Ledger.Stamp(w.Clock.Now(), w.actor()) }

// actor is the process whose call is carried out, or else a person.
func (w *World) actor() string {
	if w.by == "" {
		return ledger.Person
	}
	return w.by
}

// noteCall notes a call that begins, and returns what notes that it failed.
func (w *World) noteCall(p *process, c call) (failed func()) {
	if w.by = p.name; p.of != w.clusters[0] {
		return func() {}
	}
	i := len(w.Ledger.Calls)
	w.Ledger.Calls = append(w.Ledger.Calls, ledger.Call{Stamp: w.stamp(), Service: c.service, Op: c.op})
	return func() { w.Ledger.Calls[i].Failed = true }
}

// listen to everything that the services do.
func (w *World) listen() {
	w.Sheets.OnChange(w.cellChanged)
	w.Slack.OnMessage(func(m slack.Message) {
		w.Ledger.Posts = append(w.Ledger.Posts, ledger.Post{Stamp: w.stamp(), Message: m, To: cmp.Or(m.User, m.Channel), Plain: m.PlainText()})
	})
	w.IAM.OnCall(func(c iam.Call) {
		if c.Changing() && c.Code == "" && c.Service == "iam" && c.Status != 0 {
			w.Ledger.AWS = append(w.Ledger.AWS, ledger.AWS{Stamp: w.stamp(), Call: c})
		}
	})
}

// byPerson notes what a person changed in AWS.
func (w *World) byPerson(action string, params map[string]string) {
	w.Ledger.AWS = append(w.Ledger.AWS, ledger.AWS{Stamp: w.stamp(), Call: iam.Call{Action: action, Params: params, Time: w.Clock.Now()}})
}

func (w *World) cellChanged(c sheets.Change) {
	w.sheetChanged = true
	if c.By != sheets.API {
		return
	}
	column := strings.TrimRight(c.Range, "0123456789")
	w.Ledger.Cells = append(w.Ledger.Cells, ledger.Cell{Stamp: w.stamp(), Tab: c.Tab, Cell: c.Range, Old: c.Old.String(), New: c.New.String(),
		Key: w.keyInRow(c.Tab, strings.TrimPrefix(c.Range, column)), Header: w.headerOf(c.Tab, column)})
}

// changed is a new version of an object in a cluster. Only the first cluster's are in the ledger.
func (w *World) changed(in *cluster, e apiserver.Event) {
	for _, p := range w.processes {
		if p.of == in && !p.dead {
			p.cache.news = append(p.cache.news, e)
		}
	}
	if in != w.clusters[0] {
		return
	}
	gone := e.Type == watch.Deleted
	switch o := e.New.(type) {
	case *v1alpha1.AccessKeyLease:
		version := ledger.Lease{Stamp: w.stamp(), Object: o}
		if gone {
			version.Object = nil
		}
		w.Ledger.Leases[o.Name] = append(w.Ledger.Leases[o.Name], version)
	case *v1alpha1.AccessKeySheet:
		version := ledger.Sheet{Stamp: w.stamp(), Name: o.Name, Object: o}
		if gone {
			version.Object = nil
		}
		w.Ledger.Sheets = append(w.Ledger.Sheets, version)
	case *corev1.Secret:
		version := ledger.Secret{Stamp: w.stamp(), Name: o.Name, Data: o.Data}
		if gone {
			version.Data = nil
		}
		w.Ledger.Secrets = append(w.Ledger.Secrets, version)
	}
}

// step ends one step of a world.
func (w *World) step() {
	w.by = ""
	w.look("")
	if day := w.Clock.Now().Truncate(24 * time.Hour); !day.Equal(w.counted) {
		w.counted = day
		w.noteOverdue()
	}
	if w.Watch != nil && w.Watch(w) {
		w.stopped = true
	}
}

// registry has the program's metrics, which are the same for all worlds of this test.
var registry = sync.OnceValue(func() *prometheus.Registry {
	r := prometheus.NewRegistry()
	if err := metrics.Register(r); err != nil {
		panic(err) // it is empty
	}
	return r
})

// noteOverdue reads the metric of overdue keys.
func (w *World) noteOverdue() {
	families, _ := registry().Gather() // what cannot be gathered is not there
	total := 0.0
	for _, f := range families {
		if f.GetName() == "keylease_overdue_keys" {
			for _, m := range f.GetMetric() {
				if slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool { return l.GetName() == "namespace" && l.GetValue() == w.Namespace }) {
					total += m.GetGauge().GetValue()
				}
			}
		}
	}
	w.Ledger.Overdue = append(w.Ledger.Overdue, ledger.Overdue{Stamp: w.stamp(), Keys: int(total)})
}

// auditSink keeps the audit lines of a living process.
type auditSink struct {
	w *World
	p *process
}

func (*auditSink) Init(logr.RuntimeInfo) {}
func (*auditSink) Enabled(int) bool      { return true }
func (s *auditSink) Info(_ int, what string, kv ...any) {
	if s.p.dead {
		return
	}
	fields := make(map[string]any, len(kv)/2)
	for i := 0; i+1 < len(kv); i += 2 {
		if name, ok := kv[i].(string); ok {
			fields[name] = kv[i+1]
		}
	}
	s.w.Ledger.Audit = append(s.w.Ledger.Audit, ledger.Audit{Stamp: s.w.Ledger.Stamp(s.w.Clock.Now(), s.p.name), What: what, Fields: fields})
}
func (s *auditSink) Error(error, string, ...any)    {}
func (s *auditSink) WithValues(...any) logr.LogSink { return s }
func (s *auditSink) WithName(string) logr.LogSink   { return s }
