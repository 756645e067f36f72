package judge

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/keylease/keylease/test/simulation/ledger"
)

// meaning of a mark.
type meaning int

const (
	nothing meaning = iota
	notified
	expired
	revoked
	extended
)

// mark is a text that the operator writes, or reads as one.
type mark struct {
	text  string
	means meaning
}

// marks of all specs that there ever were, longest first.
func marks(l *ledger.Ledger) []mark {
	all := []mark{{"通知済み", notified}, {"期限切れ", expired}, {"削除済み", revoked}, {"削除済", revoked}, {"延長申請済み", extended},
		{"延長済み", extended}, {"延長申請", extended}, {"延長", extended}}
	for i, s := range l.Sheets {
		if s.Object == nil || (i > 0 && l.Sheets[i-1].Object != nil && l.Sheets[i-1].Object.Spec.Marks == s.Object.Spec.Marks) {
			continue
		}
		m := s.Object.Spec.Marks
		for _, own := range []mark{{m.Notified, notified}, {m.Expired, expired}, {m.Revoked, revoked}, {m.Extended, extended}} {
			if own.text != "" && !slices.Contains(all, own) {
				all = append(all, own)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b mark) int { return cmp.Compare(len(b.text), len(a.text)) })
	return all
}

// read a status cell: the mark in front, and the remark behind all marks, without blanks.
func read(text string, all []mark) (means meaning, remark string) {
	text = visible(text)
	for {
		i := slices.IndexFunc(all, func(m mark) bool { return strings.HasPrefix(text, m.text) && ends(text[len(m.text):]) })
		if i < 0 {
			return means, strings.Join(strings.Fields(text), "")
		}
		if means == nothing {
			means = all[i].means
		}
		text = strings.TrimSpace(text[len(all[i].text):])
	}
}

// ends: a mark ends before that text.
func ends(rest string) bool {
	for _, r := range rest {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r)
	}
	return true
}

// visible is a text without what cannot be seen, and with plain blanks at most.
func visible(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r), r >= 0xfe00 && r <= 0xfe0f:
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, text))
}

// keeps tells whether a new text of a status cell keeps the remark of the old one.
func keeps(old, now string, all []mark) bool {
	_, before := read(old, all)
	_, after := read(now, all)
	squeezed := func(s string) string { return strings.Join(strings.Fields(visible(s)), "") }
	if before == after || strings.Contains(squeezed(now), squeezed(old)) {
		return true
	}
	for _, m := range all { // a mark that its remark follows without a blank
		if rest, ok := strings.CutPrefix(squeezed(old), m.text); ok && rest != "" && strings.HasSuffix(squeezed(now), rest) {
			return true
		}
	}
	return false
}
