package iam

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// caller is whose credentials signed a request.
type caller struct {
	account *Account
	keyID   string
	// arn is the principal: a user, an assumed role's session or the root.
	arn string
	// userID is the unique ID as GetCallerIdentity tells it.
	userID string
	// userName is set where the principal is an IAM user.
	userName string
	// roleARN is set where the principal is a session of a role.
	roleARN string
}

// credential is an access key that belongs to no user of the emulator: one
// made with AddCredential, or a temporary one from AssumeRole.
type credential struct {
	caller  caller
	token   string    // required session token of a temporary credential
	expires time.Time // zero: never
}

// credentialScope is the part of a Signature Version 4 header that names the
// key: Credential=AKIA…/20261201/us-east-1/iam/aws4_request.
var credentialScope = regexp.MustCompile(
	`^AWS4-HMAC-SHA256\s+(?:.*,\s*)?Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request`)

// authenticate tells who signed. Signatures are not verified.
func (s *Server) authenticate(header http.Header, service string) (caller, *apiError) {
	authorization := header.Get("Authorization")
	if authorization == "" {
		return caller{}, fail("MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	scope := credentialScope.FindStringSubmatch(authorization)
	if scope == nil || !strings.Contains(authorization, "Signature=") || !strings.Contains(authorization, "SignedHeaders=") {
		return caller{}, fail("IncompleteSignature", "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters.")
	}
	if scope[4] != service {
		return caller{}, fail("SignatureDoesNotMatch", "Credential should be scoped to correct service: '%s'. ", service)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.identify(scope[1], header.Get("X-Amz-Security-Token"), service, scope[3])
}

func (s *Server) identify(keyID, token, service, region string) (caller, *apiError) {
	now := s.options.Clock.Now()
	invalid := fail("InvalidClientTokenId", "The security token included in the request is invalid.")
	if found, ok := s.credentials[keyID]; ok {
		switch {
		case found.token != token:
			return caller{}, invalid
		case !found.expires.IsZero() && !now.Before(found.expires):
			return caller{}, fail("ExpiredToken", "The security token included in the request is expired")
		}
		who := found.caller
		if u, ok := who.account.users.get(who.userName); ok {
			who.userID = u.id
		}
		return who, nil
	}
	owner, ok := s.keyOwners[keyID]
	if !ok || token != "" {
		return caller{}, invalid
	}
	key, ok := owner.keys.seen(keyID, now)
	if !ok || !key.active {
		return caller{}, invalid
	}
	if live, ok := owner.keys.get(keyID); ok {
		live.lastUsed, live.lastService, live.lastRegion = now.UTC().Truncate(time.Second), service, region
		owner.keys.update(keyID, live)
	}
	return caller{account: owner.account, keyID: keyID, arn: owner.arn(), userID: owner.id, userName: owner.name}, nil
}

// Permission says whether a principal may do an action ("iam:DeleteUser") on a
// resource (an ARN, or "*"). It is asked under the server's lock: it must not
// call the server.
type Permission func(action, resource string) bool

// authorize asks the Permission of the caller, if it has one.
func (r *request) authorize() error {
	if r.operation.resource == nil {
		return nil
	}
	allowed, ok := r.caller.account.permissions[r.caller.arn]
	if !ok && r.caller.roleARN != "" {
		allowed, ok = r.caller.account.permissions[r.caller.roleARN]
	}
	action, resource := r.service+":"+r.action, r.operation.resource(r)
	if !ok || allowed(action, resource) {
		return nil
	}
	return fail("AccessDenied",
		"User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %s action",
		r.caller.arn, action, resourceLabel(resource), action)
}

// resourceLabel writes a resource as IAM's messages do: "user alice",
// "policy arn:…", and the ARN itself for what is not a single named thing.
func resourceLabel(arn string) string {
	_, rest, ok := strings.Cut(arn, ":iam::")
	if !ok {
		return arn
	}
	_, named, _ := strings.Cut(rest, ":")
	kind, name, ok := strings.Cut(named, "/")
	switch {
	case !ok || strings.HasSuffix(name, "*"):
		return arn
	case kind == "policy":
		return "policy " + arn
	case kind == "user" || kind == "group" || kind == "role":
		return fmt.Sprintf("%s %s", kind, name[strings.LastIndex(name, "/")+1:])
	}
	return arn
}
