// Package notice delivers messages to their recipients exactly once, and knows what the messages about a sheet are about.
// Who is to get a lease's notice, and when it counts as delivered, is decided in internal/lifecycle.
//
// Slack has no idempotency key. A delivery is therefore three steps, of which this package does the middle one:
//
//  1. Record the intent: lifecycle.Intend (for a lease) or Batch.Intend (for a sheet) adds entries in state Pending; the
//     caller writes them to status, with the resource version checked, before anything is sent.
//  2. Deliver. A target that was Pending before this attempt may have been sent by a process that died: it is looked
//     for in Slack by its key and posted only if it is not there.
//  3. Record the outcome: delivery.Settle; the caller writes the status.
//
// A crash between any two of them repeats nothing that people see.
package notice
