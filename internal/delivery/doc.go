// Package delivery keeps the records of messages, for leases and sheets alike. It knows who still needs a message, what
// may have been sent already, and which records can be forgotten. A record is a v1alpha1.Delivery and a subject.
//
// One message may have many subjects. Records with the same message ID and recipient are about the same message and are
// settled together, whichever list they are in.
package delivery
