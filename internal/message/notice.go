package message

import "fmt"

// Notice writes the message about one key in a language, ja or en. The owner is told of Expiry, Deactivated and
// Revoked alone: any other kind for the owner is an error, as is an unknown kind, audience or language. Texts in n
// never are: whatever they hold, the message keeps Slack's limits and nothing in it is active but the mention and the
// link.
func (t *Texts) Notice(lang string, n Notice) (Message, error) {
	one, err := t.language(lang)
	if err != nil {
		return Message{}, err
	}
	return one.notice(n)
}

func (t texts) notice(n Notice) (Message, error) {
	prefix := n.Kind + "/" + string(n.Audience) + "/"
	if !t.has(prefix + "title") {
		return Message{}, fmt.Errorf("message: there is no text of kind %q for %q", n.Kind, n.Audience)
	}
	s := speaker{texts: t, data: t.view(n)}
	p := &page{}
	p.header(s.say(prefix + "title"))
	if n.Audience == ToOwner {
		p.mention(n.Owner.SlackUserID)
	}
	p.paragraph(s.say(prefix + "lead"))
	p.table(s.fields(n.Audience))
	p.paragraph(s.labelled("purpose"))
	for _, part := range []string{"owner", "plan", "done", "todo"} {
		p.paragraph(s.say(prefix + part))
	}
	p.link(n.SheetURL, s.say("words/openSheet"))
	p.note(s.say("words/footer"))
	fallback := s.say(prefix + "fallback")
	if s.err != nil {
		return Message{}, s.err
	}
	return p.message(fallback)
}

// speaker executes templates over the same data and keeps the first error.
type speaker struct {
	texts
	data any
	err  error
}

func (s *speaker) say(name string) string {
	text, err := s.texts.say(name, s.data)
	if err != nil && s.err == nil {
		s.err = err
	}
	return text
}

// labelled gives "<label>\n<value>" of a field.
func (s *speaker) labelled(field string) string {
	value := s.say("value/" + field)
	if value == "" {
		value = s.say("words/none")
	}
	return s.say("label/"+field) + "\n" + value
}

// fields of the table. Admins see whose key it is; the owner knows.
func (s *speaker) fields(a Audience) []string {
	names := []string{"userName", "accessKeyID", "account", "resource", "startDate", "endDate", "daysLeft", "lastUsed"}
	if a == ToAdmin {
		names = append([]string{"ownerName"}, names...)
	}
	if s.say("value/deleteAt") != "" {
		names = append(names, "deleteAt")
	}
	var out []string
	for _, name := range names {
		out = append(out, s.labelled(name))
	}
	return out
}
