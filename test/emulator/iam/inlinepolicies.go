package iam

import "encoding/json"

// inlinePolicy is a policy that is part of its user.
type inlinePolicy struct {
	name     string
	document string
}

func inlinePolicyOperations() map[string]operation {
	return map[string]operation{
		"ListUserPolicies": {params: append(must(userName), paging...), resource: onUser, run: listUserPolicies},
		"GetUserPolicy":    {params: must(userName, policyName), resource: onUser, run: getUserPolicy},
		"PutUserPolicy":    {params: must(userName, policyName, policyDocument), resource: onUser, run: putUserPolicy},
		"DeleteUserPolicy": {params: must(userName, policyName), resource: onUser, run: deleteUserPolicy},
	}
}

func listUserPolicies(r *request) (any, error) {
	found, err := r.seenUser()
	if err != nil {
		return nil, err
	}
	policies, tail, err := paginate(r, found.inline.listSeen(r.now), func(p inlinePolicy) string { return p.name })
	if err != nil {
		return nil, err
	}
	return struct {
		PolicyNames members[string]
		page
	}{membersOf(policies, func(p inlinePolicy) string { return p.name }), tail}, nil
}

func getUserPolicy(r *request) (any, error) {
	found, err := r.seenUser()
	if err != nil {
		return nil, err
	}
	policy, ok := found.inline.seen(r.get("PolicyName"), r.now)
	if !ok {
		return nil, noSuchEntity("The user policy with name %s cannot be found.", r.get("PolicyName"))
	}
	return struct{ UserName, PolicyName, PolicyDocument string }{found.name, policy.name, encodedDocument(policy.document)}, nil
}

func putUserPolicy(r *request) (any, error) {
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	if err := checkDocument(r.get("PolicyDocument")); err != nil {
		return nil, err
	}
	found.inline.put(r.get("PolicyName"), inlinePolicy{name: r.get("PolicyName"), document: r.get("PolicyDocument")})
	return nil, nil
}

func deleteUserPolicy(r *request) (any, error) {
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	if _, ok := found.inline.get(r.get("PolicyName")); !ok {
		return nil, noSuchEntity("The user policy with name %s cannot be found.", r.get("PolicyName"))
	}
	found.inline.remove(r.get("PolicyName"), r.lagged())
	return nil, nil
}

// checkDocument looks at a policy document's shape only: a JSON object with
// statements.
func checkDocument(document string) error {
	var shape struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(document), &shape); err != nil || len(shape.Statement) == 0 {
		return fail("MalformedPolicyDocument", "Syntax errors in policy.")
	}
	return nil
}
