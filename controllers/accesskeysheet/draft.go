package accesskeysheet

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/controllers/record"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/sheet"
)

// draft is the AccessKeySheet of one sync. Its spec stays as it was read. Steps change its status in memory, and only
// save writes it.
type draft struct {
	rec    *record.Recorder
	clock  clock.PassiveClock
	key    types.NamespacedName
	policy lifecycle.Policy
	sheet  *v1alpha1.AccessKeySheet
	// saved is the object as the API server has it.
	saved *v1alpha1.AccessKeySheet
}

func (d *draft) spec() *v1alpha1.AccessKeySheetSpec     { return &d.sheet.Spec }
func (d *draft) status() *v1alpha1.AccessKeySheetStatus { return &d.sheet.Status }
func (d *draft) options() sheet.Options                 { return sheet.OptionsOf(d.sheet.Spec) }
func (d *draft) now() time.Time                         { return d.clock.Now() }

func (d *draft) find(kind string) *metav1.Condition {
	return meta.FindStatusCondition(d.status().Conditions, kind)
}

func (d *draft) condition(kind string, s metav1.ConditionStatus, reason, message string) {
	lifecycle.SetCondition(&d.status().Conditions, d.now(), d.sheet.Generation, kind, s, reason, message)
}

func (d *draft) stall(reason, message string) {
	meta.RemoveStatusCondition(&d.status().Conditions, v1alpha1.ConditionReconciling)
	d.condition(v1alpha1.ConditionStalled, metav1.ConditionTrue, reason, message)
	d.condition(v1alpha1.ConditionReady, metav1.ConditionFalse, reason, message)
}

func (d *draft) event(kind, reason, message string) {
	d.rec.Event(d.sheet, kind, reason, reason, message)
}

func (d *draft) audit(what string, kv ...any) { d.rec.AuditSheet(d.key, what, kv...) }

// changed tells whether anything in the status differs, apart from the time of the sync.
func (d *draft) changed() bool {
	a, b := d.saved.Status, d.sheet.Status
	a.LastSyncTime, b.LastSyncTime = nil, nil
	return !equality.Semantic.DeepEqual(a, b)
}

// save writes the status if it differs, and announces what changed.
func (d *draft) save(ctx context.Context) error {
	if equality.Semantic.DeepEqual(d.saved.Status, d.sheet.Status) {
		return nil
	}
	before := d.saved.Status
	if err := d.rec.SheetStatus(ctx, d.sheet); err != nil {
		return err
	}
	d.saved = d.sheet.DeepCopy()
	d.announce(before)
	return nil
}
