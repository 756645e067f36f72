package iam

import (
	"crypto/rand"
	"fmt"
	"time"
)

// Partition is the part of AWS that an account lives in; it is the second
// field of all its ARNs.
type Partition string

// The partitions that have an IAM of their own.
const (
	PartitionAWS   Partition = "aws"
	PartitionChina Partition = "aws-cn"
	PartitionUSGov Partition = "aws-us-gov"
)

// Account is one AWS account. Its methods seed and read it; they panic on
// misuse, because a test with a wrong seed must not go on.
type Account struct {
	server    *Server
	id        string
	partition Partition

	users       table[*user]
	groups      table[*group]
	roles       table[*role]
	policies    table[*policy]     // customer-managed and AWS's, by ARN
	devices     table[*virtualMFA] // by serial number
	permissions map[string]Permission
}

// AddAccount adds an account with its 12-digit ID. The most used AWS-managed
// policies exist in it from the start.
func (s *Server) AddAccount(id string, partition Partition) *Account {
	if len(id) != 12 || !digits.MatchString(id) {
		panic(fmt.Sprintf("iam emulator: account ID %q must have 12 digits", id))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.accounts[id]; ok {
		panic(fmt.Sprintf("iam emulator: account %s was added twice", id))
	}
	account := &Account{server: s, id: id, partition: partition, permissions: map[string]Permission{}}
	s.accounts[id] = account
	for _, name := range []string{"AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess",
		"AmazonS3ReadOnlyAccess", "IAMUserChangePassword"} {
		account.newPolicy(policySpec{name: name, path: "/", document: allowAll, awsManaged: true}, s.options.Clock.Now())
	}
	return account
}

// Account returns an account by its ID, nil if there is none.
func (s *Server) Account(id string) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accounts[id]
}

// ID is the account's 12-digit ID.
func (a *Account) ID() string { return a.id }

// arn writes an ARN of IAM in this account, "user/path/name" being resource.
func (a *Account) arn(resource string) string {
	return fmt.Sprintf("arn:%s:iam::%s:%s", a.partition, a.id, resource)
}

// awsManagedARN is the ARN of a policy that AWS keeps.
func (a *Account) awsManagedARN(name string) string {
	return fmt.Sprintf("arn:%s:iam::aws:policy/%s", a.partition, name)
}

// uniqueID makes an ID of IAM: a prefix that tells the kind (AIDA, AGPA, AROA,
// ANPA, AKIA, ASIA …) and random letters and digits, size characters in all.
func uniqueID(prefix string, size int) string {
	return (prefix + rand.Text() + rand.Text())[:size]
}

// entityID makes the unique ID of a user, group, role or policy.
func entityID(prefix string) string { return uniqueID(prefix, 21) }

// date is a moment as IAM keeps it; the zero time becomes now.
func (s *Server) date(t time.Time) time.Time {
	if t.IsZero() {
		t = s.options.Clock.Now()
	}
	return t.UTC().Truncate(time.Second)
}

// Quotas of AWS that this emulator enforces (IAM User
// Guide, "IAM and AWS STS quotas").
const (
	keysPerUser               = 2
	devicesPerUser            = 8
	sshKeysPerUser            = 5
	certificatesPerUser       = 2
	serviceCredentialsPerUser = 2 // for each service
	groupsPerUser             = 10
	attachedPerEntity         = 10
	tagsPerEntity             = 50
	versionsPerPolicy         = 5
)

// allowAll is the document of seeded policies that say nothing else.
const allowAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// summaryOperations is GetAccountSummary.
func summaryOperations() map[string]operation {
	return map[string]operation{
		"GetAccountSummary": {resource: anyResource, run: getAccountSummary},
	}
}

func anyResource(*request) string { return "*" }

func getAccountSummary(r *request) (any, error) {
	customer, inUse := 0, 0
	for _, p := range r.account.policies.list() {
		if !p.awsManaged {
			customer++
		}
	}
	for _, u := range r.account.users.list() {
		inUse += u.devices.len()
	}
	entries := []entry{
		{"AccessKeysPerUserQuota", keysPerUser},
		{"AccountAccessKeysPresent", 0},
		{"AccountMFAEnabled", 1},
		{"AttachedPoliciesPerUserQuota", attachedPerEntity},
		{"Groups", r.account.groups.len()},
		{"GroupsPerUserQuota", groupsPerUser},
		{"MFADevices", r.account.devices.len()},
		{"MFADevicesInUse", inUse},
		{"Policies", customer},
		{"Roles", r.account.roles.len()},
		{"SigningCertificatesPerUserQuota", certificatesPerUser},
		{"Users", r.account.users.len()},
		{"UsersQuota", 5000},
		{"VersionsPerPolicyQuota", versionsPerPolicy},
	}
	return struct {
		SummaryMap struct {
			Entries []entry `xml:"entry"`
		}
	}{struct {
		Entries []entry `xml:"entry"`
	}{entries}}, nil
}
