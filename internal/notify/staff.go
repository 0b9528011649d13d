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
	// StaffPasskey tells a staff user that a passkey was added, removed or copied.
	// By e-mail.
	StaffPasskey struct {
		At   time.Time
		What string // "added", "removed", "copied"
	}
)

func (StaffLink) Kind() string  { return "staff_link" }
func (StaffSetUp) Kind() string { return "staff_set_up" }

// Kind is the stable name in the database.
func (StaffPasskey) Kind() string { return "staff_passkey" }

func (n StaffLink) links() []Path { return []Path{n.Link} }
func (StaffSetUp) links() []Path  { return nil }

func (StaffPasskey) links() []Path { return nil }

func init() {
	reader[StaffLink]()
	reader[StaffSetUp]()
	reader[StaffPasskey]()
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

func (n StaffPasskey) mail(w writer) mail {
	lead := map[string]string{"added": "staff.mail.passkey.added", "removed": "staff.mail.passkey.removed"}[n.What]
	if lead == "" {
		lead = "staff.mail.passkey.copied"
	}
	return mail{Subject: w.named("staff.mail.passkey.subject"), Title: w.t("staff.mail.passkey.title"),
		Lead: []string{w.t(lead, w.moment(n.At)), w.t("staff.mail.passkey.todo")}}
}
