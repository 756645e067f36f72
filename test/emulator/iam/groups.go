package iam

import "time"

// group is an IAM group. Its members are kept with the users.
type group struct {
	account    *Account
	name, path string
	id         string
	created    time.Time
	attached   table[string]
}

func groupOperations() map[string]operation {
	newGroupName := param{name: "GroupName", min: 1, max: 128, pattern: nameChars}
	return map[string]operation{
		"CreateGroup":         {params: append(must(newGroupName), pathParam), resource: onGroup, run: createGroup},
		"GetGroup":            {params: append(must(groupName), paging...), resource: onGroup, run: getGroup},
		"DeleteGroup":         {params: must(groupName), resource: onGroup, run: deleteGroup},
		"ListGroupsForUser":   {params: append(must(userName), paging...), resource: onUser, run: listGroupsForUser},
		"AddUserToGroup":      {params: must(groupName, userName), resource: onGroup, run: addUserToGroup},
		"RemoveUserFromGroup": {params: must(groupName, userName), resource: onGroup, run: removeUserFromGroup},
	}
}

// onGroup is the resource of actions on a group; IAM checks membership changes
// against the group too.
func onGroup(r *request) string {
	if found, ok := r.account.groups.seen(r.get("GroupName"), r.now); ok {
		return r.account.arn("group" + found.path + found.name)
	}
	return r.account.arn("group" + r.getOr("Path", "/") + r.get("GroupName"))
}

func (r *request) group() (*group, error) {
	found, ok := r.account.groups.get(r.get("GroupName"))
	if !ok {
		return nil, noSuchEntity("The group with name %s cannot be found.", r.get("GroupName"))
	}
	return found, nil
}

type xmlGroup struct{ Path, GroupName, GroupId, Arn, CreateDate string }

func (g *group) element() xmlGroup {
	return xmlGroup{Path: g.path, GroupName: g.name, GroupId: g.id,
		Arn: g.account.arn("group" + g.path + g.name), CreateDate: stamp(g.created)}
}

func (a *Account) newGroup(name, path string, created time.Time) *group {
	g := &group{account: a, name: name, path: path, id: entityID("AGPA"), created: created}
	a.groups.put(name, g)
	return g
}

func createGroup(r *request) (any, error) {
	name := r.get("GroupName")
	if r.account.groups.hasFold(name) {
		return nil, alreadyExists("Group with name %s already exists.", name)
	}
	created := r.account.newGroup(name, r.getOr("Path", "/"), r.date())
	return struct{ Group xmlGroup }{created.element()}, nil
}

// getGroup shows a group with its members, in pages.
func getGroup(r *request) (any, error) {
	found, ok := r.account.groups.seen(r.get("GroupName"), r.now)
	if !ok {
		return nil, noSuchEntity("The group with name %s cannot be found.", r.get("GroupName"))
	}
	var members []*user
	for _, u := range r.account.users.listSeen(r.now) {
		if _, member := u.groups.seen(found.name, r.now); member {
			members = append(members, u)
		}
	}
	members, tail, err := paginate(r, members, func(u *user) string { return u.name })
	if err != nil {
		return nil, err
	}
	return struct {
		Group xmlGroup
		Users any
		page
	}{found.element(), membersOf(members, (*user).brief), tail}, nil
}

func deleteGroup(r *request) (any, error) {
	found, err := r.group()
	if err != nil {
		return nil, err
	}
	for _, u := range r.account.users.list() {
		if _, member := u.groups.get(found.name); member {
			return nil, deleteConflict("Cannot delete entity, must remove users from group first.")
		}
	}
	if found.attached.len() > 0 {
		return nil, deleteConflict("Cannot delete entity, must detach all policies first.")
	}
	r.account.groups.remove(found.name, r.lagged())
	return nil, nil
}

func listGroupsForUser(r *request) (any, error) {
	found, err := r.seenUser()
	if err != nil {
		return nil, err
	}
	names, tail, err := paginateNames(r, found.groups.listSeen(r.now))
	if err != nil {
		return nil, err
	}
	var groups []*group
	for _, name := range names {
		if g, ok := r.account.groups.seen(name, r.now); ok {
			groups = append(groups, g)
		}
	}
	return struct {
		Groups members[xmlGroup]
		page
	}{membersOf(groups, (*group).element), tail}, nil
}

func addUserToGroup(r *request) (any, error) {
	joined, err := r.group()
	if err != nil {
		return nil, err
	}
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	if _, member := found.groups.get(joined.name); member {
		return nil, nil
	}
	if found.groups.len() >= groupsPerUser {
		return nil, limitExceeded("GroupsPerUser", groupsPerUser)
	}
	found.groups.put(joined.name, joined.name)
	return nil, nil
}

func removeUserFromGroup(r *request) (any, error) {
	left, err := r.group()
	if err != nil {
		return nil, err
	}
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	if _, member := found.groups.get(left.name); !member {
		return nil, noSuchEntity("User %s not in group %s", found.name, left.name)
	}
	found.groups.remove(left.name, r.lagged())
	return nil, nil
}
