package iam

import (
	"fmt"
	"time"
)

// UserOption gives a seeded user something.
type UserOption func(*user)

// AddUser adds a user and returns its unique ID. The path is "/" and nothing
// is attached unless an option says so. It takes the place of no other user:
// a name that exists is a mistake of the seed.
func (a *Account) AddUser(name string, options ...UserOption) (userID string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	if a.users.hasFold(name) || len(name) > 64 || !nameChars.MatchString(name) {
		panic(fmt.Sprintf("iam emulator: user name %q is taken or malformed", name))
	}
	u := a.newUser(name, "/", a.server.date(time.Time{}))
	for _, option := range options {
		option(u)
	}
	return u.id
}

// AddToUser gives an existing user more.
func (a *Account) AddToUser(name string, options ...UserOption) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	u := a.mustUser(name)
	for _, option := range options {
		option(u)
	}
}

func (a *Account) mustUser(name string) *user {
	u, ok := a.users.get(name)
	if !ok {
		panic(fmt.Sprintf("iam emulator: account %s has no user %q", a.id, name))
	}
	return u
}

// WithPath puts the user under a path, "/service/".
func WithPath(path string) UserOption {
	if !pathChars.MatchString(path) {
		panic(fmt.Sprintf("iam emulator: path %q must begin and end with a slash", path))
	}
	return func(u *user) { u.path = path }
}

// WithCreateDate sets the user's creation date.
func WithCreateDate(created time.Time) UserOption {
	return func(u *user) { u.created = u.account.server.date(created) }
}

// WithTag puts a tag on the user.
func WithTag(key, value string) UserOption {
	return func(u *user) { u.tags.put(key, tag{Key: key, Value: value}) }
}

// WithLoginProfile gives the user a console password.
func WithLoginProfile() UserOption {
	return func(u *user) { u.login.put(loginKey, loginProfile{created: u.created}) }
}

// WithVirtualMFA creates a virtual MFA device and enables it for the user.
func WithVirtualMFA(name string) UserOption {
	return func(u *user) {
		serial := u.account.arn("mfa/" + name)
		u.devices.put(serial, mfaDevice{serial: serial, enabled: u.created})
		u.account.devices.put(serial, &virtualMFA{serial: serial, owner: u, enabled: u.created})
	}
}

// WithHardwareMFA enables a hardware MFA device ("GAHT12345678") for the user.
func WithHardwareMFA(serial string) UserOption {
	return func(u *user) { u.devices.put(serial, mfaDevice{serial: serial, enabled: u.created}) }
}

// WithSSHKey uploads an SSH public key.
func WithSSHKey() UserOption {
	return func(u *user) {
		id := uniqueID("APKA", 21)
		u.sshKeys.put(id, sshKey{id: id, body: "ssh-rsa " + id, uploaded: u.created})
	}
}

// WithSigningCertificate uploads a signing certificate.
func WithSigningCertificate() UserOption {
	return func(u *user) {
		id := uniqueID("", 32)
		body := "-----BEGIN CERTIFICATE-----\n" + id + "\n-----END CERTIFICATE-----\n"
		u.certificates.put(id, certificate{id: id, body: body, uploaded: u.created})
	}
}

// WithServiceCredential makes a credential for a service,
// "codecommit.amazonaws.com".
func WithServiceCredential(service string) UserOption {
	return func(u *user) {
		id := entityID("ACCA")
		u.credentials.put(id, serviceCredential{id: id, service: service, created: u.created})
	}
}

// WithInlinePolicy writes a policy into the user; an empty document allows all.
func WithInlinePolicy(name, document string) UserOption {
	if document == "" {
		document = allowAll
	}
	return func(u *user) { u.inline.put(name, inlinePolicy{name: name, document: document}) }
}

// WithAttachedPolicy attaches managed policies, which must exist.
func WithAttachedPolicy(arns ...string) UserOption {
	return func(u *user) {
		for _, arn := range arns {
			u.account.mustPolicy(arn)
			u.attached.put(arn, arn)
		}
	}
}

// WithBoundary sets the permissions boundary, a policy that must exist.
func WithBoundary(arn string) UserOption {
	return func(u *user) {
		u.account.mustPolicy(arn)
		u.boundary = arn
	}
}

// WithGroup makes the user a member of groups, which are created where they do
// not exist.
func WithGroup(names ...string) UserOption {
	return func(u *user) {
		for _, name := range names {
			if _, ok := u.account.groups.get(name); !ok {
				u.account.newGroup(name, "/", u.created)
			}
			u.groups.put(name, name)
		}
	}
}

// RenameUser gives a user another name and path, as UpdateUser does: its unique
// ID and all that it has stay.
func (a *Account) RenameUser(name, newName, newPath string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	u := a.mustUser(name)
	if newName != name && a.users.hasFold(newName) || !pathChars.MatchString(newPath) || !nameChars.MatchString(newName) {
		panic(fmt.Sprintf("iam emulator: user %s%s is taken or malformed", newPath, newName))
	}
	a.users.remove(name, time.Time{})
	u.name, u.path = newName, newPath
	a.users.put(newName, u)
}

// RemoveUser takes a user away with all that it has, as if somebody had taken
// it apart at once.
func (a *Account) RemoveUser(name string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	u := a.mustUser(name)
	for _, d := range a.devices.list() {
		if d.owner == u {
			a.devices.remove(d.serial, time.Time{})
		}
	}
	for _, k := range u.keys.list() {
		delete(a.server.keyOwners, k.id)
	}
	a.users.remove(name, time.Time{})
}
