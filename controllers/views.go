package controllers

import (
	"context"
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
)

// view is what the last syncs of a sheet left in memory for its leases: clients, and how fresh the sheet is. It is
// never persisted: a restart syncs at once, and until then nothing is notified or deleted.
type view struct {
	// readStart of the last accepted read; zero: none by this process.
	readStart time.Time
	// claimed: another cluster has claimed the sheet.
	claimed bool
	// resumed is when the operator last came back after more than seven days. It is here too because a lease can meet the
	// fresh reading before the cache shows the AccessKeySheet that says so.
	resumed time.Time
	// failed are the keys, by ID, to which that reading could not be applied, and why.
	failed map[string]error
	// foreign are the sheet's rows, by access key ID, whose keys other sheets had first.
	foreign map[string]int
	slack   Slack
	// slackError is why nobody can be warned, slackReason that of the condition SlackReady; empty: Slack is well.
	slackError, slackReason string
	// aws connects to the account of a lease.
	aws func(ctx context.Context, accountID string) (AWS, error)
	// awsTroubles by account: what leases met that concerns the whole account.
	awsTroubles map[string]trouble
	// keys of the sheet's accounts, and the same by access key ID, as the daily check found them at keysTime; zero: this
	// process has made none.
	// keysComplete: every account could be read. keysAgain: one could not, and it passes by itself. keysTrouble: one could
	// not, and people must mend it.
	keys         []lifecycle.AccountKey
	keyByID      map[string]*lifecycle.AccountKey
	keysTime     time.Time
	keysComplete bool
	keysAgain    bool
	keysTrouble  trouble
}

// listed is what the daily check found of one key.
func (v view) listed(accessKeyID string) lifecycle.KeyList {
	return lifecycle.KeyList{Time: v.keysTime, Key: v.keyByID[accessKeyID], Complete: v.keysComplete}
}

// appliedTo is when the last reading began that a lease may act on; zero: it could not be applied to this one.
func (v view) appliedTo(accessKeyID string) time.Time {
	if v.failed[accessKeyID] != nil {
		return time.Time{}
	}
	return v.readStart
}

// trouble is what a condition says of it: a reason and a sentence. The zero value is none.
type trouble struct{ reason, message string }

// views by sheet.
type views struct {
	mu sync.Mutex
	m  map[types.NamespacedName]view
}

func newViews() *views { return &views{m: map[types.NamespacedName]view{}} }

func (v *views) get(key types.NamespacedName) (view, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	w, ok := v.m[key]
	return w, ok
}

// change a sheet's view; the function gets a copy and its result is kept.
func (v *views) change(key types.NamespacedName, f func(view) view) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.m[key] = f(v.m[key])
}

func (v *views) drop(key types.NamespacedName) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.m, key)
}

// setAWSTrouble records, or with none clears, what concerns a whole account. It tells whether that is news.
func (v *views) setAWSTrouble(key types.NamespacedName, account string, t trouble) (news bool) {
	v.change(key, func(w view) view {
		if news = w.awsTroubles[account] != t; !news {
			return w
		}
		next := map[string]trouble{}
		maps.Copy(next, w.awsTroubles)
		if next[account] = t; t == (trouble{}) {
			delete(next, account)
		}
		w.awsTroubles = next
		return w
	})
	return news
}

// setSlackError likewise for what Slack refuses the sheet's token for.
func (v *views) setSlackError(key types.NamespacedName, text string) (news bool) {
	v.change(key, func(w view) view {
		news = w.slackError != text
		w.slackError, w.slackReason = text, v1alpha1.ReasonSlackTokenInvalid
		return w
	})
	return news
}
