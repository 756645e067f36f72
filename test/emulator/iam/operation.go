package iam

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// operation is one action of the API.
type operation struct {
	// params are checked before anything else.
	params []param
	// resource names, as an ARN, what a Permission is asked about. Nil means
	// that the action needs no permission.
	resource func(*request) string
	// run does it, under the server's lock.
	run func(*request) (any, error)
}

// iamOperations is the catalogue of IAM, gathered from the areas.
func iamOperations() map[string]operation {
	all := map[string]operation{}
	for _, area := range []map[string]operation{
		userOperations(), tagOperations(), keyOperations(), loginOperations(), mfaOperations(),
		sshKeyOperations(), certificateOperations(), serviceCredentialOperations(),
		inlinePolicyOperations(), attachmentOperations(), boundaryOperations(),
		policyOperations(), policyVersionOperations(), groupOperations(), roleOperations(), summaryOperations(),
	} {
		maps.Copy(all, area)
	}
	return all
}

// param is the rule of one parameter, from its page of the API reference.
type param struct {
	name     string
	required bool
	// min and max bound the length, or the value where number is set.
	min, max int
	number   bool
	pattern  *regexp.Regexp
	oneOf    []string
}

// must returns the parameters as required ones.
func must(params ...param) []param {
	out := slices.Clone(params)
	for i := range out {
		out[i].required = true
	}
	return out
}

var (
	nameChars   = regexp.MustCompile(`^[\w+=,.@-]+$`)
	wordChars   = regexp.MustCompile(`^\w+$`)
	serialChars = regexp.MustCompile(`^[\w+=/:,.@-]+$`)
	digits      = regexp.MustCompile(`^\d+$`)
	pathChars   = regexp.MustCompile("^(/|/[\u0021-\u007E]+/)$")
	prefixChars = regexp.MustCompile("^/[\u0021-\u007E]*$")
	versionID   = regexp.MustCompile(`^v[1-9][0-9]*(\.[A-Za-z0-9-]*)?$`)
)

// Parameters that several actions share. Names of existing users may be 128
// long, those of new ones 64 (existingUserNameType, userNameType).
var (
	userName       = param{name: "UserName", min: 1, max: 128, pattern: nameChars}
	newUserName    = param{name: "UserName", min: 1, max: 64, pattern: nameChars}
	groupName      = param{name: "GroupName", min: 1, max: 128, pattern: nameChars}
	roleName       = param{name: "RoleName", min: 1, max: 64, pattern: nameChars}
	policyName     = param{name: "PolicyName", min: 1, max: 128, pattern: nameChars}
	policyDocument = param{name: "PolicyDocument", min: 1, max: 131072}
	policyARN      = param{name: "PolicyArn", min: 20, max: 2048}
	boundaryARN    = param{name: "PermissionsBoundary", min: 20, max: 2048}
	policyVersion  = param{name: "VersionId", pattern: versionID}
	accessKeyID    = param{name: "AccessKeyId", min: 16, max: 128, pattern: wordChars}
	pathParam      = param{name: "Path", min: 1, max: 512, pattern: pathChars}
	pathPrefix     = param{name: "PathPrefix", min: 1, max: 512, pattern: prefixChars}
	serialNumber   = param{name: "SerialNumber", min: 9, max: 256, pattern: serialChars}
	paging         = []param{{name: "Marker", min: 1, max: 4096}, {name: "MaxItems", number: true, min: 1, max: 1000}}
)

// paged adds the parameters of a list.
func paged(params ...param) []param { return append(slices.Clone(params), paging...) }

// secretParam tells which parameters never enter the log: secrets, and bodies
// that would drown it.
func secretParam(name string) bool {
	switch name {
	case "Password", "AuthenticationCode1", "AuthenticationCode2", "SSHPublicKeyBody", "CertificateBody", "TokenCode":
		return true
	}
	return strings.HasPrefix(name, "X-Amz-")
}

// check reports every rule that the request breaks, in AWS's words.
func (r *request) check(params []param) error {
	var broken []string
	for _, p := range params {
		if problem := p.problem(r.form.Has(p.name), r.form.Get(p.name)); problem != "" {
			broken = append(broken, problem)
		}
	}
	if len(broken) == 0 {
		return nil
	}
	noun := "error"
	if len(broken) > 1 {
		noun = "errors"
	}
	return fail("ValidationError", "%d validation %s detected: %s", len(broken), noun, strings.Join(broken, "; "))
}

func (p param) problem(given bool, value string) string {
	if !given {
		if p.required {
			return p.describe("null", "Member must not be null")
		}
		return ""
	}
	shown := "'" + value + "'"
	if secretParam(p.name) {
		shown = "'*****'"
	}
	size, unit := len([]rune(value)), "length "
	if p.number {
		n, err := strconv.Atoi(value)
		if err != nil {
			return p.describe(shown, "Member must be an integer")
		}
		size, unit = n, "value "
	}
	switch {
	case size < p.min:
		return p.describe(shown, fmt.Sprintf("Member must have %sgreater than or equal to %d", unit, p.min))
	case p.max > 0 && size > p.max:
		return p.describe(shown, fmt.Sprintf("Member must have %sless than or equal to %d", unit, p.max))
	case p.pattern != nil && !p.pattern.MatchString(value):
		return p.describe(shown, "Member must satisfy regular expression pattern: "+strings.Trim(p.pattern.String(), "^$"))
	case len(p.oneOf) > 0 && !slices.Contains(p.oneOf, value):
		return p.describe(shown, "Member must satisfy enum value set: ["+strings.Join(p.oneOf, ", ")+"]")
	}
	return ""
}

func (p param) describe(value, constraint string) string {
	return fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s",
		value, strings.ToLower(p.name[:1])+p.name[1:], constraint)
}
