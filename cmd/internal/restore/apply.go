package restore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/teardown"
)

// What was just created can be unknown to IAM's next answer for some seconds ("Changes that I make are not always
// immediately visible", IAM User Guide).
const (
	attempts = 6
	pause    = 3 * time.Second
)

// Wait lets time pass, or gives the context's error.
type Wait func(ctx context.Context, d time.Duration) error

// Apply does the steps, telling each, looks at the result, and takes the marker away. After an error, Decide and Apply
// again go on where it stopped.
func Apply(ctx context.Context, aws IAM, p Plan, wait Wait, tell func(Step)) error {
	for _, s := range p.Steps {
		if err := patiently(ctx, wait, s.do); err != nil {
			return fmt.Errorf("%w: run the command again to go on", err)
		}
		tell(s)
	}
	err := patiently(ctx, wait, func(ctx context.Context) error { return complete(ctx, aws, p.want) })
	if err != nil {
		return err
	}
	err = aws.Untag(ctx, p.want.UserName, MarkerTag)
	if err := unlessTags(ctx, aws, p.want.UserName, err, func(tags map[string]string) bool { return tags[MarkerTag] == "" }); err != nil {
		return err
	}
	for _, s := range p.Last {
		err := s.do(ctx)
		if err := unlessTags(ctx, aws, p.want.UserName, err, func(tags map[string]string) bool {
			value, there := tags[p.last.Key]
			return there && value == p.last.Value
		}); err != nil {
			return err
		}
		tell(s)
	}
	return nil
}

// unlessTags gives the error of a change of tags, unless they are as they were to be: then only the answer was lost.
func unlessTags(ctx context.Context, aws IAM, userName string, err error, changed func(tags map[string]string) bool) error {
	if err == nil {
		return nil
	}
	if tags, exists, look := aws.UserTags(ctx, userName); look == nil && exists && changed(tags) {
		return nil
	}
	return fmt.Errorf("%w: run the command again to go on", err)
}

// errIncomplete: the user is not yet what it was.
var errIncomplete = errors.New("the user is not yet what it was")

// patiently tries again what fails because IAM does not know of it yet.
func patiently(ctx context.Context, wait Wait, do func(ctx context.Context) error) error {
	for attempt := 1; ; attempt++ {
		err := do(ctx)
		if err == nil || attempt == attempts || !failure.Is(err, failure.NotFound) && !errors.Is(err, errIncomplete) {
			return err
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

// complete compares the user with what it was. Documents of managed policies are not the user's own.
func complete(ctx context.Context, aws IAM, want teardown.Snapshot) error {
	got, err := aws.Snapshot(ctx, want.UserName)
	if err != nil {
		return err
	}
	got.Tags = slices.DeleteFunc(got.Tags, func(t teardown.SnapshotTag) bool { return t.Key == MarkerTag })
	var differing []string
	for _, part := range []struct{ name, want, got string }{
		{"path", want.Path, got.Path},
		{"permissions boundary", want.PermissionsBoundary, got.PermissionsBoundary},
		{"tags", sorted(texts(want.Tags)), sorted(texts(got.Tags))},
		{"inline policies", sorted(texts(want.InlinePolicies)), sorted(texts(got.InlinePolicies))},
		{"attached policies", sorted(arns(want)), sorted(arns(got))},
		{"groups", sorted(want.Groups), sorted(got.Groups)},
	} {
		if part.want != part.got {
			differing = append(differing, part.name)
		}
	}
	if len(differing) > 0 {
		return fmt.Errorf("%w (%s): look at it in the IAM console, and run the command again to go on", errIncomplete, strings.Join(differing, ", "))
	}
	return nil
}

func texts[T any](values []T) []string {
	var out []string
	for _, v := range values {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

func sorted(values []string) string { return strings.Join(slices.Sorted(slices.Values(values)), "\n") }
