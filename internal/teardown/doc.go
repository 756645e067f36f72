// Package teardown deletes one access key, and the user and policy that go with its last key, in the order that IAM
// demands. It is the code that destroys production credentials, so it goes: guard, record the intent, act, record the
// outcome, and at the end ask again. It can be stopped between any two calls and run again: what was done is seen in
// AWS or in the recorded status, never in memory.
//
// lifecycle.Judge is the list of guards on what AWS shows, Plan what goes and in which order, which users and policies
// stay included; both are pure and can be read alone. Runner does what they say. It holds no vendor's types: internal/awsiam satisfies IAM.
package teardown
