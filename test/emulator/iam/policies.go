package iam

import (
	"regexp"
	"strings"
	"time"
)

// policy is a managed policy: the account's own, or one that AWS keeps.
type policy struct {
	account     *Account
	arn         string
	name, path  string
	id          string
	description string
	created     time.Time
	updated     time.Time
	awsManaged  bool
	versions    table[version] // by ID ("v1")
	defaultID   string
	lastNumber  int // of the newest version; numbers are not used twice
	tags        []tag
}

func policyOperations() map[string]operation {
	filter := param{name: "EntityFilter", oneOf: []string{"User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"}}
	usage := param{name: "PolicyUsageFilter", oneOf: []string{"PermissionsPolicy", "PermissionsBoundary"}}
	scope := param{name: "Scope", oneOf: []string{"All", "AWS", "Local"}}
	description := param{name: "Description", max: 1000}
	return map[string]operation{
		"CreatePolicy": {params: append(must(policyName, policyDocument), pathParam, description), resource: onNewPolicy, run: createPolicy},
		"GetPolicy":    {params: must(policyARN), resource: onPolicy, run: getPolicy},
		"DeletePolicy": {params: must(policyARN), resource: onPolicy, run: deletePolicy},
		"ListPolicies": {params: paged(scope, pathPrefix), resource: anyResource, run: listPolicies},
		"ListEntitiesForPolicy": {params: append(must(policyARN), paged(filter, usage, pathPrefix)...),
			resource: onPolicy, run: listEntitiesForPolicy},
	}
}

func onPolicy(r *request) string { return r.get("PolicyArn") }

func onNewPolicy(r *request) string {
	return r.account.arn("policy" + r.getOr("Path", "/") + r.get("PolicyName"))
}

// policySpec is what a policy is made of.
type policySpec struct {
	name, path  string
	description string
	document    string
	awsManaged  bool
}

func (a *Account) newPolicy(spec policySpec, created time.Time) *policy {
	created = a.server.date(created)
	p := &policy{account: a, name: spec.name, path: spec.path, id: entityID("ANPA"), description: spec.description,
		created: created, updated: created, awsManaged: spec.awsManaged}
	p.arn = a.arn("policy" + spec.path + spec.name)
	if spec.awsManaged {
		p.arn = a.awsManagedARN(spec.name)
	}
	p.addVersion(spec.document, true, created)
	a.policies.put(p.arn, p)
	return p
}

var policyARNForm = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):iam::(\d{12}|aws):policy/[\x21-\x7E]*[\w+=,.@-]$`)

// checkARN refuses what is not a policy's ARN of this partition, and what
// belongs to another account: neither is NoSuchEntity, and so neither may be
// taken for "already gone".
func (r *request) checkARN(arn string) error {
	parts := policyARNForm.FindStringSubmatch(arn)
	if parts == nil || parts[1] != string(r.account.partition) {
		return fail("InvalidInput", "ARN %s is not valid.", arn)
	}
	if parts[2] != r.account.id && parts[2] != "aws" {
		return fail("InvalidInput", "Policy is outside your own account.")
	}
	return nil
}

// policy returns the policy that PolicyArn names, as it is.
func (r *request) policy() (*policy, error) {
	arn := r.get("PolicyArn")
	if err := r.checkARN(arn); err != nil {
		return nil, err
	}
	found, ok := r.account.policies.get(arn)
	if !ok {
		return nil, noSuchEntity("Policy %s was not found.", arn)
	}
	return found, nil
}

// ownPolicy is policy for changes, which nobody may make to AWS's policies.
func (r *request) ownPolicy() (*policy, error) {
	found, err := r.policy()
	if err != nil {
		return nil, err
	}
	if found.awsManaged {
		return nil, fail("AccessDenied", "User: %s is not authorized to perform: iam:%s on resource: policy %s",
			r.caller.arn, r.action, found.arn)
	}
	return found, nil
}

// seenPolicy returns the policy that PolicyArn names, as reads see it.
func (r *request) seenPolicy() (*policy, error) {
	arn := r.get("PolicyArn")
	if err := r.checkARN(arn); err != nil {
		return nil, err
	}
	found, ok := r.account.policies.seen(arn, r.now)
	if !ok {
		return nil, noSuchEntity("Policy %s was not found.", arn)
	}
	return found, nil
}

type xmlPolicy struct {
	PolicyName                    string
	PolicyId                      string
	Arn                           string
	Path                          string
	DefaultVersionId              string
	AttachmentCount               int
	PermissionsBoundaryUsageCount int
	IsAttachable                  bool
	Description                   string `xml:",omitempty"`
	CreateDate                    string
	UpdateDate                    string
	Tags                          *members[tag]
}

func (p *policy) element() xmlPolicy {
	attached, boundaries := p.uses()
	return xmlPolicy{PolicyName: p.name, PolicyId: p.id, Arn: p.arn, Path: p.path, DefaultVersionId: p.defaultID,
		AttachmentCount: attached, PermissionsBoundaryUsageCount: boundaries, IsAttachable: true,
		CreateDate: stamp(p.created), UpdateDate: stamp(p.updated)}
}

type policyResult struct{ Policy xmlPolicy }

// createPolicy refuses a name that is taken under any path, as IAM does.
func createPolicy(r *request) (any, error) {
	name := r.get("PolicyName")
	for _, p := range r.account.policies.list() {
		if !p.awsManaged && strings.EqualFold(p.name, name) {
			return nil, alreadyExists("A policy called %s already exists. Duplicate names are not allowed.", name)
		}
	}
	if err := checkDocument(r.get("PolicyDocument")); err != nil {
		return nil, err
	}
	tags, err := r.tags()
	if err != nil {
		return nil, err
	}
	if len(tags) > tagsPerEntity {
		return nil, limitExceeded("TagsPerPolicy", tagsPerEntity)
	}
	created := r.account.newPolicy(policySpec{name: name, path: r.getOr("Path", "/"),
		description: r.get("Description"), document: r.get("PolicyDocument")}, r.now)
	created.tags = tags
	return policyResult{created.tagged()}, nil
}

func getPolicy(r *request) (any, error) {
	found, err := r.seenPolicy()
	if err != nil {
		return nil, err
	}
	element := found.tagged()
	element.Description = found.description
	return policyResult{element}, nil
}

// tagged is a policy as GetPolicy and CreatePolicy show it. Lists leave tags and description out.
func (p *policy) tagged() xmlPolicy {
	element := p.element()
	if len(p.tags) > 0 {
		element.Tags = &members[tag]{Member: p.tags}
	}
	return element
}

func listPolicies(r *request) (any, error) {
	scope := r.getOr("Scope", "All")
	var wanted []*policy
	for _, p := range r.account.policies.listSeen(r.now) {
		if (scope == "All" || (scope == "AWS") == p.awsManaged) && strings.HasPrefix(p.path, r.getOr("PathPrefix", "/")) {
			wanted = append(wanted, p)
		}
	}
	wanted, tail, err := paginate(r, wanted, func(p *policy) string { return p.arn })
	if err != nil {
		return nil, err
	}
	return struct {
		Policies members[xmlPolicy]
		page
	}{membersOf(wanted, (*policy).element), tail}, nil
}

func deletePolicy(r *request) (any, error) {
	found, err := r.ownPolicy()
	if err != nil {
		return nil, err
	}
	attached, boundaries := found.uses()
	switch {
	case attached > 0:
		return nil, deleteConflict("Cannot delete a policy attached to entities.")
	case boundaries > 0:
		return nil, deleteConflict("Cannot delete a policy that is used as a permissions boundary.")
	case found.versions.len() > 1:
		return nil, deleteConflict("This policy has more than one version. Before you delete a policy, you must delete " +
			"the policy's versions. The default version is deleted with the policy.")
	}
	r.account.policies.remove(found.arn, r.lagged())
	return nil, nil
}
