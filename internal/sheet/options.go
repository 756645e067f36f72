package sheet

import "github.com/keylease/keylease/api/v1alpha1"

// OptionsOf a sheet's spec.
func OptionsOf(spec v1alpha1.AccessKeySheetSpec) Options {
	return Options{
		Tab: spec.Requests.Tab, HeaderRows: HeaderRows(spec.Requests.HeaderRows), Columns: spec.Requests.Columns,
		AccountID: spec.AWS.AccountID, Marks: spec.Marks,
	}
}

// HeaderRows of a tab; one where its spec leaves it open.
func HeaderRows(n *int32) int {
	if n == nil {
		return 1
	}
	return int(*n)
}
