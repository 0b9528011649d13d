package scheduling

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/web"
)

// Mount registers the patient's routes.
func (s *Scheduling) Mount(r *web.Router) {
	r.PatientNav(page.NavItem{Path: "/visits", Also: "/waiting", Icon: "calendar-days", TextKey: "scheduling.nav"})
	r.Patient("GET /visits", access.SeeVisits, s.showVisits)
	r.Patient("GET /visits/new", access.BookVisits, s.showTypes)
	r.Patient("GET /visits/new/time", access.BookVisits, s.showTimes)
	r.PatientForm("POST /visits/new/time", access.BookVisits, s.hold)
	r.Patient("GET /visits/{id}", access.SeeVisits, s.showVisit)
	r.Patient("GET /visits/{id}/confirm", access.BookVisits, s.showConfirm)
	r.PatientForm("POST /visits/{id}/confirm", access.BookVisits, s.confirm)
	r.Patient("GET /visits/{id}/move", access.BookVisits, s.showMove)
	r.PatientForm("POST /visits/{id}/move", access.BookVisits, s.moveForm)
	r.Patient("GET /visits/{id}/cancel", access.BookVisits, s.showCancel)
	r.PatientForm("POST /visits/{id}/cancel", access.BookVisits, s.cancelForm)
	s.mountLinks(r)
}

// VisitsPage lists a patient's visits.
type VisitsPage struct{ Mine Mine }

func (s *Scheduling) showVisits(r *web.Request, c access.Chart) (web.Reply, error) {
	m, err := s.Visits(r.Context(), c)
	return web.Show(func(sh page.Shell) templ.Component { return visits(sh, VisitsPage{m}) }), err
}

// TypesPage is the choice of a kind of visit.
type TypesPage struct{ Offers Offers }

func (s *Scheduling) showTypes(r *web.Request, c access.Chart) (web.Reply, error) {
	o, err := s.Offers(r.Context(), c)
	return web.Show(func(sh page.Shell) templ.Component { return types(sh.BackTo("/visits"), TypesPage{o}) }), err
}

// asked reads what times a page asks for.
func asked(get func(string) string) Query {
	q := Query{Type: ids.VisitType(get("type")), Clinician: ids.Clinician(get("who")), Place: ids.Place(get("place")), Video: get("how") == "video"}
	q.From, _ = ParseDay(get("from"))
	q.After, q.Most = Mark(get("after")), pageMost
	q.Part = ParsePart(get("part"))
	return q
}

// values writes a query back into an address; nothing in it is about the person.
func (q Query) values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("type", string(q.Type))
	set("who", string(q.Clinician))
	set("place", string(q.Place))
	set("part", string(q.Part))
	set("from", string(q.From))
	set("after", string(q.After))
	if q.Video {
		v.Set("how", "video")
	}
	return v
}

func (q Query) later(from Day, after Mark) Query {
	q.From, q.After = from, after
	return q
}

// code writes a time as the value of a button.
func (t Time) code() string {
	how := "person"
	if t.Video {
		how = "video"
	}
	return strings.Join([]string{string(t.Clinician), string(t.Place), how, strconv.FormatInt(t.Start.Unix(), 10)}, " ")
}

// parsePick reads it. What it says is checked against the calendar, not believed.
func parsePick(of ids.VisitType, code string) (Pick, error) {
	f := strings.Fields(code)
	if len(f) != 4 {
		return Pick{}, fault.Bad("time", "scheduling.time.choose")
	}
	n, err := strconv.ParseInt(f[3], 10, 64)
	if err != nil || n < 0 || n > 1<<33 {
		return Pick{}, fault.Bad("time", "scheduling.time.choose")
	}
	return Pick{Type: of, Clinician: ids.Clinician(f[0]), Place: ids.Place(f[1]), Video: f[2] == "video", Start: time.Unix(n, 0).UTC()}, nil
}

// TimesPage is the choice of a time, for a new visit or for one that is moved.
type TimesPage struct {
	Action  string // where a chosen time is sent
	Path    string // where other times are asked for
	Type    VisitType
	Query   Query
	Found   Found
	Clinic  Clinic
	Moving  *Visit
	Reason  string // typed for a time that was lost or given back
	Refused bool   // the time that was wanted could not be had
}

func (s *Scheduling) showTimes(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.timesPage(r, c, asked(r.Ask), "", nil)
}

func (s *Scheduling) timesPage(r *web.Request, c access.Chart, q Query, reason string, wrong error) (web.Reply, error) {
	o, err := s.Offers(r.Context(), c)
	if err != nil {
		return web.Reply{}, err
	}
	i := slices.IndexFunc(o.Types, func(t VisitType) bool { return t.ID == q.Type })
	if i < 0 || !o.Types[i].Direct {
		return web.Redirect("/visits/new"), nil
	}
	p := TimesPage{Action: "/visits/new/time", Path: "/visits/new/time", Type: o.Types[i], Clinic: o.Clinic, Reason: reason, Refused: wrong != nil}
	if !p.Type.InPerson {
		q.Video = true
	}
	if !p.Type.Video {
		q.Video = false
	}
	if p.Found, err = s.Find(r.Context(), c, q); err != nil {
		return web.Reply{}, err
	}
	p.Query = q
	return web.Show(func(sh page.Shell) templ.Component { return times(sh.BackTo("/visits/new"), p) }).Fix(wrong), nil
}

func (s *Scheduling) hold(r *web.Request, c access.Chart) (web.Reply, error) {
	q := asked(r.Text)
	p, err := parsePick(q.Type, r.Text("time"))
	var id ids.Appointment
	if err == nil {
		id, err = s.Hold(r.Context(), c, p)
	}
	reason := r.Text("reason")
	if fault.Fixable(err) {
		return s.timesPage(r, c, q, reason, err)
	}
	if err == nil && reason != "" {
		return s.confirmPage(r, c, id, reason, nil) // an address would show it
	}
	return web.Redirect("/visits/" + string(id) + "/confirm?" + q.values().Encode()), err
}

// ConfirmPage shows a held time.
type ConfirmPage struct {
	Query  Query // by which it was found
	My     MyVisit
	Reason string
	Left   time.Duration
}

func (s *Scheduling) showConfirm(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.confirmPage(r, c, ids.Appointment(r.PathValue("id")), "", nil)
}

func (s *Scheduling) confirmPage(r *web.Request, c access.Chart, id ids.Appointment, reason string, wrong error) (web.Reply, error) {
	m, err := s.Visit(r.Context(), c, id)
	if err != nil {
		return web.Reply{}, err
	}
	left := m.Visit.HeldUntil.Sub(s.DB.Now())
	q := asked(func(name string) string { return cmp.Or(r.Text(name), r.Ask(name)) })
	q.Type, q.Video = m.Visit.Type, m.Visit.Video
	if m.Visit.State.Ahead() {
		return web.Redirect("/visits/" + string(m.Visit.ID)), nil
	}
	if m.Visit.State != Held || left <= 0 {
		if wrong == nil {
			wrong = refuse(m.Gone)
		}
		return s.timesPage(r, c, q, reason, wrong)
	}
	return web.Show(func(sh page.Shell) templ.Component {
		return confirm(sh.BackTo("/visits/new/time?"+q.values().Encode()), ConfirmPage{q, m, reason, left})
	}).Fix(wrong), nil
}

func (s *Scheduling) confirm(r *web.Request, c access.Chart) (web.Reply, error) {
	id, reason := ids.Appointment(r.PathValue("id")), r.Text("reason")
	if r.Text("other") != "" {
		return s.anotherTime(r, c, id, reason)
	}
	err := s.Confirm(r.Context(), c, id, reason)
	if fault.Fixable(err) {
		return s.confirmPage(r, c, id, reason, err)
	}
	return web.Redirect("/visits/" + string(id) + "?done=booked"), err
}

// anotherTime gives the held time back and shows the times again by the same choices,
// with what was written kept.
func (s *Scheduling) anotherTime(r *web.Request, c access.Chart, id ids.Appointment, reason string) (web.Reply, error) {
	m, err := s.Visit(r.Context(), c, id)
	if err == nil {
		err = s.LetGo(r.Context(), c)
	}
	if err != nil {
		return web.Reply{}, err
	}
	q := asked(r.Text)
	q.Type, q.Video = m.Visit.Type, m.Visit.Video
	return s.timesPage(r, c, q, reason, nil)
}

// VisitPage is one visit.
type VisitPage struct {
	My   MyVisit
	Done string
}

func (s *Scheduling) showVisit(r *web.Request, c access.Chart) (web.Reply, error) {
	m, err := s.Visit(r.Context(), c, ids.Appointment(r.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	if m.Visit.State == Held {
		return web.Redirect("/visits/" + string(m.Visit.ID) + "/confirm"), nil
	}
	done := r.Ask("done")
	return web.Show(func(sh page.Shell) templ.Component {
		if slices.Contains([]string{"booked", "moved", "cancelled", "answered"}, done) {
			sh.Done = sh.T("scheduling.done." + done)
		}
		return visit(sh.BackTo("/visits"), VisitPage{m, done})
	}), nil
}

func (s *Scheduling) showMove(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.movePage(r, c, asked(r.Ask), nil)
}

func (s *Scheduling) movePage(r *web.Request, c access.Chart, q Query, wrong error) (web.Reply, error) {
	m, err := s.Visit(r.Context(), c, ids.Appointment(r.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	here := "/visits/" + string(m.Visit.ID)
	if m.Cannot != "" || m.Stays != "" {
		return web.Redirect(here), nil
	}
	p := TimesPage{Action: here + "/move", Path: here + "/move", Type: m.Type, Clinic: m.Clinic, Moving: &m.Visit, Refused: wrong != nil}
	q.Type, q.Moving = m.Visit.Type, m.Visit.ID
	if r.Ask("how") == "" && r.Text("how") == "" {
		q.Video = m.Visit.Video
	}
	q.Video = q.Video && m.Type.Video || !m.Type.InPerson
	if p.Found, err = s.Find(r.Context(), c, q); err != nil {
		return web.Reply{}, err
	}
	p.Query = q
	return web.Show(func(sh page.Shell) templ.Component { return times(sh.BackTo(here), p) }).Fix(wrong), nil
}

func (s *Scheduling) moveForm(r *web.Request, c access.Chart) (web.Reply, error) {
	id := ids.Appointment(r.PathValue("id"))
	p, err := parsePick("", r.Text("time"))
	if err == nil {
		err = s.Move(r.Context(), c, id, p)
	}
	if fault.Fixable(err) {
		return s.movePage(r, c, asked(r.Text), err)
	}
	return web.Redirect("/visits/" + string(id) + "?done=moved"), err
}

// CancelPage asks whether to give a visit up.
type CancelPage struct {
	My  MyVisit
	Why string
}

func (s *Scheduling) showCancel(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.cancelPage(r, c, "", nil)
}

func (s *Scheduling) cancelPage(r *web.Request, c access.Chart, why string, wrong error) (web.Reply, error) {
	m, err := s.Visit(r.Context(), c, ids.Appointment(r.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	here := "/visits/" + string(m.Visit.ID)
	if m.Cannot != "" {
		return web.Redirect(here), nil
	}
	return web.Show(func(sh page.Shell) templ.Component { return cancelVisit(sh.BackTo(here), CancelPage{m, why}) }).Fix(wrong), nil
}

func (s *Scheduling) cancelForm(r *web.Request, c access.Chart) (web.Reply, error) {
	id, why := ids.Appointment(r.PathValue("id")), r.Text("why")
	err := s.Cancel(r.Context(), c, id, why)
	if Refused(err) != "" || fault.Is(err, fault.Conflict) {
		return web.Redirect("/visits/" + string(id)), nil
	}
	if fault.Fixable(err) {
		return s.cancelPage(r, c, why, err)
	}
	return web.Redirect("/visits/" + string(id) + "?done=cancelled"), err
}
