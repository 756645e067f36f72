package awsiam

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"k8s.io/utils/clock"
)

// Options of a Factory; the zero value is ready for use.
type Options struct {
	// Config has region, endpoint, credentials and, if set, the HTTP client. Nil: the SDK's default chain, as NewFactory
	// says.
	Config *aws.Config
	// Clock gives the time of observations. Default: the real one.
	Clock clock.PassiveClock
	// Rate is how many IAM calls a second one account gets; Burst is how many may come at once. IAM's own limits are
	// not published, and are shared with all other callers in the account. When IAM throttles, the rate falls by a
	// quarter, down to a tenth of this. It recovers with every success. Default: 20 and 40.
	Rate  float64
	Burst int
	// AttemptTimeout limits one HTTP request; a call makes up to 3. Default: 10 s.
	AttemptTimeout time.Duration
	// MaxBackoff between attempts. Default: 5 s.
	MaxBackoff time.Duration
}

func (o *Options) setDefaults() {
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.Rate <= 0 {
		o.Rate = 20
	}
	if o.Burst <= 0 {
		o.Burst = 40
	}
	if o.AttemptTimeout <= 0 {
		o.AttemptTimeout = 10 * time.Second
	}
	if o.MaxBackoff <= 0 {
		o.MaxBackoff = 5 * time.Second
	}
}

// Factory makes clients from one set of the operator's own credentials. It may be used from any goroutine.
type Factory struct {
	options Options
	config  aws.Config

	mu       sync.Mutex
	clients  map[Access]*Client
	accounts map[string]*retryer
}

// NewFactory takes its configuration from the options. Without one it loads the SDK's default chain once: environment
// (AWS_REGION, AWS_ENDPOINT_URL_IAM, AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, …), profiles, web identity, instance
// roles. Credentials are loaded when they are first needed.
func NewFactory(ctx context.Context, options Options) (*Factory, error) {
	options.setDefaults()
	loaded, err := options.load(ctx)
	if err != nil {
		return nil, fmt.Errorf("AWS configuration: %w: correct the AWS_… environment or the profile", err)
	}
	// The retryer below decides. AWS_MAX_ATTEMPTS would add another around it.
	loaded.RetryMaxAttempts, loaded.Retryer = 0, nil
	return &Factory{options: options, config: loaded, clients: map[Access]*Client{}, accounts: map[string]*retryer{}}, nil
}

func (o *Options) load(ctx context.Context) (aws.Config, error) {
	calls := awshttp.NewBuildableClient().WithTimeout(o.AttemptTimeout).WithTransportOptions(
		// Many leases call one host. With the default of 10 idle connections they would open and close connections all
		// day.
		func(t *http.Transport) { t.MaxIdleConnsPerHost = 32 })
	if o.Config != nil {
		given := o.Config.Copy()
		if given.HTTPClient == nil {
			given.HTTPClient = calls
		}
		given.Logger = logging.LoggerFunc(logDetail)
		return given, nil
	}
	return config.LoadDefaultConfig(ctx, config.WithDefaultRegion(globalRegions["aws"]),
		config.WithLogger(logging.LoggerFunc(logDetail)), config.WithHTTPClient(calls))
}

// logDetail writes the SDK's messages, which are only details, to the program's log. The SDK itself would write plain
// text between JSON lines.
func logDetail(_ logging.Classification, format string, values ...any) {
	slog.Debug("AWS SDK", "detail", fmt.Sprintf(format, values...))
}

// For returns the client for an access, the same one each time. It makes no call: a role that cannot be assumed fails
// at the first call. Errors name the wrong field of the sheet.
func (f *Factory) For(_ context.Context, access Access) (*Client, error) {
	access, err := resolve(access)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.client(access), nil
}

// client is For with the lock held and a resolved access.
func (f *Factory) client(access Access) *Client {
	if c, ok := f.clients[access]; ok {
		return c
	}
	retries := f.retryer(access)
	c := &Client{access: access, clock: f.options.Clock, credentials: f.config.Credentials,
		writing: func(o *iam.Options) { o.Retryer = onlyUnsent{retries} }}
	if access.RoleARN != "" {
		c.source = f.client(Access{Partition: access.Partition})
		c.credentials = f.assume(access)
	}
	c.sts = f.sts(access.Partition, c.credentials)
	c.iam = iam.NewFromConfig(f.config, func(o *iam.Options) {
		o.Region = globalRegions[access.Partition]
		o.Credentials = c.credentials
		o.Retryer = retries
		o.APIOptions = append(o.APIOptions, refuseEmptyAnswers, renewExpired(c.credentials))
	})
	f.clients[access] = c
	return c
}

// sts makes a client with its own retries, because STS does not share IAM's limits.
func (f *Factory) sts(partition string, credentials aws.CredentialsProvider) *sts.Client {
	return sts.NewFromConfig(f.config, func(o *sts.Options) {
		o.Region = stsRegion(partition, f.config.Region)
		o.Credentials = credentials
		o.Retryer = newStandard(f.options)
		o.APIOptions = append(o.APIOptions, refuseEmptyAnswers, renewExpired(credentials))
	})
}

// assume returns the credentials of a role. It always sends the external ID, and the role's trust policy requires it.
// Otherwise one team could use another team's role by naming it in a sheet.
func (f *Factory) assume(access Access) aws.CredentialsProvider {
	provider := stscreds.NewAssumeRoleProvider(f.sts(access.Partition, f.config.Credentials), access.RoleARN,
		func(o *stscreds.AssumeRoleOptions) {
			o.ExternalID = aws.String(access.ExternalID)
			o.RoleSessionName = sessionName
		})
	return aws.NewCredentialsCache(provider)
}

// retryer returns the account's retryer, whatever role is used. Roles of one account share IAM's limits, and the
// failures of one account must not use up the retries of another.
func (f *Factory) retryer(access Access) *retryer {
	key := access.Partition + "/" + access.AccountID
	if _, ok := f.accounts[key]; !ok {
		f.accounts[key] = &retryer{Standard: newStandard(f.options), pace: newPace(f.options.Rate, f.options.Burst)}
	}
	return f.accounts[key]
}
