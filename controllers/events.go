package controllers

import "k8s.io/apimachinery/pkg/runtime"

// longestEvent in bytes: the API server refuses an Event of more than 1024, and it is lost. A Japanese letter has three.
const longestEvent = 1024

// tellEvent records an Event about an object.
func (d *Deps) tellEvent(about runtime.Object, kind, reason, action, message string) {
	d.Events.Eventf(about, nil, kind, reason, action, "%s", cut(message, longestEvent))
}
