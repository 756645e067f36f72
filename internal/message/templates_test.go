package message

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keylease/keylease/api/v1alpha1"
)

func names(t texts) []string {
	var out []string
	for _, one := range t.set.Templates() {
		if strings.Contains(one.Name(), "/") {
			out = append(out, one.Name())
		}
	}
	slices.Sort(out)
	return out
}

func TestBothLanguagesHaveTheSameTexts(t *testing.T) {
	if diff := cmp.Diff(names(languages["ja"]), names(languages["en"])); diff != "" {
		t.Errorf("(-ja +en):\n%s", diff)
	}
}

func TestEveryReasonOfAnInvalidRowIsSaidInWords(t *testing.T) {
	for _, reason := range []string{
		v1alpha1.RowInvalidDate, v1alpha1.RowEndBeforeStart, v1alpha1.RowUserNameMissing, v1alpha1.RowUserNameInvalid,
		v1alpha1.RowAccessKeyIDInvalid, v1alpha1.RowDuplicateID, v1alpha1.RowIdentityChanged, v1alpha1.RowAccountIDInvalid,
		v1alpha1.RowOwnedByAnotherSheet, v1alpha1.ReasonUnclearMark, v1alpha1.ReasonExtensionRequested,
	} {
		if languages["ja"].word("reason", reason) == reason {
			t.Errorf("%s has no words", reason)
		}
	}
}

func TestAReasonWithoutWordsStandsForItself(t *testing.T) {
	if got := languages["ja"].word("reason", "SomethingNew"); got != "SomethingNew" {
		t.Errorf("got %q", got)
	}
}

func TestShortenKeepsTheLimitInBothCountsOfCharacters(t *testing.T) {
	for _, s := range []string{strings.Repeat("😀", 10), "abcdefghijk", strings.Repeat("あ", 11)} {
		got := shorten(s, 10)
		if units(got) > 10 || !strings.HasSuffix(got, "…") {
			t.Errorf("shorten(%q, 10) = %q, of %d units", s, got, units(got))
		}
	}
	if got := shorten("exactly 10", 10); got != "exactly 10" {
		t.Errorf("a text that fits was changed to %q", got)
	}
}

func TestEveryStepOfADeletionIsSaidInWords(t *testing.T) {
	for _, action := range []string{
		"UpdateAccessKey", "DeleteAccessKey", "DeleteLoginProfile", "DeactivateMFADevice", "DeleteVirtualMFADevice",
		"DeleteSSHPublicKey", "DeleteSigningCertificate", "DeleteServiceSpecificCredential", "DeleteUserPolicy",
		"DetachUserPolicy", "RemoveUserFromGroup", "DeleteUser", "DeletePolicyVersion", "DeletePolicy",
	} {
		for lang, texts := range languages {
			if texts.known("action", action) == "" {
				t.Errorf("%s: %s has no words", lang, action)
			}
		}
	}
}

func TestEveryReasonOfAnInvalidRowSaysWhatToWrite(t *testing.T) {
	for _, name := range names(languages["ja"]) {
		reason, ok := strings.CutPrefix(name, "fix/")
		if ok && languages["ja"].known("reason", reason) == "" {
			t.Errorf("fix/%s belongs to no reason", reason)
		}
	}
	for _, reason := range []string{
		v1alpha1.RowInvalidDate, v1alpha1.RowEndBeforeStart, v1alpha1.RowUserNameMissing, v1alpha1.RowUserNameInvalid,
		v1alpha1.RowAccessKeyIDInvalid, v1alpha1.RowDuplicateID, v1alpha1.RowIdentityChanged, v1alpha1.RowAccountIDInvalid,
		v1alpha1.RowOwnedByAnotherSheet,
	} {
		if languages["ja"].known("fix", reason) == "" {
			t.Errorf("%s does not say what to write", reason)
		}
	}
}
