// Package apiserver is a Kubernetes API server in memory, for simulations that need thousands of them. It is as strict as
// the real one about what a controller can get wrong: resource versions, generations, the status subresource, server-side
// apply, defaults, pruning, validation and CEL rules. Those are done by the libraries that the real server is made of.
//
// It serves AccessKeyLease, AccessKeySheet, Secret and Namespace.
//
// What is weaker than the real server:
//   - no authentication, RBAC, admission webhooks or policies, except that a namespace must exist and not be terminating;
//   - no watch over a connection: callbacks that see every change, without bookmarks, resyncs or gaps;
//   - no field selectors, pages, dry runs, strict field validation or strategic merge patches: they are errors;
//   - no old versions: a list is always of now;
//   - Secret and Namespace are checked only for the most important rules;
//   - warnings are dropped;
//   - the kubectl.kubernetes.io/last-applied-configuration annotation is not kept up to date for `kubectl apply
//     --server-side` by the manager kubectl;
//   - of more than ten managers with operation Update, those merged into one are chosen by times that may be the machine's;
//   - deletes know no grace periods and no propagation policies other than Background. [Server.CollectGarbage] does once
//     what the garbage collector and the namespace controller do all the time.
package apiserver
