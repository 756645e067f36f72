package teardown

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// SnapshotVersion is the format that Encode writes.
const SnapshotVersion = 1

// Snapshot is what is needed to make a deleted user again. It holds no secret: keys and passwords cannot be read from
// IAM, and are made anew.
type Snapshot struct {
	Version   int    `json:"version"`
	AccountID string `json:"accountID"`
	Partition string `json:"partition"`
	UserName  string `json:"userName"`
	UserID    string `json:"userID"`
	Path      string `json:"path"`
	// CreateDate of the user.
	CreateDate time.Time     `json:"createDate,omitzero"`
	Tags       []SnapshotTag `json:"tags,omitempty"`
	Groups     []string      `json:"groups,omitempty"`
	// PermissionsBoundary is a policy's ARN.
	PermissionsBoundary string           `json:"permissionsBoundary,omitempty"`
	InlinePolicies      []SnapshotPolicy `json:"inlinePolicies,omitempty"`
	AttachedPolicies    []SnapshotPolicy `json:"attachedPolicies,omitempty"`
}

// SnapshotTag is a tag of a user or policy.
type SnapshotTag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// SnapshotPolicy is an inline policy (Name and Document), a customer-managed one, or one that AWS keeps (Name and ARN).
type SnapshotPolicy struct {
	Name        string        `json:"name"`
	ARN         string        `json:"arn,omitempty"`
	Path        string        `json:"path,omitempty"`
	Description string        `json:"description,omitempty"`
	Tags        []SnapshotTag `json:"tags,omitempty"`
	// Document is JSON as IAM keeps it, byte for byte; of a managed policy that of the default version.
	Document string `json:"document,omitempty"`
}

// Encode gives the snapshot as JSON, the same bytes for the same user whatever the order that IAM lists things in, and
// their SHA-256, hexadecimal.
func (s Snapshot) Encode() (data []byte, digest string, err error) {
	s.Version = SnapshotVersion
	s.Tags = sortedTags(s.Tags)
	s.Groups = slices.Sorted(slices.Values(s.Groups))
	s.InlinePolicies = sortedPolicies(s.InlinePolicies)
	s.AttachedPolicies = sortedPolicies(s.AttachedPolicies)
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false) // documents are for people too
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(s); err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(buffer.Bytes())
	return buffer.Bytes(), hex.EncodeToString(sum[:]), nil
}

// snapshotName is one for each lease: leases of one user must not overwrite the complete snapshot that the first of
// them took with one of the half-stripped user.
func snapshotName(t Target) string { return strings.ToLower(t.AccessKeyID) + "-snapshot" }

func sortedTags(tags []SnapshotTag) []SnapshotTag {
	return slices.SortedFunc(slices.Values(tags), func(a, b SnapshotTag) int { return cmp.Compare(a.Key, b.Key) })
}

func sortedPolicies(policies []SnapshotPolicy) []SnapshotPolicy {
	sorted := slices.SortedFunc(slices.Values(policies), func(a, b SnapshotPolicy) int {
		return cmp.Or(cmp.Compare(a.ARN, b.ARN), cmp.Compare(a.Name, b.Name))
	})
	for i := range sorted {
		sorted[i].Tags = sortedTags(sorted[i].Tags)
	}
	return sorted
}
