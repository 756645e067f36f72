package failure

import "github.com/keylease/keylease/api/v1alpha1"

// Codes that adapters give and other rooms decide by, where the class alone does not say enough. Every other code is its
// adapter's own affair.
const (
	// CodeTimeout: no answer in time.
	CodeTimeout = v1alpha1.ReasonTimeout
	// CodeNoConnection: the service was not reached at all (Retry).
	CodeNoConnection = v1alpha1.ReasonNoConnection
	// CodeNoCredentials: there are none in the environment (Credentials).
	CodeNoCredentials = v1alpha1.ReasonNoCredentials
	// CodeTabMissing: the spreadsheet has no tab of that name (NotFound).
	CodeTabMissing = "TAB_MISSING"
	// CodeGridLimits: a range lies outside the tab's cells (Terminal).
	CodeGridLimits = "GRID_LIMITS"
	// CodeQuota: too many requests, as Google calls it (Retry).
	CodeQuota = "RESOURCE_EXHAUSTED"
)
