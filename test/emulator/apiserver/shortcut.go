package apiserver

import (
	"context"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// node of a schema answers at less cost whether an update is valid. It checks only what changed: a schema looks at nothing
// but the value that it describes, it never changes, and what is stored has passed it. What it does not find valid is
// validated again in the way of the real server, whose words the errors are then.
type node struct {
	whole      validation.SchemaValidator // the value and all below it
	own        validation.SchemaValidator // the value alone, nil without properties and items
	properties map[string]*node
	items      *node
}

func newNode(s *apiextensions.JSONSchemaProps) (*node, error) {
	n := &node{}
	var err error
	if n.whole, _, err = validation.NewSchemaValidator(s); err != nil {
		return nil, err
	}
	// These may tell something of a property that its own schema does not.
	if s.AdditionalProperties != nil || len(s.AllOf)+len(s.AnyOf)+len(s.OneOf) > 0 || s.Not != nil || s.UniqueItems {
		return n, nil
	}
	if len(s.Properties) == 0 && s.Items == nil {
		return n, nil
	}
	alone := *s
	alone.Properties, alone.Items = nil, nil
	if n.own, _, err = validation.NewSchemaValidator(&alone); err != nil {
		return nil, err
	}
	n.properties = make(map[string]*node, len(s.Properties))
	for name := range s.Properties {
		property := s.Properties[name]
		if n.properties[name], err = newNode(&property); err != nil {
			return nil, err
		}
	}
	if s.Items != nil {
		n.items, err = newNode(s.Items.Schema)
	}
	return n, err
}

// accepts tells whether v is valid, given that old is.
func (n *node) accepts(v, old any) bool {
	if sameJSON(v, old) {
		return true
	}
	if n.own != nil {
		switch v := v.(type) {
		case map[string]any:
			if old, ok := old.(map[string]any); ok && n.properties != nil {
				return n.acceptsFields(v, old)
			}
		case []any:
			if old, ok := old.([]any); ok && n.items != nil {
				return n.acceptsItems(v, old)
			}
		}
	}
	return n.whole.Validate(v).IsValid()
}

func (n *node) acceptsFields(v, old map[string]any) bool {
	for name, field := range v {
		if p := n.properties[name]; p != nil && !p.accepts(field, old[name]) {
			return false
		}
	}
	return n.own.Validate(v).IsValid()
}

func (n *node) acceptsItems(v, old []any) bool {
	for i, item := range v {
		var before any
		if i < len(old) {
			before = old[i]
		}
		if !n.items.accepts(item, before) {
			return false
		}
	}
	return n.own.Validate(v).IsValid()
}

// ruleSet is CEL rules, those of the object as a whole apart from those of its fields.
type ruleSet struct {
	all, whole *cel.Validator
	reads      []input // what the rules of the whole depend on, nil if on anything
}

func newRuleSet(s *structural.Structural) ruleSet {
	all := cel.NewValidator(s, true, celconfig.PerCallLimit)
	if all == nil {
		return ruleSet{}
	}
	whole := *all
	whole.Properties = nil
	r := ruleSet{all: all, whole: &whole}
	if reads, ok := dependencies(s.ValidationExtensions); ok {
		r.reads = reads
	}
	return r
}

// proof that an object keeps, so that rules need not be evaluated again for the values that they held for: a rule is a
// function of what it reads.
type proof struct {
	spec bool  // the spec's rules hold where the spec is both the old and the new one
	read []any // the values of ruleSet.reads for which the rules of the whole hold
}

// accept tells whether an update breaks no rule, and how the next update can know.
func (r ruleSet) accept(ctx context.Context, root, before map[string]any, known proof) (proof, bool) {
	if r.all == nil {
		return proof{}, true
	}
	sameSpec := sameJSON(root["spec"], before["spec"])
	next := proof{spec: sameSpec, read: r.values(root, before)}
	var budget int64 = celconfig.RuntimeCELCostBudget
	if next.read == nil || known.read == nil || !sameJSON(next.read, known.read) {
		if budget = left(ctx, r.whole, root, before, budget); budget < 0 {
			return known, false
		}
	}
	for name := range r.all.Properties {
		if root[name] == nil || name == "spec" && sameSpec && known.spec {
			continue
		}
		rules := r.all.Properties[name]
		if budget = left(ctx, &rules, root[name], before[name], budget); budget < 0 {
			return known, false
		}
	}
	return next, true
}

// left returns what is left of the budget, less than nothing if a rule does not hold.
func left(ctx context.Context, rules *cel.Validator, v, old any, budget int64) int64 {
	errs, rest := rules.Validate(ctx, nil, nil, v, old, budget)
	if len(errs) > 0 {
		return -1
	}
	return rest
}

func (r ruleSet) values(root, before map[string]any) []any {
	if r.reads == nil {
		return nil
	}
	values := make([]any, len(r.reads))
	for i, f := range r.reads {
		values[i] = f.of(root, before)
	}
	return values
}
