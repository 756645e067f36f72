package iam

import (
	"fmt"
	"slices"
	"time"
)

// serviceCredential is a password or API key for one service, such as the Git
// credentials of CodeCommit.
type serviceCredential struct {
	id      string
	service string
	created time.Time
}

// credentialServices are the services that have such credentials.
var credentialServices = []string{"codecommit.amazonaws.com", "cassandra.amazonaws.com", "bedrock.amazonaws.com"}

func serviceCredentialOperations() map[string]operation {
	service := param{name: "ServiceName", min: 1, max: 256}
	// Listing those of all users is not emulated: refused rather than answered wrongly.
	allUsers := param{name: "AllUsers", oneOf: []string{"false"}}
	id := param{name: "ServiceSpecificCredentialId", min: 20, max: 128, pattern: wordChars}
	return map[string]operation{
		"ListServiceSpecificCredentials":  {params: paged(userName, service, allUsers), resource: onUser, run: listServiceSpecificCredentials},
		"CreateServiceSpecificCredential": {params: must(userName, service), resource: onUser, run: createServiceSpecificCredential},
		"DeleteServiceSpecificCredential": {params: append(must(id), userName), resource: onUser, run: deleteServiceSpecificCredential},
	}
}

type xmlServiceCredential struct {
	UserName                    string
	ServiceName                 string
	ServiceUserName             string
	ServicePassword             string `xml:",omitempty"`
	ServiceSpecificCredentialId string
	Status                      string
	CreateDate                  string
}

func (u *user) credentialElement(c serviceCredential) xmlServiceCredential {
	return xmlServiceCredential{UserName: u.name, ServiceName: c.service,
		ServiceUserName:             fmt.Sprintf("%s-at-%s", u.name, u.account.id),
		ServiceSpecificCredentialId: c.id, Status: "Active", CreateDate: stamp(c.created)}
}

func (r *request) supportedService() error {
	if name := r.get("ServiceName"); name != "" && !slices.Contains(credentialServices, name) {
		return fail("NotSupportedService", "No such service %s is supported for Service Specific Credentials", name)
	}
	return nil
}

// listServiceSpecificCredentials lists those of all services where no service
// is named.
func listServiceSpecificCredentials(r *request) (any, error) {
	found, err := r.seenUser()
	if err != nil {
		return nil, err
	}
	if err := r.supportedService(); err != nil {
		return nil, err
	}
	var wanted []serviceCredential
	for _, c := range found.credentials.listSeen(r.now) {
		if c.service == r.getOr("ServiceName", c.service) {
			wanted = append(wanted, c)
		}
	}
	wanted, tail, err := paginate(r, wanted, func(c serviceCredential) string { return c.id })
	if err != nil {
		return nil, err
	}
	return struct {
		ServiceSpecificCredentials members[xmlServiceCredential]
		page
	}{membersOf(wanted, found.credentialElement), tail}, nil
}

func createServiceSpecificCredential(r *request) (any, error) {
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	if err := r.supportedService(); err != nil {
		return nil, err
	}
	ofService := 0
	for _, c := range found.credentials.list() {
		if c.service == r.get("ServiceName") {
			ofService++
		}
	}
	if ofService >= serviceCredentialsPerUser {
		return nil, limitExceeded("ServiceSpecificCredentialsPerUser", serviceCredentialsPerUser)
	}
	created := serviceCredential{id: entityID("ACCA"), service: r.get("ServiceName"), created: r.date()}
	found.credentials.put(created.id, created)
	element := found.credentialElement(created)
	element.ServicePassword = uniqueID("", 44)
	return struct{ ServiceSpecificCredential xmlServiceCredential }{element}, nil
}

func deleteServiceSpecificCredential(r *request) (any, error) {
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	id := r.get("ServiceSpecificCredentialId")
	if _, ok := found.credentials.get(id); !ok {
		return nil, noSuchEntity("No such credential %s exists", id)
	}
	found.credentials.remove(id, r.lagged())
	return nil, nil
}
