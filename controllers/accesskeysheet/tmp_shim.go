package accesskeysheet

import (
	"time"

	"github.com/keylease/keylease/internal/failure"
)

const (
	firstRetry = 2 * time.Second
	lastRetry  = 5 * time.Minute
)

func stalled(err error) bool {
	return failure.Is(err, failure.Denied, failure.Credentials, failure.Terminal, failure.NotFound)
}
