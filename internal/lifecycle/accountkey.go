package lifecycle

import (
	"time"

	"github.com/keylease/keylease/api/v1alpha1"
)

// AccountKey is an access key of an account, as the daily check of keys that stand in no row finds it.
type AccountKey struct {
	UserName, AccessKeyID string
	Status                v1alpha1.KeyState
	CreateDate            time.Time
}
