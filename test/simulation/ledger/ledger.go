// Package ledger is what happened in one simulated world: what the services were asked and answered, what people did, what
// the sheet showed. The invariants are judged by it alone, never by what the operator believes.
package ledger

import (
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/emulator/slack"
)

// Actors besides the operator's processes.
const (
	Person  = "person"
	Service = "service"
	// OtherCluster is how the names of another cluster's processes begin.
	OtherCluster = "other-"
)

// Stamp of an entry. Seq counts all entries of a world in order; several may have the same time.
type Stamp struct {
	Seq int
	At  time.Time
	// By is Person, Service, or the name of the operator's process ("operator-1"; in another cluster "other-2").
	By string
}

// Ledger has one list for each kind of entry, each in order of Seq.
type Ledger struct {
	last int

	// Rows by access key ID: what a person who reads the requests tab by its headers sees of that key.
	Rows map[string][]Row
	// Users of the users tab, read in the same way.
	Users []Users
	// Cells that the operator changed.
	Cells []Cell
	// Leases by name, and Sheets and Secrets: each version that the API server had.
	Leases  map[string][]Lease
	Sheets  []Sheet
	Secrets []Secret
	// Posts are Slack's messages. Reach is who could be told.
	Posts []Post
	Reach []Reach
	// AWS has every call that changed something, and what people changed.
	AWS []AWS
	// Audit lines.
	Audit []Audit
	// Calls of the first cluster's operator to anything.
	Calls []Call
	// Acts are the story's, as they were carried out.
	Acts []Act
	// Overdue keys by the metric, as of each reading.
	Overdue []Overdue
	// Slowed are the hours that were not played in full.
	Slowed []Slowed
}

// Row is one key's row. Where nothing changed there is no entry.
type Row struct {
	Stamp
	// Count of rows with this key: 0 not there, 2 or more not to be told apart. Row number of the first.
	Count, Row int
	// Ends, Mark, Owner and User are the cells' texts, as they are shown.
	Ends, Mark, Owner, User string
}

// Users are the Slack IDs by full name ("山田 太郎").
type Users struct {
	Stamp
	IDs map[string][]string
}

// Cell that the operator changed, by the tab's real name and the cell's (K3).
type Cell struct {
	Stamp
	Tab, Cell, Old, New string
	// Key in the row, and Header of the column, at that moment.
	Key, Header string
}

// Lease is a version of an AccessKeyLease. Object is nil when it was deleted, and must not be changed.
type Lease struct {
	Stamp
	Object *v1alpha1.AccessKeyLease
}

// Sheet is a version of an AccessKeySheet.
type Sheet struct {
	Stamp
	Name   string
	Object *v1alpha1.AccessKeySheet
}

// Secret is a version of a Secret. Data is nil when it was deleted.
type Secret struct {
	Stamp
	Name string
	Data map[string][]byte
}

// Post is a message in Slack. To is the person, or the channel if it is not a direct message. Plain is what its reader sees.
type Post struct {
	Stamp
	slack.Message
	To    string
	Plain string
}

// Reach tells whether Slack can deliver to somebody from now on. To "" it is about everybody.
type Reach struct {
	Stamp
	To string
	OK bool
}

// AWS is a change that took effect. A call's Lost tells that its answer was lost. For what people did, Action is a word
// of ours in lower case ("recreate user").
type AWS struct {
	Stamp
	iam.Call
}

// Audit line: its message and fields.
type Audit struct {
	Stamp
	What   string
	Fields map[string]any
}

// Call of the operator: "google", "slack", "aws" or "api", and what was asked.
type Call struct {
	Stamp
	Service, Op string
	// Failed: the operator got no answer, or one that is an error. It may have been carried out all the same.
	Failed bool
}

// Act of the story. Skipped: it was impossible, and why.
type Act struct {
	Stamp
	Text    string
	Verb    string
	Args    []string
	Skipped string
}

// Overdue is the sum of the metric keylease_overdue_keys.
type Overdue struct {
	Stamp
	Keys int
}

// Slowed is an hour in which so much asked for its turn again that the rest of it passed in larger steps. Item, the queue's
// name and the object's, got most Turns until then in which it called something; empty: nobody called anything.
type Slowed struct {
	Stamp
	Item  string
	Turns int
}

// New ledger.
func New() *Ledger { return &Ledger{Rows: map[string][]Row{}, Leases: map[string][]Lease{}} }

// Stamp makes the next entry's.
func (l *Ledger) Stamp(at time.Time, by string) Stamp {
	l.last++
	return Stamp{Seq: l.last, At: at, By: by}
}

// At is the last entry of a list that is not later than a moment; false: there is none.
func At[E any](list []E, of func(E) Stamp, at time.Time) (E, bool) {
	for i := len(list) - 1; i >= 0; i-- {
		if !of(list[i]).At.After(at) {
			return list[i], true
		}
	}
	var none E
	return none, false
}
