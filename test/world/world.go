package world

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/awsiam"
	"github.com/keylease/keylease/test/controlplane"
	"github.com/keylease/keylease/test/emulator/iam"
	"github.com/keylease/keylease/test/emulator/sheets"
	"github.com/keylease/keylease/test/emulator/slack"
)

// Names that every world uses.
const (
	AccountID     = "123456789012"
	SpreadsheetID = "1duJkeylease"
	SheetName     = "key-requests"
	// OperatorRole is the role whose credentials the operator has.
	OperatorRole        = "keylease"
	operatorAccessKeyID = "AKIAOPERATOR00000001"
)

// Options of a World.
type Options struct {
	Clock  clock.PassiveClock
	Config *rest.Config
	// Namespace of the operator and of the sheet; it exists.
	Namespace string
	// Others are further namespaces whose sheets the operator handles.
	Others []string
	IAM    iam.Options
}

// World is what the operator talks to: an API server and three services.
type World struct {
	Options
	// Client reads and writes without a cache, as kubectl does.
	Client  client.WithWatch
	Sheets  *sheets.Server
	Slack   *slack.Server
	IAM     *iam.Server
	Account *iam.Account
	// AWS is how operators started from now on reach IAM. It sets no useful rate limit, because the clock stands still.
	AWS       awsiam.Options
	sheetsURL *httptest.Server
	news      *news
}

// ControlPlane is the API server of a world. Its lists come from etcd: the watch cache would first wait up to 100 ms
// for news, and a test lists whenever the operator settles.
func ControlPlane() controlplane.Options {
	return controlplane.Options{
		CRDDirs:       []string{controlplane.CRDs},
		APIServerArgs: map[string][]string{"watch-cache": {"false"}},
	}
}

// Scheme of all kinds that the operator and the tests use.
func Scheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			panic(err) // two kinds of one name: nothing would work
		}
	}
	return scheme
}

// mappers by API server: all worlds on one server share its mapper.
var mappers sync.Map

func mapperOf(config *rest.Config, _ *http.Client) (meta.RESTMapper, error) {
	if known, ok := mappers.Load(config.Host); ok {
		return known.(meta.RESTMapper), nil
	}
	plain := rest.CopyConfig(config)
	plain.WrapTransport = nil
	connection, err := rest.HTTPClientFor(plain)
	if err != nil {
		return nil, err
	}
	made, err := apiutil.NewDynamicRESTMapper(plain, connection)
	if err != nil {
		return nil, err
	}
	known, _ := mappers.LoadOrStore(config.Host, made)
	return known.(meta.RESTMapper), nil
}

// New starts the emulators. Close ends them.
func New(o Options) (*World, error) {
	heard := newNews()
	o.Config = rest.CopyConfig(o.Config)
	o.Config.Wrap(heard.hear)
	mapper, err := mapperOf(o.Config, nil)
	if err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	c, err := client.NewWithWatch(o.Config, client.Options{Scheme: Scheme(), Mapper: mapper})
	if err != nil {
		return nil, fmt.Errorf("world: client: %w", err)
	}
	w := &World{Options: o, Client: c, Sheets: sheets.NewServer(o.Clock), news: heard}
	o.IAM.Clock = o.Clock
	if w.IAM, err = iam.Start("127.0.0.1:0", o.IAM); err != nil {
		return nil, fmt.Errorf("world: IAM: %w", err)
	}
	w.Account = w.IAM.AddAccount(AccountID, iam.PartitionAWS)
	w.Account.AddCredential(operatorAccessKeyID, "arn:aws:sts::"+AccountID+":assumed-role/"+OperatorRole+"/pod")
	w.AWS = awsiam.Options{Rate: 1000, Burst: 1000, MaxBackoff: time.Millisecond}
	w.As(operatorAccessKeyID)
	w.sheetsURL = httptest.NewServer(w.Sheets)
	// The clock stands still while a message is sent, so a rate by that clock would never be met.
	w.Slack = slack.New(slack.Options{Clock: o.Clock, Limits: &slack.Limits{}, PageSize: 100})
	return w, nil
}

// Close ends the emulators.
func (w *World) Close() {
	w.Slack.Close()
	w.sheetsURL.CloseClientConnections()
	w.sheetsURL.Close()
	_ = w.IAM.Close() // nothing depends on how it ends
}

// namespaces that the operator watches.
func (w *World) namespaces() []string { return append([]string{w.Namespace}, w.Others...) }

// SheetsHost is host:port of the Sheets emulator.
func (w *World) SheetsHost() string { return w.sheetsURL.Listener.Addr().String() }

// As gives operators started from now on the credentials of an access key.
func (w *World) As(accessKeyID string) { w.AWS.Config = iam.Config(w.IAM.URL(), accessKeyID) }

// AsOperator gives them the operator's own credentials again.
func (w *World) AsOperator() { w.As(operatorAccessKeyID) }

// Environment is the environment of an operator in a process of its own.
func (w *World) Environment() map[string]string {
	return map[string]string{
		"SHEETS_EMULATOR_HOST":        w.SheetsHost(),
		"SLACK_API_URL":               w.Slack.APIURL(),
		"AWS_ENDPOINT_URL_IAM":        w.IAM.URL(),
		"AWS_ENDPOINT_URL_STS":        w.IAM.URL(),
		"AWS_REGION":                  "us-east-1",
		"AWS_ACCESS_KEY_ID":           operatorAccessKeyID,
		"AWS_SECRET_ACCESS_KEY":       "emulated",
		"AWS_SESSION_TOKEN":           "",
		"AWS_PROFILE":                 "",
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED":   "true",
	}
}

// AccessKeySheet with default settings for the spreadsheet of this world.
func (w *World) AccessKeySheet(change ...func(*v1alpha1.AccessKeySheet)) *v1alpha1.AccessKeySheet {
	s := &v1alpha1.AccessKeySheet{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "AccessKeySheet"},
		ObjectMeta: metav1.ObjectMeta{Name: SheetName, Namespace: w.Namespace},
		Spec: v1alpha1.AccessKeySheetSpec{
			SpreadsheetID: SpreadsheetID,
			Slack: v1alpha1.SlackAccess{
				TokenSecretRef: v1alpha1.SecretKeyReference{Name: "slack", Key: "token"},
				Admins:         []string{"U0ADMIN01", "U0ADMIN02"},
			},
			AWS: v1alpha1.AWSAccess{AccountID: AccountID},
		},
	}
	for _, f := range change {
		f(s)
	}
	return s
}

// SlackSecret holds the emulator's bot token.
func (w *World) SlackSecret() *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "slack", Namespace: w.Namespace},
		StringData: map[string]string{"token": slack.BotToken},
	}
}

// Seed adds a spreadsheet and the Slack users of its users tab.
func (w *World) Seed(s *sheets.Spreadsheet) {
	w.Sheets.Add(SpreadsheetID, s)
	for _, id := range []string{"U0ADMIN01", "U0ADMIN02"} {
		w.Slack.AddUser(slack.User{ID: id, Name: id})
	}
	for _, row := range s.Tab("users_json").Texts()[1:] {
		w.Slack.AddUser(slack.User{ID: row[0], Name: row[0], RealName: row[1]})
	}
}

// Key gives a user of the world's account an access key. It creates the user, with a policy of the same name, if it
// does not exist.
func (w *World) Key(userName, accessKeyID string, created time.Time) {
	if !w.Account.UserExists(userName) {
		arn := w.Account.AddPolicy(userName, "/", "")
		w.Account.AddUser(userName, iam.WithAttachedPolicy(arn), iam.WithCreateDate(created))
	}
	w.Account.AddAccessKey(userName, iam.AccessKey{ID: accessKeyID, Created: created})
}

// Get an object of the world's namespace.
func (w *World) Get(ctx context.Context, name string, into client.Object) error {
	return w.Client.Get(ctx, client.ObjectKey{Namespace: w.Namespace, Name: name}, into)
}
