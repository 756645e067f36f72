package sheet

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/keylease/keylease/api/v1alpha1"
)

// The texts of marks that are understood whatever spec.marks says. The first of each is what is written where spec.marks
// leaves it empty.
var (
	notifiedTexts  = []string{"通知済み"}
	expiredTexts   = []string{"期限切れ"}
	deletedTexts   = []string{"削除済み", "削除済"}
	extensionTexts = []string{"延長申請済み", "延長済み", "延長申請", "延長"}
)

// unclearWords make a text unclear that is no mark. The program before Keylease left a row alone when it held one of the
// first two anywhere, and people wrote 延長不要 and 削除しないで.
var unclearWords = []string{"削除", "延長", "不要", "取消", "ない"}

type markText struct {
	mark Mark
	// key is the text as it is compared.
	key string
}

// markTexts lists the texts that are marks. Longer ones come first, so that 延長申請済み is not taken for 延長 with a remark.
// Of equal lengths, configured ones come first, so that they win if two are the same text.
func markTexts(marks v1alpha1.Marks) []markText {
	all := slices.Concat(
		textsOf(MarkNotified, marks.Notified), textsOf(MarkExpired, marks.Expired),
		textsOf(MarkDeleted, marks.Revoked), textsOf(MarkExtension, marks.Extended), builtInMarks,
	)
	slices.SortStableFunc(all, func(a, b markText) int { return cmp.Compare(len(b.key), len(a.key)) })
	return all
}

var builtInMarks = slices.Concat(
	textsOf(MarkNotified, notifiedTexts...), textsOf(MarkExpired, expiredTexts...),
	textsOf(MarkDeleted, deletedTexts...), textsOf(MarkExtension, extensionTexts...),
)

func textsOf(mark Mark, texts ...string) []markText {
	var all []markText
	for _, text := range texts {
		if key := markKey(text); key != "" {
			all = append(all, markText{mark: mark, key: key})
		}
	}
	return all
}

// markKey is how marks are compared: NFKC, surrounding blanks and the case of letters aside.
func markKey(text string) string { return strings.ToLower(fold(text)) }

// ParseStatus parses a status cell. A mark is a configured or built-in text, alone or followed by a remark. A blank
// (also U+3000) or a punctuation mark separates the two. Anything else is a remark, unless it has a word that could
// reverse its meaning: then the cell is unclear. So is a mark with such a remark, and 削除済み or 延長 with a question mark.
func ParseStatus(text string, marks v1alpha1.Marks) StatusCell {
	cell := StatusCell{Text: text, Remark: trim(text)}
	if cell.Remark == "" {
		return cell
	}
	if m, rest, ok := findMark(cell.Remark, marks); ok {
		if holdsUnclearWord(rest) || (asksBack(rest) && (m.mark == MarkDeleted || m.mark == MarkExtension)) {
			cell.Mark = MarkUnclear
			return cell
		}
		cell.Mark, cell.Remark = m.mark, remarkOf(rest)
		return cell
	}
	if holdsUnclearWord(cell.Remark) {
		cell.Mark = MarkUnclear
	}
	return cell
}

// findMark is the mark at the beginning of a trimmed text, and what follows it.
func findMark(text string, marks v1alpha1.Marks) (m markText, rest string, ok bool) {
	for _, m := range markTexts(marks) {
		if rest, ok := behind(text, m.key); ok {
			return m, rest, true
		}
	}
	return markText{}, "", false
}

// markWord is the text of a cell's mark, as it is compared; empty: the cell begins with no mark.
func markWord(text string, marks v1alpha1.Marks) string {
	m, _, _ := findMark(trim(text), marks)
	return m.key
}

// StatusText gives the text of a status cell: the mark, and the remark behind it. MarkNone leaves the remark alone, and
// so does MarkUnclear, which is never written.
func StatusText(mark Mark, remark string, marks v1alpha1.Marks) string {
	remark = trim(remark)
	text := ""
	switch mark {
	case MarkNotified:
		text = cmp.Or(trim(marks.Notified), notifiedTexts[0])
	case MarkExpired:
		text = cmp.Or(trim(marks.Expired), expiredTexts[0])
	case MarkDeleted:
		text = cmp.Or(trim(marks.Revoked), deletedTexts[0])
	case MarkExtension:
		text = cmp.Or(trim(marks.Extended), extensionTexts[0])
	}
	if text == "" || remark == "" {
		return text + remark
	}
	return text + " " + remark
}

// behind gives what follows the mark in text, as it was written; false where text does not begin with the mark, or the
// mark's last word goes on.
func behind(text, key string) (string, bool) {
	if isASCII(text) && !isASCII(key) {
		return "", false // NFKC leaves ASCII as it is, and most cells that are no marks are key IDs
	}
	rest, ok := "", false
	for end := range text {
		if end == 0 {
			continue
		}
		prefix := strings.ToLower(norm.NFKC.String(text[:end]))
		if len(prefix) > len(key)+utf8.UTFMax {
			return rest, ok
		}
		// A combining mark behind the prefix belongs to its last letter: it is no separator.
		if r, _ := utf8.DecodeRuneInString(text[end:]); prefix == key && separates(r) {
			rest, ok = text[end:], true
		}
	}
	if strings.ToLower(norm.NFKC.String(text)) == key {
		return "", true
	}
	return rest, ok
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func separates(r rune) bool {
	return isBlank(r) || (!unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r))
}

// remarkOf takes the separator away: blanks, or one punctuation mark that stands at the mark itself. A bracket belongs to
// the remark.
func remarkOf(rest string) string {
	r, size := utf8.DecodeRuneInString(rest)
	if unicode.IsPunct(r) && !unicode.In(r, unicode.Ps, unicode.Pi) && trim(rest[size:]) != "" {
		rest = rest[size:]
	}
	return trim(rest)
}

func holdsUnclearWord(text string) bool {
	text = norm.NFKC.String(text)
	return slices.ContainsFunc(unclearWords, func(word string) bool { return strings.Contains(text, word) })
}

// asksBack tells whether a question mark follows: 削除済み？ asks, it does not say.
func asksBack(rest string) bool { return strings.HasPrefix(fold(rest), "?") }
