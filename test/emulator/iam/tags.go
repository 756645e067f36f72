package iam

import (
	"fmt"
	"strings"
)

// tag is a key and a value that somebody put on a user.
type tag struct {
	Key   string `xml:"Key"`
	Value string `xml:"Value"`
}

func tagOperations() map[string]operation {
	return map[string]operation{
		"TagUser":      {params: must(userName), resource: onUser, run: tagUser},
		"UntagUser":    {params: must(userName), resource: onUser, run: untagUser},
		"ListUserTags": {params: append(must(userName), paging...), resource: onUser, run: listUserTags},
	}
}

// list reads the values of a list parameter, Name.member.1 and on; field is
// "" or the field of a list of structures, such as ".Key".
func (r *request) list(name, field string) []string {
	var values []string
	for i := 1; ; i++ {
		key := fmt.Sprintf("%s.member.%d%s", name, i, field)
		if !r.form.Has(key) {
			return values
		}
		values = append(values, r.form.Get(key))
	}
}

// tags reads and checks the Tags parameter: keys of 1 to 128 characters, not
// beginning with "aws:", no key twice, values up to 256.
func (r *request) tags() ([]tag, error) {
	var tags []tag
	given := map[string]bool{}
	for i, key := range r.list("Tags", ".Key") {
		value := fmt.Sprintf("Tags.member.%d.Value", i+1)
		switch {
		case key == "" || len([]rune(key)) > 128 || !r.form.Has(value) || len([]rune(r.get(value))) > 256:
			return nil, fail("ValidationError", "1 validation error detected: Value at 'tags.%d.member' failed to satisfy constraint: "+
				"key must have length between 1 and 128, value must not be null and have length less than or equal to 256", i+1)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, fail("InvalidInput", "Tag keys must not begin with 'aws:'.")
		case given[strings.ToLower(key)]:
			return nil, fail("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		given[strings.ToLower(key)] = true
		tags = append(tags, tag{Key: key, Value: r.get(value)})
	}
	return tags, nil
}

func tagUser(r *request) (any, error) {
	tags, err := r.tags()
	if err != nil {
		return nil, err
	}
	if len(tags) == 0 {
		return nil, fail("ValidationError",
			"1 validation error detected: Value null at 'tags' failed to satisfy constraint: Member must not be null")
	}
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	total := found.tags.len()
	for _, t := range tags {
		if _, ok := found.tags.get(t.Key); !ok {
			total++
		}
	}
	if total > tagsPerEntity {
		return nil, limitExceeded("TagsPerUser", tagsPerEntity)
	}
	for _, t := range tags {
		found.tags.put(t.Key, t)
	}
	return nil, nil
}

func untagUser(r *request) (any, error) {
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	for _, key := range r.list("TagKeys", "") {
		found.tags.remove(key, r.lagged())
	}
	return nil, nil
}

func listUserTags(r *request) (any, error) {
	found, err := r.seenUser()
	if err != nil {
		return nil, err
	}
	tags, tail, err := paginate(r, found.tags.listSeen(r.now), func(t tag) string { return t.Key })
	if err != nil {
		return nil, err
	}
	return struct {
		Tags members[tag]
		page
	}{members[tag]{tags}, tail}, nil
}
