package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// userCalls are the calls that change a user. Calls about a key are not among them.
var userCalls = []string{"DeleteLoginProfile", "DeactivateMFADevice", "DeleteSSHPublicKey", "DeleteSigningCertificate",
	"DeleteServiceSpecificCredential", "DeleteUserPolicy", "DetachUserPolicy", "RemoveUserFromGroup", "DeleteUser"}

// belongings is invariant 4: nothing is belongings that belongs to another or to a living key.
type belongings struct {
	account *account
	// devices that were taken from a user, by serial number.
	devices map[string]bool
}

func strangers() check {
	s := &belongings{account: newAccount(), devices: map[string]bool{}}
	return check{name: "4 another's thing touched", step: s.step}
}

func (s *belongings) step(l *ledger.Ledger) (found []Finding) {
	s.account.catchUp(l, func(e ledger.AWS) {
		if e.Action == "DeactivateMFADevice" {
			s.devices[e.Params["SerialNumber"]] = true
		}
		if !byOperator(e.Stamp) {
			return
		}
		if wrong := s.judge(l, e); wrong != "" {
			found = append(found, Finding{Key: e.Params["AccessKeyId"], At: e.At,
				Text: fmt.Sprintf("%s called %s %v: %s", e.By, e.Action, e.Params, wrong)})
		}
	})
	return found
}

// judge says what is wrong with a change; empty: nothing.
func (s *belongings) judge(l *ledger.Ledger, e ledger.AWS) string {
	switch {
	case e.Action == "UpdateAccessKey" || e.Action == "DeleteAccessKey":
		return s.judgeKey(l, e)
	case slices.Contains(userCalls, e.Action):
		return s.judgeUser(l, e)
	case e.Action == "DeletePolicy" || e.Action == "DeletePolicyVersion":
		return s.judgePolicy(l, e)
	case e.Action == "DeleteVirtualMFADevice":
		if !s.devices[e.Params["SerialNumber"]] {
			return "the device was taken from no user before"
		}
		return ""
	}
	return "the operator has no reason for such a call"
}

func (s *belongings) judgeKey(l *ledger.Ledger, e ledger.AWS) string {
	id := e.Params["AccessKeyId"]
	switch k := s.account.keys[id]; {
	case id == e.AccessKeyID:
		return "it is the operator's own key"
	case !onRow(l, id, ""):
		return "the key never stood in a row"
	case !onRow(l, id, e.User()):
		return "no row of the key names that user"
	case e.Params["Status"] == "Active" && k != nil && k.inactiveBy == ledger.Person:
		return "the operator did not deactivate it"
	case e.Params["Status"] == "Active":
		return "" // giving back what was taken
	}
	return s.untouchable(l, e)
}

// untouchable says why a user must not be changed at all; empty: it may.
func (s *belongings) untouchable(l *ledger.Ledger, e ledger.AWS) string {
	u, long := s.account.user(e.User()), e.At.Add(-leeway(l, e.At))
	switch {
	case strings.HasSuffix(e.Principal, ":user/"+e.User()):
		return "it is the operator's own user"
	case before(u.protected, long):
		return "the user is protected since " + shown(u.protected)
	case before(u.recreated, long) && s.knownBefore(l, e.User(), u.recreated):
		return "another user has had that name since " + shown(u.recreated)
	case !slices.ContainsFunc(specsIn(l, long, e.At), func(s *v1alpha1.AccessKeySheetSpec) bool { return strings.HasPrefix("/", s.AWS.UserPathPrefix) }):
		return "the user is outside of the path" // all users are in the path /
	}
	return ""
}

// knownBefore: a lease of a key of that user had seen the user before that moment, and still lives.
func (s *belongings) knownBefore(l *ledger.Ledger, user string, at time.Time) bool {
	for id, k := range s.account.keys {
		if k.user == user && pinnedBefore(l, id, at) {
			return true
		}
	}
	return false
}

// pinnedBefore: the audit log says that the key and its user were seen before that moment, and the lease was not deleted
// since.
func pinnedBefore(l *ledger.Ledger, key string, at time.Time) bool {
	seen := slices.ContainsFunc(l.Audit, func(a ledger.Audit) bool {
		return a.What == "pinned" && a.Fields["accessKeyID"] == key && a.At.Before(at)
	})
	return seen && !slices.ContainsFunc(l.Leases[strings.ToLower(key)], func(v ledger.Lease) bool { return v.Object == nil })
}

func (s *belongings) judgeUser(l *ledger.Ledger, e ledger.AWS) string {
	if wrong := s.untouchable(l, e); wrong != "" {
		return wrong
	}
	long := e.At.Add(-leeway(l, e.At))
	if id := s.account.living(e.User(), long); id != "" {
		return "its key " + id + " lives"
	}
	keeps := func() bool {
		for _, spec := range specsIn(l, long, e.At) {
			if !orElse(spec.AWS.KeepConsoleUsers, true) {
				return false
			}
		}
		return true
	}
	if u := s.account.user(e.User()); before(u.console, long) && keeps() {
		return "it has had a console password since " + shown(u.console)
	}
	if !s.itsTurn(l, e.User()) {
		return "no key of that user that stood in a row is gone"
	}
	return ""
}

// itsTurn: a key of that user stood in a row with it, and is gone.
func (s *belongings) itsTurn(l *ledger.Ledger, user string) bool {
	for id, k := range s.account.keys {
		if k.user == user && !k.gone.IsZero() && onRow(l, id, user) {
			return true
		}
	}
	return false
}

func (s *belongings) judgePolicy(l *ledger.Ledger, e ledger.AWS) string {
	arn, long := e.Params["PolicyArn"], e.At.Add(-leeway(l, e.At))
	name := arn[strings.LastIndex(arn, "/")+1:]
	if since := s.account.shared[name]; before(since, long) { // people name a policy like its user
		return "others have used it since " + shown(since)
	}
	parts := strings.SplitN(arn, ":", 6)
	for user, u := range s.account.users {
		if !u.gone.IsZero() && s.itsTurn(l, user) && len(parts) == 6 && policyNamed(l, name, user, parts[4], e.At) {
			return ""
		}
	}
	return "it is named after no user that was deleted"
}

// policyNamed: a policy's name is the one that a spec gives for a user.
func policyNamed(l *ledger.Ledger, policy, user, accountID string, at time.Time) bool {
	for _, spec := range specsIn(l, at.Add(-60*24*time.Hour), at) {
		name := orElse(spec.AWS.PolicyName, "{{ .UserName }}")
		for _, space := range []string{" ", ""} {
			name = strings.ReplaceAll(name, "{{"+space+".UserName"+space+"}}", user)
			name = strings.ReplaceAll(name, "{{"+space+".AccountID"+space+"}}", accountID)
		}
		if name == policy {
			return true
		}
	}
	return false
}

// onRow: the key stood in a row, with that user; empty: with any. A row's name with foreign characters may be any.
func onRow(l *ledger.Ledger, key, user string) bool {
	in := func(rows []ledger.Row) bool {
		return slices.ContainsFunc(rows, func(r ledger.Row) bool {
			clean := ascii(r.User)
			return r.Count > 0 && (user == "" || clean == user || (clean != r.User && clean != strings.TrimSpace(r.User)))
		})
	}
	if in(l.Rows[key]) {
		return true
	}
	for id, rows := range l.Rows { // written with invisible or wide characters
		if id != key && ascii(id) != id && in(rows) {
			return true
		}
	}
	return false
}

// before: it is so since before a moment; never, if since is zero.
func before(since, at time.Time) bool { return !since.IsZero() && since.Before(at) }

func isOperator(by string) bool { return byOperator(ledger.Stamp{By: by}) }
