package play

import (
	"context"
	"errors"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// errDead is what a process hears that was killed. It has no effect on anything any more.
var errDead = errors.New("simulation: the process was killed")

// task is one running reconcile. Only one task of a world runs at a time: it runs until its next call to anything outside
// of its process, and waits there until the world lets it go on. That makes a world repeatable.
type task struct {
	process *process
	queue   *queue
	item    reconcile.Request
	resume  chan struct{}
	// waits for the world before this call; ended: the reconcile is over.
	waits  call
	ended  bool
	result reconcile.Result
	err    error
}

// call to something outside: "google", "slack", "aws" or "api", and what is asked.
type call struct{ service, op string }

type taskKey struct{}

// start a task. It does not run before the world resumes it.
func (w *World) start(p *process, q *queue, item reconcile.Request) *task {
	t := &task{process: p, queue: q, item: item, resume: make(chan struct{})}
	ctx := context.WithValue(w.context, taskKey{}, t)
	go func() {
		<-t.resume
		t.result, t.err = p.reconcile(ctx, q, item)
		t.ended = true
		w.stage.yielded <- struct{}{}
	}()
	w.stage.tasks = append(w.stage.tasks, t)
	return t
}

// run lets a task go on to its next call or its end.
func (w *World) run(t *task) {
	t.resume <- struct{}{}
	<-w.stage.yielded
}

// outside is how a process does anything outside of itself: it waits for its turn, and does it, if it is not dead by then.
// do runs while nothing else does, and tells whether the answer is what was asked for.
func (w *World) outside(ctx context.Context, c call, do func() bool) error {
	t, ok := ctx.Value(taskKey{}).(*task)
	if !ok {
		panic("simulation: a call outside of any task: " + c.service + " " + c.op)
	}
	if t.process.dead {
		return errDead
	}
	t.waits = c
	w.stage.yielded <- struct{}{}
	<-t.resume
	if t.process.dead {
		return errDead
	}
	failed := w.calling(t, c)
	for !t.process.dead && w.Clock.Now().Before(t.process.frozenUntil) {
		w.stage.yielded <- struct{}{}
		<-t.resume
	}
	if t.process.dead {
		return errDead
	}
	if !do() {
		failed()
	}
	w.look(t.process.name)
	if t.process.diesBehind {
		w.kill(t.process)
	}
	if t.process.dead {
		return errDead
	}
	return nil
}

// latency of each call.
const latency = 20 * time.Millisecond
