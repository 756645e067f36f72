package play

import (
	"fmt"
	"strings"
	"time"

	"github.com/keylease/keylease/test/emulator/iam"
)

var _ = register(map[string]func(*World, []string) error{
	"aws":         awsFails,
	"aws-account": otherAccount,

	"key-off":       keyOff,
	"key-on":        onKey("activate key", (*iam.Account).ActivateKey),
	"key-delete":    onKey("delete key", (*iam.Account).DeleteKey),
	"key-use":       keyUse,
	"key-second":    secondKey,
	"user-recreate": userRecreate,
	"user-rename":   userRename,
	"user-gets":     userGets,
	"protect":       protect,
	"policy-to":     policyTo,
})

// awsFails ACTION EFFECT HOW [N]: some of the next calls of one action, or any, fail, maybe only about one user. EFFECT
// is an error code, or "lost" (it was done). HOW: see howLong.
func awsFails(w *World, args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("want an action, an effect and how long")
	}
	fault := iam.Fault{Action: args[0], Code: args[1]}
	if args[0] == "any" {
		fault.Action = ""
	}
	if args[1] == "lost" {
		fault.Code, fault.LoseAnswer = "", true
	}
	if len(args) > 3 {
		var n int
		if err := numbers(args[3:], &n); err != nil {
			return err
		}
		fault.User = User(n)
	}
	return w.faulty(args[2], "aws "+strings.Join(args, " "), func(times int) func() {
		fault.Times = times
		return w.IAM.Inject(fault).Clear
	})
}

// otherAccount SECONDS: the operator's credentials are those of another account, which is empty.
func otherAccount(w *World, args []string) error {
	if len(args) < 1 {
		return fmt.Errorf("want seconds")
	}
	if w.other == nil {
		w.other = w.IAM.AddAccount(otherAccountID, iam.PartitionAWS)
	}
	if err := w.mended(args[0], "aws-account", func() error { w.Account.HandOver(operatorKey, principalIn(AccountID)); return nil }); err != nil {
		return err
	}
	w.other.HandOver(operatorKey, principalIn(otherAccountID))
	return nil
}

// userOfKey is the IAM user of a key that is there.
func (w *World) userOfKey(n int) (string, error) {
	if w.Account.KeyStatus(Key(n)) == "" {
		return "", fmt.Errorf("key %d is not there", n)
	}
	return w.users[n], nil
}

// onKey N: a person does something to a key that is there.
func onKey(words string, do func(*iam.Account, string)) func(*World, []string) error {
	return func(w *World, args []string) error {
		var n int
		if err := numbers(args, &n); err != nil {
			return err
		}
		user, err := w.userOfKey(n)
		if err != nil {
			return err
		}
		do(w.Account, Key(n))
		w.byPerson(words, map[string]string{"UserName": user, "AccessKeyId": Key(n)})
		return nil
	}
}

// keyOff N: a person deactivates the key. Where it is inactive already, nobody could tell who wanted that.
func keyOff(w *World, args []string) error {
	var n int
	if err := numbers(args, &n); err != nil {
		return err
	}
	if status := w.Account.KeyStatus(Key(n)); status != "Active" {
		return fmt.Errorf("the key is %q", status)
	}
	return onKey("deactivate key", (*iam.Account).DeactivateKey)(w, args)
}

// keyUse N: a program uses the key.
func keyUse(w *World, args []string) error {
	now := w.Clock.Now()
	return onKey("use key", func(a *iam.Account, id string) { a.UseKey(id, now, "s3", "ap-northeast-1") })(w, args)
}

// secondKey N M: key M is issued for the user of key N. It has no row.
func secondKey(w *World, args []string) error {
	var n, m int
	if err := numbers(args, &n, &m); err != nil {
		return err
	}
	user, err := w.userOfKey(n)
	if err != nil {
		return err
	}
	return w.issue(m, user)
}

// userRecreate N: the user of key N is deleted and made anew, without a key.
func userRecreate(w *World, args []string) error {
	return onUser("recreate user", func(a *iam.Account, user string, _ []string) error {
		a.RemoveUser(user)
		a.AddUser(user)
		return nil
	})(w, args)
}

// userRename N SECONDS: the user of key N has another name.
func userRename(w *World, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want a key and seconds")
	}
	return onUser("rename user", func(a *iam.Account, user string, more []string) error {
		other := user + "-renamed"
		if a.UserExists(other) {
			return fmt.Errorf("the other name is taken")
		}
		err := w.mended(more[0], "user-rename "+args[0], func() error {
			if a.UserExists(user) || !a.UserExists(other) {
				return fmt.Errorf("the user is another one by now")
			}
			a.RenameUser(other, user, "/")
			w.byPerson("rename user", map[string]string{"UserName": other, "NewUserName": user})
			return nil
		})
		if err != nil {
			return err
		}
		a.RenameUser(user, other, "/")
		return nil
	})(w, args)
}

// onUser N …: a person does something to the user of a key that was issued.
func onUser(words string, do func(a *iam.Account, user string, more []string) error) func(*World, []string) error {
	return func(w *World, args []string) error {
		var n int
		if err := numbers(args, &n); err != nil {
			return err
		}
		user := w.users[n]
		if user == "" || !w.Account.UserExists(user) {
			return fmt.Errorf("there is no user of key %d", n)
		}
		if err := do(w.Account, user, args[1:]); err != nil {
			return err
		}
		w.byPerson(words, map[string]string{"UserName": user})
		return nil
	}
}

// userGets N WHAT: the user gets a password, an mfa device, a group, an inline policy, an ssh key, a certificate or a
// credential of a service.
func userGets(w *World, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want a key and what its user gets")
	}
	device := fmt.Sprint("device-", len(w.Ledger.Acts))
	options := map[string]iam.UserOption{
		"password": iam.WithLoginProfile(), "mfa": iam.WithVirtualMFA(device), "group": iam.WithGroup("developers"),
		"inline": iam.WithInlinePolicy("own", ""), "ssh": iam.WithSSHKey(), "certificate": iam.WithSigningCertificate(),
		"credential": iam.WithServiceCredential("codecommit.amazonaws.com"),
	}
	option := options[args[1]]
	if option == nil {
		return fmt.Errorf("nobody gets a %s", args[1])
	}
	return onUser("give user "+args[1], func(a *iam.Account, user string, _ []string) error { a.AddToUser(user, option); return nil })(w, args)
}

// protect N SECONDS: the user gets the tag that protects it.
func protect(w *World, args []string) error {
	const tag = "keylease.dev/protected"
	if len(args) < 2 {
		return fmt.Errorf("want a key and seconds")
	}
	return onUser("protect user", func(a *iam.Account, user string, more []string) error {
		err := w.mended(more[0], "protect "+args[0], func() error {
			if a.UserExists(user) {
				a.RemoveTag(user, tag)
				w.byPerson("unprotect user", map[string]string{"UserName": user})
			}
			return nil
		})
		if err != nil {
			return err
		}
		a.AddToUser(user, iam.WithTag(tag, "true"))
		return nil
	})(w, args)
}

// policyTo N group|role|boundary: the policy of the key's user is put to use elsewhere too.
func policyTo(w *World, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want a key and where to")
	}
	return onUser("share policy", func(a *iam.Account, user string, more []string) error {
		arn := "arn:aws:iam::" + AccountID + ":policy/" + user
		if !a.PolicyExists(arn) {
			return fmt.Errorf("there is no policy %s", arn)
		}
		switch other := user + "-colleague"; more[0] {
		case "group":
			a.AttachToGroup("developers", arn)
		case "role":
			a.AttachToRole("batch", arn)
		case "boundary":
			if a.UserExists(other) {
				return fmt.Errorf("it is a boundary already")
			}
			a.AddUser(other, iam.WithBoundary(arn))
		default:
			return fmt.Errorf("want group, role or boundary")
		}
		return nil
	})(w, args)
}

// issue a key for a user, who is made with a policy if need be.
func (w *World) issue(n int, user string) error {
	if w.users[n] != "" {
		return fmt.Errorf("key %d was issued before", n)
	}
	created := w.Clock.Now().Add(-24 * time.Hour)
	if !w.Account.UserExists(user) {
		arn := "arn:aws:iam::" + AccountID + ":policy/" + user
		if !w.Account.PolicyExists(arn) {
			w.Account.AddPolicy(user, "/", "")
		}
		w.Account.AddUser(user, iam.WithAttachedPolicy(arn), iam.WithCreateDate(created))
	}
	if w.keysOf(user) > 1 {
		return fmt.Errorf("user %s has two keys", user)
	}
	w.Account.AddAccessKey(user, iam.AccessKey{ID: Key(n), Created: created})
	w.users[n] = user
	w.byPerson("issue key", map[string]string{"UserName": user, "AccessKeyId": Key(n)})
	return nil
}

// keysOf a user that are there.
func (w *World) keysOf(user string) int {
	count := 0
	for n, of := range w.users {
		if of == user && w.Account.KeyStatus(Key(n)) != "" {
			count++
		}
	}
	return count
}
