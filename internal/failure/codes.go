package failure

import "github.com/keylease/keylease/api/v1alpha1"

// Codes that adapters set and other packages decide by, where the class alone is not enough. Only its adapter knows any
// other code.
const (
	// CodeTimeout: no answer in time.
	CodeTimeout = v1alpha1.ReasonTimeout
	// CodeNoConnection: the service could not be reached (Retry).
	CodeNoConnection = v1alpha1.ReasonNoConnection
	// CodeNoCredentials: the environment has none (Credentials).
	CodeNoCredentials = v1alpha1.ReasonNoCredentials
	// CodeTabMissing: the spreadsheet has no tab of that name (NotFound).
	CodeTabMissing = "TAB_MISSING"
	// CodeGridLimits: a range lies outside the tab's cells (Terminal).
	CodeGridLimits = "GRID_LIMITS"
	// CodeQuota: too many requests, as Google calls it (Retry).
	CodeQuota = "RESOURCE_EXHAUSTED"
)
