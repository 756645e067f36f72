// Package pace decides when something may be tried again after a failure (Attempts), and how many may use an account or a
// Slack workspace at once (Slots). Nothing else in Keylease decides that: an object that waits asks here. Adapters only keep
// to the rate of calls that their service allows.
//
// Both are memory of one process. What a restart must not forget is in status.
package pace
