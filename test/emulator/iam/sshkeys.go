package iam

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"
)

// sshKey is an SSH public key of a user, as CodeCommit uses them.
type sshKey struct {
	id       string
	body     string
	uploaded time.Time
}

func sshKeyOperations() map[string]operation {
	id := param{name: "SSHPublicKeyId", min: 20, max: 128, pattern: wordChars}
	body := param{name: "SSHPublicKeyBody", min: 1, max: 16384}
	return map[string]operation{
		"ListSSHPublicKeys":  {params: paged(userName), resource: onUser, run: listSSHPublicKeys},
		"UploadSSHPublicKey": {params: must(userName, body), resource: onUser, run: uploadSSHPublicKey},
		"DeleteSSHPublicKey": {params: must(userName, id), resource: onUser, run: deleteSSHPublicKey},
	}
}

func listSSHPublicKeys(r *request) (any, error) {
	found, err := r.seenUser()
	if err != nil {
		return nil, err
	}
	keys, tail, err := paginate(r, found.sshKeys.listSeen(r.now), func(k sshKey) string { return k.id })
	if err != nil {
		return nil, err
	}
	type element struct{ UserName, SSHPublicKeyId, Status, UploadDate string }
	return struct {
		SSHPublicKeys members[element]
		page
	}{membersOf(keys, func(k sshKey) element {
		return element{UserName: found.name, SSHPublicKeyId: k.id, Status: "Active", UploadDate: stamp(k.uploaded)}
	}), tail}, nil
}

func uploadSSHPublicKey(r *request) (any, error) {
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	body := r.get("SSHPublicKeyBody")
	if !strings.HasPrefix(body, "ssh-rsa ") && !strings.Contains(body, "BEGIN PUBLIC KEY") {
		return nil, fail("InvalidPublicKey", "The specified public key is invalid.")
	}
	for _, k := range found.sshKeys.list() {
		if k.body == body {
			return nil, fail("DuplicateSSHPublicKey", "The SSH public key is already associated with the specified IAM user.")
		}
	}
	if found.sshKeys.len() >= sshKeysPerUser {
		return nil, limitExceeded("SSHPublicKeysPerUser", sshKeysPerUser)
	}
	created := sshKey{id: uniqueID("APKA", 21), body: body, uploaded: r.date()}
	found.sshKeys.put(created.id, created)
	type element struct{ UserName, SSHPublicKeyId, Fingerprint, SSHPublicKeyBody, Status, UploadDate string }
	return struct{ SSHPublicKey element }{element{
		UserName: found.name, SSHPublicKeyId: created.id, Fingerprint: fingerprint(body),
		SSHPublicKeyBody: body, Status: "Active", UploadDate: stamp(created.uploaded),
	}}, nil
}

// fingerprint has the form of IAM's (16 bytes in hexadecimal, by colons).
func fingerprint(body string) string {
	sum := sha256.Sum256([]byte(body))
	parts := make([]string, 16)
	for i := range parts {
		parts[i] = fmt.Sprintf("%02x", sum[i])
	}
	return strings.Join(parts, ":")
}

func deleteSSHPublicKey(r *request) (any, error) {
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	id := r.get("SSHPublicKeyId")
	if _, ok := found.sshKeys.get(id); !ok {
		return nil, noSuchEntity("The Public Key with id %s cannot be found.", id)
	}
	found.sshKeys.remove(id, r.lagged())
	return nil, nil
}
