package googlesheets

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"slices"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	"golang.org/x/oauth2/jwt"
	"google.golang.org/api/sheets/v4"

	"github.com/keylease/keylease/internal/failure"
)

// tokenAddresses are Google's own. A credential that names another could have the operator send its signed claims, or
// with other types its pod's token, wherever its author likes.
var tokenAddresses = []string{"https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token"}

// serviceAccount is what is used of a service account's JSON key.
type serviceAccount struct {
	Type         string `json:"type"`
	ClientEmail  string `json:"client_email"`
	PrivateKey   string `json:"private_key"`
	PrivateKeyID string `json:"private_key_id"`
	TokenURI     string `json:"token_uri"`
}

// parseServiceAccount checks what kind of credential it is. No value of it is repeated in an error: a Secret may hold
// anything, a token by mistake included.
func parseServiceAccount(text []byte) (*serviceAccount, error) {
	var key serviceAccount
	if json.Unmarshal(text, &key) != nil {
		return nil, credentialsError("the Google credential is no JSON object: use the JSON key of a service account")
	}
	if key.Type != "service_account" {
		return nil, credentialsError(`the Google credential is not of type "service_account": use the JSON key of a service account`)
	}
	if !slices.Contains(tokenAddresses, key.TokenURI) {
		return nil, credentialsError("token_uri of the Google credential is not Google's own (%s): "+
			"use the JSON key as Google made it", tokenAddresses[0])
	}
	return &key, nil
}

// tokenSource makes tokens for the spreadsheets scope alone.
func (key *serviceAccount) tokenSource(base http.RoundTripper) (oauth2.TokenSource, error) {
	if key.ClientEmail == "" {
		return nil, credentialsError("the Google credential has no client_email: use the JSON key as Google made it")
	}
	if !isRSAKey(key.PrivateKey) {
		return nil, credentialsError("private_key of the Google credential cannot be read: use the JSON key as Google made it")
	}
	config := &jwt.Config{
		Email: key.ClientEmail, PrivateKey: []byte(key.PrivateKey), PrivateKeyID: key.PrivateKeyID,
		Scopes: []string{sheets.SpreadsheetsScope}, TokenURL: key.TokenURI,
	}
	return classifyingSource{config.TokenSource(tokenContext(base))}, nil
}

func isRSAKey(text string) bool {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return false
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		_, ok := key.(*rsa.PrivateKey)
		return ok
	}
	_, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	return err == nil
}

// defaultCredentials finds the operator's own credentials, which whoever runs the operator chose: of any type.
func defaultCredentials(ctx context.Context, base http.RoundTripper) (source oauth2.TokenSource, email, project string, err error) {
	// The source outlives ctx: it fetches tokens for as long as the client lives.
	ctx = context.WithValue(context.WithoutCancel(ctx), oauth2.HTTPClient, tokenClient(base))
	found, err := google.FindDefaultCredentials(ctx, sheets.SpreadsheetsScope)
	if err != nil {
		return nil, "", "", credentialsError("no Application Default Credentials can be used: " +
			"set spec.google.credentialsSecretRef, or give the operator GOOGLE_APPLICATION_CREDENTIALS or a workload identity")
	}
	var file struct {
		ClientEmail  string `json:"client_email"`
		QuotaProject string `json:"quota_project_id"`
	}
	_ = json.Unmarshal(found.JSON, &file) // there is none on Google's own machines
	return classifyingSource{found.TokenSource}, file.ClientEmail, file.QuotaProject, nil
}

func tokenContext(base http.RoundTripper) context.Context {
	return context.WithValue(context.Background(), oauth2.HTTPClient, tokenClient(base))
}

func tokenClient(base http.RoundTripper) *http.Client {
	return &http.Client{Transport: base, Timeout: timeout, CheckRedirect: noRedirect}
}

// classifyingSource marks errors of tokens: they come before a request was sent.
type classifyingSource struct{ oauth2.TokenSource }

func (s classifyingSource) Token() (*oauth2.Token, error) {
	token, err := s.TokenSource.Token()
	if err != nil {
		return nil, &tokenError{err}
	}
	return token, nil
}

type tokenError struct{ error }

func (e *tokenError) Unwrap() error { return e.error }

func credentialsError(format string, args ...any) error {
	return &failure.Error{
		Class: failure.Credentials, Service: service, Operation: opCredentials, Code: "INVALID_CREDENTIALS",
		Message: fmt.Sprintf(format, args...),
	}
}
