package iam

import (
	"strings"
	"time"
)

// user is an IAM user with everything that makes DeleteUser refuse.
type user struct {
	account      *Account
	name, path   string
	id           string
	created      time.Time
	passwordUsed time.Time
	boundary     string // ARN of the policy that is its permissions boundary

	tags         table[tag]
	login        table[loginProfile] // at most one, under loginKey
	keys         table[accessKey]
	devices      table[mfaDevice]
	sshKeys      table[sshKey]
	certificates table[certificate]
	credentials  table[serviceCredential]
	inline       table[inlinePolicy]
	attached     table[string] // policy ARNs
	groups       table[string] // group names
}

func (u *user) arn() string { return u.account.arn("user" + u.path + u.name) }

func userOperations() map[string]operation {
	return map[string]operation{
		"GetUser":    {params: []param{userName}, resource: onUser, run: getUser},
		"ListUsers":  {params: paged(pathPrefix), resource: onUserPath, run: listUsers},
		"CreateUser": {params: append(must(newUserName), pathParam, boundaryARN), resource: onUser, run: createUser},
		"DeleteUser": {params: must(userName), resource: onUser, run: deleteUser},
	}
}

// onUser is the resource of actions on one user.
func onUser(r *request) string {
	name, err := r.subjectName()
	if err != nil {
		return r.account.arn("user/*")
	}
	if found, ok := r.account.users.seen(name, r.now); ok {
		return found.arn()
	}
	return r.account.arn("user" + r.getOr("Path", "/") + name)
}

func onUserPath(r *request) string { return r.account.arn("user" + r.getOr("PathPrefix", "/")) }

type xmlBoundary struct {
	Type string `xml:"PermissionsBoundaryType"`
	ARN  string `xml:"PermissionsBoundaryArn"`
}

func newBoundary(arn string) *xmlBoundary {
	if arn == "" {
		return nil
	}
	return &xmlBoundary{Type: "Policy", ARN: arn}
}

type xmlUser struct {
	Path                string        `xml:"Path"`
	UserName            string        `xml:"UserName"`
	UserID              string        `xml:"UserId"`
	ARN                 string        `xml:"Arn"`
	CreateDate          string        `xml:"CreateDate"`
	PasswordLastUsed    string        `xml:"PasswordLastUsed,omitempty"`
	PermissionsBoundary *xmlBoundary  `xml:"PermissionsBoundary"`
	Tags                *members[tag] `xml:"Tags"`
}

// brief is a user as lists show it: without tags and boundary.
func (u *user) brief() xmlUser {
	return xmlUser{Path: u.path, UserName: u.name, UserID: u.id, ARN: u.arn(),
		CreateDate: stamp(u.created), PasswordLastUsed: stamp(u.passwordUsed)}
}

// full is a user as GetUser and CreateUser show it; a user without tags has no
// Tags element.
func (u *user) full(now time.Time) xmlUser {
	out := u.brief()
	out.PermissionsBoundary = newBoundary(u.boundary)
	if tags := u.tags.listSeen(now); len(tags) > 0 {
		out.Tags = &members[tag]{Member: tags}
	}
	return out
}

type userResult struct {
	User xmlUser
}

func getUser(r *request) (any, error) {
	found, err := r.seenUser()
	if err != nil {
		return nil, err
	}
	return userResult{found.full(r.now)}, nil
}

func listUsers(r *request) (any, error) {
	var wanted []*user
	for _, u := range r.account.users.listSeen(r.now) {
		if strings.HasPrefix(u.path, r.getOr("PathPrefix", "/")) {
			wanted = append(wanted, u)
		}
	}
	wanted, tail, err := paginate(r, wanted, func(u *user) string { return u.name })
	if err != nil {
		return nil, err
	}
	return struct {
		Users members[xmlUser]
		page
	}{membersOf(wanted, (*user).brief), tail}, nil
}

func createUser(r *request) (any, error) {
	name := r.get("UserName")
	if r.account.users.hasFold(name) {
		return nil, alreadyExists("User with name %s already exists.", name)
	}
	tags, err := r.tags()
	if err != nil {
		return nil, err
	}
	if len(tags) > tagsPerEntity {
		return nil, limitExceeded("TagsPerUser", tagsPerEntity)
	}
	boundary := r.get("PermissionsBoundary")
	if boundary != "" {
		if _, err := r.attachable(boundary); err != nil {
			return nil, err
		}
	}
	created := r.account.newUser(name, r.getOr("Path", "/"), r.date())
	created.boundary = boundary
	for _, t := range tags {
		created.tags.put(t.Key, t)
	}
	return userResult{created.full(r.now)}, nil
}

// newUser gives the user an ID that no user had before: a user recreated under
// the same name is another one.
func (a *Account) newUser(name, path string, created time.Time) *user {
	u := &user{account: a, name: name, path: path, id: entityID("AIDA"), created: created}
	a.users.put(name, u)
	return u
}

// leftovers lists what keeps a user from being deleted, with IAM's messages
// ("API_DeleteUser" names the kinds).
func (u *user) leftovers() []struct {
	count   int
	message string
} {
	return []struct {
		count   int
		message string
	}{
		{u.login.len(), "Cannot delete entity, must delete login profile first."},
		{u.keys.len(), "Cannot delete entity, must delete access keys first."},
		{u.devices.len(), "Cannot delete entity, must delete MFA device first."},
		{u.certificates.len(), "Cannot delete entity, must delete certificates first."},
		{u.sshKeys.len(), "Cannot delete entity, must remove referenced objects first."},
		{u.credentials.len(), "Cannot delete entity, must remove referenced objects first."},
		{u.inline.len(), "Cannot delete entity, must delete policies first."},
		{u.attached.len(), "Cannot delete entity, must detach all policies first."},
		{u.groups.len(), "Cannot delete entity, must remove users from group first."},
	}
}

func deleteUser(r *request) (any, error) {
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	for _, leftover := range found.leftovers() {
		if leftover.count > 0 {
			return nil, deleteConflict("%s", leftover.message)
		}
	}
	r.account.users.remove(found.name, r.lagged())
	return nil, nil
}
