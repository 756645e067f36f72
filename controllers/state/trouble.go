package state

import (
	"github.com/keylease/keylease/api/v1alpha1"
	"github.com/keylease/keylease/internal/failure"
)

// Trouble is a reason and a message for a condition. The zero value is none.
type Trouble struct{ Reason, Message string }

// None tells that there is no trouble.
func (t Trouble) None() bool { return t == Trouble{} }

// AWSTrouble is what AWSReady says about an error that concerns a whole account. It tells a wrong account number from a
// wrong trust policy, because people fix them in different places.
func AWSTrouble(err error, roleARN string) Trouble {
	reason, f := v1alpha1.ReasonCredentialsInvalid, failure.Of(err)
	switch {
	case f == nil, f.Code == v1alpha1.ReasonInvalidSpec:
		reason = v1alpha1.ReasonInvalidSpec // found before any call
	case f.Code == v1alpha1.ReasonCredentialsForbidden, f.Code == v1alpha1.ReasonWrongAccount:
		reason = f.Code
	case f.Operation == "AssumeRole" && f.Code != failure.CodeNoCredentials && roleARN != "":
		reason = v1alpha1.ReasonAssumeRoleError
	case f.Class == failure.Denied:
		reason = v1alpha1.ReasonAWSForbidden
	}
	return Trouble{reason, err.Error()}
}
