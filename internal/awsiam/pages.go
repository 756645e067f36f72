package awsiam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// page is a part of a list.
type page[T any] struct {
	items     []T
	truncated bool
	marker    *string
}

// maxPages bounds a list that never ends; an account has at most 5,000 users.
const maxPages = 10_000

// all reads a list to its last page. The SDK's paginators take a page that says it is cut off, but not where to go on,
// for the last one; here that is an error, because a list that misses something costs somebody a user. For the same
// reason a marker is followed even where the page does not say that it is cut off.
func all[T any](ctx context.Context, c call, next func(ctx context.Context, marker *string) (page[T], error)) ([]T, error) {
	var items []T
	var marker *string
	seen := map[string]bool{"": true}
	for range maxPages {
		p, err := next(ctx, marker)
		if err != nil {
			return nil, c.fail(err)
		}
		items = append(items, p.items...)
		switch further := !seen[aws.ToString(p.marker)]; {
		case !further && p.truncated:
			return nil, c.incomplete("more pages and no new marker")
		case !further:
			return items, nil
		}
		marker = p.marker
		seen[aws.ToString(marker)] = true
	}
	return nil, c.incomplete("no last page")
}

// mapped converts a page's items.
func mapped[S, T any](values []S, convert func(S) T) []T {
	var out []T
	for _, v := range values {
		out = append(out, convert(v))
	}
	return out
}
