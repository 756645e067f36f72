// Package state is what this process knows of each sheet, beside what the API server keeps. None of it is persisted.
// After a restart every sheet is synced at once; until then Keylease sends no notice and deletes no key. Each struct
// has one writer, and readers get copies.
package state

import (
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
)

// Sheet is what is known of one sheet.
type Sheet struct {
	Reading Reading
	Clients Clients
	// SlackTrouble is why Slack cannot deliver notices. None: Slack works.
	SlackTrouble Trouble
	// AWSTroubles are problems that concern a whole account, by account ID.
	AWSTroubles map[string]Trouble
	Accounts    Accounts
}

// Reading is the last accepted one. The sheet's controller writes it.
type Reading struct {
	// Start of the reading; zero: this process has none.
	Start time.Time
	// Claimed: another cluster has claimed the sheet.
	Claimed bool
	// Resumed is when syncs last started again after more than seven days. It is kept here too, because a lease may see
	// the fresh reading before the cache shows it on the AccessKeySheet.
	Resumed time.Time
	// Failed are the access key IDs to which the reading could not be applied, and why.
	Failed map[string]error
	// Applied are the leases as the reading left them, by access key ID.
	Applied map[string]Applied
	// TokenAsked: the sync of the reading asked Slack about the token.
	TokenAsked bool
	// Foreign are the rows, by access key ID, whose keys other sheets had first.
	Foreign map[string]int
}

// StartFor is when the reading began on which the lease of a key may act; zero: it could not be applied to that lease.
func (r Reading) StartFor(accessKeyID string) time.Time {
	if r.Failed[accessKeyID] != nil {
		return time.Time{}
	}
	return r.Start
}

// Holds tells whether the lease is as the reading left it. It is not if people changed it since, or put a backup in its
// place; the reading may have said something else about that.
func (r Reading) Holds(l *v1alpha1.AccessKeyLease) bool {
	was, ok := r.Applied[l.Spec.AccessKeyID]
	return ok && equality.Semantic.DeepEqual(was, AppliedTo(l))
}

// Applied is what the sheet decides of a lease.
type Applied struct {
	UID   types.UID
	Spec  v1alpha1.AccessKeyLeaseSpec
	Sheet v1alpha1.SheetRowStatus
}

// AppliedTo is what the sheet has decided of a lease. The row's number decides nothing.
func AppliedTo(l *v1alpha1.AccessKeyLease) Applied {
	a := Applied{UID: l.UID, Spec: l.Spec, Sheet: ptr.Deref(l.Status.Sheet, v1alpha1.SheetRowStatus{})}
	a.Sheet.Row = 0
	return a
}

// Clients reach the services for a sheet's leases. The sheet's controller makes them; nil: not yet.
type Clients struct {
	Slack Slack
	AWS   ConnectAWS
}

// Accounts is what the daily check found in the sheet's accounts. The account check writes it.
type Accounts struct {
	// Time of the check; zero: this process has made none.
	Time time.Time
	Keys []lifecycle.AccountKey
	// Complete: every account could be read. Again: an account could not be read, but the error passes by itself.
	// Trouble: an account could not be read until people fix something.
	Complete, Again bool
	Trouble         Trouble

	byID map[string]*lifecycle.AccountKey
}

// Listed is what the check found of one key.
func (a Accounts) Listed(accessKeyID string) lifecycle.KeyList {
	return lifecycle.KeyList{Time: a.Time, Key: a.byID[accessKeyID], Complete: a.Complete}
}

// Sheets by name.
type Sheets struct {
	mu sync.Mutex
	m  map[types.NamespacedName]Sheet
}

// NewSheets knows nothing yet.
func NewSheets() *Sheets { return &Sheets{m: map[types.NamespacedName]Sheet{}} }

// Get returns what is known of a sheet.
func (s *Sheets) Get(key types.NamespacedName) Sheet {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.m[key]
}

// Drop forgets a sheet that was removed.
func (s *Sheets) Drop(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.m, key)
}

func (s *Sheets) change(key types.NamespacedName, f func(*Sheet)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.m[key]
	f(&known)
	s.m[key] = known
}

// SetReading publishes a reading: from now on it counts as fresh.
func (s *Sheets) SetReading(key types.NamespacedName, r Reading) {
	s.change(key, func(known *Sheet) { known.Reading = r })
}

// SetApplied notes the leases as the sync left them that published the reading.
func (s *Sheets) SetApplied(key types.NamespacedName, applied map[string]Applied) {
	s.change(key, func(known *Sheet) { known.Reading.Applied = applied })
}

// SetClaimed notes whether another cluster has claimed the sheet, and forgets the reading. The leases do nothing until
// the next reading is accepted.
func (s *Sheets) SetClaimed(key types.NamespacedName, claimed bool) {
	s.change(key, func(known *Sheet) { known.Reading.Start, known.Reading.Claimed = time.Time{}, claimed })
}

// SetAWS notes how a sheet's leases connect to accounts.
func (s *Sheets) SetAWS(key types.NamespacedName, connect ConnectAWS) {
	s.change(key, func(known *Sheet) { known.Clients.AWS = connect })
}

// SetAccounts publishes a daily check.
func (s *Sheets) SetAccounts(key types.NamespacedName, a Accounts) {
	a.byID = make(map[string]*lifecycle.AccountKey, len(a.Keys))
	for i := range a.Keys {
		a.byID[a.Keys[i].AccessKeyID] = &a.Keys[i]
	}
	s.change(key, func(known *Sheet) { known.Accounts = a })
}

// SetSlack notes a sheet's client of Slack, and why Slack cannot deliver notices (none: it can). Both change together: a
// lease must not meet the client of a former token without what is known against that.
func (s *Sheets) SetSlack(key types.NamespacedName, client Slack, t Trouble) {
	s.change(key, func(known *Sheet) { known.Clients.Slack, known.SlackTrouble = client, t })
}

// TokenRefused records that Slack refuses the sheet's token. news: it was not known before.
func (s *Sheets) TokenRefused(key types.NamespacedName, message string) (news bool) {
	s.change(key, func(known *Sheet) {
		news = known.SlackTrouble.Message != message
		known.SlackTrouble = Trouble{v1alpha1.ReasonSlackTokenInvalid, message}
	})
	return news
}

// SetAWSTrouble records what concerns a whole account; none clears it. news: it was not known before.
func (s *Sheets) SetAWSTrouble(key types.NamespacedName, account string, t Trouble) (news bool) {
	s.change(key, func(known *Sheet) {
		if news = known.AWSTroubles[account] != t; !news {
			return
		}
		next := maps.Clone(known.AWSTroubles) // readers may still use the old map
		if next == nil {
			next = map[string]Trouble{}
		}
		if next[account] = t; t.None() {
			delete(next, account)
		}
		known.AWSTroubles = next
	})
	return news
}
