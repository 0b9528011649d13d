package notify

import "time"

type (
	// StaffLink carries the one-time link by which a staff user sets up their
	// sign-in. By e-mail.
	StaffLink struct {
		Link    Path
		Expires time.Time
	}
	// StaffSetUp tells a staff user that their sign-in was set up. By e-mail.
	StaffSetUp struct{ At time.Time }
)

func (StaffLink) Kind() string  { return "staff_link" }
func (StaffSetUp) Kind() string { return "staff_set_up" }

func (n StaffLink) links() []Path { return []Path{n.Link} }
func (StaffSetUp) links() []Path  { return nil }

func init() {
	reader[StaffLink]()
	reader[StaffSetUp]()
}

func (n StaffLink) mail(w writer) mail {
	return mail{Subject: w.named("staff.mail.link.subject"), Title: w.t("staff.mail.link.title"),
		Lead:   []string{w.named("staff.mail.link.lead"), w.t("staff.mail.link.need")},
		Button: w.t("staff.mail.link.button"), URL: w.url(n.Link),
		After: []string{w.t("staff.mail.link.until", w.moment(n.Expires)), w.t("staff.mail.link.ignore")}}
}

func (n StaffSetUp) mail(w writer) mail {
	return mail{Subject: w.named("staff.mail.setup.subject"), Title: w.t("staff.mail.setup.title"),
		Lead: []string{w.named("staff.mail.setup.lead", w.moment(n.At)), w.t("staff.mail.setup.todo")}}
}
