package iam

import (
	"encoding/base64"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// request is one authenticated call, while it is carried out under the
// server's lock.
type request struct {
	server    *Server
	account   *Account
	caller    caller
	form      url.Values
	operation operation
	service   string
	action    string
	now       time.Time
}

// run checks the parameters, then the permission, then does it: AWS tells a
// caller without permission nothing about what exists.
func (r *request) run() (any, error) {
	if err := r.check(r.operation.params); err != nil {
		return nil, err
	}
	if err := r.authorize(); err != nil {
		return nil, err
	}
	return r.operation.run(r)
}

func (r *request) get(name string) string { return r.form.Get(name) }

// getOr returns the parameter or, where it is missing, a default.
func (r *request) getOr(name, otherwise string) string {
	if r.form.Has(name) {
		return r.form.Get(name)
	}
	return otherwise
}

// lagged is the moment until which reads still show what changes now.
func (r *request) lagged() time.Time { return r.now.Add(r.server.options.Lag) }

// date is the moment as IAM keeps it: whole seconds.
func (r *request) date() time.Time { return r.now.UTC().Truncate(time.Second) }

// subjectName names the user that the request is about: UserName or, where it
// is missing, the user whose key signed.
func (r *request) subjectName() (string, error) {
	if name := r.get("UserName"); name != "" {
		return name, nil
	}
	if r.caller.userName == "" {
		return "", fail("ValidationError", "Must specify userName when calling with non-User credentials")
	}
	return r.caller.userName, nil
}

// user returns the user that the request is about, as it is. Changes use it.
func (r *request) user() (*user, error) {
	name, err := r.subjectName()
	if err != nil {
		return nil, err
	}
	found, ok := r.account.users.get(name)
	if !ok {
		return nil, noSuchEntity("The user with name %s cannot be found.", name)
	}
	return found, nil
}

// seenUser returns the user as reads see it, which may be one deleted a moment
// ago.
func (r *request) seenUser() (*user, error) {
	name, err := r.subjectName()
	if err != nil {
		return nil, err
	}
	found, ok := r.account.users.seen(name, r.now)
	if !ok {
		return nil, noSuchEntity("The user with name %s cannot be found.", name)
	}
	return found, nil
}

// page is the tail that every list's result ends with.
type page struct {
	IsTruncated bool   `xml:"IsTruncated"`
	Marker      string `xml:"Marker,omitempty"`
}

// paginate cuts the page that the request asks for. key orders the items
// (items come in that order); the marker names the last key given, so that
// what is deleted between two pages makes nobody skip an item.
func paginate[T any](r *request, items []T, key func(T) string) ([]T, page, error) {
	after, started, err := r.marker()
	if err != nil {
		return nil, page{}, err
	}
	if !started && r.server.options.EmptyFirstPage && len(items) > 0 {
		return nil, page{IsTruncated: true, Marker: r.encodeMarker("")}, nil
	}
	size := r.server.options.PageSize
	if asked, err := strconv.Atoi(r.get("MaxItems")); err == nil {
		size = min(size, asked)
	}
	first := sort.Search(len(items), func(i int) bool { return key(items[i]) > after })
	items = items[first:]
	if len(items) <= size {
		return items, page{}, nil
	}
	return items[:size], page{IsTruncated: true, Marker: r.encodeMarker(key(items[size-1]))}, nil
}

// paginateNames is paginate for items that are their own key.
func paginateNames(r *request, items []string) ([]string, page, error) {
	return paginate(r, items, func(name string) string { return name })
}

func (r *request) encodeMarker(last string) string {
	return base64.StdEncoding.EncodeToString([]byte(r.action + "\n" + last))
}

// marker decodes the request's marker. A marker of another list is refused:
// a client that mixes them up would skip items.
func (r *request) marker() (after string, started bool, err error) {
	marker := r.get("Marker")
	if marker == "" {
		return "", false, nil
	}
	text, decodeErr := base64.StdEncoding.DecodeString(marker)
	action, last, ok := strings.Cut(string(text), "\n")
	if decodeErr != nil || !ok || action != r.action {
		return "", false, fail("ValidationError", "Invalid Marker: it was not returned by %s", r.action)
	}
	return last, true, nil
}
