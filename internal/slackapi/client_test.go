package slackapi_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/delivery"
	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/message"
	"github.com/keylease/keylease/internal/notice"
	"github.com/keylease/keylease/internal/slackapi"
	"github.com/keylease/keylease/test/emulator/slack"
)

func TestAUserGetsADirectMessageAndAChannelTheMessageItself(t *testing.T) {
	w := newWorkspace(t)
	dm := w.mustPost("U0EMPLOY02", "k1")
	channel := w.mustPost("C0SECURITY", "k2")
	if dm.Channel != slack.DM("U0EMPLOY02") || channel.Channel != "C0SECURITY" {
		t.Errorf("channels %s and %s", dm.Channel, channel.Channel)
	}
	w.expectCalls("conversations.open", 1)
	w.expectMessages("U0EMPLOY02", 1)
	w.expectMessages("C0SECURITY", 1)
	if got := w.Messages("C0SECURITY")[0].TS; got != channel.TS {
		t.Errorf("receipt %s, message %s", channel.TS, got)
	}
}

func TestAMessageCarriesItsKeyAndItsBlocksAsTheyAre(t *testing.T) {
	w := newWorkspace(t)
	w.mustPost("U0EMPLOY02", "uid/1/Expiry/7/U0EMPLOY02")
	got := w.Messages("U0EMPLOY02")[0]
	want := &slack.Metadata{EventType: "keylease_notice", EventPayload: map[string]any{"key": "uid/1/Expiry/7/U0EMPLOY02"}}
	if diff := cmp.Diff(want, got.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	if got.PlainText() != "hello *you*" || len(got.Active) != 0 {
		t.Errorf("text %q with active %v", got.PlainText(), got.Active)
	}
}

func TestTheFullMethodAddressIsABaseURLToo(t *testing.T) {
	w := newWorkspace(t)
	for _, base := range []string{
		w.APIURL(), strings.TrimSuffix(w.APIURL(), "/"), w.APIURL() + "chat.postMessage", w.APIURL() + "chat.postMessage/",
	} {
		c := w.newClient(slackapi.Options{BaseURL: base})
		if err := c.AuthTest(context.Background()); err != nil {
			t.Errorf("%s: %v", base, err)
		}
		if _, err := c.Post(context.Background(), "U0EMPLOY02", hello, base); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
}

func TestAMalformedBaseURLIsRefusedAndNotRepeated(t *testing.T) {
	for _, base := range []string{"slack.com/api/", "ftp://slack.com/", "https://", "https://u:secret@slack.com/", "https://slack.com/api/?token=secret"} {
		_, err := slackapi.New(slackapi.Options{BaseURL: base})
		if err == nil || !strings.Contains(err.Error(), "SLACK_API_URL") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v", base, err)
		}
	}
}

func TestAuthTestTellsAGoodTokenFromABadOne(t *testing.T) {
	w := newWorkspace(t)
	if err := w.client.AuthTest(context.Background()); err != nil {
		t.Errorf("good token: %v", err)
	}
	w.RevokeToken(slack.BotToken)
	expectClass(t, w.client.AuthTest(context.Background()), failure.Credentials, "token_revoked")
}

func TestADirectMessageChannelIsOpenedAgainAfterSomeMinutes(t *testing.T) {
	w := newWorkspace(t)
	w.mustPost("U0EMPLOY02", "k1")
	w.mustPost("U0EMPLOY02", "k2")
	w.expectCalls("conversations.open", 1)
	w.DisableUser("U0EMPLOY02")
	w.pass(5 * time.Minute)
	_, err := w.post("U0EMPLOY02", "k3")
	expectClass(t, err, failure.Recipient, "user_disabled")
	w.expectMessages("U0EMPLOY02", 2)
}

func TestARecipientThatIsNoIDIsUnreachableWithoutACall(t *testing.T) {
	w := newWorkspace(t)
	_, err := w.post("#general", "k")
	expectClass(t, err, failure.Recipient, "user_not_found")
	if got := w.Calls(); len(got) > 0 {
		t.Errorf("calls %v", got)
	}
}

func TestADeliveryWhoseAnswerWasLostIsNotRepeated(t *testing.T) {
	w := newWorkspace(t)
	w.Inject(1, slack.OnMethod("chat.postMessage"), slack.DropAnswer())
	post := delivery.Post{ID: "m", Recipient: "U0EMPLOY02"}
	first := slices.Collect(notice.Deliver(context.Background(), w.client, []delivery.Post{post}, hello, w.clock.Now))
	expectClass(t, first[0].Err, failure.Uncertain, "connection_lost")

	post.Since = w.clock.Now()
	w.pass(time.Minute)
	restarted := w.newClient(slackapi.Options{})
	second := slices.Collect(notice.Deliver(context.Background(), restarted, []delivery.Post{post}, hello, w.clock.Now))
	if second[0].State != v1alpha1.NoticeDelivered {
		t.Errorf("second attempt %+v", second[0])
	}
	w.expectMessages("U0EMPLOY02", 1)
}

func TestTheWorstRowOfTheSheetIsHarmlessInSlack(t *testing.T) {
	w := newWorkspace(t)
	n := message.Notice{
		Kind: v1alpha1.NoticeExpiry, Audience: message.ToOwner, Today: "2026-12-01",
		Owner: message.Owner{SlackUserID: "U0EMPLOY02"}, MarkExtended: "延長申請済み",
		Lease: &v1alpha1.AccessKeyLease{Spec: v1alpha1.AccessKeyLeaseSpec{
			Owner: v1alpha1.LeaseOwner{FullName: "阿部 <!channel> & Co."}, UserName: "svc.report+prod@example", EndDate: "2026-12-08",
			Purpose:  `=HYPERLINK("http://evil.example/","click") *太字* <@U0ADMIN01> ` + strings.Repeat("長い", 20_000),
			Resource: "_S3_ ~x~ `y` :tada: @here #general",
		}},
	}
	m, err := (*message.Texts)(nil).Notice("ja", n)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.Post(context.Background(), "U0EMPLOY02", m, "k"); err != nil {
		t.Fatalf("Post: %v", err)
	}
	got := w.Messages("U0EMPLOY02")[0].Active
	want := []slack.Active{{Kind: slack.KindMention, Text: "<@U0EMPLOY02>", Where: "/blocks/1"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("active (-want +got):\n%s", diff)
	}

	// The text is inert even for a reader of it that takes it for mrkdwn.
	form := url.Values{"token": {slack.BotToken}, "channel": {"U0EMPLOY02"}, "text": {m.Text}}
	answer, err := http.PostForm(w.APIURL()+"chat.postMessage", form)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	w.expectMessages("U0EMPLOY02", 2)
	if got := w.Messages("U0EMPLOY02")[1].Active; len(got) > 0 {
		t.Errorf("the text for notifications has active %v", got)
	}
}
