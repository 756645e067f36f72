package controllers

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/sheet"
)

func TestACutIsByBytesAndLeavesWholeLetters(t *testing.T) {
	for _, text := range []string{strings.Repeat("延", 700), "a" + strings.Repeat("延", 700), "ab" + strings.Repeat("延", 700), strings.Repeat("a", 1025)} {
		got := cut(text, 1024)
		if len(got) > 1024 || len(got) < 1020 || !utf8.ValidString(got) || !strings.HasSuffix(got, "…") {
			t.Errorf("%d bytes, valid %v, ending in %q", len(got), utf8.ValidString(got), got[len(got)-6:])
		}
	}
	if whole := strings.Repeat("a", 1024); cut(whole, 1024) != whole {
		t.Error("what fits was cut")
	}
}

// The API server refuses an Event of more than 1024 bytes, and the recorder only logs that.
func TestAnEventOfAnyLengthIsOneThatTheAPIServerTakes(t *testing.T) {
	const most = 1024
	long := strings.Repeat("四半期の締めまで延長", 100)
	recorder := events.NewFakeRecorder(10)
	deps := &Deps{Events: recorder, Audit: logr.Discard()}
	l, a := &v1alpha1.AccessKeyLease{}, &v1alpha1.AccessKeySheet{}
	leases := &leaseRun{LeaseReconciler: &LeaseReconciler{Deps: deps}, lease: l}
	sheets := &sheetRun{SheetReconciler: &SheetReconciler{Deps: deps}, sheet: a}
	leases.event(corev1.EventTypeWarning, v1alpha1.EventBlocked, long)
	sheets.leaseEvent(l, corev1.EventTypeWarning, v1alpha1.EventMarkDoubtful, long)
	sheets.sheetEvent(corev1.EventTypeWarning, v1alpha1.EventSheetRejected, long)
	sheets.report(l, []sheet.Change{{Reason: v1alpha1.EventEndDateExtended, Message: long}})
	a.Status.InvalidRows = []v1alpha1.InvalidRow{{Row: 3, Reason: v1alpha1.RowInvalidDate, Message: long}}
	sheets.announceRows(nil)
	close(recorder.Events)
	told := 0
	for event := range recorder.Events {
		told++
		// The fake one puts type and reason before the note.
		if note := strings.SplitN(event, " ", 3)[2]; len(note) > most || !utf8.ValidString(note) {
			t.Errorf("an Event of %d bytes: %.60s", len(note), event)
		}
	}
	if told != 5 {
		t.Errorf("%d Events, want 5", told)
	}
}

func TestAConditionIsCutAtABoundaryOfLetters(t *testing.T) {
	var all []metav1.Condition
	setCondition(&all, time.Unix(0, 0), 1, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonStalled, "a"+strings.Repeat("延", 2000))
	if m := all[0].Message; len(m) > 4096 || len(m) < 4090 || !utf8.ValidString(m) {
		t.Errorf("a message of %d bytes, valid: %v", len(m), utf8.ValidString(m))
	}
}

func TestACellIsShownShortAndAsPeopleWroteIt(t *testing.T) {
	for name, tc := range map[string]struct {
		cell any
		want string
	}{
		"empty":                {"", "nothing"},
		"not there":            {nil, "nothing"},
		"a date's number":      {float64(46364), `"46364"`},
		"an ideographic blank": {"通知済み　要確認", `"通知済み 要確認"`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := shownCell(tc.cell); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
	if got := shownCell(strings.Repeat("備考", 5000)); len(got) > 400 {
		t.Errorf("a long remark takes %d bytes", len(got))
	}
}
