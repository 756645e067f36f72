package judge

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/keylease/keylease/test/simulation/ledger"
)

// snapshotFile is the entry of a Secret that has the snapshot of a user.
const snapshotFile = "snapshot.json"

// snapshot is what a person would need of it to make a user again. It is the documented format.
type snapshot struct {
	UserName         string   `json:"userName"`
	Groups           []string `json:"groups"`
	InlinePolicies   []policy `json:"inlinePolicies"`
	AttachedPolicies []policy `json:"attachedPolicies"`
}

type policy struct {
	Name     string `json:"name"`
	ARN      string `json:"arn"`
	Document string `json:"document"`
}

// kept is a part of invariant 4: what is taken from a user, the user and its policy are in a snapshot before, so that people
// can make them again.
type kept struct {
	aws     reader[ledger.AWS]
	secrets reader[ledger.Secret]
	// standing snapshots by the Secret's name.
	standing map[string]snapshot
}

func snapshots() check {
	k := &kept{standing: map[string]snapshot{}}
	return check{name: "4 deleted without a snapshot", step: k.step}
}

func (k *kept) step(l *ledger.Ledger) (found []Finding) {
	secrets := k.secrets.news(l.Secrets)
	for _, e := range k.aws.news(l.AWS) {
		for len(secrets) > 0 && secrets[0].Seq < e.Seq {
			k.note(secrets[0])
			secrets = secrets[1:]
		}
		if !byOperator(e.Stamp) {
			continue
		}
		if lost := k.lost(e); lost != "" {
			found = append(found, Finding{At: e.At, Text: fmt.Sprintf("%s called %s %v, and no snapshot has %s", e.By, e.Action, e.Params, lost)})
		}
	}
	for _, s := range secrets {
		k.note(s)
	}
	return found
}

func (k *kept) note(s ledger.Secret) {
	delete(k.standing, s.Name)
	var is snapshot
	if json.Unmarshal(s.Data[snapshotFile], &is) == nil {
		k.standing[s.Name] = is
	}
}

// lost is what a change takes away that no snapshot has; empty: nothing.
func (k *kept) lost(e ledger.AWS) string {
	attached := func(s snapshot) bool {
		return slices.ContainsFunc(s.AttachedPolicies, func(p policy) bool {
			return p.ARN == e.Params["PolicyArn"] && (p.Document != "" || strings.Contains(p.ARN, "::aws:")) // those of AWS stay
		})
	}
	ofUser := func(has func(snapshot) bool) bool {
		return k.has(func(s snapshot) bool { return s.UserName == e.User() && has(s) })
	}
	switch {
	case e.Action == "DeletePolicy" && !k.has(attached):
		return "that policy"
	case !slices.Contains(userCalls, e.Action):
		return ""
	case !ofUser(func(snapshot) bool { return true }):
		return "that user"
	case e.Action == "DetachUserPolicy" && !ofUser(attached):
		return "that policy"
	case e.Action == "DeleteUserPolicy" && !ofUser(func(s snapshot) bool {
		return slices.ContainsFunc(s.InlinePolicies, func(p policy) bool { return p.Name == e.Params["PolicyName"] && p.Document != "" })
	}):
		return "that policy"
	case e.Action == "RemoveUserFromGroup" && !ofUser(func(s snapshot) bool { return slices.Contains(s.Groups, e.Params["GroupName"]) }):
		return "that group"
	}
	return ""
}

func (k *kept) has(what func(snapshot) bool) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(k.standing)), what)
}
