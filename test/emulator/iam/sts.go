package iam

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

func stsOperations() map[string]operation {
	arn := param{name: "RoleArn", min: 20, max: 2048}
	session := param{name: "RoleSessionName", min: 2, max: 64, pattern: nameChars}
	external := param{name: "ExternalId", min: 2, max: 1224, pattern: regexp.MustCompile(`^[\w+=,.@:/-]*$`)}
	duration := param{name: "DurationSeconds", number: true, min: 900, max: 43200}
	return map[string]operation{
		// GetCallerIdentity needs no permission, and cannot be denied one.
		"GetCallerIdentity": {run: getCallerIdentity},
		"AssumeRole":        {params: append(must(arn, session), external, duration), resource: onRoleARN, run: assumeRole},
	}
}

func onRoleARN(r *request) string { return r.get("RoleArn") }

func getCallerIdentity(r *request) (any, error) {
	return struct{ Arn, UserId, Account string }{r.caller.arn, r.caller.userID, r.caller.account.id}, nil
}

var roleARNForm = regexp.MustCompile(`^arn:[a-z-]+:iam::(\d{12}):role((?:/[\x21-\x7E]+)?/)([\w+=,.@-]+)$`)

// roleByARN finds the role; path and partition must be right too.
func (s *Server) roleByARN(arn string) (*role, bool) {
	parts := roleARNForm.FindStringSubmatch(arn)
	if parts == nil {
		return nil, false
	}
	account, ok := s.accounts[parts[1]]
	if !ok {
		return nil, false
	}
	found, ok := account.roles.get(parts[3])
	return found, ok && found.arn() == arn
}

// assumeRole answers the same AccessDenied for a role that does not exist, one
// that does not trust the caller and a wrong external ID: STS tells outsiders
// nothing.
func assumeRole(r *request) (any, error) {
	arn := r.get("RoleArn")
	if !strings.HasPrefix(arn, "arn:") {
		return nil, fail("ValidationError", "%s is invalid", arn)
	}
	assumed, ok := r.server.roleByARN(arn)
	if !ok || !assumed.admits(r.caller, r.get("ExternalId")) || assumed.account.partition != r.caller.account.partition {
		return nil, fail("AccessDenied", "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", r.caller.arn, arn)
	}
	duration := time.Hour
	if seconds, err := strconv.Atoi(r.get("DurationSeconds")); err == nil {
		duration = time.Duration(seconds) * time.Second
	}
	if r.caller.roleARN != "" && duration > time.Hour {
		return nil, fail("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	if duration > assumed.maxSession {
		return nil, fail("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return r.server.newSession(assumed, r.get("RoleSessionName"), r.date().Add(duration)), nil
}

type assumeRoleResult struct {
	AssumedRoleUser struct{ Arn, AssumedRoleId string }
	Credentials     struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }
}

// newSession issues temporary credentials of the role's account.
func (s *Server) newSession(assumed *role, name string, expires time.Time) assumeRoleResult {
	session := caller{
		account: assumed.account,
		keyID:   uniqueID("ASIA", 20),
		arn:     fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", assumed.account.partition, assumed.account.id, assumed.name, name),
		userID:  assumed.id + ":" + name,
		roleARN: assumed.arn(),
	}
	token := "FwoGZXIvYXdz" + uniqueID("", 52)
	s.credentials[session.keyID] = credential{caller: session, token: token, expires: expires}

	var result assumeRoleResult
	result.AssumedRoleUser.Arn = session.arn
	result.AssumedRoleUser.AssumedRoleId = session.userID
	result.Credentials.AccessKeyId = session.keyID
	result.Credentials.SecretAccessKey = uniqueID("", 40)
	result.Credentials.SessionToken = token
	result.Credentials.Expiration = stamp(expires)
	return result
}
