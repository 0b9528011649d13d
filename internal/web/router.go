package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/store"
)

// Names of the cookies. The prefix binds them to this host, path / and TLS.
const (
	SessionCookie = "__Host-session"
	StaffCookie   = "__Host-staff"
	EnrolCookie   = "__Host-enrol"
	VisitorCookie = "__Host-visitor"
	langCookie    = "__Host-lang"
	themeCookie   = "__Host-theme"
	textCookie    = "__Host-text"
	zoneCookie    = "__Host-zone"
)

// Settings are what the router needs to know of the outside.
type Settings struct {
	Base    *url.URL       // every link in a message begins with it; its host is the only one answered
	Hosts   []string       // further hosts that may be asked for
	Trusted []netip.Prefix // proxies whose X-Forwarded-For is believed
	Clinic  page.Profile
	Watch   Watch // nil for none
	Demo    bool
	Banner  func() string // notice above every page, "" for none
}

// Router holds the routes. Make it with New, register, then serve it.
type Router struct {
	set                  Settings
	db                   *store.DB
	gate                 *access.Gate
	keys                 *secret.Keyring
	log                  *slog.Logger
	mux                  *http.ServeMux
	routes               []Route
	meter                *meter
	patientNav, staffNav []page.NavItem
	queues               []queue
	home, account        string
	kept                 kept
	open                 []string // patterns that other sites' scripts may call
	agreement            Agreement
	free                 []string // where the agreement does not stand in the way
	files                []upload
}

// Route is one registered address, for the generated list and the
// authorization tests.
type Route struct {
	Method, Path string
	Audience     string // "visitor", "enrolling", "patient", "staff", "system"
	Need         string // permission, task or level
	Form         bool
	Raised       bool // needs password and second step proven in the last ten minutes
}

// New makes a router without routes.
func New(set Settings, db *store.DB, gate *access.Gate, keys *secret.Keyring, log *slog.Logger) *Router {
	return &Router{set: set, db: db, gate: gate, keys: keys, log: log, mux: http.NewServeMux(), meter: newMeter()}
}

// Routes lists what was registered, in order of path.
func (r *Router) Routes() []Route {
	out := slices.Clone(r.routes)
	slices.SortFunc(out, func(a, b Route) int {
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	return out
}

// PatientNav adds a place to the signed-in patient's navigation.
func (r *Router) PatientNav(n page.NavItem) { r.patientNav = append(r.patientNav, n) }

// PatientAccount names the page of one's own account, to which the frame of every
// patient page leads.
func (r *Router) PatientAccount(path string) { r.account = path }

// StaffNav adds a place to the staff rail; it is shown to those who may open it.
// The first page stands first, whatever order the rooms come in.
func (r *Router) StaffNav(n page.NavItem) {
	if n.Path == "/staff" {
		r.staffNav = slices.Insert(r.staffNav, 0, n)
		return
	}
	r.staffNav = append(r.staffNav, n)
}

type (
	visitorFunc   = func(*Request, access.Visitor) (Reply, error)
	enrollingFunc = func(*Request, access.Applicant) (Reply, error)
	patientFunc   = func(*Request, access.Chart) (Reply, error)
	systemFunc    = func(*Request) (Reply, error)
)

// StaffFunc answers signed-in staff who may do the route's task.
type StaffFunc = func(*Request, access.Desk) (Reply, error)

// Visitor registers a page for anybody.
func (r *Router) Visitor(pattern string, h visitorFunc) { r.visitor(pattern, h, false) }

// VisitorForm registers a form for anybody.
func (r *Router) VisitorForm(pattern string, h visitorFunc) { r.visitor(pattern, h, true) }

func (r *Router) visitor(pattern string, h visitorFunc, form bool) {
	r.add(pattern, Route{Audience: "visitor", Form: form}, func(q *Request) (Reply, error) {
		q.shell.Audience = page.Visitor
		q.bind(VisitorCookie, q.visitorToken())
		return q.run(form, func() (Reply, error) { return h(q, q.visitor) })
	})
}

// Enrolling registers a page for someone half-way through opening an account,
// proven to the given level.
func (r *Router) Enrolling(pattern string, l access.Level, h enrollingFunc) {
	r.enrolling(pattern, l, h, false)
}

// EnrollingForm registers a form for the same.
func (r *Router) EnrollingForm(pattern string, l access.Level, h enrollingFunc) {
	r.enrolling(pattern, l, h, true)
}

var levelNames = map[access.Level]string{access.Requested: "requested", access.Matched: "matched", access.Proven: "proven"}

func (r *Router) enrolling(pattern string, l access.Level, h enrollingFunc, form bool) {
	r.add(pattern, Route{Audience: "enrolling", Need: levelNames[l], Form: form}, func(q *Request) (Reply, error) {
		q.shell.Audience = page.Enrolling
		token := q.Cookie(EnrolCookie)
		a, err := r.gate.Applicant(q.Context(), token, q.visitor)
		if errors.Is(err, access.ErrNoSession) || (err == nil && a.Level() < l) {
			return Redirect("/enroll?again=1").Cookie(EnrolCookie, "", -1), nil
		}
		if err != nil {
			return Reply{}, err
		}
		q.bind(EnrolCookie, token)
		return q.run(form, func() (Reply, error) { return h(q, a) })
	})
}

// Patient registers a page that needs a chart opened for p.
func (r *Router) Patient(pattern string, p access.Permission, h patientFunc) {
	r.patient(pattern, Route{Need: string(p)}, h)
}

// PatientForm registers a form that needs a chart opened for p.
func (r *Router) PatientForm(pattern string, p access.Permission, h patientFunc) {
	r.patient(pattern, Route{Need: string(p), Form: true}, h)
}

// PatientRaised registers a page that needs a chart opened for p in a session
// raised within the last ten minutes. Whoever has not is sent to confirm who
// they are and comes back to this page.
func (r *Router) PatientRaised(pattern string, p access.Permission, h patientFunc) {
	r.patient(pattern, Route{Need: string(p), Raised: true}, h)
}

// PatientRaisedForm registers a form that needs the same. If the ten minutes are
// over when it is sent, nothing is done: the person confirms who they are and
// comes back to the nearest page at or above the form's address, where the
// browser gives back what was typed if the form has page.FormSpec.Keep.
func (r *Router) PatientRaisedForm(pattern string, p access.Permission, h patientFunc) {
	r.patient(pattern, Route{Need: string(p), Form: true, Raised: true}, h)
}

func (r *Router) patient(pattern string, t Route, h patientFunc) {
	if t.Need == "" {
		panic("patient route without a permission: " + pattern)
	}
	t.Audience = "patient"
	open := r.gate.Chart
	if t.Raised {
		open = r.gate.RaisedChart
	}
	r.add(pattern, t, func(q *Request) (Reply, error) {
		q.shell.Audience = page.Patient
		token := q.Cookie(SessionCookie)
		if token == "" {
			return q.toSignIn("/signin"), nil
		}
		c, live, err := open(q.Context(), token, access.Permission(t.Need), pattern, q.visitor)
		switch {
		case errors.Is(err, access.ErrNoSession):
			return q.toSignIn("/signin").Cookie(SessionCookie, "", -1), nil
		case errors.Is(err, access.ErrNotRaised):
			return q.toConfirm(), nil
		case err != nil:
			return Reply{}, err
		}
		// To the session, not to its token: raising it in one tab must not make
		// forms in the others stale.
		q.bind(SessionCookie, string(c.Session()))
		q.seen(live.Stamp)
		q.shell.Idle, q.shell.Absolute = live.Spell, live.Expires
		q.shell.Nav, q.shell.SignOut = r.patientNav, "/signout"
		q.shell.Account = r.account
		q.shell.Mark = r.mark(string(c.Account()))
		q.shell.Owner, q.shell.OwnerBirth = live.Name, live.Birth
		q.shell.Person, _, _ = strings.Cut(strings.TrimSpace(live.Name), " ")
		if reply, first, err := q.agreed(c); first || err != nil {
			return reply, err
		}
		reply, err := q.run(t.Form, func() (Reply, error) { return h(q, c) })
		if errors.Is(err, access.ErrNotRaised) {
			return q.toConfirm(), nil
		}
		return reply, r.refused(q, c.Did(audit.PageRefused, pattern).With(t.Need), err)
	})
}

// Staff registers a staff page that needs t.
func (r *Router) Staff(pattern string, t access.Task, h StaffFunc) {
	r.staff(pattern, Route{Need: string(t)}, h)
}

// StaffForm registers a staff form that needs t.
func (r *Router) StaffForm(pattern string, t access.Task, h StaffFunc) {
	r.staff(pattern, Route{Need: string(t), Form: true}, h)
}

// StaffRaised registers a staff page that needs t in a session raised within the last
// ten minutes. Whoever has not is sent to confirm who they are, and comes back to
// this page; from a file, to the list it is made of.
func (r *Router) StaffRaised(pattern string, t access.Task, h StaffFunc) {
	r.staff(pattern, Route{Need: string(t), Raised: true}, h)
}

func (r *Router) staff(pattern string, t Route, h StaffFunc) {
	if t.Need == "" {
		panic("staff route without a task: " + pattern)
	}
	t.Audience = "staff"
	open := r.gate.Desk
	if t.Raised {
		open = r.gate.RaisedDesk
	}
	r.add(pattern, t, func(q *Request) (Reply, error) {
		q.shell.Audience = page.Staff
		token := q.Cookie(StaffCookie)
		if token == "" {
			return q.toSignIn("/staff/signin"), nil
		}
		d, live, err := open(q.Context(), token, access.Task(t.Need), pattern, q.visitor)
		switch {
		case errors.Is(err, access.ErrNoSession):
			return q.deskEnded(token)
		case errors.Is(err, access.ErrNotRaised):
			return q.toStaffConfirm(), nil
		case err != nil:
			return Reply{}, err
		}
		q.bind(StaffCookie, string(d.Session())) // not to its token; see patient
		q.seen(live.Stamp)
		q.shell.Idle, q.shell.Absolute = access.Idle, live.Expires
		q.shell.Person, q.shell.SignOut, q.shell.Wide = d.Name(), "/staff/signout", true
		q.shell.Nav = r.allowed(d)
		q.shell.Mark = r.mark(string(d.Staff()))
		reply, err := q.run(t.Form, func() (Reply, error) { return h(q, d) })
		if err == nil && reply.draw != nil {
			q.shell.Counts, err = r.waiting(q.Context(), d)
		}
		return reply, r.refused(q, d.Did(audit.PageRefused, pattern).With(t.Need), err)
	})
}

// refused writes a line in the audit log when somebody signed in asked for what
// is not theirs or is not there: the answer is the same for both, and whoever
// tries many identifiers shall be seen. The identifier itself is not kept: an
// address can hold anything. It gives err back, or why the line was not written.
func (r *Router) refused(q *Request, e audit.Entry, err error) error {
	if err == errStale || !(fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied)) {
		return err
	}
	// Not with the request's context: whoever hangs up early is seen too.
	if werr := r.gate.Refuse(context.WithoutCancel(q.Context()), e); werr != nil {
		return werr
	}
	return err
}

// allowed leaves out of the staff rail what the person may not open.
func (r *Router) allowed(d access.Desk) []page.NavItem {
	return slices.DeleteFunc(slices.Clone(r.staffNav), func(n page.NavItem) bool {
		return !slices.ContainsFunc(r.routes, func(t Route) bool {
			return t.Method == "GET" && t.Path == n.Path && d.May(access.Task(t.Need))
		})
	})
}

// mark is a stable opaque name of an account for its own browser.
func (r *Router) mark(id string) string { return r.keys.Lasting("web.mark", id)[:16] }

// System registers an address without a person: health, callbacks, assets.
func (r *Router) System(pattern string, h systemFunc) {
	r.add(pattern, Route{Audience: "system"}, func(q *Request) (Reply, error) { return h(q) })
}

// SystemHandler registers a ready-made handler without a person.
func (r *Router) SystemHandler(pattern string, h http.Handler) {
	r.note(pattern, Route{Audience: "system"})
	r.mux.Handle(pattern, h)
}

func (r *Router) note(pattern string, t Route) Route {
	t.Method, t.Path, _ = strings.Cut(pattern, " ")
	if t.Path == "" {
		t.Method, t.Path = "", pattern
	}
	if t.Audience != "system" && (t.Method == "POST") != t.Form {
		panic("a POST is a form and nothing else is: " + pattern)
	}
	if t.Audience != "system" && t.Method != "GET" && t.Method != "POST" {
		panic("neither a page nor a form: " + pattern)
	}
	r.routes = append(r.routes, t)
	return t
}

func (r *Router) add(pattern string, t Route, h func(*Request) (Reply, error)) {
	t = r.note(pattern, t)
	r.mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) {
		q := r.request(w, req, t)
		reply, err := h(q)
		r.answer(q, reply, err)
	})
}
