package notify

import "time"

// ContactReviewed tells whether the clinic has taken a contact that the patient
// proved over into their chart. By e-mail, text.
type ContactReviewed struct{ Taken bool }

func (ContactReviewed) Kind() string  { return "contact_reviewed" }
func (ContactReviewed) links() []Path { return nil }

func init() {
	reader[ContactReviewed]()
	reader[EmergencyAlarm]()
	reader[EmergencyOpened]()
	reader[CheckInAlarm]()
}

type (
	// EmergencyAlarm tells administrators and auditors that somebody opened a
	// chart without a task. By e-mail.
	EmergencyAlarm struct {
		At   time.Time
		Link Path
	}
	// CheckInAlarm tells staff that an answer given at check-in must be looked at
	// now. Neither whose nor what it says stands in it. By e-mail.
	CheckInAlarm struct {
		At   time.Time
		Link Path
	}
	// EmergencyOpened tells the patient. By e-mail, text.
	EmergencyOpened struct{ At time.Time }
)

func (EmergencyAlarm) Kind() string    { return "emergency_alarm" }
func (CheckInAlarm) Kind() string      { return "checkin_alarm" }
func (EmergencyOpened) Kind() string   { return "emergency_opened" }
func (n EmergencyAlarm) links() []Path { return []Path{n.Link} }
func (n CheckInAlarm) links() []Path   { return []Path{n.Link} }
func (EmergencyOpened) links() []Path  { return []Path{signInPath} }

func (n EmergencyAlarm) mail(w writer) mail {
	return mail{Subject: w.named("emergency.mail.alarm.subject"), Title: w.t("emergency.mail.alarm.title"),
		Lead:   []string{w.t("emergency.mail.alarm.lead", w.moment(n.At)), w.t("emergency.mail.alarm.todo")},
		Button: w.t("emergency.mail.alarm.button"), URL: w.url(n.Link)}
}

func (n CheckInAlarm) mail(w writer) mail {
	return mail{Subject: w.named("checkin.mail.alarm.subject"), Title: w.t("checkin.mail.alarm.title"), Lead: []string{w.t("checkin.mail.alarm.lead", w.moment(n.At))},
		Button: w.t("checkin.mail.alarm.button"), URL: w.url(n.Link)}
}

func (n EmergencyOpened) mail(w writer) mail {
	return mail{Subject: w.named("emergency.mail.opened.subject"), Title: w.t("emergency.mail.opened.title"),
		Lead:   []string{w.named("emergency.mail.opened.lead", w.moment(n.At)), w.t("emergency.mail.opened.todo")},
		Button: w.t("notify.news.button"), URL: w.url(signInPath)}
}

func (EmergencyOpened) text(w writer) string {
	return w.callText(w.named("emergency.mail.opened.text"))
}

func (n ContactReviewed) mail(w writer) mail {
	m := mail{Subject: w.named("office.mail.contact.subject"), Title: w.t("office.mail.contact.taken"), Lead: []string{w.named("office.mail.contact.taken.lead")}}
	if !n.Taken {
		m.Title, m.Lead = w.t("office.mail.contact.left"), []string{w.named("office.mail.contact.left.lead"), w.t("office.mail.contact.left.todo")}
	}
	return m
}

func (n ContactReviewed) text(w writer) string {
	if n.Taken {
		return w.callText(w.named("office.mail.contact.taken.lead"))
	}
	return w.callText(w.named("office.mail.contact.left.lead"))
}
