package judge

import (
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/test/simulation/ledger"
)

// What may begin terms: each of these looks at an entry of a list and the one before.

// lastOf is the last index of a list of which something holds.
func lastOf[E any](list []E, holds func(int) bool) (int, bool) {
	for i := len(list) - 1; i >= 0; i-- {
		if holds(i) {
			return i, true
		}
	}
	return 0, false
}

// rowMayBegin: another date, or what holds a key came or went. What Keylease writes about its own progress begins nothing,
// and neither does another owner, a remark, or that a mark of a notice went.
func rowMayBegin(l *ledger.Ledger, rows []ledger.Row, i int) bool {
	if i == 0 || rows[i].Ends != rows[i-1].Ends {
		return true
	}
	before, now := rows[i-1], rows[i]
	return !byOperator(now.Stamp) && (before.Count != now.Count || before.User != now.User || holdOf(l, before.Mark) != holdOf(l, now.Mark))
}

// holdOf a mark is what it may hold a key for, without blanks; empty: it holds none.
func holdOf(l *ledger.Ledger, mark string) string {
	if is, _ := readStatus(mark, marksOf(l)); is == signExtended || is == signRevoked || unclearText(mark) {
		return bare(mark)
	}
	return ""
}

// leaseMayBegin: the lease came or went, its date or mark is another, or a person changed more than its annotations. Nobody
// but the one that gives it up holds it.
func leaseMayBegin(versions []ledger.Lease, i int) bool {
	if i == 0 || versions[i].Object == nil || versions[i-1].Object == nil {
		return true
	}
	before, now := versions[i-1].Object, versions[i].Object
	if before.Spec.EndDate != now.Spec.EndDate || before.Spec.ExtensionRequested != now.Spec.ExtensionRequested {
		return true
	}
	return versions[i].By == ledger.Person && (before.Generation != now.Generation || !equality.Semantic.DeepEqual(before.Status, now.Status) ||
		before.Annotations[v1alpha1.AnnotationGiveUp] != now.Annotations[v1alpha1.AnnotationGiveUp])
}

// sheetMayBegin: a person made, deleted or restored the sheet, approved something, or changed what it reads or does, or the
// days on which people are told. Any other schedule or limit begins nothing: what was announced is a promise. Other people to
// tell do not either.
func sheetMayBegin(sheets []ledger.Sheet, i int) bool {
	if i == 0 || sheets[i].Object == nil || sheets[i-1].Object == nil {
		return true
	}
	before, now := sheets[i-1].Object, sheets[i].Object
	if sheets[i].By != ledger.Person {
		return false
	}
	for _, name := range []string{v1alpha1.AnnotationApproveChange, v1alpha1.AnnotationTakeClaim} {
		if before.Annotations[name] != now.Annotations[name] {
			return true
		}
	}
	was, is := before.Spec.DeepCopy(), now.Spec.DeepCopy()
	if !slices.Equal(was.Schedule.NoticeDays, is.Schedule.NoticeDays) {
		return true
	}
	was.Schedule, was.Limits, was.Slack = is.Schedule, is.Limits, is.Slack
	return !reflect.DeepEqual(was, is) || !equality.Semantic.DeepEqual(before.Status, now.Status)
}
