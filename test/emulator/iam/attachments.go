package iam

import (
	"strings"
)

func attachmentOperations() map[string]operation {
	return map[string]operation{
		"ListAttachedUserPolicies": {params: append(must(userName), paged(pathPrefix)...), resource: onUser, run: listAttachedUserPolicies},
		"AttachUserPolicy":         {params: must(userName, policyARN), resource: onUser, run: attachTo(userAttachments)},
		"DetachUserPolicy":         {params: must(userName, policyARN), resource: onUser, run: detachFrom(userAttachments)},
		"AttachGroupPolicy":        {params: must(groupName, policyARN), resource: onGroup, run: attachTo(groupAttachments)},
		"DetachGroupPolicy":        {params: must(groupName, policyARN), resource: onGroup, run: detachFrom(groupAttachments)},
		"AttachRolePolicy":         {params: must(roleName, policyARN), resource: onRole, run: attachTo(roleAttachments)},
		"DetachRolePolicy":         {params: must(roleName, policyARN), resource: onRole, run: detachFrom(roleAttachments)},
	}
}

// attachments finds what policies are attached to, for one kind of entity.
type attachments func(*request) (*table[string], error)

func userAttachments(r *request) (*table[string], error) {
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	return &found.attached, nil
}

func groupAttachments(r *request) (*table[string], error) {
	found, err := r.group()
	if err != nil {
		return nil, err
	}
	return &found.attached, nil
}

func roleAttachments(r *request) (*table[string], error) {
	found, err := r.role()
	if err != nil {
		return nil, err
	}
	return &found.attached, nil
}

// attachable returns the policy of an ARN that is to be attached or used as a
// boundary.
func (r *request) attachable(arn string) (*policy, error) {
	if err := r.checkARN(arn); err != nil {
		return nil, err
	}
	found, ok := r.account.policies.get(arn)
	if !ok {
		return nil, noSuchEntity("Policy %s does not exist or is not attachable.", arn)
	}
	return found, nil
}

func attachTo(find attachments) func(*request) (any, error) {
	return func(r *request) (any, error) {
		attached, err := find(r)
		if err != nil {
			return nil, err
		}
		found, err := r.attachable(r.get("PolicyArn"))
		if err != nil {
			return nil, err
		}
		if _, already := attached.get(found.arn); already {
			return nil, nil
		}
		if attached.len() >= attachedPerEntity {
			return nil, limitExceeded("PoliciesPerUser", attachedPerEntity)
		}
		attached.put(found.arn, found.arn)
		return nil, nil
	}
}

func detachFrom(find attachments) func(*request) (any, error) {
	return func(r *request) (any, error) {
		attached, err := find(r)
		if err != nil {
			return nil, err
		}
		arn := r.get("PolicyArn")
		if err := r.checkARN(arn); err != nil {
			return nil, err
		}
		if _, ok := attached.get(arn); !ok {
			return nil, noSuchEntity("Policy %s was not found.", arn)
		}
		attached.remove(arn, r.lagged())
		return nil, nil
	}
}

type xmlAttached struct {
	PolicyName string
	PolicyArn  string
}

func listAttachedUserPolicies(r *request) (any, error) {
	found, err := r.seenUser()
	if err != nil {
		return nil, err
	}
	var wanted []string
	for _, arn := range found.attached.listSeen(r.now) {
		_, path, _ := strings.Cut(arn, ":policy")
		if strings.HasPrefix(path, r.getOr("PathPrefix", "/")) {
			wanted = append(wanted, arn)
		}
	}
	wanted, tail, err := paginateNames(r, wanted)
	if err != nil {
		return nil, err
	}
	return struct {
		AttachedPolicies members[xmlAttached]
		page
	}{membersOf(wanted, func(arn string) xmlAttached {
		return xmlAttached{PolicyName: arn[strings.LastIndex(arn, "/")+1:], PolicyArn: arn}
	}), tail}, nil
}

func boundaryOperations() map[string]operation {
	return map[string]operation{
		"PutUserPermissionsBoundary":    {params: must(userName, boundaryARN), resource: onUser, run: putUserPermissionsBoundary},
		"DeleteUserPermissionsBoundary": {params: must(userName), resource: onUser, run: deleteUserPermissionsBoundary},
	}
}

func putUserPermissionsBoundary(r *request) (any, error) {
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	boundary, err := r.attachable(r.get("PermissionsBoundary"))
	if err != nil {
		return nil, err
	}
	found.boundary = boundary.arn
	return nil, nil
}

func deleteUserPermissionsBoundary(r *request) (any, error) {
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	if found.boundary == "" {
		return nil, noSuchEntity("The user with name %s has no permissions boundary.", found.name)
	}
	found.boundary = ""
	return nil, nil
}
