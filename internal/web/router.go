package web

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"portico/internal/access"
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
)

// Settings are what the router needs to know of the outside.
type Settings struct {
	Base    *url.URL       // every link in a message begins with it; its host is the only one answered
	Hosts   []string       // further hosts that may be asked for
	Trusted []netip.Prefix // proxies whose X-Forwarded-For is believed
	Clinic  *page.Clinic
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
	home                 string
}

// Route is one registered address, for the generated list and the
// authorization tests.
type Route struct {
	Method, Path string
	Audience     string // "visitor", "enrolling", "patient", "staff", "system"
	Need         string // permission, task or level
	Form         bool
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

// StaffNav adds a place to the staff rail; it is shown to those who may open it.
func (r *Router) StaffNav(n page.NavItem) { r.staffNav = append(r.staffNav, n) }

type (
	visitorFunc   = func(*Request, access.Visitor) (Reply, error)
	enrollingFunc = func(*Request, access.Applicant) (Reply, error)
	patientFunc   = func(*Request, access.Chart) (Reply, error)
	staffFunc     = func(*Request, access.Desk) (Reply, error)
	systemFunc    = func(*Request) (Reply, error)
)

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
	r.patient(pattern, p, h, false)
}

// PatientForm registers a form that needs a chart opened for p.
func (r *Router) PatientForm(pattern string, p access.Permission, h patientFunc) {
	r.patient(pattern, p, h, true)
}

func (r *Router) patient(pattern string, p access.Permission, h patientFunc, form bool) {
	if p == "" {
		panic("patient route without a permission: " + pattern)
	}
	r.add(pattern, Route{Audience: "patient", Need: string(p), Form: form}, func(q *Request) (Reply, error) {
		q.shell.Audience = page.Patient
		token := q.Cookie(SessionCookie)
		if token == "" {
			return q.toSignIn("/signin"), nil
		}
		c, live, err := r.gate.Chart(q.Context(), token, p, pattern, q.visitor)
		if errors.Is(err, access.ErrNoSession) {
			return q.toSignIn("/signin").Cookie(SessionCookie, "", -1), nil
		}
		if err != nil {
			return Reply{}, err
		}
		q.bind(SessionCookie, token)
		q.shell.Idle, q.shell.Absolute = access.Idle, live.Expires
		q.shell.Nav, q.shell.SignOut = r.patientNav, "/signout"
		q.shell.Mark = r.mark(string(c.Account()))
		return q.run(form, func() (Reply, error) { return h(q, c) })
	})
}

// Staff registers a staff page that needs t.
func (r *Router) Staff(pattern string, t access.Task, h staffFunc) { r.staff(pattern, t, h, false) }

// StaffForm registers a staff form that needs t.
func (r *Router) StaffForm(pattern string, t access.Task, h staffFunc) { r.staff(pattern, t, h, true) }

func (r *Router) staff(pattern string, t access.Task, h staffFunc, form bool) {
	if t == "" {
		panic("staff route without a task: " + pattern)
	}
	r.add(pattern, Route{Audience: "staff", Need: string(t), Form: form}, func(q *Request) (Reply, error) {
		q.shell.Audience = page.Staff
		token := q.Cookie(StaffCookie)
		if token == "" {
			return q.toSignIn("/staff/signin"), nil
		}
		d, live, err := r.gate.Desk(q.Context(), token, t, pattern, q.visitor)
		if errors.Is(err, access.ErrNoSession) {
			return q.toSignIn("/staff/signin").Cookie(StaffCookie, "", -1), nil
		}
		if err != nil {
			return Reply{}, err
		}
		q.bind(StaffCookie, token)
		q.shell.Idle, q.shell.Absolute = access.Idle, live.Expires
		q.shell.Person, q.shell.SignOut, q.shell.Wide = d.Name(), "/staff/signout", true
		q.shell.Nav = r.allowed(d)
		q.shell.Mark = r.mark(string(d.Staff()))
		return q.run(form, func() (Reply, error) { return h(q, d) })
	})
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
func (r *Router) mark(id string) string { return r.keys.Index("web.mark", id)[:16] }

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
