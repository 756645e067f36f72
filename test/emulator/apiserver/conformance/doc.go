// Package conformance holds the test that the API server in memory does what the real one does.
package conformance
