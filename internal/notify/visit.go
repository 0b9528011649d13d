package notify

import (
	"time"

	"portico/internal/ical"
)

// Visit tells of a visit that was booked, moved or cancelled: when it is, and
// nothing of what it is for or with whom. By e-mail, text.
type Visit struct {
	What   VisitChange
	At     time.Time
	Zone   string // of the patient, "" for the clinic's
	Answer Path   // says whether they come; "" for a cancelled visit
	Entry  Entry  // for the patient's calendar
}

// Entry is what a calendar must know to find a visit again and change it.
type Entry struct {
	ID      string // of the visit, "" for no entry
	Version int
	Until   time.Time
	Changed time.Time
}

// files is the visit for the patient's calendar. Like the message it says when, and
// nothing of what it is for, with whom or where.
func (v Visit) files(w writer) []file {
	if v.Entry.ID == "" || w.base == nil {
		return nil
	}
	c := ical.Calendar{Zone: w.clinic.Zone, Organizer: w.sender(), Cancel: v.What == VisitCancelled, Events: []ical.Event{{UID: ical.UID(v.Entry.ID, w.base), Version: v.Entry.Version, Changed: v.Entry.Changed,
		Start: v.At, End: v.Entry.Until, Summary: w.named("notify.visit.entry"), Notes: w.t("notify.visit.private"), URL: w.url(Path("/visits/" + v.Entry.ID))}}}
	method := "PUBLISH"
	if c.Cancel {
		method = "CANCEL"
	}
	return []file{{Name: "visit.ics", Type: ical.Mime + "; method=" + method, Content: c.Bytes()}}
}

// sender is the address that speaks for what is in a calendar.
func (w writer) sender() string {
	if w.from != "" {
		return w.from
	}
	return "no-reply@" + w.base.Hostname()
}

// VisitChange is what happened to a visit.
type VisitChange string

const (
	VisitBooked    VisitChange = "booked"
	VisitMoved     VisitChange = "moved"
	VisitCancelled VisitChange = "cancelled"
)

func (Visit) Kind() string { return "visit" }

func (v Visit) links() []Path { return answerLinks(v.Answer) }

func init() { reader[Visit]() }

// key spells the keys out, so that the test of texts finds them.
func (v Visit) key(part string) string {
	return map[VisitChange]map[string]string{
		VisitBooked:    {"title": "notify.visit.booked.title", "lead": "notify.visit.booked.lead", "text": "notify.visit.booked.text"},
		VisitMoved:     {"title": "notify.visit.moved.title", "lead": "notify.visit.moved.lead", "text": "notify.visit.moved.text"},
		VisitCancelled: {"title": "notify.visit.cancelled.title", "lead": "notify.visit.cancelled.lead", "text": "notify.visit.cancelled.text"},
	}[v.What][part]
}

func (v Visit) mail(w writer) mail {
	return w.answered(mail{Subject: w.named("notify.visit.subject"), Title: w.t(v.key("title")),
		Lead: []string{w.named(v.key("lead"), w.zoned(v.At, v.Zone)), w.t("notify.visit.private")}}, v.Answer)
}

func (v Visit) text(w writer) string {
	return w.named(v.key("text"), w.zoned(v.At, v.Zone), w.url(answerOr(v.Answer)))
}

// zoned is a time with its zone, and the time where the patient is.
func (w writer) zoned(t time.Time, zone string) string {
	home := w.clinic.Zone
	if home == nil {
		home = time.UTC
	}
	var away *time.Location
	if z, err := time.LoadLocation(zone); err == nil && zone != "" {
		away = z
	}
	return w.l.Zoned(t, home, away)
}

// answered is an e-mail by which the patient can say whether they come, without
// signing in, and leads to the account for all else.
func (w writer) answered(m mail, answer Path) mail {
	if answer == "" {
		m.Button, m.URL = w.t("notify.news.button"), w.url(signInPath)
		return m
	}
	m.Lead = append(m.Lead, w.t("notify.visit.answer.lead"))
	m.Button, m.URL = w.t("notify.visit.answer"), w.url(answer)
	m.Second, m.SecondURL, m.SecondWord = w.t("notify.visit.see"), w.url(signInPath), w.t("notify.news.button")
	return m
}

func answerLinks(answer Path) []Path {
	if answer == "" {
		return []Path{signInPath}
	}
	return []Path{answer, signInPath}
}

func answerOr(answer Path) Path {
	if answer == "" {
		return signInPath
	}
	return answer
}
