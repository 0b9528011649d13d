package notify

import "time"

// VisitReminder reminds of a visit some days before it: when it is, and nothing
// of what it is for or with whom. By e-mail, text.
type VisitReminder struct {
	At     time.Time
	Zone   string // of the patient, "" for the clinic's
	Answer Path   // says whether they come
}

func (VisitReminder) Kind() string { return "visit_reminder" }

func (v VisitReminder) links() []Path { return answerLinks(v.Answer) }

func init() { reader[VisitReminder]() }

func (v VisitReminder) mail(w writer) mail {
	return w.answered(mail{Subject: w.named("notify.visit.subject"), Title: w.t("notify.visit.reminder.title"),
		Lead: []string{w.named("notify.visit.booked.lead", w.zoned(v.At, v.Zone)), w.t("notify.visit.reminder.change"), w.t("notify.visit.private")}}, v.Answer)
}

func (v VisitReminder) text(w writer) string {
	return w.named("notify.visit.reminder.text", w.zoned(v.At, v.Zone), w.url(answerOr(v.Answer)))
}
