package console

import (
	"context"
	"errors"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/registry"
	"portico/internal/staff"
	"portico/internal/store"
	"portico/internal/trail"
	"portico/internal/web"
)

// Console is the door. It holds the rooms it calls.
type Console struct {
	DB       *store.DB
	Registry *registry.Room
	Enroll   *enroll.Room
	Accounts *account.Accounts
	Staff    *staff.Staff
	Trail    *trail.Trail
	Outbox   *notify.Outbox
	Clinic   *page.Clinic
}

// Mount registers the pages.
func (c *Console) Mount(r *web.Router) {
	r.Staff("GET /staff", access.SeeDesk, c.home)
	r.StaffNav(page.NavItem{Path: "/staff", Icon: "house", TextKey: "console.nav.home"})

	r.Staff("GET /staff/patients", access.FindPatients, c.find)
	r.StaffNav(page.NavItem{Path: "/staff/patients", Icon: "users-round", TextKey: "console.nav.patients"})
	r.Staff("GET /staff/patients/{id}", access.FindPatients, c.patient)
	r.Staff("GET /staff/patients/{id}/issue", access.IssueCodes, c.askIssue)
	r.StaffForm("POST /staff/patients/{id}/issue", access.IssueCodes, c.issue)

	r.Staff("GET /staff/codes", access.IssueCodes, c.codes)
	r.StaffNav(page.NavItem{Path: "/staff/codes", Icon: "key-round", TextKey: "console.nav.codes"})
	r.Staff("GET /staff/codes/{id}", access.IssueCodes, c.code)
	r.StaffForm("POST /staff/codes/{id}/show", access.IssueCodes, c.showCode)
	r.StaffForm("POST /staff/codes/{id}/letter", access.IssueCodes, c.letter)
	r.StaffForm("POST /staff/codes/{id}/revoke", access.IssueCodes, c.revoke)

	r.Staff("GET /staff/requests", access.ReviewRequests, c.requests)
	r.StaffNav(page.NavItem{Path: "/staff/requests", Icon: "shield-check", TextKey: "console.nav.requests"})
	r.Staff("GET /staff/requests/{id}", access.ReviewRequests, c.request)
	r.StaffForm("POST /staff/requests/{id}/call", access.ReviewRequests, c.call)
	r.StaffForm("POST /staff/requests/{id}/approve", access.ReviewRequests, c.approve)
	r.StaffForm("POST /staff/requests/{id}/reject", access.ReviewRequests, c.reject)
	r.StaffForm("POST /staff/requests/{id}/ask", access.ReviewRequests, c.askMore)
	r.StaffForm("POST /staff/requests/{id}/flag", access.ReviewRequests, c.flag)
	c.mountOffice(r)
}

// show answers with a page of the console under a title.
func show(title string, draw func(page.Shell) templ.Component) web.Reply {
	return web.Show(func(s page.Shell) templ.Component { return draw(s.Called(s.T(title))) })
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

// HomePage is the desk's first page.
type HomePage struct {
	Breaker   bool
	Since     time.Time
	Numbers   []page.Stat
	Places    []page.Row
	Waiting   int
	Longest   time.Time
	FrontOnly bool
}

func (c *Console) home(q *web.Request, d access.Desk) (web.Reply, error) {
	p, err := c.day(q.Context(), q, d)
	return show("console.home.title", func(s page.Shell) templ.Component { return home(s, p) }), err
}

// day gathers the numbers of the day that this person may see, each with the
// list it counts.
func (c *Console) day(ctx context.Context, q *web.Request, d access.Desk) (p HomePage, err error) {
	if p.Since, p.Breaker, err = c.Enroll.Breaker(ctx, d); err != nil {
		return p, err
	}
	add := func(n int, text, href, icon string, tone page.Tone) {
		row := page.Row{Href: href, Icon: icon, Title: q.T(text), Text: q.T("console.home.none")}
		if n > 0 {
			row.Text, row.Tone = q.T("console.home.n", n), tone
		}
		p.Places = append(p.Places, row)
	}
	if d.May(access.ReviewRequests) {
		n, err := c.Enroll.Waiting(ctx, d)
		if err != nil {
			return p, err
		}
		q.Counts(map[string]int{"/staff/requests": n})
		add(n, "console.home.requests", "/staff/requests", "shield-check", page.Warn)
	}
	if d.May(access.FindPatients) {
		p.Places = append(p.Places, page.Row{Href: "/staff/patients", Icon: "search", Title: q.T("console.home.find"), Text: q.T("console.home.find.text")})
	}
	if d.May(access.IssueCodes) {
		p.Places = append(p.Places, page.Row{Href: "/staff/codes?state=suspended", Icon: "ban", Title: q.T("console.home.suspended"), Text: q.T("console.home.suspended.text")})
	}
	p.Places = append(p.Places, c.office(q, d)...)
	return p, nil
}

// hasAccount tells whether a patient has an account of their own.
func (c *Console) hasAccount(ctx context.Context, p ids.Patient) (has bool, err error) {
	err = c.DB.View(ctx, func(tx *store.Tx) error {
		has, err = c.Accounts.Exists(ctx, tx, p)
		return err
	})
	return has, err
}

var errMissing = fault.Missing()

// absent makes a row that does not exist into a 404.
func absent(err error) error {
	if errors.Is(err, store.ErrNone) {
		return errMissing
	}
	return err
}
