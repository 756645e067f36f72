package iam

import (
	"fmt"
	"net/http"
)

// apiError is an answer of the service that is not a success.
type apiError struct {
	code    string
	status  int
	message string
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

// statusOf gives the HTTP status that AWS documents for a code ("Common
// errors" and each action's page of the IAM and STS API references).
var statusOf = map[string]int{
	"AccessDenied":                  http.StatusForbidden,
	"ConcurrentModification":        http.StatusConflict,
	"DeleteConflict":                http.StatusConflict,
	"DuplicateCertificate":          http.StatusConflict,
	"DuplicateSSHPublicKey":         http.StatusBadRequest,
	"EntityAlreadyExists":           http.StatusConflict,
	"EntityTemporarilyUnmodifiable": http.StatusConflict,
	"ExpiredToken":                  http.StatusForbidden,
	"IncompleteSignature":           http.StatusBadRequest,
	"InternalFailure":               http.StatusInternalServerError,
	"InvalidAction":                 http.StatusBadRequest,
	"InvalidAuthenticationCode":     http.StatusForbidden,
	"InvalidClientTokenId":          http.StatusForbidden,
	"InvalidInput":                  http.StatusBadRequest,
	"InvalidPublicKey":              http.StatusBadRequest,
	"LimitExceeded":                 http.StatusConflict,
	"MalformedCertificate":          http.StatusBadRequest,
	"MalformedPolicyDocument":       http.StatusBadRequest,
	"MissingAction":                 http.StatusBadRequest,
	"MissingAuthenticationToken":    http.StatusForbidden,
	"NoSuchEntity":                  http.StatusNotFound,
	"NotSupportedService":           http.StatusNotFound,
	"RequestExpired":                http.StatusBadRequest,
	"RequestLimitExceeded":          http.StatusServiceUnavailable,
	"ServiceFailure":                http.StatusInternalServerError,
	"ServiceUnavailable":            http.StatusServiceUnavailable,
	"SignatureDoesNotMatch":         http.StatusForbidden,
	"Throttling":                    http.StatusBadRequest,
	"UnmodifiableEntity":            http.StatusBadRequest,
	"ValidationError":               http.StatusBadRequest,
}

// fail makes an error of the given code with the status that belongs to it;
// a code that is not in statusOf gets 400.
func fail(code, format string, args ...any) *apiError {
	status, ok := statusOf[code]
	if !ok {
		status = http.StatusBadRequest
	}
	return &apiError{code: code, status: status, message: fmt.Sprintf(format, args...)}
}

func noSuchEntity(format string, args ...any) error {
	return fail("NoSuchEntity", format, args...)
}

func alreadyExists(format string, args ...any) error {
	return fail("EntityAlreadyExists", format, args...)
}

func deleteConflict(format string, args ...any) error {
	return fail("DeleteConflict", format, args...)
}

func limitExceeded(quota string, limit int) error {
	return fail("LimitExceeded", "Cannot exceed quota for %s: %d", quota, limit)
}
