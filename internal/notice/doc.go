// Package notice delivers each message to its recipients exactly once, and groups the problems of a sheet into
// messages. internal/lifecycle decides who gets a lease's notice, and when it counts as delivered.
//
// Slack has no idempotency key. A delivery therefore has three steps. This package does the second:
//
//  1. Record the intent: lifecycle.Intend (for a lease) or Batch.Intend (for a sheet) adds records in state Pending. The
//     caller writes them to status, with the resource version checked, before sending anything.
//  2. Deliver. If a record was Pending before this attempt, a process that crashed may have sent the message. Keylease
//     searches Slack for it by its key, and posts only if it is not there.
//  3. Record the outcome: delivery.Settle. The caller writes the status.
//
// After a crash between any two of them, people see no message twice.
package notice
