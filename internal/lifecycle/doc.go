// Package lifecycle decides what becomes of a lease. It is pure: no I/O, no clock, no logger; everything a decision
// rests on arrives in Input as values. Whoever wants to know why a key is deleted, or is not, reads this package and
// internal/sheet, nothing else; what of user and policy stays when the key goes is decided in internal/teardown (plan.go,
// policy.go).
//
// Decide asks its rules in this order, and the first that applies ends it:
//
//  1. The sheet is gone, or the lease never stood on it: nothing.
//  2. Revoked and confirmed by AWS: only the closing messages.
//  3. Marked deleted by a person: Revoked without touching AWS; reported if the key still works.
//  4. Held: nothing, in whatever phase.
//  5. A deletion that has begun goes on.
//  6. The key was deactivated and its lease extended: given back.
//  7. First seen after the end: AWS is asked whether the key is there at all.
//  8. A notice is due: delivered.
//  9. Ended and noticed: at its time, guards permitting, deactivated and deleted.
//  10. Otherwise wait for the next moment.
//
// NextStatus says in the lease's status what was decided and what failed. What is known of a condition's reason, wherever it
// shows, stands in reasons.go; who is first within an account's daily limit in dailylimit.go.
package lifecycle
