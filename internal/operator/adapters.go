package operator

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/keylease/keylease/controllers/state"
	"github.com/keylease/keylease/internal/awsiam"
	"github.com/keylease/keylease/internal/googlesheets"
	"github.com/keylease/keylease/internal/lifecycle"
	"github.com/keylease/keylease/internal/slackapi"
)

// googleFactory connects to Google, or to the emulator that replaces it.
func googleFactory(o Options) func(context.Context, []byte) (state.Spreadsheets, error) {
	return func(ctx context.Context, credentials []byte) (state.Spreadsheets, error) {
		c, err := googlesheets.New(ctx, googlesheets.Options{
			CredentialsJSON: credentials, EmulatorHost: o.SheetsEmulatorHost, UserAgent: "keylease/" + o.Version, Transport: o.Transport,
		})
		if err != nil {
			return nil, err // as an interface, a nil *Client would not be nil
		}
		return c, nil
	}
}

// slackFactory keeps one client for each token, so that sheets with the same token share its rate.
func slackFactory(o Options) (func(token string) state.Slack, error) {
	connect := func(token string) (*slackapi.Client, error) {
		return slackapi.New(slackapi.Options{
			Token: token, BaseURL: o.SlackAPIURL, Clock: o.Clock, Burst: o.SlackBurst, HTTPClient: &http.Client{Transport: o.Transport},
		})
	}
	// Only the URL can be wrong before a call is made.
	if _, err := connect(""); err != nil {
		return nil, fmt.Errorf("SLACK_API_URL: %w", err)
	}
	var mu sync.Mutex
	clients := map[string]state.Slack{}
	return func(token string) state.Slack {
		mu.Lock()
		defer mu.Unlock()
		if _, ok := clients[token]; !ok {
			client, err := connect(token)
			if err != nil {
				panic(err) // only the URL can be wrong, and it was accepted above
			}
			clients[token] = client
		}
		return clients[token]
	}, nil
}

// awsFactory connects to accounts with the operator's own credentials, or with roles that it may assume.
func awsFactory(ctx context.Context, o awsiam.Options) (func(context.Context, lifecycle.AWSAccess) (state.AWS, error), error) {
	factory, err := awsiam.NewFactory(ctx, o)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, a lifecycle.AWSAccess) (state.AWS, error) {
		client, err := factory.For(ctx, a)
		if err != nil {
			return nil, err
		}
		return client, nil
	}, nil
}
