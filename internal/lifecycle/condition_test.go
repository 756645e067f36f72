package lifecycle

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

func TestACutIsByBytesAndLeavesWholeLetters(t *testing.T) {
	for _, text := range []string{strings.Repeat("延", 700), "a" + strings.Repeat("延", 700), "ab" + strings.Repeat("延", 700), strings.Repeat("a", 1025)} {
		got := Cut(text, 1024)
		if len(got) > 1024 || len(got) < 1020 || !utf8.ValidString(got) || !strings.HasSuffix(got, "…") {
			t.Errorf("%d bytes, valid %v, ending in %q", len(got), utf8.ValidString(got), got[len(got)-6:])
		}
	}
	if whole := strings.Repeat("a", 1024); Cut(whole, 1024) != whole {
		t.Error("what fits was cut")
	}
}

func TestAConditionIsCutAtABoundaryOfLetters(t *testing.T) {
	var all []metav1.Condition
	SetCondition(&all, time.Unix(0, 0), 1, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonStalled, "a"+strings.Repeat("延", 2000))
	if m := all[0].Message; len(m) > 4096 || len(m) < 4090 || !utf8.ValidString(m) {
		t.Errorf("a message of %d bytes, valid: %v", len(m), utf8.ValidString(m))
	}
}
