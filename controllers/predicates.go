package controllers

import (
	"maps"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/keylease/keylease/api/v1alpha1"
)

func sameSheetStatus(a, b *v1alpha1.AccessKeyLease) bool {
	return equality.Semantic.DeepEqual(sheetStatus(a.Status), sheetStatus(b.Status))
}

func sameAnnotations(a, b *v1alpha1.AccessKeyLease) bool {
	return maps.Equal(a.Annotations, b.Annotations)
}
