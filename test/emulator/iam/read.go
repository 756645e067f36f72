package iam

import (
	"fmt"
	"slices"
)

// UserExists tells whether the account has the user, as it is.
func (a *Account) UserExists(name string) bool { return a.UserID(name) != "" }

// UserID returns the unique ID of a user, "" if there is none of that name.
func (a *Account) UserID(name string) string {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	if u, ok := a.users.get(name); ok {
		return u.id
	}
	return ""
}

// Users returns the names of the account's users, sorted.
func (a *Account) Users() []string {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	var names []string
	for _, u := range a.users.list() {
		names = append(names, u.name)
	}
	return names
}

// KeyStatus returns "Active" or "Inactive", or "" if the account has no such
// key.
func (a *Account) KeyStatus(accessKeyID string) string {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	owner, ok := a.server.keyOwners[accessKeyID]
	if !ok || owner.account != a {
		return ""
	}
	if k, ok := owner.keys.get(accessKeyID); ok {
		return k.status()
	}
	return ""
}

// PolicyExists tells whether the account has the policy, as it is.
func (a *Account) PolicyExists(arn string) bool { return a.PolicyID(arn) != "" }

// PolicyID returns the unique ID of a policy, "" if there is none.
func (a *Account) PolicyID(arn string) string {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	if p, ok := a.policies.get(arn); ok {
		return p.id
	}
	return ""
}

// Inventory lists in lines everything that the account holds but AWS's own
// policies, sorted, without unique IDs and dates: two accounts in the same
// state give the same lines, whatever happened on the way.
func (a *Account) Inventory() []string {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, u := range a.users.list() {
		u.inventory(add)
	}
	for _, g := range a.groups.list() {
		add("group %s attached %v", g.name, g.attached.list())
	}
	for _, r := range a.roles.list() {
		add("role %s attached %v boundary %q", r.name, r.attached.list(), r.boundary)
	}
	for _, d := range a.devices.list() {
		add("virtual MFA device %s assigned %t", d.serial, d.owner != nil)
	}
	for _, p := range a.policies.list() {
		if !p.awsManaged {
			add("policy %s versions %d default %s", p.arn, p.versions.len(), p.defaultID)
		}
	}
	slices.Sort(lines)
	return lines
}

func (u *user) inventory(add func(string, ...any)) {
	add("user %s", u.arn())
	if u.boundary != "" {
		add("user %s boundary %s", u.name, u.boundary)
	}
	for _, t := range u.tags.list() {
		add("user %s tag %s=%s", u.name, t.Key, t.Value)
	}
	for range u.login.list() {
		add("user %s login profile", u.name)
	}
	for _, k := range u.keys.list() {
		add("user %s access key %s %s", u.name, k.id, k.status())
	}
	for _, d := range u.devices.list() {
		add("user %s MFA device %s", u.name, d.serial)
	}
	for range u.sshKeys.list() {
		add("user %s SSH key", u.name)
	}
	for range u.certificates.list() {
		add("user %s signing certificate", u.name)
	}
	for _, c := range u.credentials.list() {
		add("user %s credential for %s", u.name, c.service)
	}
	for _, p := range u.inline.list() {
		add("user %s inline policy %s", u.name, p.name)
	}
	for _, arn := range u.attached.list() {
		add("user %s attached %s", u.name, arn)
	}
	for _, g := range u.groups.list() {
		add("user %s in group %s", u.name, g)
	}
}
