package plan

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/config/crd"
)

// noAccount is the account of a plan without a manifest; it is not shown.
const noAccount = "000000000000"

// anybody stands for what a plan needs no value of, where no manifest gives one.
const anybody = `
apiVersion: iam.keylease.dev/v1alpha1
kind: AccessKeySheet
metadata: {name: plan}
spec:
  spreadsheetID: plan
  slack: {tokenSecretRef: {name: slack, key: token}, admins: [U0ADMINS]}
  aws: {accountID: "` + noAccount + `"}
`

// DefaultSpec is what the API server makes of a sheet that leaves everything open.
func DefaultSpec() (v1alpha1.AccessKeySheetSpec, error) { return ParseSpec([]byte(anybody)) }

// ParseSpec reads the AccessKeySheet of a manifest (YAML or JSON; other documents in it are passed over), gives it the
// CustomResourceDefinition's defaults and checks it against its rules. Errors name the field.
func ParseSpec(manifest []byte) (v1alpha1.AccessKeySheetSpec, error) {
	var none v1alpha1.AccessKeySheetSpec
	document, err := sheetDocument(manifest)
	if err != nil {
		return none, err
	}
	var written v1alpha1.AccessKeySheet
	if err := yaml.UnmarshalStrict(document, &written); err != nil {
		return none, fmt.Errorf("AccessKeySheet: %w", err)
	}
	// Through JSON, so that integers stay integers.
	object := map[string]any{}
	asJSON, err := yaml.YAMLToJSON(document)
	if err == nil {
		err = utiljson.Unmarshal(asJSON, &object)
	}
	if err != nil {
		return none, fmt.Errorf("AccessKeySheet: %w", err)
	}
	schema, err := sheetSchema()
	if err != nil {
		return none, err
	}
	structural, err := structuralschema.NewStructural(schema)
	if err != nil {
		return none, fmt.Errorf("the AccessKeySheet's own schema: %w", err)
	}
	defaulting.Default(object, structural)
	validator, _, err := validation.NewSchemaValidator(schema)
	if err != nil {
		return none, fmt.Errorf("the AccessKeySheet's own schema: %w", err)
	}
	if list := validation.ValidateCustomResource(nil, object, validator); len(list) > 0 {
		return none, fmt.Errorf("AccessKeySheet: %w", list.ToAggregate())
	}
	var sheet v1alpha1.AccessKeySheet
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object, &sheet); err != nil {
		return none, fmt.Errorf("AccessKeySheet: %w", err)
	}
	return sheet.Spec, nil
}

// sheetDocument finds the AccessKeySheet among the documents.
func sheetDocument(manifest []byte) ([]byte, error) {
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(manifest)))
	var found []byte
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		var o unstructured.Unstructured
		if err := yaml.Unmarshal(document, &o.Object); err != nil {
			return nil, fmt.Errorf("not YAML: %w", err)
		}
		if o.GetKind() != "AccessKeySheet" {
			continue
		}
		if want := v1alpha1.GroupVersion.String(); o.GetAPIVersion() != want {
			return nil, fmt.Errorf("the AccessKeySheet has apiVersion %q: use %s", o.GetAPIVersion(), want)
		}
		if found != nil {
			return nil, errors.New("there is more than one AccessKeySheet in it: give one")
		}
		found = document
	}
	if found == nil {
		return nil, errors.New("there is no AccessKeySheet in it")
	}
	return found, nil
}

func sheetSchema() (*apiextensions.JSONSchemaProps, error) {
	var definition apiextensionsv1.CustomResourceDefinition
	if err := yaml.Unmarshal(crd.AccessKeySheets, &definition); err != nil {
		return nil, fmt.Errorf("the AccessKeySheet's own definition: %w", err)
	}
	for _, v := range definition.Spec.Versions {
		if v.Name != v1alpha1.GroupVersion.Version || v.Schema == nil {
			continue
		}
		schema := &apiextensions.JSONSchemaProps{}
		err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(v.Schema.OpenAPIV3Schema, schema, nil)
		return schema, err
	}
	return nil, fmt.Errorf("the AccessKeySheet's own definition has no version %s", v1alpha1.GroupVersion.Version)
}
