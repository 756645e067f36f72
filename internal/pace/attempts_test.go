package pace

import (
	"errors"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/internal/failure"
)

var (
	start = time.Date(2026, 12, 9, 6, 0, 0, 0, time.UTC)
	lease = types.NamespacedName{Namespace: "keylease", Name: "akiakeylease00000002"}
	other = types.NamespacedName{Namespace: "keylease", Name: "akiakeylease00000003"}

	errTimeout = &failure.Error{Class: failure.Retry, Code: failure.CodeTimeout}
	errDenied  = &failure.Error{Class: failure.Denied, Code: "AccessDenied"}
	errBroken  = &failure.Error{Class: failure.Uncertain, RetryAfter: 15 * time.Second}
	errLimited = &failure.Error{Class: failure.Retry, Code: "ratelimited", RetryAfter: 7 * time.Second}
)

func noJitter(int64) int64 { return 0 }

// fail a number of times at start, and give the last wait.
func fail(a *Attempts, s Service, times int, err error) (wait time.Duration) {
	for range times {
		wait = a.Failed(lease, s, 1, start, err).Sub(start)
	}
	return wait
}

func TestHowLongAnObjectWaitsAfterAFailure(t *testing.T) {
	for name, c := range map[string]struct {
		service  Service
		failures int
		err      error
		want     time.Duration
	}{
		"the first failure waits two seconds":                {Slack, 1, errTimeout, 2 * time.Second},
		"each further failure doubles the wait":              {ReadAWS, 4, errTimeout, 16 * time.Second},
		"no wait is longer than five minutes":                {ChangeAWS, 40, errTimeout, 5 * time.Minute},
		"an error of no class waits as any other":            {ChangeAWS, 2, errors.New("broken"), 4 * time.Second},
		"what the service asks for counts":                   {Slack, 3, errLimited, 7 * time.Second},
		"what may be half done waits at least as it must":    {Slack, 1, errBroken, 15 * time.Second},
		"and longer from failure to failure":                 {Slack, 5, errBroken, 32 * time.Second},
		"what people must fix is tried every half hour":      {ChangeAWS, 1, errDenied, 30 * time.Minute},
		"a sheet is tried soon even if people must fix it":   {Sync, 1, errDenied, 2 * time.Second},
		"a sheet waits as Google asks":                       {Sync, 1, errLimited, 7 * time.Second},
		"the check of an account is tried every hour":        {CheckAccount, 1, errTimeout, time.Hour},
		"the check of an account does not wait ever longer":  {CheckAccount, 5, errTimeout, time.Hour},
		"a failing sheet is tried again every five minutes":  {Sync, 40, errTimeout, 5 * time.Minute},
		"the last doubling of a sheet is below five minutes": {Sync, 8, errTimeout, 256 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fail(NewAttempts(noJitter), c.service, c.failures, c.err); got != c.want {
				t.Errorf("waits %s, want %s", got, c.want)
			}
		})
	}
}

func TestLeasesThatFailedTogetherComeBackApart(t *testing.T) {
	a := NewAttempts(func(n int64) int64 { return n - 1 })
	if got := fail(a, Slack, 1, errTimeout); got != 2400*time.Millisecond {
		t.Errorf("a lease waits %s, want a fifth more than two seconds at most", got)
	}
	if got := fail(a, Sync, 1, errTimeout); got != 2*time.Second {
		t.Errorf("a sheet waits %s, want two seconds", got)
	}
}

func TestUntilWhenAnObjectWaits(t *testing.T) {
	at := start.Add(2 * time.Second)
	for name, c := range map[string]struct {
		does       func(*Attempts)
		service    Service
		generation int64
		now        time.Time
		want       time.Time
		wantErr    error
	}{
		"an object that was never tried does not wait": {func(*Attempts) {}, Slack, 1, start, time.Time{}, nil},
		"after a failure it waits, and says why":       {func(a *Attempts) { fail(a, Slack, 1, errTimeout) }, Slack, 1, start, at, errTimeout},
		"its wait ends":                                {func(a *Attempts) { fail(a, Slack, 1, errTimeout) }, Slack, 1, at, time.Time{}, nil},
		"another spec is tried at once":                {func(a *Attempts) { fail(a, Slack, 1, errTimeout) }, Slack, 2, start, time.Time{}, nil},
		"another service does not wait":                {func(a *Attempts) { fail(a, Slack, 1, errTimeout) }, ReadAWS, 1, start, time.Time{}, nil},
		"another object does not wait": {func(a *Attempts) {
			a.Failed(other, Slack, 1, start, errTimeout)
		}, Slack, 1, start, time.Time{}, nil},
		"a success ends the wait": {func(a *Attempts) {
			fail(a, Slack, 3, errTimeout)
			a.Succeeded(lease, Slack)
		}, Slack, 1, start, time.Time{}, nil},
		"what was deferred waits for no failure": {func(a *Attempts) {
			fail(a, ChangeAWS, 3, errTimeout)
			a.Defer(lease, ChangeAWS, 1, at)
		}, ChangeAWS, 1, start, at, nil},
		"an object that was forgotten does not wait": {func(a *Attempts) {
			fail(a, Slack, 3, errTimeout)
			a.Forget(lease)
		}, Slack, 1, start, time.Time{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := NewAttempts(noJitter)
			c.does(a)
			if got, err := a.Until(lease, c.service, c.generation, c.now); !got.Equal(c.want) || !errors.Is(err, c.wantErr) {
				t.Errorf("until %s because of %v, want %s because of %v", got, err, c.want, c.wantErr)
			}
		})
	}
}

func TestFailuresAreToldAsPassingForAboutTenMinutes(t *testing.T) {
	a, now, next := NewAttempts(func(n int64) int64 { return n / 2 }), start, start
	for !a.Exhausted(lease, Slack, ReadAWS, ChangeAWS) {
		now = next
		next = a.Failed(lease, ReadAWS, 1, now, errTimeout)
	}
	if took := now.Sub(start); took < 8*time.Minute || took > 11*time.Minute {
		t.Errorf("people hear of it after %s", took)
	}
}

func TestASuccessEndsTheCountOfFailures(t *testing.T) {
	for name, end := range map[string]func(*Attempts){
		"succeeded": func(a *Attempts) { a.Succeeded(lease, ChangeAWS) },
		"deferred":  func(a *Attempts) { a.Defer(lease, ChangeAWS, 1, start.Add(time.Second)) },
		"forgotten": func(a *Attempts) { a.Forget(lease) },
	} {
		t.Run(name, func(t *testing.T) {
			a := NewAttempts(noJitter)
			fail(a, ChangeAWS, patience, errTimeout)
			if !a.Exhausted(lease, ChangeAWS) {
				t.Fatal("AWS failed for long, and people do not hear of it")
			}
			a.Succeeded(lease, ReadAWS)
			if !a.Exhausted(lease, ChangeAWS) {
				t.Error("a reading that succeeded ended the count of refused changes")
			}
			if end(a); a.Exhausted(lease, ChangeAWS) {
				t.Error("the failures before it still count")
			}
			if got := fail(a, ChangeAWS, 1, errTimeout); got != 2*time.Second {
				t.Errorf("the next failure waits %s", got)
			}
		})
	}
}

func TestWhetherThisProcessHasTried(t *testing.T) {
	for name, try := range map[string]func(*Attempts){
		"in vain":      func(a *Attempts) { fail(a, ReadAWS, 1, errTimeout) },
		"with success": func(a *Attempts) { a.Succeeded(lease, ReadAWS) },
	} {
		t.Run(name, func(t *testing.T) {
			a := NewAttempts(noJitter)
			if a.Tried(lease, ReadAWS) {
				t.Error("a new process has tried it already")
			}
			if try(a); !a.Tried(lease, ReadAWS) || a.Tried(lease, ChangeAWS) || a.Tried(other, ReadAWS) {
				t.Error("it was tried, for this lease and service alone")
			}
			if a.Forget(lease); a.Tried(lease, ReadAWS) {
				t.Error("what was forgotten was tried")
			}
		})
	}
}
