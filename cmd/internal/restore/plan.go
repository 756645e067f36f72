package restore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/teardown"
)

// MarkerTag stands on a user while it is being restored, with the snapshot's SHA-256: it tells a user that an earlier
// run began from one that somebody else made.
const MarkerTag = "keylease.dev/restoring"

// tagsPerUser that IAM allows ("IAM and AWS STS quotas", IAM User Guide).
const tagsPerUser = 50

// IAM is what a restore asks and does, with the person's own credentials.
type IAM interface {
	Identity(ctx context.Context) (teardown.Identity, error)
	UserTags(ctx context.Context, userName string) (tags map[string]string, exists bool, err error)
	Snapshot(ctx context.Context, userName string) (teardown.Snapshot, error)
	PolicyDocument(ctx context.Context, arn string) (document string, exists bool, err error)
	GroupExists(ctx context.Context, name string) (bool, error)

	CreatePolicy(ctx context.Context, p teardown.SnapshotPolicy) error
	CreateUser(ctx context.Context, s teardown.Snapshot) error
	PutInlinePolicy(ctx context.Context, userName string, p teardown.SnapshotPolicy) error
	AttachPolicy(ctx context.Context, userName, arn string) error
	JoinGroup(ctx context.Context, userName, group string) error
	Tag(ctx context.Context, userName string, t teardown.SnapshotTag) error
	Untag(ctx context.Context, userName, key string) error
}

// Step is one call that creates something.
type Step struct {
	// Action is the call's name in the IAM API, Target what it is about.
	Action, Target string
	do             func(ctx context.Context) error
}

// Plan is what is missing.
type Plan struct {
	// Caller is the ARN of the person.
	Caller string
	// Resumed: an earlier run began.
	Resumed bool
	Steps   []Step
	// Last is done when the marker is gone: a user with all the tags that IAM allows has no room for both.
	Last []Step
	// Notes on what will not be as it was, one sentence each.
	Notes []string
	// want is what the user is to be in the end, but for the tag that comes last.
	want teardown.Snapshot
	last *teardown.SnapshotTag
}

// Decide what is missing of a snapshot. It refuses for credentials of another account, for a user that exists and was not
// begun by an earlier run, and where the boundary is missing: without it the user would be allowed more than before.
func Decide(ctx context.Context, aws IAM, saved Saved) (Plan, error) {
	id, err := aws.Identity(ctx)
	if f := failure.Of(err); f != nil && f.Code == failure.CodeNoCredentials {
		return Plan{}, errors.New("no AWS credentials were found: name a profile with AWS_PROFILE, or log in as for the AWS CLI")
	}
	if err != nil {
		return Plan{}, err
	}
	want := saved.Snapshot
	if id.AccountID != want.AccountID {
		return Plan{}, fmt.Errorf("your AWS credentials (%s) belong to account %s, the user belonged to account %s: use credentials of that account, for example with AWS_PROFILE", id.ARN, id.AccountID, want.AccountID)
	}
	p := planner{aws: aws, plan: Plan{Caller: id.ARN}}
	tags, exists, err := aws.UserTags(ctx, want.UserName)
	if err != nil {
		return Plan{}, err
	}
	want.Tags = p.roomForMarker(want)
	marked := tags[MarkerTag] == saved.Digest
	occupied := fmt.Errorf("user %s exists in account %s: nothing is restored over it", want.UserName, want.AccountID)
	if exists {
		if !marked && (p.plan.last == nil || len(tags) != len(want.Tags)) {
			return Plan{}, occupied
		}
		p.plan.Resumed = true
		if p.have, err = aws.Snapshot(ctx, want.UserName); err != nil {
			return Plan{}, err
		}
	}
	if err := p.decide(ctx, &want, saved.Digest); err != nil {
		return Plan{}, err
	}
	if exists && !marked && (len(p.plan.Steps) > 0 || complete(ctx, aws, want) != nil) {
		// Not one that lacks nothing but the tag that comes when the marker is gone.
		return Plan{}, occupied
	}
	p.plan.want = want
	return p.plan, nil
}

type planner struct {
	aws  IAM
	have teardown.Snapshot
	plan Plan
}

func (p *planner) note(format string, args ...any) {
	p.plan.Notes = append(p.plan.Notes, fmt.Sprintf(format, args...))
}

func (p *planner) step(action, target string, do func(ctx context.Context) error) {
	p.plan.Steps = append(p.plan.Steps, Step{Action: action, Target: target, do: do})
}

// roomForMarker gives the tags that the user has while it carries the marker.
func (p *planner) roomForMarker(want teardown.Snapshot) []teardown.SnapshotTag {
	tags := p.ownTags(want.Tags)
	if len(tags) < tagsPerUser {
		return tags
	}
	last := tags[len(tags)-1]
	p.plan.last = &last
	p.plan.Last = []Step{{Action: "TagUser", Target: last.Key + "=" + last.Value,
		do: func(ctx context.Context) error { return p.aws.Tag(ctx, want.UserName, last) }}}
	return tags[:len(tags)-1]
}

// ownTags leaves out what only AWS can set.
func (p *planner) ownTags(tags []teardown.SnapshotTag) []teardown.SnapshotTag {
	return slices.DeleteFunc(slices.Clone(tags), func(t teardown.SnapshotTag) bool {
		aws := strings.HasPrefix(strings.ToLower(t.Key), "aws:")
		if aws {
			p.note("Tag %s is AWS's own and cannot be set.", t.Key)
		}
		return aws
	})
}

// decide the steps in their order: policies, the user with its boundary, what hangs on it.
func (p *planner) decide(ctx context.Context, want *teardown.Snapshot, digest string) error {
	user := want.UserName
	if err := p.policies(ctx, want); err != nil {
		return err
	}
	if err := p.boundary(ctx, want); err != nil {
		return err
	}
	if !p.plan.Resumed {
		marked := *want
		marked.Tags = append(slices.Clone(want.Tags), teardown.SnapshotTag{Key: MarkerTag, Value: digest})
		p.step("CreateUser", describe(*want), func(ctx context.Context) error { return p.aws.CreateUser(ctx, marked) })
	}
	for _, inline := range want.InlinePolicies {
		if !slices.ContainsFunc(p.have.InlinePolicies, func(h teardown.SnapshotPolicy) bool {
			return h.Name == inline.Name && h.Document == inline.Document
		}) {
			p.step("PutUserPolicy", inline.Name, func(ctx context.Context) error { return p.aws.PutInlinePolicy(ctx, user, inline) })
		}
	}
	for _, arn := range arns(*want) {
		if !slices.Contains(arns(p.have), arn) {
			p.step("AttachUserPolicy", arn, func(ctx context.Context) error { return p.aws.AttachPolicy(ctx, user, arn) })
		}
	}
	return p.groups(ctx, want)
}

// policies that are missing are created. One that exists is taken as it is: others may use it.
func (p *planner) policies(ctx context.Context, want *teardown.Snapshot) error {
	var kept []teardown.SnapshotPolicy
	for _, policy := range want.AttachedPolicies {
		document, exists, err := p.aws.PolicyDocument(ctx, policy.ARN)
		switch {
		case err != nil:
			return err
		case !exists && policy.Document == "":
			p.note("Policy %s does not exist any more; AWS kept it. It is left out.", policy.ARN)
			continue
		case !exists:
			policy.Tags = p.ownTags(policy.Tags)
			p.step("CreatePolicy", policy.ARN, func(ctx context.Context) error { return p.aws.CreatePolicy(ctx, policy) })
		case document != policy.Document:
			p.note("Policy %s exists with another document than when the user was deleted. It is attached as it is now.", policy.ARN)
		}
		kept = append(kept, policy)
	}
	want.AttachedPolicies = kept
	return nil
}

func (p *planner) boundary(ctx context.Context, want *teardown.Snapshot) error {
	arn := want.PermissionsBoundary
	if arn == "" || slices.ContainsFunc(p.plan.Steps, func(s Step) bool { return s.Action == "CreatePolicy" && s.Target == arn }) {
		return nil
	}
	_, exists, err := p.aws.PolicyDocument(ctx, arn)
	if err == nil && !exists {
		return fmt.Errorf("policy %s, the user's permissions boundary, does not exist any more: create it first; without it the user would be allowed more than before", arn)
	}
	return err
}

func (p *planner) groups(ctx context.Context, want *teardown.Snapshot) error {
	var kept []string
	for _, group := range want.Groups {
		exists, err := p.aws.GroupExists(ctx, group)
		if err != nil {
			return err
		}
		if !exists {
			p.note("Group %s does not exist any more. It is left out, with what it allowed.", group)
			continue
		}
		kept = append(kept, group)
		if !slices.Contains(p.have.Groups, group) {
			p.step("AddUserToGroup", group, func(ctx context.Context) error { return p.aws.JoinGroup(ctx, want.UserName, group) })
		}
	}
	want.Groups = kept
	return nil
}

func arns(s teardown.Snapshot) []string {
	var out []string
	for _, p := range s.AttachedPolicies {
		out = append(out, p.ARN)
	}
	return out
}

// describe the user to be created.
func describe(s teardown.Snapshot) string {
	text := s.Path + s.UserName
	if s.PermissionsBoundary != "" {
		text += ", boundary " + s.PermissionsBoundary
	}
	for i, t := range s.Tags {
		if i == 0 {
			text += ", tags"
		}
		text += fmt.Sprintf(" %s=%s", t.Key, t.Value)
	}
	return text
}
