package iam

import (
	"fmt"
	"strings"
	"time"
)

// AddCredential makes an access key that works and belongs to no user of the
// emulator: an operator's, or the root's. principal is its ARN. A key of a
// seeded user needs none of this: AddAccessKey's keys work as credentials too.
func (a *Account) AddCredential(accessKeyID, principal string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.mustBeNew(accessKeyID)
	who := caller{account: a, keyID: accessKeyID, arn: principal, userID: entityID("AIDA")}
	_, rest, _ := strings.Cut(principal, ":"+a.id+":")
	switch {
	case rest == "":
		panic(fmt.Sprintf("iam emulator: principal %q is no ARN of account %s", principal, a.id))
	case rest == "root":
		who.userID = a.id
	case strings.HasPrefix(rest, "user/"):
		who.userName = rest[strings.LastIndex(rest, "/")+1:]
		if found, ok := a.users.get(who.userName); ok {
			who.userID = found.id
		}
	}
	a.server.credentials[accessKeyID] = credential{caller: who}
}

// mustBeNew panics for an access key ID that any account has or had.
func (a *Account) mustBeNew(accessKeyID string) {
	_, isCredential := a.server.credentials[accessKeyID]
	_, isKey := a.server.keyOwners[accessKeyID]
	if isCredential || isKey || len(accessKeyID) < 16 || !wordChars.MatchString(accessKeyID) {
		panic(fmt.Sprintf("iam emulator: access key ID %q is taken or malformed", accessKeyID))
	}
}

// Allow restricts what a principal may do: the ARN of a user or, for all its
// sessions, of a role. Nil takes the restriction back.
func (a *Account) Allow(principal string, permission Permission) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	if permission == nil {
		delete(a.permissions, principal)
		return
	}
	a.permissions[principal] = permission
}

// AccessKey is an access key to seed.
type AccessKey struct {
	// ID is the access key ID, 16 to 128 of letters, digits and underscore.
	ID string
	// Created is the creation date; zero means now.
	Created time.Time
	// Inactive deactivates the key.
	Inactive bool
	// LastUsed is when the key was used last; zero means never. Service and
	// Region default to "s3" and "us-east-1".
	LastUsed        time.Time
	Service, Region string
}

// AddAccessKey gives the user a key with a chosen ID. The key works as a
// credential of the API too. The quota of two keys holds here as well.
func (a *Account) AddAccessKey(userName string, key AccessKey) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.mustBeNew(key.ID)
	u := a.mustUser(userName)
	if u.keys.len() >= keysPerUser {
		panic(fmt.Sprintf("iam emulator: user %s has %d access keys already", userName, keysPerUser))
	}
	made := accessKey{id: key.ID, active: !key.Inactive, created: a.server.date(key.Created)}
	if !key.LastUsed.IsZero() {
		made.lastUsed, made.lastService, made.lastRegion = a.server.date(key.LastUsed), "s3", "us-east-1"
		if key.Service != "" {
			made.lastService = key.Service
		}
		if key.Region != "" {
			made.lastRegion = key.Region
		}
	}
	u.addKey(made)
}

// PolicyOption shapes a seeded policy.
type PolicyOption func(*policy)

// WithVersions gives the policy as many versions in all; the newest is the
// default one.
func WithVersions(count int) PolicyOption {
	return func(p *policy) {
		for p.versions.len() < count {
			p.addVersion(allowAll, true, p.created)
		}
	}
}

// AddPolicy adds a customer-managed policy under a path ("/" for none) and
// returns its ARN; an empty document allows all.
func (a *Account) AddPolicy(name, path, document string, options ...PolicyOption) (arn string) {
	if document == "" {
		document = allowAll
	}
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	if _, exists := a.policies.get(a.arn("policy" + path + name)); exists || !pathChars.MatchString(path) || !nameChars.MatchString(name) {
		panic(fmt.Sprintf("iam emulator: policy %s%s is taken or malformed", path, name))
	}
	p := a.newPolicy(policySpec{name: name, path: path, document: document}, time.Time{})
	for _, option := range options {
		option(p)
	}
	return p.arn
}

func (a *Account) mustPolicy(arn string) {
	if _, ok := a.policies.get(arn); !ok {
		panic(fmt.Sprintf("iam emulator: account %s has no policy %s", a.id, arn))
	}
}

// AddRole adds a role that trusts as said, and returns its ARN.
func (a *Account) AddRole(name string, trust ...Trust) (arn string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	if a.roles.hasFold(name) || !nameChars.MatchString(name) {
		panic(fmt.Sprintf("iam emulator: role name %q is taken or malformed", name))
	}
	return a.newRole(name, "/", trust, allowAll, a.server.date(time.Time{})).arn()
}

// AttachToGroup attaches a policy elsewhere than to a user, so that it is
// shared; the group is created where it does not exist.
func (a *Account) AttachToGroup(groupName, arn string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.mustPolicy(arn)
	g, ok := a.groups.get(groupName)
	if !ok {
		g = a.newGroup(groupName, "/", a.server.date(time.Time{}))
	}
	g.attached.put(arn, arn)
}

// AttachToRole is AttachToGroup for a role.
func (a *Account) AttachToRole(roleName, arn string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.mustPolicy(arn)
	made, ok := a.roles.get(roleName)
	if !ok {
		made = a.newRole(roleName, "/", nil, allowAll, a.server.date(time.Time{}))
	}
	made.attached.put(arn, arn)
}

// RemovePolicy takes a customer-managed policy away, from everything that it is
// attached to.
func (a *Account) RemovePolicy(arn string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.mustPolicy(arn)
	for _, u := range a.users.list() {
		u.attached.remove(arn, time.Time{})
	}
	for _, g := range a.groups.list() {
		g.attached.remove(arn, time.Time{})
	}
	for _, r := range a.roles.list() {
		r.attached.remove(arn, time.Time{})
	}
	a.policies.remove(arn, time.Time{})
}

// AssignMFA enables an unassigned virtual MFA device, by its name, for a user.
func (a *Account) AssignMFA(name, userName string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	serial, now := a.arn("mfa/"+name), a.server.date(time.Time{})
	device, ok := a.devices.get(serial)
	if !ok || device.owner != nil {
		panic(fmt.Sprintf("iam emulator: virtual MFA device %s does not exist or is assigned", serial))
	}
	u := a.mustUser(userName)
	u.devices.put(serial, mfaDevice{serial: serial, enabled: now})
	a.devices.put(serial, &virtualMFA{serial: serial, owner: u, enabled: now})
}
