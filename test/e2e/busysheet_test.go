package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/expect"
)

// People who sort the sheet all day give every lease another row all day. While AWS is asked, which takes seconds, that
// must not undo what was found out: a sheet that is never at rest would keep every key alive.
func TestALeaseWhoseRowMovesAtEveryCallIsRevokedAllTheSame(t *testing.T) {
	s := companyStage(t, expiredRow)
	var row atomic.Int32
	s.IAM.OnCall(func(c iam.Call) {
		if c.Action != "GetUser" || c.User() != "svc-monitor" {
			return
		}
		l := &v1alpha1.AccessKeyLease{}
		l.Name, l.Namespace = strings.ToLower(expiredKey), s.Namespace
		moved := fmt.Sprintf(`{"status":{"sheet":{"row":%d}}}`, 100+row.Add(1))
		if err := s.Client.Status().Patch(context.Background(), l, client.RawPatch(types.MergePatchType, []byte(moved))); err != nil {
			t.Error(err)
		}
	})
	s.Begin()
	s.Until("2026-12-02 15:10")
	if l := s.Lease(expiredKey); l.Status.Phase != v1alpha1.PhaseRevoked || s.Account.KeyStatus(expiredKey) != "" {
		t.Errorf("it is %s, the key %q (%s)", l.Status.Phase, s.Account.KeyStatus(expiredKey), expect.Ready(l))
	}
	asked := 0
	for _, c := range s.IAM.Calls() {
		if c.Action == "GetUser" && c.User() == "svc-monitor" {
			asked++
		}
	}
	// How many it is depends on when the watch brings the news; asked at every piece of news it would be hundreds.
	if most := 30; asked > most {
		t.Errorf("AWS was asked %d times for the user, want %d at most", asked, most)
	}
}
