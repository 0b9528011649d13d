package console

import (
	"errors"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/jobs"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/registry"
	"portico/internal/secret"
	"portico/internal/staff"
	"portico/internal/store"
	"portico/internal/trail"
	"portico/internal/web"
)

// Console is the door. It holds the rooms it calls.
type Console struct {
	DB       *store.DB
	Keys     *secret.Keyring
	Registry *registry.Room
	Enroll   *enroll.Room
	Accounts *account.Accounts
	Staff    *staff.Staff
	Trail    *trail.Trail
	Outbox   *notify.Outbox
	Jobs     *jobs.Runner
	Clinic   page.Profile
}

// Mount registers the pages.
func (c *Console) Mount(r *web.Router) {
	d := desk{r}
	d.page("GET /staff", access.SeeDesk, c.home)
	r.StaffNav(page.NavItem{Path: "/staff", Icon: "house", TextKey: "console.nav.home"})
	c.mountPatients(d)
	c.mountCodes(d)
	c.mountRequests(d)
	c.mountUndelivered(d)
	c.mountTroubles(d)
	c.mountPeople(d)
	c.mountRoles(d)
	c.mountContacts(d)
	c.mountJobs(d)
	c.mountAudit(d)
	c.queues(r)
}

// queues puts what waits beside the places of the rail that are the console's own.
func (c *Console) queues(r *web.Router) {
	r.StaffQueue("/staff/requests", access.ReviewRequests, web.Counted(enroll.RequestsWaiting))
	r.StaffQueue("/staff/frozen", access.ReviewRequests, web.Counted(account.FrozenWaiting))
	r.StaffQueue("/staff/undelivered", access.SeeUndelivered, web.Counted(notify.UndeliveredWaiting))
	r.StaffQueue(contactsPath, access.ReviewContacts, web.Counted(account.ProposedWaiting))
	r.StaffQueue(jobsPath, access.SeeJobs, web.Counted(jobs.FailedWaiting))
}

// desk registers pages and forms.
type desk struct{ r *web.Router }

func (d desk) page(pattern string, t access.Task, h web.StaffFunc)   { d.r.Staff(pattern, t, h) }
func (d desk) raised(pattern string, t access.Task, h web.StaffFunc) { d.r.StaffRaised(pattern, t, h) }
func (d desk) form(pattern string, t access.Task, h web.StaffFunc)   { d.r.StaffForm(pattern, t, h) }

// place registers a page that has a place of its own in the rail.
func (d desk) place(pattern string, t access.Task, h web.StaffFunc, n page.NavItem) {
	d.page(pattern, t, h)
	d.r.StaffNav(n)
}

// doneTexts are the sentences a page can say after something was done. The
// address names one of them; anything else says nothing.
var doneTexts = map[string]string{
	"revoked": "desk.done.revoked", "called": "desk.done.called", "first": "desk.done.first", "rejected": "desk.done.rejected",
	"asked": "desk.done.asked", "flagged": "desk.done.flagged", "settled": "desk.done.settled", "restored": "desk.done.restored",
	"closed": "desk.done.closed", "twin": "desk.done.twin", "invited": "desk.done.invited", "roles": "desk.done.roles", "linked": "desk.done.linked",
	"disabled": "desk.done.disabled", "enabled": "desk.done.enabled", "out": "office.done.out",
	"taken": "office.done.taken", "left": "office.done.left", "late": "office.done.late",
	"again": "office.done.again", "dropped": "office.done.dropped",
	"resent": "office.done.resent", "allagain": "office.done.allagain", "faster": "office.undelivered.faster",
}

// show answers with a page of the console under a title.
func (c *Console) show(q *web.Request, title string, draw func(page.Shell) templ.Component) web.Reply {
	return web.Show(func(s page.Shell) templ.Component {
		s = s.Called(title)
		if key, ok := doneTexts[q.Ask("done")]; ok && len(s.Problems) == 0 {
			s.Done = s.T(key)
		}
		return draw(s)
	})
}

// words is a shell for writing dates and texts before the page is drawn.
func (c *Console) words(q *web.Request) page.Shell {
	return page.Shell{Lang: q.Lang, Clinic: c.Clinic.Now()}
}

// refused makes a fault that staff can do something about into a problem of the
// form they sent, so that its sentence stands on the page they are at.
func refused(err error) (error, bool) {
	f, ok := fault.As(err)
	if !ok {
		return err, false
	}
	switch f.Kind {
	case fault.Invalid:
		return err, true
	case fault.Conflict, fault.TooMany:
		return &fault.Fault{Kind: fault.Invalid, Text: f.Text, Problems: []fault.Problem{{Text: f.Text}}}, true
	}
	return err, false
}

// absent makes a row that does not exist into a 404.
func absent(err error) error {
	if errors.Is(err, store.ErrNone) {
		return fault.Missing()
	}
	return err
}
