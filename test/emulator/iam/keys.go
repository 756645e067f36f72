package iam

import (
	"time"
)

// accessKey is a long-term access key of a user.
type accessKey struct {
	id          string
	active      bool
	created     time.Time
	lastUsed    time.Time // zero: never
	lastService string
	lastRegion  string
}

func (k accessKey) status() string { return statusText(k.active) }

func statusText(active bool) string {
	if active {
		return "Active"
	}
	return "Inactive"
}

var keyStatus = param{name: "Status", oneOf: []string{"Active", "Inactive", "Expired"}}

func keyOperations() map[string]operation {
	return map[string]operation{
		"CreateAccessKey":      {params: []param{userName}, resource: onUser, run: createAccessKey},
		"ListAccessKeys":       {params: paged(userName), resource: onUser, run: listAccessKeys},
		"UpdateAccessKey":      {params: append(must(accessKeyID, keyStatus), userName), resource: onUser, run: updateAccessKey},
		"DeleteAccessKey":      {params: append(must(accessKeyID), userName), resource: onUser, run: deleteAccessKey},
		"GetAccessKeyLastUsed": {params: must(accessKeyID), resource: onKeyOwner, run: getAccessKeyLastUsed},
	}
}

// onKeyOwner is the resource of GetAccessKeyLastUsed, which names no user.
func onKeyOwner(r *request) string {
	if owner, ok := r.server.keyOwners[r.get("AccessKeyId")]; ok && owner.account == r.account {
		return owner.arn()
	}
	return "*"
}

type xmlAccessKey struct {
	UserName        string `xml:"UserName"`
	AccessKeyID     string `xml:"AccessKeyId"`
	Status          string `xml:"Status"`
	SecretAccessKey string `xml:"SecretAccessKey,omitempty"`
	CreateDate      string `xml:"CreateDate"`
}

func (u *user) keyElement(k accessKey) xmlAccessKey {
	return xmlAccessKey{UserName: u.name, AccessKeyID: k.id, Status: k.status(), CreateDate: stamp(k.created)}
}

func createAccessKey(r *request) (any, error) {
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	if found.keys.len() >= keysPerUser {
		return nil, limitExceeded("AccessKeysPerUser", keysPerUser)
	}
	created := accessKey{id: uniqueID("AKIA", 20), active: true, created: r.date()}
	found.addKey(created)
	element := found.keyElement(created)
	element.SecretAccessKey = uniqueID("", 40)
	return struct{ AccessKey xmlAccessKey }{element}, nil
}

// addKey also enters the key among the credentials that the server knows.
func (u *user) addKey(k accessKey) {
	u.keys.put(k.id, k)
	u.account.server.keyOwners[k.id] = u
}

func listAccessKeys(r *request) (any, error) {
	found, err := r.seenUser()
	if err != nil {
		return nil, err
	}
	keys, tail, err := paginate(r, found.keys.listSeen(r.now), func(k accessKey) string { return k.id })
	if err != nil {
		return nil, err
	}
	return struct {
		AccessKeyMetadata members[xmlAccessKey]
		page
	}{membersOf(keys, found.keyElement), tail}, nil
}

// key finds the key among those of the user: a key of another user, even of
// the same account, is not found.
func (r *request) key() (*user, accessKey, error) {
	owner, err := r.user()
	if err != nil {
		return nil, accessKey{}, err
	}
	found, ok := owner.keys.get(r.get("AccessKeyId"))
	if !ok {
		return nil, accessKey{}, noSuchEntity("The Access Key with id %s cannot be found.", r.get("AccessKeyId"))
	}
	return owner, found, nil
}

func updateAccessKey(r *request) (any, error) {
	if r.get("Status") == "Expired" {
		return nil, fail("ValidationError", "Status Expired cannot be set on an access key.")
	}
	owner, found, err := r.key()
	if err != nil {
		return nil, err
	}
	deactivated := found.active && r.get("Status") == "Inactive"
	found.active = r.get("Status") == "Active"
	if deactivated {
		owner.keys.replace(found.id, found, r.lagged())
	} else if found.active {
		owner.keys.put(found.id, found)
	}
	return nil, nil
}

func deleteAccessKey(r *request) (any, error) {
	owner, found, err := r.key()
	if err != nil {
		return nil, err
	}
	owner.keys.remove(found.id, r.lagged())
	return nil, nil
}

type xmlLastUsed struct {
	LastUsedDate string `xml:"LastUsedDate,omitempty"`
	ServiceName  string `xml:"ServiceName"`
	Region       string `xml:"Region"`
}

// getAccessKeyLastUsed answers NoSuchEntity for an unknown key, an error that
// the action does not model: clients get it untyped. A key that was never used
// has no date, and N/A for the rest.
func getAccessKeyLastUsed(r *request) (any, error) {
	id := r.get("AccessKeyId")
	owner, known := r.server.keyOwners[id]
	if !known || owner.account != r.account {
		return nil, noSuchEntity("The Access Key with id %s cannot be found.", id)
	}
	found, ok := owner.keys.seen(id, r.now)
	if !ok {
		return nil, noSuchEntity("The Access Key with id %s cannot be found.", id)
	}
	used := xmlLastUsed{ServiceName: "N/A", Region: "N/A"}
	if !found.lastUsed.IsZero() {
		used = xmlLastUsed{LastUsedDate: stamp(found.lastUsed), ServiceName: found.lastService, Region: found.lastRegion}
	}
	return struct {
		UserName          string
		AccessKeyLastUsed xmlLastUsed
	}{owner.name, used}, nil
}
