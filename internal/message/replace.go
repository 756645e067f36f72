package message

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Texts of the messages. Nil: the program's own.
type Texts struct{ languages map[string]texts }

// Replace returns the program's own texts with some of them replaced. by has, for a language (ja or en), templates in
// Go's text/template. Each is in a define with the name of the one that it replaces (see the folders ja and en).
//
// A name that replaces nothing is an error, and so is a text that fails for an example of its message. Mistakes must
// show when the program starts, not on the day that a key ends.
func Replace(by map[string]string) (*Texts, error) {
	t := &Texts{languages: map[string]texts{}}
	for lang, own := range languages {
		t.languages[lang] = own
	}
	for lang, text := range by {
		own, ok := languages[lang]
		if !ok {
			return nil, unknownLanguage(lang)
		}
		replaced, err := own.with(text)
		if err == nil {
			err = replaced.try()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", lang, err)
		}
		t.languages[lang] = replaced
	}
	return t, nil
}

func unknownLanguage(lang string) error {
	return fmt.Errorf("message: language %q is not one of ja, en: correct spec.slack.language", lang)
}

// language returns the texts of "ja" or "en". Any other language is an error.
func (t *Texts) language(lang string) (texts, error) {
	all := languages
	if t != nil {
		all = t.languages
	}
	one, ok := all[lang]
	if !ok {
		return texts{}, unknownLanguage(lang)
	}
	return one, nil
}

// with replaces the templates of the same names.
func (t texts) with(text string) (texts, error) {
	set, err := t.set.Clone()
	if err != nil {
		return texts{}, err
	}
	const file = "replacement"
	if _, err := set.New(file).Parse(text); err != nil {
		return texts{}, err
	}
	for _, one := range set.Templates() {
		if one.Name() != file && !t.has(one.Name()) {
			return texts{}, fmt.Errorf("template %q replaces none: its name must be one of the program's own", one.Name())
		}
	}
	return texts{set}, nil
}

// try renders every message, once with all facts and once with none.
func (t texts) try() error {
	var all []error
	for _, one := range t.set.Templates() {
		kind, isTitle := strings.CutSuffix(one.Name(), "/title")
		if !isTitle {
			continue
		}
		kind, audience, aboutKey := strings.Cut(kind, "/")
		for _, full := range []bool{false, true} {
			var m Message
			var err error
			if aboutKey {
				m, err = t.notice(example(kind, Audience(audience), full))
			} else {
				m, err = t.sheetMessage(sheetExample(kind, full))
			}
			if err == nil && m.Text == "" {
				err = fmt.Errorf("the text for notifications of %s is empty", kind)
			}
			all = append(all, err)
		}
	}
	// A message is sent without these if they fail, so nobody would notice.
	_, err := t.say("words/day", t.partsOf(time.Date(2026, 12, 8, 0, 0, 0, 0, time.UTC)))
	all = append(all, err)
	_, err = t.say("words/step", map[string]string{"Action": "action", "Target": "target"})
	all = append(all, err)
	slices.SortFunc(all, func(a, b error) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return errors.Join(all...)
}

func example(kind string, audience Audience, full bool) Notice {
	l := &v1alpha1.AccessKeyLease{}
	n := Notice{Kind: kind, Audience: audience, Lease: l}
	if !full {
		return n
	}
	at := metav1.Date(2026, 12, 9, 15, 0, 0, 0, time.UTC)
	n.Today, n.DeleteAt, n.DeactivateAt, n.SheetURL, n.MarkExtended = "2026-12-10", at.Time, at.Time, "https://docs.google.com/", "延長申請済み"
	n.Reason, n.Detail = v1alpha1.ReasonWrongAccount, "detail"
	n.Owner = Owner{SlackUserID: "U0EXAMPLE", Candidates: []string{"U0EXAMPLE"}}
	l.Namespace, l.Name = "keylease", "akia"
	l.Spec = v1alpha1.AccessKeyLeaseSpec{AccessKeyID: "AKIA", UserName: "svc", AccountID: "123456789012", Owner: v1alpha1.LeaseOwner{FullName: "山田"},
		Purpose: "purpose", Resource: "S3", StartDate: "2026-06-01", EndDate: "2026-12-08"}
	kept := []v1alpha1.Retained{{Target: "arn", Reason: v1alpha1.RetainedOtherKeys}}
	l.Status.Sheet = &v1alpha1.SheetRowStatus{Row: 2}
	l.Status.Key = &v1alpha1.KeyStatus{LastUsed: &v1alpha1.LastUsed{Date: at, Service: "s3", Region: "us-east-1"}}
	l.Status.Revocation = &v1alpha1.RevocationStatus{Steps: []v1alpha1.RevocationStep{{Action: "DeleteUser", Target: "svc"}}, Retained: kept,
		KeyDeletedTime: &at, DeactivatedTime: &at}
	n.Plan = &v1alpha1.RevocationPlan{Steps: []string{"DeleteUser svc"}, Retained: kept, Blocked: "blocked"}
	return n
}

func sheetExample(kind string, full bool) SheetMessage {
	m := SheetMessage{Kind: kind}
	if full {
		m = SheetMessage{Kind: kind, Namespace: "keylease", SheetName: "keys", Tab: "tab", Detail: "detail", Approval: "hash", Part: 1, Parts: 2,
			Items: []Item{{Row: 2, AlsoRows: []int{3}, AccessKeyID: "AKIA", UserName: "svc", OwnerName: "山田", EndDate: "2026-12-08",
				Reason: v1alpha1.RowInvalidDate, Value: "value", Detail: "detail", DeleteAt: time.Date(2026, 12, 9, 15, 0, 0, 0, time.UTC)}}}
	}
	return m
}
