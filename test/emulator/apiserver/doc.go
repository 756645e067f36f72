// Package apiserver is a Kubernetes API server in memory, for simulations that need thousands of them. It is as strict as
// the real one about what a controller can get wrong: resource versions, generations, the status subresource, server-side
// apply, defaults, pruning, validation and CEL rules. Those are done by the libraries that the real server is made of.
//
// It serves AccessKeyLease, AccessKeySheet, Secret and Namespace.
//
// What a write costs is kept low without leaving out a check: an update validates only what it changes, since what is stored
// has passed the same schema; a CEL rule is not evaluated again for values that it held for; and an apply that gives up no
// field is merged without looking for such fields. Tests compare these short ways with the long ones, and package
// conformance compares the whole with the real server.
//
// What is weaker than the real server:
//   - no authentication, RBAC, admission webhooks or policies, except that a namespace must exist and not be terminating;
//   - no HTTP: no connections, timeouts, rate limits or priority levels;
//   - no watch over a connection: callbacks that see every change, without bookmarks, resyncs or gaps;
//   - no field selectors, pages, dry runs, strict field validation or strategic merge patches: they are errors, except
//     that strict field validation is ignored;
//   - no old versions: a read is always of now;
//   - Secret and Namespace are checked only for the most important rules;
//   - warnings are dropped, and klog gets some lines about refused updates, as in the real server;
//   - an object that is too large for etcd is refused at once, not tried again without managed fields;
//   - the kubectl.kubernetes.io/last-applied-configuration annotation is not kept up to date for `kubectl apply
//     --server-side` by the manager kubectl;
//   - of more than ten managers with operation Update, those merged into one are chosen by times that may be the machine's;
//   - names from metadata.generateName and UIDs are counted, not random;
//   - deletes know no grace periods and no propagation policies other than Background. [Server.CollectGarbage] does once
//     what the garbage collector and the namespace controller do all the time, but leaves single lost owners in place.
package apiserver
