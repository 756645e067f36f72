package awsiam

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"k8s.io/utils/clock"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/teardown"
)

// identityFor is how long Identity repeats what it knows. Observe, which every destructive step begins with, asks anew.
const identityFor = 2 * time.Minute

// Client reads and changes the IAM of one account. It satisfies teardown.IAM. Its errors are *failure.Error.
type Client struct {
	access      Access
	clock       clock.PassiveClock
	credentials aws.CredentialsProvider
	iam         *iam.Client
	sts         *sts.Client
	// source has the credentials that a role is assumed with; nil without a role.
	source *Client
	// writing is the option of every call that changes something.
	writing func(*iam.Options)

	mu         sync.Mutex
	identity   teardown.Identity
	identityAt time.Time
	// deleted are the users that this client deleted. That none is left after them is no sign of a wrong endpoint.
	deleted map[string]bool
}

var _ teardown.IAM = (*Client)(nil)

// Identity is whose credentials are in use, as of the last two minutes.
func (c *Client) Identity(ctx context.Context) (teardown.Identity, error) {
	key, err := c.accessKey(ctx)
	if err != nil {
		return teardown.Identity{}, err
	}
	c.mu.Lock()
	known, at := c.identity, c.identityAt
	c.mu.Unlock()
	if !at.IsZero() && known.AccessKeyID == key && c.clock.Since(at) < identityFor {
		return known, nil
	}
	return c.freshIdentity(ctx)
}

// accessKey gets credentials and gives their key ID. It fails with a sentence about credentials, which the SDK's calls
// wrap too deeply.
func (c *Client) accessKey(ctx context.Context) (string, error) {
	if c.credentials == nil {
		return "", call{}.credentialsFailure(ctx, fmt.Errorf("none configured"), c.access)
	}
	credentials, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return "", call{}.credentialsFailure(ctx, err, c.access)
	}
	return credentials.AccessKeyID, nil
}

// freshIdentity asks STS. What was known counts no more once the credentials are refused.
func (c *Client) freshIdentity(ctx context.Context) (teardown.Identity, error) {
	id, err := c.askIdentity(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.identity, c.identityAt = id, c.clock.Now()
	case failure.Is(err, failure.Credentials, failure.Denied):
		c.identityAt = time.Time{}
	}
	return id, err
}

func (c *Client) askIdentity(ctx context.Context) (teardown.Identity, error) {
	asking := call{service: "sts", operation: "GetCallerIdentity", on: "account " + c.access.AccountID}
	key, err := c.accessKey(ctx)
	if err != nil {
		return teardown.Identity{}, err
	}
	out, err := c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return teardown.Identity{}, asking.fail(err)
	}
	id := teardown.Identity{AccountID: aws.ToString(out.Account), ARN: aws.ToString(out.Arn), AccessKeyID: key}
	if id.AccountID == "" || id.ARN == "" {
		return id, asking.incomplete("no account")
	}
	id.UserName = userOf(id.ARN)
	if c.source != nil {
		source, err := c.source.Identity(ctx)
		if err != nil {
			return teardown.Identity{}, err
		}
		id.SourceAccessKeyID = source.AccessKeyID
		// A user of the same name in another account is somebody else.
		if source.AccountID == id.AccountID {
			id.SourceUser = source.UserName
		}
	}
	return id, nil
}

// userOf gives the name in arn:…:iam::…:user/<path><name>; empty for a role or the root.
func userOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || !strings.HasPrefix(parts[5], "user/") {
		return ""
	}
	return parts[5][strings.LastIndex(parts[5], "/")+1:]
}

func (c *Client) noteDeleted(userName string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deleted == nil {
		c.deleted = map[string]bool{}
	}
	c.deleted[userName] = true
}

func (c *Client) hasDeleted(userName string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.deleted[userName]
}

// ownAccount fails unless the credentials that the next call will be signed with are known to be of the account. They
// can change between two calls: files and environments are reloaded.
func (c *Client) ownAccount(ctx context.Context) error {
	id, err := c.Identity(ctx)
	if err != nil {
		return err
	}
	if id.AccountID == c.access.AccountID {
		return nil
	}
	return &failure.Error{Class: failure.Credentials, Service: "sts", Operation: "GetCallerIdentity", Code: v1alpha1.ReasonWrongAccount,
		Message: fmt.Sprintf("the credentials belong to account %s, wanted is %s: correct spec.aws of the sheet", id.AccountID, c.access.AccountID)}
}

// incomplete is the error for an answer that lacks what it must have. Nothing may be concluded from it.
func (c call) incomplete(what string) error {
	return &failure.Error{Class: failure.Retry, Service: c.service, Operation: c.operation, Code: v1alpha1.ReasonIncompleteAnswer,
		Message: fmt.Sprintf("%s: the answer has %s: check the endpoint", c.on, what)}
}

// onUser is a reading call about a user.
func onUser(operation, name string) call {
	return call{service: "iam", operation: operation, on: "user " + name}
}
