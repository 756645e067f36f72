// Package delivery keeps the records of messages, of leases and of sheets alike: who is still to get a message, what may
// have been sent already, and which records are forgotten. A record is a v1alpha1.Delivery with a subject of its own.
//
// One message may have many subjects. Records with the same message ID and recipient are about the same message, in
// whatever lists they are, and are settled together.
package delivery
