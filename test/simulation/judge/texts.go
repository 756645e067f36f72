package judge

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/keylease/keylease/test/simulation/ledger"
)

// sign is what a mark stands for.
type sign int

const (
	noSign sign = iota
	signNotified
	signExpired
	signRevoked
	signExtended
)

// ownMark is a text that the operator writes, or reads as one.
type ownMark struct {
	text string
	sign sign
}

// marksOf specs that there ever were, longest first.
func marksOf(l *ledger.Ledger) []ownMark {
	all := []ownMark{{"通知済み", signNotified}, {"期限切れ", signExpired}, {"削除済み", signRevoked}, {"削除済", signRevoked}, {"延長申請済み", signExtended},
		{"延長済み", signExtended}, {"延長申請", signExtended}, {"延長", signExtended}}
	for i, s := range l.Sheets {
		if s.Object == nil || (i > 0 && l.Sheets[i-1].Object != nil && l.Sheets[i-1].Object.Spec.Marks == s.Object.Spec.Marks) {
			continue
		}
		m := s.Object.Spec.Marks
		for _, own := range []ownMark{{m.Notified, signNotified}, {m.Expired, signExpired}, {m.Revoked, signRevoked}, {m.Extended, signExtended}} {
			if own.text != "" && !slices.Contains(all, own) {
				all = append(all, own)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b ownMark) int { return cmp.Compare(len(b.text), len(a.text)) })
	return all
}

// readStatus reads a status cell: the mark in front, and the remark behind all marks, without blanks.
func readStatus(text string, all []ownMark) (is sign, remark string) {
	text = folded(text)
	for {
		i := slices.IndexFunc(all, func(m ownMark) bool { return strings.HasPrefix(text, m.text) && markEnds(text[len(m.text):]) })
		if i < 0 {
			return is, strings.Join(strings.Fields(text), "")
		}
		if is == noSign {
			is = all[i].sign
		}
		text = strings.TrimSpace(text[len(all[i].text):])
	}
}

// markEnds: a mark ends before that text.
func markEnds(rest string) bool {
	for _, r := range rest {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r)
	}
	return true
}

// keeps tells whether a new text of a status cell keeps the remark of the old one.
func keeps(old, now string, all []ownMark) bool {
	_, before := readStatus(old, all)
	_, after := readStatus(now, all)
	squeezed := func(s string) string { return strings.Join(strings.Fields(folded(s)), "") }
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
