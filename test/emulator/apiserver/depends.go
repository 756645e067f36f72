package apiserver

import (
	"strings"

	celgo "github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
)

// input is a field of the new or the old object that a rule reads.
type input struct {
	old      bool
	names    []string
	presence bool // only whether it is there
}

// absent is the value of a field that is not there: the number of its names that are.
type absent int

func (f input) of(root, before map[string]any) any {
	var v any = root
	if f.old {
		v = before
	}
	for i, name := range f.names {
		m, _ := v.(map[string]any)
		inner, ok := m[name]
		if !ok {
			return absent(i)
		}
		v = inner
	}
	if f.presence {
		return true
	}
	return v
}

// dependencies lists all that rules of an object read when it is updated. ok is false if they read more than fields.
func dependencies(rules structural.ValidationExtensions) (reads []input, ok bool) {
	env, err := celgo.NewEnv()
	if err != nil {
		return nil, false
	}
	w := walk{ok: true}
	for _, rule := range rules.XValidations {
		parsed, issues := env.Parse(rule.Rule)
		if issues.Err() != nil {
			return nil, false
		}
		w.expr(parsed.NativeRep().Expr())
	}
	return w.fields, w.ok
}

type walk struct {
	fields []input
	ok     bool
}

func (w *walk) expr(e ast.Expr) {
	switch e.Kind() {
	case ast.LiteralKind:
	case ast.IdentKind:
		if name := e.AsIdent(); name == "self" || name == "oldSelf" {
			w.ok = false // as a whole
		}
	case ast.SelectKind:
		w.selection(e)
	case ast.ListKind:
		for _, element := range e.AsList().Elements() {
			w.expr(element)
		}
	case ast.CallKind:
		call := e.AsCall()
		// In an update there is always an old value.
		if call.IsMemberFunction() && (call.FunctionName() != "hasValue" || call.Target().AsIdent() != "oldSelf") {
			w.expr(call.Target())
		}
		for _, argument := range call.Args() {
			w.expr(argument)
		}
	default:
		w.ok = false
	}
}

func (w *walk) selection(e ast.Expr) {
	f := input{presence: e.AsSelect().IsTestOnly()}
	for e.Kind() == ast.SelectKind {
		s := e.AsSelect()
		if strings.Contains(s.FieldName(), "__") {
			w.ok = false // escaped
		}
		f.names = append([]string{s.FieldName()}, f.names...)
		e = s.Operand()
	}
	if name := e.AsIdent(); e.Kind() != ast.IdentKind || name != "self" && name != "oldSelf" {
		w.expr(e)
		return
	}
	f.old = e.AsIdent() == "oldSelf"
	w.fields = append(w.fields, f)
}
