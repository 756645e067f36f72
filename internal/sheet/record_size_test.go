package sheet

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// What does not fit is refused at every sync: nothing would be written to the sheet any more, and nobody told.
func TestTheLargestRecordFitsIntoTheFullestStatus(t *testing.T) {
	const etcd, most = 1536 << 10, 2000 // bytes of a request; notices, as the CRD limits them
	at := metav1.NewTime(time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC))
	s := v1alpha1.AccessKeySheetStatus{Writing: &v1alpha1.SheetWrite{Time: at, Cells: 1000, Record: make([]byte, maxRecord)}}
	for i := range most {
		kind := v1alpha1.NoticeWeeklySummary
		s.Notices = append(s.Notices, v1alpha1.SheetNotice{Problem: fmt.Sprintf("%016x", i), Kind: kind, Delivery: v1alpha1.Delivery{
			MessageID: strings.Repeat("0", 36) + "/" + kind + "/" + strings.Repeat("0", 16), Recipient: "U0123456789",
			State: v1alpha1.NoticeDelivered, Time: at, Channel: "D0123456789", MessageTS: "1796104800.000001"}})
	}
	for range 1000 {
		s.RecentChanges = append(s.RecentChanges, v1alpha1.SheetChange{Time: at, Rows: 100})
	}
	for range 50 {
		s.InvalidRows = append(s.InvalidRows, v1alpha1.InvalidRow{
			Row: 10_000, AccessKeyID: strings.Repeat("A", 128), Reason: v1alpha1.RowOwnedByAnotherSheet, Message: strings.Repeat("A", 1024)})
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if spec := 32 << 10; len(b)+spec > etcd {
		t.Errorf("a status of %d bytes, with %d for spec and metadata, is more than %d", len(b), spec, etcd)
	}
}

func TestARecordThatWouldNotFitIsNotKept(t *testing.T) {
	chance, text := rand.New(rand.NewPCG(1, 2)), make([]byte, 3*maxRecord) // half of it, once it is compressed
	for i := range text {
		text[i] = "0123456789abcdef"[chance.IntN(16)]
	}
	w := NewWrite([][]any{{"a row without a key", string(text)}}, nil)
	if record, err := w.Record(nil, Options{}); record != nil || err != nil {
		t.Errorf("a record of %d bytes, %v", len(record), err)
	}
}
