package judge

import (
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// deeds are the checks of what the operator does to AWS, the sheet and its own records: invariants 4, 6, 8, 9 and 10.
func deeds() []check {
	return []check{strangers(), snapshots(), otherCluster(), cells(), eventually(), bounds(), auditLog()}
}

// account is what is in AWS, as far as the ledger tells. What it does not tell of is unknown, and judged by nothing.
type account struct {
	keys  map[string]*awsKey
	users map[string]*awsUser
	// shared: since when a user's policy is used elsewhere too, by the user's name.
	shared map[string]time.Time
	read   reader[ledger.AWS]
}

type awsKey struct {
	// user has the key; empty: nobody knows, since it was renamed. renamed is the name that it had.
	user, renamed string
	// since: its first entry. gone: when it was deleted, and by whom; zero: it lives.
	since, gone time.Time
	goneBy      string
	// inactiveBy deactivated it last; empty: it is active.
	inactiveBy string
}

// awsUser has the moments since when something is so; zero: it is not.
type awsUser struct {
	since, gone, recreated, protected, console time.Time
	goneBy                                     string
}

func newAccount() *account {
	return &account{keys: map[string]*awsKey{}, users: map[string]*awsUser{}, shared: map[string]time.Time{}}
}

// catchUp with all entries, and call f, if any, with each right before it is applied.
func (a *account) catchUp(l *ledger.Ledger, f func(ledger.AWS)) {
	for _, e := range a.read.news(l.AWS) {
		if f != nil {
			f(e)
		}
		a.apply(e)
	}
}

func (a *account) user(name string) *awsUser {
	if a.users[name] == nil {
		a.users[name] = &awsUser{}
	}
	return a.users[name]
}

func (a *account) apply(e ledger.AWS) {
	u, key := a.user(e.User()), a.keys[e.Params["AccessKeyId"]]
	switch e.Action {
	case "issue key":
		if u.since.IsZero() || !u.gone.IsZero() {
			*u = awsUser{since: e.At}
		}
		a.keys[e.Params["AccessKeyId"]] = &awsKey{user: e.User(), since: e.At}
	case "DeleteAccessKey", "delete key":
		if key != nil {
			key.gone, key.goneBy = e.At, e.By
		}
	case "UpdateAccessKey":
		if key != nil && e.Params["Status"] == "Inactive" {
			key.inactiveBy = e.By
		} else if key != nil {
			key.inactiveBy = ""
		}
	case "deactivate key":
		if key != nil {
			key.inactiveBy = e.By
		}
	case "activate key":
		if key != nil {
			key.inactiveBy = ""
		}
	default:
		a.applyToUser(u, e)
	}
}

func (a *account) applyToUser(u *awsUser, e ledger.AWS) {
	switch e.Action {
	case "DeleteUser", "delete user", "recreate user":
		for _, k := range a.keys {
			if k.user == e.User() && k.gone.IsZero() {
				k.gone, k.goneBy = e.At, e.By
			}
		}
		u.gone, u.goneBy = e.At, e.By
		if e.Action == "recreate user" {
			*u = awsUser{since: e.At, recreated: e.At}
		}
	case "rename user":
		a.rename(e.User(), e.Params["NewUserName"], e.At)
	case "protect user":
		u.protected = e.At
	case "unprotect user":
		u.protected = time.Time{}
	case "give user password":
		u.console = e.At
	case "share policy":
		a.shared[e.User()] = e.At
	}
}

// rename a user. Its first name may come back, and the keys are that user's again. Under another name nobody knows it.
func (a *account) rename(user, back string, at time.Time) {
	if back != "" {
		u := a.user(back)
		*u = awsUser{since: u.since, protected: u.protected, console: u.console}
	} else {
		u := a.user(user)
		u.gone = at
	}
	for _, k := range a.keys {
		switch {
		case back != "" && k.renamed == back:
			k.user, k.renamed = back, ""
		case back == "" && k.user == user:
			k.user, k.renamed = "", user
		}
	}
}

// living is a key of a user that lives, and has for a while at a moment.
func (a *account) living(user string, before time.Time) string {
	for id, k := range a.keys {
		if k.user == user && k.gone.IsZero() && k.since.Before(before) {
			return id
		}
	}
	return ""
}

// leeway is how much time before an act of the operator may have passed since it looked: a machine that stands still,
// a cache that is old or an answer that is late make it longer.
func leeway(l *ledger.Ledger, at time.Time) time.Duration {
	d := 15 * time.Minute
	for _, a := range l.Acts {
		if a.At.After(at) || at.Sub(a.At) > 3*24*time.Hour {
			continue
		}
		switch a.Verb {
		case "freeze", "late", "stale", "second-leader":
			for _, arg := range a.Args {
				if s, err := strconv.ParseFloat(arg, 64); err == nil {
					d += time.Duration(s * float64(time.Second))
				}
			}
		}
	}
	return d
}

// specsIn are those that a sheet had from one moment to another: those of all its versions in between, and the one before.
func specsIn(l *ledger.Ledger, from, to time.Time) []*v1alpha1.AccessKeySheetSpec {
	var in []*v1alpha1.AccessKeySheetSpec
	for i := len(l.Sheets) - 1; i >= 0; i-- {
		s := l.Sheets[i]
		if s.At.After(to) || s.Object == nil {
			continue
		}
		if n := len(in); n == 0 || !sameSpec(in[n-1], &s.Object.Spec) {
			in = append(in, &s.Object.Spec)
		}
		if s.At.Before(from) {
			break
		}
	}
	return in
}

// sameSpec in what the rules here ask for.
func sameSpec(a, b *v1alpha1.AccessKeySheetSpec) bool {
	return a.ClaimCell == b.ClaimCell && a.Marks == b.Marks && a.Mode == b.Mode && a.Requests.Tab == b.Requests.Tab &&
		a.Requests.Columns == b.Requests.Columns && a.Schedule.TimeZone == b.Schedule.TimeZone && a.AWS.UserPathPrefix == b.AWS.UserPathPrefix &&
		orElse(a.AWS.PolicyName, "") == orElse(b.AWS.PolicyName, "") &&
		orElse(a.AWS.KeepConsoleUsers, true) == orElse(b.AWS.KeepConsoleUsers, true)
}

func orElse[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// ascii is a name without anything invisible or foreign.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7f {
			return r
		}
		return -1
	}, s)
}

func durationOf(d *metav1.Duration, otherwise time.Duration) time.Duration {
	if d == nil {
		return otherwise
	}
	return d.Duration
}
