package message

import (
	"cmp"
	"fmt"
	"strings"
)

// A message about a sheet holds at most maxItems lines and about maxItemText UTF-16 units of them: the rest goes into
// further messages.
const (
	maxItems    = 20
	maxItemText = 8000
	// itemOverhead is what a line has besides its values, at most.
	itemOverhead = 320
	// maxItemSection leaves room for the line that crosses it.
	maxItemSection = 1800
	maxItemValue   = 200
	maxItemName    = 80
	// maxApproval leaves whole what people are to paste: a claim of 256 characters is the longest.
	maxApproval = 300
	// maxItemRows that a line names.
	maxItemRows = 10
)

// Split divides a message whose items do not fit one Slack message; each part renders as exactly one. A caller that
// records which item was told in which message divides first and renders the parts.
func Split(m SheetMessage) []SheetMessage {
	var groups [][]Item
	var current []Item
	size := 0
	for _, item := range m.Items {
		n := itemSize(item)
		if len(current) == maxItems || len(current) > 0 && size+n > maxItemText {
			groups, current, size = append(groups, current), nil, 0
		}
		current, size = append(current, item), size+n
	}
	groups = append(groups, current)
	if len(groups) == 1 {
		return []SheetMessage{m}
	}
	parts := make([]SheetMessage, len(groups))
	for i, group := range groups {
		parts[i] = m
		parts[i].Items, parts[i].Part, parts[i].Parts = group, i+1, len(groups)
	}
	return parts
}

// Sheet writes the messages about a sheet, to the admins, in a language, ja or en. An unknown kind or language
// is an error.
func (t *Texts) Sheet(lang string, m SheetMessage) ([]Message, error) {
	one, err := t.language(lang)
	if err != nil {
		return nil, err
	}
	if !one.has(m.Kind + "/title") {
		return nil, fmt.Errorf("message: there is no text of kind %q about a sheet", m.Kind)
	}
	var out []Message
	for _, part := range Split(m) {
		rendered, err := one.sheetMessage(part)
		if err != nil {
			return nil, err
		}
		out = append(out, rendered)
	}
	return out, nil
}

// sheetView is what the templates of a sheet's message see.
type sheetView struct {
	Namespace, SheetName, Tab, Detail string
	Approval, MarkExtended            string
	Count, Part, Parts                int
}

// itemView is one line of it.
type itemView struct {
	Row int
	// Rows are all rows of the line, Row the first of them; MoreRows is how many further ones there are.
	Rows                             []int
	MoreRows                         int
	AccessKeyID, UserName, OwnerName string
	EndDate, Value, DeleteAt         string
	// Reason in words and ToDo, what to write instead. ReasonInWords is false where the reason stands for itself.
	Reason, ToDo  string
	ReasonInWords bool
	// ItemNote is the operator's own English sentence.
	ItemNote string
	// Subject: the line names a key or a row, and not a reason alone.
	Subject bool
}

func (t texts) sheetMessage(m SheetMessage) (Message, error) {
	s := speaker{texts: t, data: sheetView{
		Namespace: clean(m.Namespace, maxName), SheetName: clean(m.SheetName, maxName), Tab: clean(m.Tab, maxName),
		Detail: clean(m.Detail, maxDetail), Approval: clean(m.Approval, maxApproval),
		MarkExtended: clean(cmp.Or(m.MarkExtended, "延長申請済み"), maxName),
		Count:        subjects(m.Items), Part: m.Part, Parts: m.Parts,
	}}
	p := &page{}
	p.header(s.say(m.Kind+"/title") + s.say("words/part"))
	p.paragraph(s.say(m.Kind + "/lead"))
	for _, section := range s.items(m.Items) {
		p.paragraph(section)
	}
	p.paragraph(s.say("words/sheetDetail"))
	p.paragraph(s.say(m.Kind + "/todo"))
	p.link(m.SheetURL, s.say("words/openSheet"))
	p.note(s.say("words/sheetFooter"))
	fallback := s.say(m.Kind+"/title") + s.say("words/part")
	if s.err != nil {
		return Message{}, s.err
	}
	return p.message("[Keylease] " + fallback)
}

// subject: the item is about a key or a row. The others are the reason of the whole message, and do not count.
func subject(i Item) bool { return i.Row != 0 || i.AccessKeyID != "" || i.UserName != "" }

func subjects(items []Item) int {
	n := 0
	for _, i := range items {
		if subject(i) {
			n++
		}
	}
	return n
}

// items gives the lines, as many to a section as fit.
func (s *speaker) items(items []Item) []string {
	var sections []string
	var current strings.Builder
	for _, item := range items {
		line, err := s.texts.say("words/item", s.item(item))
		if err != nil && s.err == nil {
			s.err = err
		}
		if current.Len() > 0 {
			current.WriteString("\n")
		}
		current.WriteString(line)
		if units(current.String()) > maxItemSection {
			sections = append(sections, current.String())
			current.Reset()
		}
	}
	return append(sections, current.String())
}

func (s *speaker) item(i Item) itemView {
	rows := append([]int{i.Row}, i.AlsoRows...)
	shown := rows[:min(len(rows), maxItemRows)]
	return itemView{
		Row: i.Row, Rows: shown, MoreRows: len(rows) - len(shown), AccessKeyID: clean(i.AccessKeyID, maxItemName), UserName: clean(i.UserName, maxItemName),
		OwnerName: clean(i.OwnerName, maxItemName), EndDate: s.day(i.EndDate),
		Reason: s.word("reason", i.Reason), ToDo: s.known("fix", i.Reason), ReasonInWords: s.known("reason", i.Reason) != "",
		Value: clean(i.Value, maxItemValue), DeleteAt: moment(i.DeleteAt), ItemNote: clean(i.Detail, maxItemValue),
		Subject: subject(i),
	}
}

// itemSize is an upper bound of the length of a line, whatever the language.
func itemSize(i Item) int {
	n := itemOverhead
	for _, name := range []string{i.AccessKeyID, i.UserName, i.OwnerName, i.EndDate, i.Reason} {
		n += units(clean(name, maxItemName))
	}
	return n + units(clean(i.Value, maxItemValue)) + units(clean(i.Detail, maxItemValue))
}
