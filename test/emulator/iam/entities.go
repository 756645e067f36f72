package iam

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// entity is a user, group or role, as far as policies are concerned.
type entity struct {
	kind     string // "User", "Group" or "Role"
	name     string
	id       string
	path     string
	attached []string
	boundary string
}

// entities lists everything that a policy can be attached to, as it is.
func (a *Account) entities() []entity {
	return a.collect(
		a.users.list(), a.groups.list(), a.roles.list(),
		func(t *table[string]) []string { return t.list() })
}

// seenEntities lists it as reads see it.
func (a *Account) seenEntities(now time.Time) []entity {
	return a.collect(
		a.users.listSeen(now), a.groups.listSeen(now), a.roles.listSeen(now),
		func(t *table[string]) []string { return t.listSeen(now) })
}

func (a *Account) collect(users []*user, groups []*group, roles []*role, list func(*table[string]) []string) []entity {
	var all []entity
	for _, u := range users {
		all = append(all, entity{"User", u.name, u.id, u.path, list(&u.attached), u.boundary})
	}
	for _, g := range groups {
		all = append(all, entity{"Group", g.name, g.id, g.path, list(&g.attached), ""})
	}
	for _, r := range roles {
		all = append(all, entity{"Role", r.name, r.id, r.path, list(&r.attached), r.boundary})
	}
	return all
}

// uses counts, as it is, the entities that the policy is attached to and those
// that have it as their boundary.
func (p *policy) uses() (attached, boundaries int) {
	for _, e := range p.account.entities() {
		if slices.Contains(e.attached, p.arn) {
			attached++
		}
		if e.boundary == p.arn {
			boundaries++
		}
	}
	return attached, boundaries
}

type xmlEntity struct {
	UserName  string `xml:",omitempty"`
	UserId    string `xml:",omitempty"`
	GroupName string `xml:",omitempty"`
	GroupId   string `xml:",omitempty"`
	RoleName  string `xml:",omitempty"`
	RoleId    string `xml:",omitempty"`
}

func (e entity) element() xmlEntity {
	switch e.kind {
	case "User":
		return xmlEntity{UserName: e.name, UserId: e.id}
	case "Group":
		return xmlEntity{GroupName: e.name, GroupId: e.id}
	default:
		return xmlEntity{RoleName: e.name, RoleId: e.id}
	}
}

// listEntitiesForPolicy tells where a policy is attached. Without
// PolicyUsageFilter it lists both uses, an entity with both once; a client that
// asks for PermissionsPolicy only never sees the boundaries.
func listEntitiesForPolicy(r *request) (any, error) {
	found, err := r.seenPolicy()
	if err != nil {
		return nil, err
	}
	usage, kind := r.get("PolicyUsageFilter"), r.get("EntityFilter")
	var wanted []entity
	for _, e := range r.account.seenEntities(r.now) {
		uses := usage != "PermissionsBoundary" && slices.Contains(e.attached, found.arn) ||
			usage != "PermissionsPolicy" && e.boundary == found.arn
		if uses && (kind == "" || kind == e.kind) && strings.HasPrefix(e.path, r.getOr("PathPrefix", "/")) {
			wanted = append(wanted, e)
		}
	}
	key := func(e entity) string { return e.kind + "/" + e.name }
	slices.SortFunc(wanted, func(a, b entity) int { return cmp.Compare(key(a), key(b)) })
	wanted, tail, err := paginate(r, wanted, key)
	if err != nil {
		return nil, err
	}
	var out struct {
		PolicyGroups, PolicyUsers, PolicyRoles members[xmlEntity]
		page
	}
	out.page = tail
	for _, e := range wanted {
		list := map[string]*members[xmlEntity]{"Group": &out.PolicyGroups, "User": &out.PolicyUsers, "Role": &out.PolicyRoles}[e.kind]
		list.Member = append(list.Member, e.element())
	}
	return out, nil
}
