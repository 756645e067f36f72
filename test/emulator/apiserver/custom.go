package apiserver

import (
	"context"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder"
	"k8s.io/apimachinery/pkg/api/operation"
	metavalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/common"
	"k8s.io/apiserver/pkg/features"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"sigs.k8s.io/yaml"
)

// customRules are those of a CustomResourceDefinition with a status subresource and one version.
type customRules struct {
	kind         schema.GroupVersionKind
	schema       *structural.Structural
	rules        ruleSet
	whole, state *node // state is of the status alone
}

// customKind compiles a CustomResourceDefinition, YAML.
func customKind(manifest []byte) (*kind, managedfields.TypeConverter, error) {
	var definition apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(manifest, &definition); err != nil {
		return nil, nil, fmt.Errorf("CustomResourceDefinition: %w", err)
	}
	apiextensionsv1.SetObjectDefaults_CustomResourceDefinition(&definition)
	spec := definition.Spec
	version := spec.Versions[0]
	k := &kind{
		GroupVersionKind: schema.GroupVersionKind{Group: spec.Group, Version: version.Name, Kind: spec.Names.Kind},
		resource:         schema.GroupResource{Group: spec.Group, Resource: spec.Names.Plural},
		namespaced:       spec.Scope == apiextensionsv1.NamespaceScoped,
	}
	r, err := compile(k.GroupVersionKind, version.Schema)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", k.Kind, err)
	}
	k.rules = r
	models, err := builder.BuildOpenAPIV3(&definition, version.Name, builder.Options{})
	if err != nil {
		return nil, nil, fmt.Errorf("%s: OpenAPI: %w", k.Kind, err)
	}
	converter, err := managedfields.NewTypeConverter(models.Components.Schemas, false)
	return k, converter, err
}

func compile(k schema.GroupVersionKind, from *apiextensionsv1.CustomResourceValidation) (*customRules, error) {
	var in apiextensions.CustomResourceValidation
	if err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(from, &in, nil); err != nil {
		return nil, err
	}
	s, err := structural.NewStructural(in.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	s = s.DeepCopy() // it shares the defaults with what it was made of
	if err := defaulting.PruneDefaults(s); err != nil {
		return nil, err
	}
	r := &customRules{kind: k, schema: s, rules: newRuleSet(s)}
	if r.whole, err = newNode(in.OpenAPIV3Schema); err != nil {
		return nil, err
	}
	status := in.OpenAPIV3Schema.Properties["status"]
	r.state, err = newNode(&status)
	return r, err
}

func (r *customRules) decode(root map[string]any) error {
	pruning.Prune(root, r.schema, true)
	defaulting.PruneNonNullableNullsWithoutDefaults(root, r.schema)
	defaulting.Default(root, r.schema)
	return nil
}

func (r *customRules) setDefaults(o *object) { defaulting.Default(o.fields, r.schema) }

func (r *customRules) prepare(o, old *object, status bool) {
	switch {
	case old == nil:
		delete(o.fields, "status")
		o.Generation = 1
	case status:
		// Only the status and who set it come from the client.
		state, managed, sets := o.fields["status"], o.ManagedFields, o.sets
		*o = *old.edit()
		o.ManagedFields, o.sets = managed, sets
		setField(o, "status", state)
	default:
		setField(o, "status", old.fields["status"])
		if !sameJSON(o.fields, old.fields) {
			o.Generation = old.Generation + 1
		}
	}
}

func setField(o *object, name string, v any) {
	if v == nil {
		delete(o.fields, name)
	} else {
		o.fields[name] = v
	}
}

func (r *customRules) validate(ctx context.Context, o, old *object, status bool) field.ErrorList {
	errs := r.validateMeta(ctx, o, old)
	root := o.root()
	if old == nil {
		errs = append(errs, validation.ValidateCustomResource(nil, root, r.whole.whole)...)
		errs = append(errs, listtype.ValidateListSetsAndMaps(nil, r.schema, root)...)
		return append(errs, r.validateRules(ctx, errs, root, nil)...)
	}
	before := old.root()
	if len(errs) == 0 && r.accepts(root, before, status) {
		var ok bool
		if o.proof, ok = r.rules.accept(ctx, root, before, old.proof); ok {
			return nil
		}
	}
	return r.explain(ctx, errs, root, before, status)
}

// explain validates an update in full. An old value that breaks a rule made later may stay, as long as it is not changed.
func (r *customRules) explain(ctx context.Context, errs field.ErrorList, root, before map[string]any, status bool) field.ErrorList {
	correlated := common.NewCorrelatedObject(root, before, &model.Structural{Structural: r.schema})
	if !status {
		errs = append(errs, validation.ValidateCustomResourceUpdate(nil, root, before, r.whole.whole, validation.WithRatcheting(correlated))...)
	} else if state, ok := root["status"]; ok {
		errs = append(errs, validation.ValidateCustomResourceUpdate(field.NewPath("status"), state, before["status"], r.state.whole,
			validation.WithRatcheting(correlated.Key("status")))...)
	}
	if broken := listtype.ValidateListSetsAndMaps(nil, r.schema, root); len(broken) > 0 &&
		len(listtype.ValidateListSetsAndMaps(nil, r.schema, before)) == 0 {
		errs = append(errs, broken...)
	}
	return append(errs, r.validateRules(ctx, errs, root, before, cel.WithRatcheting(correlated))...)
}

// accepts is the short way of asking the schema: it tells whether an update is valid, but not what is wrong with it.
func (r *customRules) accepts(root, before map[string]any, status bool) bool {
	if status && !r.state.accepts(root["status"], before["status"]) || !status && !r.whole.accepts(root, before) {
		return false
	}
	return len(listtype.ValidateListSetsAndMaps(nil, r.schema, root)) == 0
}

func (r *customRules) validateMeta(ctx context.Context, o, old *object) field.ErrorList {
	declarative := utilfeature.DefaultFeatureGate.Enabled(features.DeclarativeValidationBeta)
	path := field.NewPath("metadata")
	if old == nil {
		return metavalidation.ValidateObjectMetaDeclaratively(ctx, operation.Create, &o.ObjectMeta, nil, true,
			metavalidation.NameIsDNSSubdomain, path, declarative)
	}
	return metavalidation.ValidateObjectMetaDeclaratively(ctx, operation.Update, &o.ObjectMeta, &old.ObjectMeta, true,
		nil, path, declarative)
}

// validateRules in CEL, unless the object breaks the schema in a way that the rules can't be evaluated.
func (r *customRules) validateRules(ctx context.Context, so field.ErrorList, root, before map[string]any, options ...cel.Option) field.ErrorList {
	for _, e := range so {
		switch e.Type {
		case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
			return field.ErrorList{field.Invalid(nil, nil,
				"some validation rules were not checked because the object was invalid; correct the existing errors to complete validation")}
		}
	}
	var old any
	if before != nil {
		old = before
	}
	errs, _ := r.rules.all.Validate(ctx, nil, r.schema, root, old, celconfig.RuntimeCELCostBudget, options...)
	return errs
}
