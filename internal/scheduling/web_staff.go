package scheduling

import (
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/web"
)

// MountDesk registers the staff's routes.
func (s *Scheduling) MountDesk(r *web.Router) {
	r.StaffNav(page.NavItem{Path: "/staff/schedule", Icon: "calendar-days", TextKey: "scheduling.desk.nav"})
	r.StaffQueue("/staff/schedule", access.BookVisitsFor, cannotCount)
	r.Staff("GET /staff/schedule", access.SeeSchedule, s.showDay)
	r.Staff("GET /staff/schedule/visits/{id}", access.SeeSchedule, s.showOne)
	r.StaffForm("POST /staff/schedule/visits/{id}/mark", access.BookVisitsFor, s.markForm)
	r.StaffForm("POST /staff/schedule/visits/{id}/note", access.BookVisitsFor, s.noteForm)
	r.StaffForm("POST /staff/schedule/visits/{id}/cancel", access.BookVisitsFor, s.cancelForForm)
	r.Staff("GET /staff/schedule/visits/{id}/move", access.BookVisitsFor, s.showMoveFor)
	r.StaffForm("POST /staff/schedule/visits/{id}/move", access.BookVisitsFor, s.moveForForm)
	r.Staff("GET /staff/schedule/book/{id}", access.BookVisitsFor, s.showBookFor)
	r.StaffForm("POST /staff/schedule/book/{id}", access.BookVisitsFor, s.bookForForm)
	s.mountSetup(r)
}

// DayPage is a day or a week of the clinic.
type DayPage struct {
	View    DayView
	Week    bool
	Filter  Filter
	Today   Day
	Outside []Visit
	Crossed []Visit
	MaySet  bool
	MayBook bool
}

// href is this page at another day.
func (p DayPage) href(d Day, week bool) string {
	v := url.Values{"day": {string(d)}}
	if week {
		v.Set("span", "week")
	}
	if p.Filter.Clinician != "" {
		v.Set("who", string(p.Filter.Clinician))
	}
	if p.Filter.Place != "" {
		v.Set("place", string(p.Filter.Place))
	}
	return "/staff/schedule?" + v.Encode()
}

func (s *Scheduling) showDay(r *web.Request, d access.Desk) (web.Reply, error) {
	p := DayPage{Week: r.Ask("span") == "week", Filter: Filter{ids.Clinician(r.Ask("who")), ids.Place(r.Ask("place"))}, Today: s.Day(s.DB.Now()), MaySet: d.May(access.SetSchedule), MayBook: d.May(access.BookVisitsFor)}
	day, ok := ParseDay(r.Ask("day"))
	if !ok {
		day = p.Today
	}
	n := 1
	if p.Week {
		n = 7
		day = day.Add(-int(day.Weekday()))
	}
	var err error
	if p.View, err = s.See(r.Context(), d, day, n, p.Filter); err != nil {
		return web.Reply{}, err
	}
	if p.Outside, err = s.Outside(r.Context(), d); err != nil {
		return web.Reply{}, err
	}
	if p.Crossed, err = s.Crossed(r.Context(), d); err != nil {
		return web.Reply{}, err
	}
	return web.Show(func(sh page.Shell) templ.Component { return dayPage(sh, p) }), nil
}

// OnePage is one visit at the desk.
type OnePage struct {
	One       One
	May       bool // change it
	Check     bool // see how its patient checked in
	Note, Why string
}

// deskDone are the sentences a visit's page can say after something was done to it.
var deskDone = map[string]string{
	"booked": "scheduling.desk.done.booked", "moved": "scheduling.desk.done.moved", "cancelled": "scheduling.desk.done.cancelled",
	"marked": "scheduling.desk.done.marked", "noted": "scheduling.desk.done.noted",
}

func (s *Scheduling) showOne(r *web.Request, d access.Desk) (web.Reply, error) {
	return s.onePage(r, d, "", "", nil)
}

func (s *Scheduling) onePage(r *web.Request, d access.Desk, note, why string, wrong error) (web.Reply, error) {
	o, err := s.Look(r.Context(), d.For(access.SeeSchedule), ids.Appointment(r.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	if note == "" {
		note = o.Visit.Note
	}
	done := deskDone[r.Ask("done")]
	return web.Show(func(sh page.Shell) templ.Component {
		if done != "" && wrong == nil {
			sh.Done = sh.T(done)
		}
		return one(sh.BackTo("/staff/schedule?day="+string(o.Visit.Day)), OnePage{o, d.May(access.BookVisitsFor), d.May(access.SeeCheckIns), note, why})
	}).Fix(wrong), nil
}

// settled leads back to the visit and says what was done, or shows it with what is wrong.
func (s *Scheduling) settled(r *web.Request, d access.Desk, done string, typed OnePage, err error) (web.Reply, error) {
	if f, ok := fault.As(err); ok && f.Kind == fault.Conflict {
		err = fault.Bad("", f.Text)
	}
	if fault.Fixable(err) {
		return s.onePage(r, d, typed.Note, typed.Why, err)
	}
	return web.Redirect("/staff/schedule/visits/" + r.PathValue("id") + "?done=" + done), err
}

func (s *Scheduling) markForm(r *web.Request, d access.Desk) (web.Reply, error) {
	return s.settled(r, d, "marked", OnePage{}, s.Mark(r.Context(), d, ids.Appointment(r.PathValue("id")), State(r.Text("as"))))
}

func (s *Scheduling) noteForm(r *web.Request, d access.Desk) (web.Reply, error) {
	note := r.Text("note")
	return s.settled(r, d, "noted", OnePage{Note: note}, s.Note(r.Context(), d, ids.Appointment(r.PathValue("id")), note))
}

func (s *Scheduling) cancelForForm(r *web.Request, d access.Desk) (web.Reply, error) {
	why := r.Text("why")
	return s.settled(r, d, "cancelled", OnePage{Why: why}, s.CancelFor(r.Context(), d, ids.Appointment(r.PathValue("id")), why))
}

// DeskTimesPage is the choice of a time at the desk.
type DeskTimesPage struct {
	TimesPage
	Patient ids.Patient
	Name    string
	Types   []VisitType // to choose from, nil when a visit is moved
	Reason  string
}

func (s *Scheduling) showBookFor(r *web.Request, d access.Desk) (web.Reply, error) {
	return s.bookForPage(r, d, asked(r.Ask), "", nil)
}

func (s *Scheduling) bookForPage(r *web.Request, d access.Desk, q Query, reason string, wrong error) (web.Reply, error) {
	of := ids.Patient(r.PathValue("id"))
	w, err := s.Counter(r.Context(), d, of)
	if err != nil {
		return web.Reply{}, err
	}
	here := "/staff/schedule/book/" + string(of)
	p := DeskTimesPage{TimesPage: TimesPage{Action: here, Path: here, Clinic: w.Clinic}, Patient: of, Name: w.Name, Reason: reason}
	p.Types = slices.DeleteFunc(slices.Clone(w.Clinic.Types), func(t VisitType) bool { return !t.Active || len(t.Who) == 0 })
	if i := slices.IndexFunc(p.Types, func(t VisitType) bool { return t.ID == q.Type }); i >= 0 {
		p.Type = p.Types[i]
		q.Video = q.Video && p.Type.Video || !p.Type.InPerson
		if p.Found, err = s.FindFor(r.Context(), d, of, q); err != nil {
			return web.Reply{}, err
		}
	}
	p.Query = q
	return web.Show(func(sh page.Shell) templ.Component { return deskTimes(sh.BackTo("/staff/schedule"), p) }).Fix(wrong), nil
}

func (s *Scheduling) bookForForm(r *web.Request, d access.Desk) (web.Reply, error) {
	q, reason := asked(r.Text), r.Text("reason")
	p, err := parsePick(q.Type, r.Text("time"))
	var id ids.Appointment
	if err == nil {
		id, err = s.BookFor(r.Context(), d, ids.Patient(r.PathValue("id")), p, reason)
	}
	if fault.Fixable(err) {
		return s.bookForPage(r, d, q, reason, err)
	}
	return web.Redirect("/staff/schedule/visits/" + string(id) + "?done=booked"), err
}

func (s *Scheduling) showMoveFor(r *web.Request, d access.Desk) (web.Reply, error) {
	return s.moveForPage(r, d, asked(r.Ask), nil)
}

func (s *Scheduling) moveForPage(r *web.Request, d access.Desk, q Query, wrong error) (web.Reply, error) {
	o, err := s.Look(r.Context(), d.For(access.SeeSchedule), ids.Appointment(r.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	here := "/staff/schedule/visits/" + string(o.Visit.ID)
	q.Type, q.Moving = o.Visit.Type, o.Visit.ID
	if r.Ask("how") == "" && r.Text("how") == "" {
		q.Video = o.Visit.Video
	}
	kind := o.Clinic.Type(q.Type)
	q.Video = q.Video && kind.Video || !kind.InPerson
	p := DeskTimesPage{TimesPage: TimesPage{Action: here + "/move", Path: here + "/move", Clinic: o.Clinic, Type: kind, Moving: &o.Visit}, Patient: o.Visit.Patient, Name: o.Name}
	if p.Found, err = s.FindFor(r.Context(), d, o.Visit.Patient, q); err != nil {
		return web.Reply{}, err
	}
	p.Query = q
	return web.Show(func(sh page.Shell) templ.Component { return deskTimes(sh.BackTo(here), p) }).Fix(wrong), nil
}

func (s *Scheduling) moveForForm(r *web.Request, d access.Desk) (web.Reply, error) {
	p, err := parsePick("", r.Text("time"))
	if err == nil {
		err = s.MoveFor(r.Context(), d, ids.Appointment(r.PathValue("id")), p)
	}
	if fault.Fixable(err) {
		return s.moveForPage(r, d, asked(r.Text), err)
	}
	return web.Redirect("/staff/schedule/visits/" + r.PathValue("id") + "?done=moved"), err
}
