package googlesheets

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"

	"github.com/keylease/keylease/internal/failure"
)

// lost classifies an error for which there is no answer of the service, or half of one.
func (c *call) lost(err error) *failure.Error {
	if what := neverSent(err); what != "" {
		return c.fail(failure.Retry, "UNREACHABLE", "Google Sheets cannot be reached: %s", what)
	}
	var network net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return c.fail(c.unsure(), "TIMEOUT", "Google Sheets did not answer in time")
	case errors.Is(err, context.Canceled):
		return c.fail(c.unsure(), "CANCELED", "the request was broken off, for the operator is stopping")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET),
		errors.Is(err, syscall.EPIPE), errors.Is(err, http.ErrServerClosed):
		return c.fail(c.unsure(), "CONNECTION_LOST", "the connection to Google Sheets broke before the answer")
	}
	return c.fail(c.unsure(), "BAD_ANSWER", "the answer of Google Sheets was lost or cannot be read")
}

// neverSent says why no connection came about, "" if there was one: then the request may have arrived.
func neverSent(err error) string {
	var name *net.DNSError
	if errors.As(err, &name) {
		return "its name cannot be resolved"
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return "its certificate is not trusted"
	}
	var dial *net.OpError
	if !errors.As(err, &dial) || dial.Op != "dial" {
		return ""
	}
	var number syscall.Errno
	if errors.As(err, &number) {
		return number.Error()
	}
	return "no connection"
}
