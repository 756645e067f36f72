// Package v1alpha1 holds the API of Keylease: AccessKeyLease, one per AWS access key, and AccessKeySheet, one per
// Google Sheet that the keys are requested in.
//
// +kubebuilder:object:generate=true
// +kubebuilder:ac:generate=true
// +groupName=iam.keylease.dev
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion of both kinds.
var GroupVersion = schema.GroupVersion{Group: "iam.keylease.dev", Version: "v1alpha1"}

// SchemeGroupVersion is the name that generated code knows GroupVersion by.
var SchemeGroupVersion = GroupVersion

// AddToScheme registers both kinds.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion, &AccessKeyLease{}, &AccessKeyLeaseList{}, &AccessKeySheet{}, &AccessKeySheetList{})
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}

const (
	// LabelSheet is set on every lease and holds the name of its AccessKeySheet.
	LabelSheet = "iam.keylease.dev/sheet"
	// AnnotationApproveChange on a sheet names the status.observedHash whose changes a person accepts. Good once.
	AnnotationApproveChange = "iam.keylease.dev/approve-change"
	// AnnotationAllowRevocations on a sheet, "<YYYY-MM-DD>=<N>", raises that day's revocation breaker.
	AnnotationAllowRevocations = "iam.keylease.dev/allow-revocations"
	// AnnotationSync on a sheet: any new value makes the operator read the sheet at once.
	AnnotationSync = "iam.keylease.dev/sync"
	// AnnotationTakeClaim on a sheet names the foreign claim, as spec.claimCell shows it, that this cluster takes over.
	AnnotationTakeClaim = "iam.keylease.dev/take-claim"
	// AnnotationRetry on a lease: any new value makes the operator try a stalled lease again at once.
	AnnotationRetry = "iam.keylease.dev/retry"
	// AnnotationGiveUp on a lease, "true", holds it, stalled or not, until the annotation is removed.
	AnnotationGiveUp = "iam.keylease.dev/give-up"
)
