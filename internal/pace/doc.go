// Package pace decides when something may be tried again after a failure (Attempts), and how many leases may use an AWS
// account or a Slack workspace at once (Slots). It is the only place that decides this. Adapters only keep to the rate
// of calls that their service allows.
//
// Both live in the memory of one process. What a restart must not forget is in status.
package pace
