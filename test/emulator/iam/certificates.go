package iam

import (
	"encoding/pem"
	"time"
)

// certificate is an X.509 signing certificate of a user.
type certificate struct {
	id       string
	body     string
	uploaded time.Time
}

func certificateOperations() map[string]operation {
	id := param{name: "CertificateId", min: 24, max: 128, pattern: wordChars}
	body := param{name: "CertificateBody", min: 1, max: 16384}
	return map[string]operation{
		"ListSigningCertificates":  {params: paged(userName), resource: onUser, run: listSigningCertificates},
		"UploadSigningCertificate": {params: append(must(body), userName), resource: onUser, run: uploadSigningCertificate},
		"DeleteSigningCertificate": {params: append(must(id), userName), resource: onUser, run: deleteSigningCertificate},
	}
}

type xmlCertificate struct {
	UserName, CertificateId, CertificateBody, Status, UploadDate string
}

func (u *user) certificateElement(c certificate) xmlCertificate {
	return xmlCertificate{UserName: u.name, CertificateId: c.id, CertificateBody: c.body,
		Status: "Active", UploadDate: stamp(c.uploaded)}
}

func listSigningCertificates(r *request) (any, error) {
	found, err := r.seenUser()
	if err != nil {
		return nil, err
	}
	all, tail, err := paginate(r, found.certificates.listSeen(r.now), func(c certificate) string { return c.id })
	if err != nil {
		return nil, err
	}
	return struct {
		Certificates members[xmlCertificate]
		page
	}{membersOf(all, found.certificateElement), tail}, nil
}

func uploadSigningCertificate(r *request) (any, error) {
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	body := r.get("CertificateBody")
	if block, _ := pem.Decode([]byte(body)); block == nil || block.Type != "CERTIFICATE" {
		return nil, fail("MalformedCertificate", "Unable to parse certificate. Please ensure the certificate is in PEM format.")
	}
	for _, c := range found.certificates.list() {
		if c.body == body {
			return nil, fail("DuplicateCertificate", "The same certificate already exists for user %s.", found.name)
		}
	}
	if found.certificates.len() >= certificatesPerUser {
		return nil, limitExceeded("SigningCertificatesPerUser", certificatesPerUser)
	}
	created := certificate{id: uniqueID("", 32), body: body, uploaded: r.date()}
	found.certificates.put(created.id, created)
	return struct{ Certificate xmlCertificate }{found.certificateElement(created)}, nil
}

func deleteSigningCertificate(r *request) (any, error) {
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	id := r.get("CertificateId")
	if _, ok := found.certificates.get(id); !ok {
		return nil, noSuchEntity("The Certificate with id %s cannot be found.", id)
	}
	found.certificates.remove(id, r.lagged())
	return nil, nil
}
