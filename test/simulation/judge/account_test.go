package judge

import (
	"testing"
	"time"

	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/simulation/ledger"
)

func TestAUserWithItsFirstNameAgainHasItsKeysAgain(t *testing.T) {
	const key = "AKIASIM0000000000001"
	a, at := newAccount(), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	change := func(action string, params map[string]string) {
		a.apply(ledger.AWS{Stamp: ledger.Stamp{At: at, By: ledger.Person}, Call: iam.Call{Action: action, Params: params}})
	}
	change("issue key", map[string]string{"AccessKeyId": key, "UserName": "svc-01"})
	change("rename user", map[string]string{"UserName": "svc-01"})
	if got := a.keys[key].user; got != "" || a.user("svc-01").gone.IsZero() {
		t.Errorf("renamed: the key's user is %q", got)
	}
	change("rename user", map[string]string{"UserName": "svc-01-renamed", "NewUserName": "svc-01"})
	if got := a.keys[key].user; got != "svc-01" || !a.user("svc-01").gone.IsZero() {
		t.Errorf("named back: the key's user is %q", got)
	}
}
