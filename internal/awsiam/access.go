package awsiam

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/keylease/keylease/internal/lifecycle"
)

// Access says which account to use, and how.
type Access = lifecycle.AWSAccess

// sessionName is the name of a role's session in CloudTrail.
const sessionName = "keylease"

// globalRegions are the regions that IAM requests are signed for: IAM has one endpoint in each partition ("AWS Identity
// and Access Management endpoints and quotas", AWS General Reference).
var globalRegions = map[string]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}

var (
	accountForm    = regexp.MustCompile(`^[0-9]{12}$`)
	roleForm       = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):iam::([0-9]{12}):role/[\x21-\x7E]+$`)
	externalIDForm = regexp.MustCompile(`^[\w+=,.@:/-]+$`)
)

// resolve checks and completes an access.
func resolve(a Access) (Access, error) {
	if a.Partition == "" {
		a.Partition = "aws"
	}
	if globalRegions[a.Partition] == "" {
		return a, fmt.Errorf("spec.aws.partition %q: use aws, aws-cn or aws-us-gov", a.Partition)
	}
	if !accountForm.MatchString(a.AccountID) {
		return a, fmt.Errorf("AWS account %q: write twelve digits, with leading zeros", a.AccountID)
	}
	if a.RoleARN == "" {
		a.ExternalID = "" // it is not used, so it must not make another client
		return a, nil
	}
	role := a.RoleARN
	parts := roleForm.FindStringSubmatch(role)
	switch {
	case parts == nil:
		return a, fmt.Errorf("spec.aws.roleARN %q: use arn:%s:iam::<account>:role/<name>", role, a.Partition)
	case parts[1] != a.Partition || parts[2] != a.AccountID:
		return a, fmt.Errorf("spec.aws.roleARN %q is not of account %s in partition %s: use {{ .AccountID }} for its account",
			role, a.AccountID, a.Partition)
	case (len(a.ExternalID) < 2 || len(a.ExternalID) > 1224 || !externalIDForm.MatchString(a.ExternalID)):
		return a, fmt.Errorf("external ID %q for %s: it must be <namespace>/<sheet name>", a.ExternalID, role)
	}
	return a, nil
}

// stsRegion is the configured region if it belongs to the partition, or else the partition's own.
func stsRegion(partition, configured string) string {
	of := "aws"
	switch {
	case strings.HasPrefix(configured, "cn-"):
		of = "aws-cn"
	case strings.HasPrefix(configured, "us-gov-"):
		of = "aws-us-gov"
	case configured == "":
		of = ""
	}
	if of == partition {
		return configured
	}
	return globalRegions[partition]
}
