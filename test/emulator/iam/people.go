package iam

import (
	"fmt"
	"time"
)

// What people and programs do in the account besides the client under test.
// It takes effect at once and is no call of the log.

// UseKey lets a program use a key at a moment, for what GetAccessKeyLastUsed
// tells.
func (a *Account) UseKey(accessKeyID string, at time.Time, service, region string) {
	a.byHand(accessKeyID, func(u *user, k accessKey) {
		k.lastUsed, k.lastService, k.lastRegion = a.server.date(at), service, region
		u.keys.update(k.id, k)
	})
}

// DeactivateKey by hand.
func (a *Account) DeactivateKey(accessKeyID string) {
	a.byHand(accessKeyID, func(u *user, k accessKey) {
		k.active = false
		u.keys.put(k.id, k)
	})
}

// ActivateKey by hand.
func (a *Account) ActivateKey(accessKeyID string) {
	a.byHand(accessKeyID, func(u *user, k accessKey) {
		k.active = true
		u.keys.put(k.id, k)
	})
}

// DeleteKey by hand.
func (a *Account) DeleteKey(accessKeyID string) {
	a.byHand(accessKeyID, func(u *user, k accessKey) { u.keys.remove(k.id, time.Time{}) })
}

// HideKey leaves a key out of every list until show is called, as a list of IAM
// that lags behind does; GetAccessKeyLastUsed still names its user.
func (a *Account) HideKey(accessKeyID string) (show func()) {
	var of *user
	var hidden accessKey
	a.byHand(accessKeyID, func(u *user, k accessKey) {
		of, hidden = u, k
		u.keys.remove(k.id, time.Time{})
	})
	return func() {
		a.server.mu.Lock()
		defer a.server.mu.Unlock()
		of.keys.put(hidden.id, hidden)
	}
}

// RecreateUser deletes a user with all it has, and makes another one of the
// same name, which it returns the ID of.
func (a *Account) RecreateUser(name string, options ...UserOption) (userID string) {
	a.server.mu.Lock()
	a.mustUser(name)
	a.users.remove(name, time.Time{})
	a.server.mu.Unlock()
	return a.AddUser(name, options...)
}

func (a *Account) byHand(accessKeyID string, do func(*user, accessKey)) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	u, known := a.server.keyOwners[accessKeyID]
	if known {
		if k, ok := u.keys.get(accessKeyID); ok && u.account == a {
			do(u, k)
			return
		}
	}
	panic(fmt.Sprintf("iam emulator: account %s has no key %s", a.id, accessKeyID))
}

// RemoveTag of a user by hand.
func (a *Account) RemoveTag(userName, key string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.mustUser(userName).tags.remove(key, time.Time{})
}

// HandOver makes a credential of AddCredential one of this account, with another principal, as if the role that a program
// has had been exchanged.
func (a *Account) HandOver(accessKeyID, principal string) {
	a.server.mu.Lock()
	_, known := a.server.credentials[accessKeyID]
	delete(a.server.credentials, accessKeyID)
	a.server.mu.Unlock()
	if !known {
		panic("iam emulator: there is no credential " + accessKeyID)
	}
	a.AddCredential(accessKeyID, principal)
}
