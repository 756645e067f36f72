// Package lifecycle decides what becomes of a lease. It is pure: no I/O, no clock, no logger. Input has everything a
// decision needs, as values. To know why a key is or is not deleted, read this package and internal/sheet. What stays
// of the user and the policy is decided in internal/teardown (plan.go, policy.go).
//
// Decide checks these rules in order, and the first that applies ends it:
//
//  1. The sheet is gone, or the lease was never on it: nothing.
//  2. Revoked and confirmed by AWS: only the closing messages.
//  3. Marked deleted by a person: Revoked without touching AWS; reported if the key still works.
//  4. Held: nothing, whatever the phase.
//  5. A deletion that has begun continues.
//  6. The key was deactivated and its lease extended: activated again.
//  7. First seen after the end date: ask AWS whether the key exists.
//  8. A notice is due: delivered.
//  9. Ended and notified: when due and all guards pass, deactivated and deleted.
//  10. Otherwise wait for the next moment.
//
// NextStatus writes the decision and the failures into the lease's status. reasons.go has what is known of each
// condition's reason. dailylimit.go decides which leases come first within an account's daily limit.
package lifecycle
