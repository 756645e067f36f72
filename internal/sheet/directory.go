package sheet

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/keylease/keylease/api/v1alpha1"
)

// maxCandidates is how many Slack IDs of an ambiguous name are listed.
const maxCandidates = 20

// maxNameBytes: a longer text is no name with a title around it, and to search it for every user would take long.
const maxNameBytes = 4096

// slackUserID is the form of Slack's user IDs (Slack API, user type). A channel ID there would publish the message.
var slackUserID = regexp.MustCompile(`^[UW][A-Z0-9]+$`)

// Directory is the users tab: who has which name.
type Directory struct {
	users []user
}

type user struct {
	// slackID as it stands in the tab, trimmed; not always a usable one.
	slackID     string
	last, first string
	// lastFirst and firstLast are the whole name, in either order.
	lastFirst, firstLast string
}

func (u user) usable() bool { return slackUserID.MatchString(u.slackID) }

// Resolution is whom a name in the requests tab means.
type Resolution struct {
	// SlackUserID of the one user found; else empty.
	SlackUserID string
	// Candidates are the Slack IDs of all whom an ambiguous name may mean, in order, at most 20.
	Candidates []string
	// Reason is v1alpha1.ReasonOwnerFound, ReasonOwnerUnknown or ReasonOwnerAmbiguous.
	Reason string
	// Message names the name and, unless the owner was found, says what to do.
	Message string
}

// ParseDirectory reads the users tab, from row 1 and column A on. A row without names is left out. A row whose Slack ID
// is missing or malformed is kept: that person exists, and a namesake's message is not for them.
func ParseDirectory(rows [][]any, headerRows int, cols v1alpha1.UserColumns) Directory {
	slackID, last, first := ColumnIndex(cols.SlackUserID), ColumnIndex(cols.LastName), ColumnIndex(cols.FirstName)
	var d Directory
	for i := max(headerRows, 0); i < len(rows); i++ {
		u := user{
			slackID: trim(cellText(cellAt(rows[i], slackID))),
			last:    nameKey(cellText(cellAt(rows[i], last))),
			first:   nameKey(cellText(cellAt(rows[i], first))),
		}
		u.lastFirst, u.firstLast = u.last+u.first, u.first+u.last
		if u.lastFirst != "" {
			d.users = append(d.users, u)
		}
	}
	return d
}

// Len is the number of users.
func (d Directory) Len() int { return len(d.users) }

// Resolve finds the user whom fullName means. Names are compared after NFKC with all blanks removed. A user whose last
// and first name, in either order, equal it wins; otherwise one whose last and first name it both contains, if there is
// exactly one. A Slack ID that is listed twice is one user.
func (d Directory) Resolve(fullName string) Resolution {
	key := nameKey(strings.ToValidUTF8(fullName, "\ufffd"))
	if key == "" {
		return Resolution{Reason: v1alpha1.ReasonOwnerUnknown, Message: "the row names no owner: write the full name of the person"}
	}
	found := d.matching(func(u user) bool { return u.lastFirst == key || u.firstLast == key })
	if len(found) == 0 && len(key) <= maxNameBytes {
		found = d.matching(func(u user) bool { return containsBoth(key, u.last, u.first) })
	}
	switch {
	case len(found) == 0:
		return Resolution{Reason: v1alpha1.ReasonOwnerUnknown, Message: fmt.Sprintf(
			"no user named %s in the users tab: add the user there, or correct the name in the request", Quoted(fullName))}
	case len(found) > 1:
		return ambiguousOwner(fullName, found)
	case !found[0].usable():
		return Resolution{Reason: v1alpha1.ReasonOwnerUnknown, Message: fmt.Sprintf(
			"the users tab gives %s the Slack ID %s: write the user's ID, such as U0123ABCD", Quoted(fullName), Quoted(found[0].slackID))}
	}
	return Resolution{SlackUserID: found[0].slackID, Reason: v1alpha1.ReasonOwnerFound,
		Message: fmt.Sprintf("%s is Slack user %s", Quoted(fullName), found[0].slackID)}
}

// matching gives the users that match, one for each Slack ID. Those without an ID are different people for all we know,
// but counting them once is enough to see that a name is ambiguous.
func (d Directory) matching(match func(user) bool) []user {
	var found []user
	seen := map[string]bool{}
	for _, u := range d.users {
		if match(u) && !seen[u.slackID] {
			seen[u.slackID] = true
			found = append(found, u)
		}
	}
	return found
}

func ambiguousOwner(fullName string, found []user) Resolution {
	var candidates []string
	for _, u := range found {
		if u.usable() {
			candidates = append(candidates, u.slackID)
		}
	}
	// Sorted, so that people who sort the users tab change nothing.
	slices.Sort(candidates)
	candidates = candidates[:min(len(candidates), maxCandidates)]
	listed := ""
	if len(candidates) > 0 {
		listed = " (" + strings.Join(candidates, ", ") + ")"
	}
	return Resolution{Candidates: candidates, Reason: v1alpha1.ReasonOwnerAmbiguous, Message: fmt.Sprintf(
		"%d users match %s%s: make the name in the request or in the users tab unambiguous", len(found), Quoted(fullName), listed)}
}

// containsBoth tells whether full contains both names, and not the one within the other: 林 and 林太 in 林太郎 are one
// name. An empty name is contained in every text, so it never counts.
func containsBoth(full, last, first string) bool {
	if last == "" || first == "" {
		return false
	}
	return containsInOrder(full, last, first) || containsInOrder(full, first, last)
}

func containsInOrder(full, a, b string) bool {
	_, rest, ok := strings.Cut(full, a)
	return ok && strings.Contains(rest, b)
}
