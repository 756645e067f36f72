package restore_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/cmd/internal/restore"
	"github.com/keylease/keylease/internal/teardown"
	"github.com/keylease/keylease/test/emulator/iam"
)

func savedFrom(t *testing.T, data []byte) restore.Saved {
	t.Helper()
	sum := sha256.Sum256(data)
	saved := restore.Saved{Digest: hex.EncodeToString(sum[:])}
	if err := json.Unmarshal(data, &saved.Snapshot); err != nil {
		t.Fatal(err)
	}
	return saved
}

func expectSame(t *testing.T, want, got string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the user is not as it was (-was +is):\n%s", diff)
	}
}

func TestADeletedUserComesBackAsItWas(t *testing.T) {
	w := newWorld(t)
	before := w.lastCall()
	p := w.decide()
	if got := w.changes(before); len(got) > 0 {
		t.Errorf("showing the plan changed something: %v", got)
	}
	w.must(w.apply(p))
	w.expectBack()
	want := []string{"CreatePolicy", "CreateUser", "PutUserPolicy", "PutUserPolicy", "AttachUserPolicy", "AttachUserPolicy", "AttachUserPolicy",
		"AddUserToGroup", "AddUserToGroup", "UntagUser"}
	if diff := cmp.Diff(want, w.changes(before)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if w.account.KeyStatus(leased) != "" {
		t.Error("the key is back, which IAM cannot do")
	}
}

// comesBackThough one call is refused, or its answer lost, in whatever is run again then.
func (w *world) comesBackThough(call int, lost bool) {
	w.Helper()
	fault := iam.Fault{Match: iam.Call.Changing, Skip: call, Times: 1, LoseAnswer: lost}
	if !lost {
		fault.Code = "AccessDenied"
	}
	injected := w.Inject(fault)
	err := w.apply(w.decide())
	if injected.Hits() != 1 {
		w.Fatalf("call %d was not made", call)
	}
	if err != nil {
		w.must(w.apply(w.decide()))
	} else if !lost {
		w.Error("a refused call is no error")
	}
	w.expectBack()
}

func TestARestoreThatStoppedAfterAnyCallGoesOn(t *testing.T) {
	for _, lost := range []bool{false, true} {
		for call := range 10 {
			t.Run(fmt.Sprintf("call %d, answer lost %v", call, lost), func(t *testing.T) {
				newWorld(t).comesBackThough(call, lost)
			})
		}
	}
}

// fiftyTags is the most that IAM lets a user or a policy have.
func fiftyTags() (options []iam.UserOption, tags []teardown.SnapshotTag) {
	for i := range 50 {
		tag := teardown.SnapshotTag{Key: fmt.Sprintf("tag-%02d", i), Value: fmt.Sprint(i)}
		options, tags = append(options, iam.WithTag(tag.Key, tag.Value)), append(tags, tag)
	}
	return options, tags
}

// withFiftyTags gives a world in which the deleted user and its policy had as many tags as they may.
func withFiftyTags(t *testing.T) *world {
	options, tags := fiftyTags()
	w := newWorldOf(t, options, tags)
	if got := len(w.saved.Snapshot.Tags); got != 50 {
		t.Fatalf("the snapshot has %d tags", got)
	}
	return w
}

func TestAUserWithAllTheTagsThatIAMAllowsComesBack(t *testing.T) {
	w := withFiftyTags(t)
	p := w.decide()
	w.must(w.apply(p))
	w.expectBack()
	if last := p.Last; len(last) != 1 || last[0].Action != "TagUser" || last[0].Target != "tag-49=49" {
		t.Errorf("what comes last is not shown: %v", last)
	}
	expectError(t, func() error { _, err := restore.Decide(t.Context(), w.aws, w.saved); return err }(), "nothing is restored over it")
}

func TestARestoreOfAllTheTagsGoesOnAfterAnyCall(t *testing.T) {
	for _, call := range []int{0, 1, 8, 9, 10} {
		for _, lost := range []bool{false, true} {
			t.Run(fmt.Sprintf("call %d, answer lost %v", call, lost), func(t *testing.T) {
				withFiftyTags(t).comesBackThough(call, lost)
			})
		}
	}
}

func TestAUserOfTheNameWithoutOneTagIsStillSomebodyElses(t *testing.T) {
	w := withFiftyTags(t)
	options, _ := fiftyTags()
	w.account.AddUser("svc-report", options[:49]...)
	_, err := restore.Decide(t.Context(), w.aws, w.saved)
	expectError(t, err, "user svc-report exists in account 123456789012")
}

func TestWhatIAMDoesNotKnowOfYetIsTriedAgain(t *testing.T) {
	for _, action := range []string{"PutUserPolicy", "AttachUserPolicy", "AddUserToGroup"} {
		w := newWorld(t)
		w.Inject(iam.Fault{Action: action, Code: "NoSuchEntity", Times: 2})
		w.must(w.apply(w.decide()))
		w.expectBack()
	}
}

func TestAUserThatExistsIsNotTouched(t *testing.T) {
	for name, options := range map[string][]iam.UserOption{
		"made by somebody":              nil,
		"restored from another version": {iam.WithTag(restore.MarkerTag, "0123")},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.account.AddUser("svc-report", options...)
			before := w.lastCall()
			_, err := restore.Decide(t.Context(), w.aws, w.saved)
			expectError(t, err, "user svc-report exists in account 123456789012")
			if got := w.changes(before); len(got) > 0 {
				t.Errorf("changed: %v", got)
			}
		})
	}
}

func TestCredentialsOfAnotherAccountRestoreNothing(t *testing.T) {
	w := newWorld(t)
	w.AddAccount("210987654321", iam.PartitionAWS).AddCredential("AKIASTRANGER00000001", "arn:aws:iam::210987654321:user/mallory")
	w.connect("AKIASTRANGER00000001")
	_, err := restore.Decide(t.Context(), w.aws, w.saved)
	expectError(t, err, "account 210987654321", "account 123456789012", "AWS_PROFILE")
}

func TestWithoutCredentialsThePersonIsToldHowToGiveThem(t *testing.T) {
	w := newWorld(t)
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_ENDPOINT_URL": w.url,
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	w.reach(nil)
	_, err := restore.Decide(t.Context(), w.aws, w.saved)
	expectError(t, err, "no AWS credentials were found", "AWS_PROFILE")
}

func TestAUserIsNotRestoredWithoutItsBoundary(t *testing.T) {
	w := newWorld(t)
	w.saved.Snapshot.PermissionsBoundary = "arn:aws:iam::123456789012:policy/border"
	_, err := restore.Decide(t.Context(), w.aws, w.saved)
	expectError(t, err, "policy/border", "permissions boundary", "create it first")
}

func TestWhatCannotComeBackIsSaidAndTheRestComes(t *testing.T) {
	w := newWorld(t)
	w.account.AddPolicy("svc-report", "/team/", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny"}]}`)
	w.saved.Snapshot.Groups = append(w.saved.Snapshot.Groups, "dissolved")
	w.saved.Snapshot.AttachedPolicies = append(w.saved.Snapshot.AttachedPolicies, teardown.SnapshotPolicy{ARN: "arn:aws:iam::aws:policy/Retired"})
	w.saved.Snapshot.Tags = append(w.saved.Snapshot.Tags, teardown.SnapshotTag{Key: "aws:cloudformation:stack", Value: "x"})
	p := w.decide()
	notes := strings.Join(p.Notes, "\n")
	for _, want := range []string{ownPolicy + " exists with another document", "Group dissolved", "policy/Retired", "Tag aws:cloudformation:stack"} {
		if !strings.Contains(notes, want) {
			t.Errorf("the notes do not say %q:\n%s", want, notes)
		}
	}
	w.must(w.apply(p))
	if slices.ContainsFunc(p.Steps, func(s restore.Step) bool { return s.Action == "CreatePolicy" }) || !w.account.UserExists("svc-report") {
		t.Errorf("steps %v", p.Steps)
	}
}

func TestAUserThatDiffersInTheEndIsAnError(t *testing.T) {
	w := newWorld(t)
	p := w.decide()
	w.SetHooks(iam.Hooks{Before: func(c iam.Call) {
		if c.Action == "AddUserToGroup" && c.Params["GroupName"] == "staff" {
			w.account.AddToUser("svc-report", iam.WithInlinePolicy("first", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny"}]}`))
		}
	}})
	expectError(t, w.apply(p), "not yet what it was", "inline policies", "run the command again")
	w.SetHooks(iam.Hooks{})
	w.must(w.apply(w.decide()))
	w.expectBack()
}

func expectError(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, word := range words {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Fatalf("error %v, want one that says %q", err, word)
		}
	}
}
