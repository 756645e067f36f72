package iam

import (
	"fmt"
	"slices"
	"time"
)

// version is one of a managed policy's documents.
type version struct {
	id       string
	number   int
	document string
	created  time.Time
}

func policyVersionOperations() map[string]operation {
	return map[string]operation{
		"GetPolicyVersion":        {params: must(policyARN, policyVersion), resource: onPolicy, run: getPolicyVersion},
		"ListPolicyVersions":      {params: append(must(policyARN), paging...), resource: onPolicy, run: listPolicyVersions},
		"CreatePolicyVersion":     {params: must(policyARN, policyDocument), resource: onPolicy, run: createPolicyVersion},
		"DeletePolicyVersion":     {params: must(policyARN, policyVersion), resource: onPolicy, run: deletePolicyVersion},
		"SetDefaultPolicyVersion": {params: must(policyARN, policyVersion), resource: onPolicy, run: setDefaultPolicyVersion},
	}
}

func (p *policy) addVersion(document string, isDefault bool, created time.Time) version {
	p.lastNumber++
	v := version{id: fmt.Sprintf("v%d", p.lastNumber), number: p.lastNumber, document: document, created: created}
	p.versions.put(v.id, v)
	if isDefault {
		p.defaultID = v.id
	}
	p.updated = created
	return v
}

type xmlVersion struct {
	Document         string `xml:",omitempty"`
	VersionId        string
	IsDefaultVersion bool
	CreateDate       string
}

func (p *policy) versionElement(v version) xmlVersion {
	return xmlVersion{VersionId: v.id, IsDefaultVersion: v.id == p.defaultID, CreateDate: stamp(v.created)}
}

func noSuchVersion(p *policy, id string) error {
	return noSuchEntity("Policy %s version %s does not exist or is not attachable.", p.arn, id)
}

func getPolicyVersion(r *request) (any, error) {
	found, err := r.seenPolicy()
	if err != nil {
		return nil, err
	}
	v, ok := found.versions.seen(r.get("VersionId"), r.now)
	if !ok {
		return nil, noSuchVersion(found, r.get("VersionId"))
	}
	element := found.versionElement(v)
	element.Document = encodedDocument(v.document)
	return struct{ PolicyVersion xmlVersion }{element}, nil
}

// listPolicyVersions lists the newest first, as IAM does, without documents.
func listPolicyVersions(r *request) (any, error) {
	found, err := r.seenPolicy()
	if err != nil {
		return nil, err
	}
	versions := found.versions.listSeen(r.now)
	slices.SortFunc(versions, func(a, b version) int { return b.number - a.number })
	versions, tail, err := paginate(r, versions, func(v version) string { return fmt.Sprintf("%09d", 1e9-1-v.number) })
	if err != nil {
		return nil, err
	}
	return struct {
		Versions members[xmlVersion]
		page
	}{membersOf(versions, found.versionElement), tail}, nil
}

func createPolicyVersion(r *request) (any, error) {
	found, err := r.ownPolicy()
	if err != nil {
		return nil, err
	}
	if err := checkDocument(r.get("PolicyDocument")); err != nil {
		return nil, err
	}
	if found.versions.len() >= versionsPerPolicy {
		return nil, fail("LimitExceeded", "A managed policy can have up to %d versions. Before you create a new version, "+
			"you must delete an existing version.", versionsPerPolicy)
	}
	created := found.addVersion(r.get("PolicyDocument"), r.get("SetAsDefault") == "true", r.date())
	return struct{ PolicyVersion xmlVersion }{found.versionElement(created)}, nil
}

func deletePolicyVersion(r *request) (any, error) {
	found, err := r.ownPolicy()
	if err != nil {
		return nil, err
	}
	id := r.get("VersionId")
	if _, ok := found.versions.get(id); !ok {
		return nil, noSuchVersion(found, id)
	}
	if id == found.defaultID {
		return nil, deleteConflict("Cannot delete the default version of a policy.")
	}
	found.versions.remove(id, r.lagged())
	return nil, nil
}

func setDefaultPolicyVersion(r *request) (any, error) {
	found, err := r.ownPolicy()
	if err != nil {
		return nil, err
	}
	if _, ok := found.versions.get(r.get("VersionId")); !ok {
		return nil, noSuchVersion(found, r.get("VersionId"))
	}
	found.defaultID, found.updated = r.get("VersionId"), r.date()
	return nil, nil
}
