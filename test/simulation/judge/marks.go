package judge

import (
	"slices"
	"strings"
)

// meaning of a status cell, as far as it is certain.
type meaning int

const (
	// other says nothing that is certain.
	other meaning = iota
	extension
	deletedByHand
	// told is a mark that a notice was given.
	told
	// contradictory speaks of deletion or extension, and is no mark.
	contradictory
)

var marks = map[string]meaning{
	"延長申請済み": extension, "延長済み": extension, "延長申請": extension, "延長": extension,
	"削除済み": deletedByHand, "削除済": deletedByHand,
	"通知済み": told, "期限切れ": told,
}

// doubts in a remark make a cell contradictory. With other words it is a remark.
var doubts = []string{"削除", "延長", "不要", "取消", "ない"}

// readMark reads the marks by their default texts. A remark follows a blank.
func readMark(text string) meaning {
	text = folded(text)
	mark, remark, _ := strings.Cut(text, " ")
	if m := marks[mark]; m != other {
		if slices.ContainsFunc(doubts, func(d string) bool { return strings.Contains(remark, d) }) {
			return contradictory
		}
		return m
	}
	speaks := strings.Contains(text, "削除") || strings.Contains(text, "延長")
	if speaks && slices.ContainsFunc(doubts[2:], func(d string) bool { return strings.Contains(text, d) }) {
		return contradictory
	}
	return other
}
