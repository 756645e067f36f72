package state

import (
	"context"

	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/notice"
	"github.com/keylease/keylease/internal/sheet"
	"github.com/keylease/keylease/internal/teardown"
)

// Spreadsheets is what Keylease needs of Google. Errors are *failure.Error.
type Spreadsheets interface {
	// Read returns the values of several A1 ranges in one request: texts, numbers (dates as serials), booleans.
	Read(ctx context.Context, spreadsheetID string, ranges []string) ([][][]any, error)
	// Write sets cells in one request, as they are (RAW).
	Write(ctx context.Context, spreadsheetID string, cells []sheet.CellWrite) error
}

// Slack is what Keylease needs of Slack.
type Slack interface {
	notice.Slack
	// AuthTest asks Slack whether the token is valid.
	AuthTest(ctx context.Context) error
}

// AWS is one account, as seen with certain credentials.
type AWS interface {
	teardown.IAM
	// Identity of the credentials.
	Identity(ctx context.Context) (lifecycle.Identity, error)
	// AccountKeys lists the access keys of all users under a path prefix, with one call for each user. The prefix has a
	// slash at both ends; "": all users.
	AccountKeys(ctx context.Context, pathPrefix string) ([]lifecycle.AccountKey, error)
}

// ConnectAWS connects to an account with a sheet's credentials, without any call that needs rights there.
type ConnectAWS func(ctx context.Context, accountID string) (AWS, error)
