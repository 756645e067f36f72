package iam

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// role is an IAM role: somewhere a policy can be attached, and something to
// assume.
type role struct {
	account    *Account
	name, path string
	id         string
	created    time.Time
	trust      []Trust
	document   string
	maxSession time.Duration
	boundary   string
	attached   table[string]
}

// Trust is one statement of a role's trust policy. Principals are ARNs of
// users or roles, a 12-digit account ID or root ARN for everybody in the
// account, or "*". ExternalID, where set, must be sent with AssumeRole.
type Trust struct {
	Principals []string
	ExternalID string
}

func (r *role) arn() string { return r.account.arn("role" + r.path + r.name) }

func roleOperations() map[string]operation {
	document := param{name: "AssumeRolePolicyDocument", min: 1, max: 131072}
	session := param{name: "MaxSessionDuration", number: true, min: 3600, max: 43200}
	return map[string]operation{
		"CreateRole": {params: append(must(roleName, document), pathParam, session, boundaryARN), resource: onRole, run: createRole},
		"GetRole":    {params: must(roleName), resource: onRole, run: getRole},
		"DeleteRole": {params: must(roleName), resource: onRole, run: deleteRole},
	}
}

func onRole(r *request) string {
	if found, ok := r.account.roles.seen(r.get("RoleName"), r.now); ok {
		return found.arn()
	}
	return r.account.arn("role" + r.getOr("Path", "/") + r.get("RoleName"))
}

func (r *request) role() (*role, error) {
	found, ok := r.account.roles.get(r.get("RoleName"))
	if !ok {
		return nil, noSuchEntity("The role with name %s cannot be found.", r.get("RoleName"))
	}
	return found, nil
}

type xmlRole struct {
	Path, RoleName, RoleId, Arn, CreateDate string
	AssumeRolePolicyDocument                string
	MaxSessionDuration                      int
	PermissionsBoundary                     *xmlBoundary `xml:"PermissionsBoundary"`
}

type roleResult struct{ Role xmlRole }

func (r *role) element() roleResult {
	return roleResult{xmlRole{Path: r.path, RoleName: r.name, RoleId: r.id, Arn: r.arn(), CreateDate: stamp(r.created),
		AssumeRolePolicyDocument: encodedDocument(r.document),
		MaxSessionDuration:       int(r.maxSession / time.Second), PermissionsBoundary: newBoundary(r.boundary)}}
}

func (a *Account) newRole(name, path string, trust []Trust, document string, created time.Time) *role {
	made := &role{account: a, name: name, path: path, id: entityID("AROA"), created: created,
		trust: trust, document: document, maxSession: time.Hour}
	a.roles.put(name, made)
	return made
}

func createRole(r *request) (any, error) {
	name := r.get("RoleName")
	if r.account.roles.hasFold(name) {
		return nil, alreadyExists("Role with name %s already exists.", name)
	}
	trust, err := parseTrust(r.get("AssumeRolePolicyDocument"))
	if err != nil {
		return nil, err
	}
	if boundary := r.get("PermissionsBoundary"); boundary != "" {
		if _, err := r.attachable(boundary); err != nil {
			return nil, err
		}
	}
	created := r.account.newRole(name, r.getOr("Path", "/"), trust, r.get("AssumeRolePolicyDocument"), r.date())
	created.boundary = r.get("PermissionsBoundary")
	if seconds, err := strconv.Atoi(r.get("MaxSessionDuration")); err == nil {
		created.maxSession = time.Duration(seconds) * time.Second
	}
	return created.element(), nil
}

func getRole(r *request) (any, error) {
	found, ok := r.account.roles.seen(r.get("RoleName"), r.now)
	if !ok {
		return nil, noSuchEntity("The role with name %s cannot be found.", r.get("RoleName"))
	}
	return found.element(), nil
}

func deleteRole(r *request) (any, error) {
	found, err := r.role()
	if err != nil {
		return nil, err
	}
	if found.attached.len() > 0 {
		return nil, deleteConflict("Cannot delete entity, must detach all policies first.")
	}
	r.account.roles.remove(found.name, r.lagged())
	return nil, nil
}

// oneOrMany is a string or a list of strings, as policies write either.
type oneOrMany []string

func (o *oneOrMany) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*o = oneOrMany{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(o))
}

// parseTrust reads the trust policies that this emulator understands: Allow
// statements with AWS principals, and no condition but StringEquals on
// sts:ExternalId. Anything else is refused rather than ignored, because
// ignoring a condition would let in whom AWS keeps out.
func parseTrust(document string) ([]Trust, error) {
	var policy struct {
		Statement []struct {
			Effect    string
			Principal json.RawMessage
			Condition map[string]map[string]oneOrMany
		}
	}
	if err := json.Unmarshal([]byte(document), &policy); err != nil || len(policy.Statement) == 0 {
		return nil, fail("MalformedPolicyDocument", "Syntax errors in policy.")
	}
	var trust []Trust
	for _, statement := range policy.Statement {
		principals, err := trustedPrincipals(statement.Principal)
		if err != nil || statement.Effect != "Allow" {
			return nil, fail("MalformedPolicyDocument", "The emulator knows only Allow statements with AWS principals.")
		}
		externalIDs := oneOrMany{""}
		for operator, keys := range statement.Condition {
			ids, ok := keys["sts:ExternalId"]
			if operator != "StringEquals" || len(keys) != 1 || !ok {
				return nil, fail("MalformedPolicyDocument", "The emulator knows only the condition StringEquals on sts:ExternalId.")
			}
			externalIDs = ids
		}
		for _, id := range externalIDs {
			trust = append(trust, Trust{Principals: principals, ExternalID: id})
		}
	}
	return trust, nil
}

func trustedPrincipals(raw json.RawMessage) ([]string, error) {
	var everybody string
	if json.Unmarshal(raw, &everybody) == nil && everybody == "*" {
		return []string{"*"}, nil
	}
	var named struct{ AWS oneOrMany }
	if err := json.Unmarshal(raw, &named); err != nil {
		return nil, err
	}
	if len(named.AWS) == 0 {
		return nil, fmt.Errorf("no AWS principal")
	}
	return named.AWS, nil
}

// admits decides whether a caller that sends the external ID may assume the
// role.
func (r *role) admits(c caller, externalID string) bool {
	root := c.account.arn("root")
	return slices.ContainsFunc(r.trust, func(t Trust) bool {
		if t.ExternalID != "" && t.ExternalID != externalID {
			return false
		}
		return slices.ContainsFunc(t.Principals, func(p string) bool {
			return p == "*" || p == c.arn || p == c.account.id || p == root || c.roleARN != "" && p == c.roleARN
		})
	})
}
