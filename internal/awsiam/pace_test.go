package awsiam

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/keylease/keylease/internal/failure"
	"github.com/keylease/keylease/internal/teardown"
	"github.com/keylease/keylease/test/emulator/iam"
)

func TestThePaceFallsByThrottlingAndRecovers(t *testing.T) {
	p := newPace(20, 40)
	notes := func(throttled bool, times int) float64 {
		for range times {
			p.note(throttled)
		}
		return float64(p.limiter.Limit())
	}
	for _, c := range []struct {
		throttled bool
		times     int
		want      float64
	}{{false, 5, 20}, {true, 1, 15}, {true, 1, 11.25}, {true, 10, 2}, {false, 10, 6}, {true, 1, 4.5}, {false, 1000, 20}} {
		if got := notes(c.throttled, c.times); got < c.want-0.001 || got > c.want+0.001 {
			t.Errorf("after %d of throttled=%t the rate is %g a second, want %g", c.times, c.throttled, got, c.want)
		}
	}
}

func TestThrottlingNowAndThenHardlySlowsThePace(t *testing.T) {
	p := newPace(20, 40)
	for n := range 1000 {
		p.note(n%20 == 0)
		if got := float64(p.limiter.Limit()); got < 15 {
			t.Fatalf("after %d calls, one in twenty throttled, the rate is %g a second", n+1, got)
		}
	}
}

// accounts gives a factory, and a client for each of several accounts in the emulator.
func accounts(t *testing.T, options Options, ids ...string) (*iam.Server, *Factory, []*Client) {
	t.Helper()
	server := iam.New(iam.Options{})
	listener := httptest.NewServer(server)
	t.Cleanup(func() { server.ClearFaults(); listener.Close() })
	operator := "arn:aws:iam::999999999999:user/operator"
	server.AddAccount("999999999999", iam.PartitionAWS).AddCredential("AKIAOPERATOR00000001", operator)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAOPERATOR00000001")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "not-checked")
	t.Setenv("AWS_ENDPOINT_URL", listener.URL)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	factory, err := NewFactory(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	var clients []*Client
	for _, id := range ids {
		account := server.AddAccount(id, iam.PartitionAWS)
		account.AddRole("keylease", iam.Trust{Principals: []string{operator}, ExternalID: "team/sheet"})
		account.AddUser("svc-report")
		account.AddAccessKey("svc-report", iam.AccessKey{ID: "AKIA" + id + "0001"})
		client, err := factory.For(context.Background(), Access{AccountID: id,
			RoleARN: "arn:aws:iam::" + id + ":role/keylease", ExternalID: "team/sheet"})
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, client)
	}
	return server, factory, clients
}

func TestTheThrottlingOfOneAccountSlowsNoOther(t *testing.T) {
	server, factory, clients := accounts(t, Options{Rate: 1e6, Burst: 1e6, MaxBackoff: time.Millisecond}, "111122223333", "444455556666")
	server.Inject(iam.Fault{AccountID: "111122223333", Match: func(c iam.Call) bool { return c.Service == "iam" }, Code: "Throttling"})
	// Far more failures than one account's budget of retries has.
	for range 120 {
		if _, err := clients[0].Observe(context.Background(), "svc-report", "AKIA1111222233330001"); !failure.Is(err, failure.Retry) {
			t.Fatalf("the throttled account gave %v", err)
		}
	}
	if _, err := clients[1].Observe(context.Background(), "svc-report", "AKIA4444555566660001"); err != nil {
		t.Errorf("the other account gave %v", err)
	}
	limit := func(account string) rate.Limit { return factory.accounts["aws/"+account].pace.limiter.Limit() }
	if throttled, other := limit("111122223333"), limit("444455556666"); throttled != 1e5 || other != 1e6 {
		t.Errorf("rates %g and %g, want a tenth for the throttled account only", throttled, other)
	}
	server.ClearFaults()
	for range 20 {
		if _, err := clients[0].Observe(context.Background(), "svc-report", "AKIA1111222233330001"); err != nil {
			t.Fatal(err)
		}
	}
	if recovered := limit("111122223333"); recovered <= 1e5 {
		t.Errorf("the rate stays at %g", recovered)
	}
}

func TestClientsOfOneAccountShareItsPace(t *testing.T) {
	_, factory, clients := accounts(t, Options{}, "111122223333")
	other, err := factory.For(context.Background(), Access{AccountID: "111122223333", RoleARN: "arn:aws:iam::111122223333:role/another", ExternalID: "team/other"})
	if err != nil {
		t.Fatal(err)
	}
	if other == clients[0] || len(factory.accounts) != 2 { // and that of the operator's own credentials
		t.Errorf("%d paces", len(factory.accounts))
	}
	again, err := factory.For(context.Background(), clients[0].access)
	if err != nil || again != clients[0] {
		t.Errorf("the same access gave another client, %v", err)
	}
}

// A call whose turn would come after the end of its reconcile fails at once and does nothing.
func TestACallThatCannotHaveItsTurnInTimeIsNotMade(t *testing.T) {
	server, _, clients := accounts(t, Options{Rate: 0.001, Burst: 1}, "111122223333")
	if _, err := clients[0].Identity(context.Background()); err != nil {
		t.Fatal(err)
	}
	given, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	deletion := teardown.Step{Action: teardown.ActionDeleteAccessKey, UserName: "svc-report", Target: "AKIA1111222233330001"}
	if _, err := clients[0].user(given, "svc-report"); err != nil {
		t.Fatal(err)
	}
	_, err := clients[0].Do(given, deletion)
	if e := failure.Of(err); e == nil || e.Class != failure.Retry || e.Code != "NotSent" {
		t.Errorf("error %v", err)
	}
	if counts := server.Counts(); counts.Changes != 0 {
		t.Errorf("%d changes", counts.Changes)
	}
}
