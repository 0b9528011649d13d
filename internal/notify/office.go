package notify

// ContactReviewed tells whether the clinic has taken a contact that the patient
// proved over into their chart. By e-mail, text.
type ContactReviewed struct{ Taken bool }

func (ContactReviewed) Kind() string  { return "contact_reviewed" }
func (ContactReviewed) links() []Path { return nil }

func init() { reader[ContactReviewed]() }

func (n ContactReviewed) mail(w writer) mail {
	m := mail{Subject: w.named("office.mail.contact.subject"), Title: w.t("office.mail.contact.taken"), Lead: []string{w.named("office.mail.contact.taken.lead")}}
	if !n.Taken {
		m.Title, m.Lead = w.t("office.mail.contact.left"), []string{w.named("office.mail.contact.left.lead"), w.t("office.mail.contact.left.todo")}
	}
	m.Lead = append(m.Lead, w.t("office.mail.call", w.clinic.Phone))
	return m
}

func (n ContactReviewed) text(w writer) string {
	if n.Taken {
		return w.callText(w.named("office.mail.contact.taken.lead"))
	}
	return w.callText(w.named("office.mail.contact.left.lead"))
}
