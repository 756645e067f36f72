package apiserver

import (
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// values to try for some fields, valid and not, of the spec and of the status.
var values = map[string]map[string][]any{
	"spec": {
		"endDate": {"2031-05-01", "2031-06-01", "soon", nil}, "startDate": {"2031-05-15", "", nil},
		"userName": {"hanako", "taro", "a b"}, "purpose": {"x", "", nil}, "accountID": {"123456789012", "1", nil},
		"extensionRequested": {true, false},
	},
	"status": {
		"phase":            {"Active", "Revoked", "Sleeping", nil},
		"lastHandledRetry": {"x", nil},
		"revocation": {
			map[string]any{"keyDeletedTime": "2031-04-01T09:00:00Z"}, map[string]any{"keyDeletedTime": "today"}, map[string]any{},
			map[string]any{"intent": map[string]any{"action": "DeleteAccessKey", "target": "x", "time": "2031-04-01T09:00:00Z"}},
			map[string]any{"intent": map[string]any{"action": "DeleteAccessKey"}}, nil,
		},
		"conditions": {
			[]any{map[string]any{"type": "A", "status": "True", "reason": "R", "message": "", "lastTransitionTime": "2031-04-01T09:00:00Z"}},
			[]any{map[string]any{"type": "A", "status": "Maybe", "reason": "R", "message": "", "lastTransitionTime": "2031-04-01T09:00:00Z"}},
			[]any{map[string]any{"type": "A"}}, []any{}, nil,
		},
		"notices": {[]any{map[string]any{"kind": "Expiry"}}, []any{}, nil},
	},
}

func TestTheShortWayOfValidatingAnUpdateFindsWhatTheLongWayFinds(t *testing.T) {
	c, err := theCatalog()
	if err != nil {
		t.Fatal(err)
	}
	var r *customRules
	for k, found := range c.kinds {
		if k.Kind == "AccessKeyLease" {
			r = found.rules.(*customRules)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		now := &object{fields: map[string]any{"spec": map[string]any{
			"accessKeyID": "AKIA000000000001", "userName": "hanako", "endDate": "2031-05-01", "sheetRef": map[string]any{"name": "keys"},
		}}}
		now.Name, now.UID, now.ResourceVersion, now.Namespace = "akia000000000001", "u", "1", "default"
		for range rapid.IntRange(1, 12).Draw(t, "writes") {
			next := now.edit()
			part := rapid.SampledFrom([]string{"spec", "status"}).Draw(t, "part")
			status := part == "status"
			changed := map[string]any{}
			if had, ok := now.fields[part].(map[string]any); ok {
				for name, v := range had {
					changed[name] = v
				}
			}
			for range rapid.IntRange(0, 2).Draw(t, "fields") {
				name := rapid.SampledFrom(keys(values[part])).Draw(t, "field")
				if v := rapid.SampledFrom(values[part][name]).Draw(t, "value"); v == nil {
					delete(changed, name)
				} else {
					changed[name] = v
				}
			}
			next.fields[part] = changed
			long := r.explain(ctx, nil, next.root(), now.root(), status)
			short := r.accepts(next.root(), now.root(), status)
			if short {
				next.proof, short = r.rules.accept(ctx, next.root(), now.root(), now.proof)
			}
			if short != (len(long) == 0) {
				t.Fatalf("the short way says valid: %t, the long way: %v\nold %v\nnew %v", short, long, now.fields, next.fields)
			}
			if short {
				now = next
			}
		}
	})
}

func TestTheRulesOfALeaseAreKnownToReadOnlyFields(t *testing.T) {
	c, err := theCatalog()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range c.kinds {
		if r, ok := k.rules.(*customRules); ok && k.Kind == "AccessKeyLease" && len(r.rules.reads) == 0 {
			t.Error("every status write evaluates all rules of the object")
		}
	}
}

func keys(m map[string][]any) []string {
	var all []string
	for name := range m {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
