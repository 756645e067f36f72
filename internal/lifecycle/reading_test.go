package lifecycle

import (
	"testing"
	"time"
)

// The guards refuse another user's reading before it gets here; the pin does not rest on that alone.
func TestAPinnedIdentityStays(t *testing.T) {
	in := at("2026-12-05 16:00")
	o := observation()
	o.UserID, o.CreateDate = "AIDAOTHER", created.Add(time.Hour)
	got := Reading{Observation: o}.KeyStatus(in.Lease.Status.Key, in.Now)
	if got.UserID != "AIDAREPORT" || !got.CreateDate.Time.Equal(created) {
		t.Errorf("pinned to user %s and key of %s now", got.UserID, got.CreateDate)
	}
}
