package notify

import "time"

// VisitReminder reminds of a visit some days before it: when it is, and nothing
// of what it is for or with whom. By e-mail, text.
type VisitReminder struct{ At time.Time }

func (VisitReminder) Kind() string { return "visit_reminder" }

func (VisitReminder) links() []Path { return []Path{signInPath} }

func init() { reader[VisitReminder]() }

func (v VisitReminder) mail(w writer) mail {
	return mail{Subject: w.named("notify.visit.subject"), Title: w.t("notify.visit.reminder.title"),
		Lead:   []string{w.named("notify.visit.booked.lead", w.ending(v.At)), w.t("notify.visit.reminder.change"), w.t("notify.visit.private")},
		Button: w.t("notify.news.button"), URL: w.url(signInPath)}
}

func (v VisitReminder) text(w writer) string {
	return w.named("notify.visit.reminder.text", w.ending(v.At), w.url(signInPath))
}
