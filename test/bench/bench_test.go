// Package bench measures what is done at rest, again and again: what a sync computes of an unchanged sheet, and a decision.
package bench

import (
	"fmt"
	"testing"
	"time"
	_ "time/tzdata" // benchmarks run where there are no time zones too

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/sheet"
)

const rows = 1000

var columns = v1alpha1.RequestColumns{
	FullName: "B", Purpose: "C", Resource: "E", StartDate: "H", EndDate: "I", UserName: "J", Status: "K", AccessKeyID: "L",
}

func options() sheet.Options {
	return sheet.Options{Tab: "key_request_form", HeaderRows: 1, Columns: columns, AccountID: "123456789012"}
}

func table() [][]any {
	out := [][]any{{"", "氏名", "利用目的", "", "AWSリソース名", "", "", "開始日", "終了日", "アカウント名", "状態", "アクセスキーID"}}
	for n := range rows {
		out = append(out, []any{"", fmt.Sprintf("社員 %d", n), "連携", "", "S3", "", "", "2026/06/01", "2027/06/30",
			fmt.Sprintf("svc-%d", n), "", fmt.Sprintf("AKIABENCHMARK%07d", n)})
	}
	return out
}

func BenchmarkParseAndHashAThousandRows(b *testing.B) {
	cells, o := table(), options()
	for b.Loop() {
		if r := sheet.ParseRequests(cells, o); len(r.Rows) != rows || sheet.GuardedHash(r) == "" {
			b.Fatalf("%d rows, %d problems", len(r.Rows), len(r.Problems))
		}
	}
}

func BenchmarkMergeAnUnchangedRow(b *testing.B) {
	row := sheet.ParseRequests(table()[:2], options()).Rows[0]
	facts := sheet.Facts{Now: time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC), FirstNoticeDue: func(string) bool { return false }}
	first := sheet.Merge(&row, nil, nil, facts)
	l := &v1alpha1.AccessKeyLease{Spec: *first.Spec, Status: v1alpha1.AccessKeyLeaseStatus{Phase: v1alpha1.PhaseActive, Sheet: &first.Sheet}}
	for b.Loop() {
		if out := sheet.Merge(&row, nil, l, facts); out.Spec != nil {
			b.Fatal("the row changed nothing, and the spec is to be written")
		}
	}
}

func BenchmarkDecideADistantLease(b *testing.B) {
	policy, err := lifecycle.PolicyOf(v1alpha1.AccessKeySheetSpec{
		Slack:    v1alpha1.SlackAccess{Admins: []string{"U0ADMIN01"}},
		AWS:      v1alpha1.AWSAccess{AccountID: "123456789012"},
		Schedule: v1alpha1.Schedule{TimeZone: "Asia/Tokyo", DailyAt: "15:00", NoticeDays: []int32{7}},
	})
	if err != nil {
		b.Fatal(err)
	}
	now := time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC)
	seen := metav1.NewTime(now.Add(-time.Hour))
	l := &v1alpha1.AccessKeyLease{
		ObjectMeta: metav1.ObjectMeta{Name: "akiabenchmark0000001"},
		Spec:       v1alpha1.AccessKeyLeaseSpec{AccessKeyID: "AKIABENCHMARK0000001", UserName: "svc-1", AccountID: "123456789012", EndDate: "2027-06-30"},
		Status: v1alpha1.AccessKeyLeaseStatus{
			Phase: v1alpha1.PhaseActive,
			Term:  &v1alpha1.Term{Number: 1, EndDate: "2027-06-30", StartTime: seen, Reason: lifecycle.TermFirstSeen},
			Key:   &v1alpha1.KeyStatus{Status: v1alpha1.KeyActive, UserID: "AIDABENCHMARK", CreateDate: &seen, ObservedTime: &seen},
			Sheet: &v1alpha1.SheetRowStatus{Row: 2, EndDate: "2027-06-30"},
		},
	}
	in := lifecycle.Input{Now: now, Lease: l, Policy: policy, Sheet: lifecycle.SheetFacts{Exists: true, ReadStart: now, Applied: true, TokenAsked: true}}
	for b.Loop() {
		if d := lifecycle.Decide(in); d.Action.Kind != lifecycle.ActionNone || d.Next.IsZero() {
			b.Fatalf("a lease that is not due for months asks for %q", d.Action.Kind)
		}
	}
}
