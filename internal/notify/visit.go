package notify

import "time"

// Visit tells of a visit that was booked, moved or cancelled: when it is, and
// nothing of what it is for or with whom. By e-mail, text.
type Visit struct {
	What VisitChange
	At   time.Time
}

// VisitChange is what happened to a visit.
type VisitChange string

const (
	VisitBooked    VisitChange = "booked"
	VisitMoved     VisitChange = "moved"
	VisitCancelled VisitChange = "cancelled"
)

func (Visit) Kind() string { return "visit" }

func (Visit) links() []Path { return []Path{signInPath} }

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
	return mail{Subject: w.named("notify.visit.subject"), Title: w.t(v.key("title")),
		Lead:   []string{w.named(v.key("lead"), w.ending(v.At)), w.t("notify.visit.private")},
		Button: w.t("notify.news.button"), URL: w.url(signInPath)}
}

func (v Visit) text(w writer) string {
	return w.named(v.key("text"), w.ending(v.At), w.url(signInPath))
}
