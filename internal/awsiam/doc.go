// Package awsiam reads and changes IAM for internal/teardown. It is the only importer of the AWS SDK: it turns the
// vendor's errors into the classes of internal/failure and holds no policy of its own, but for what only it can see:
//
//   - an answer that is not one (empty, cut off, a list that says it goes on and does not say where) is an error, never
//     an empty list;
//   - a call that changes something is made only with credentials whose account was asked for, and never without a user
//     name, which IAM would take to mean the caller's own;
//   - AccessDenied is never taken as absent.
package awsiam
