package scheduling

import (
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/web"
)

func (s *Scheduling) mountSetup(r *web.Router) {
	r.Staff("GET /staff/schedule/setup", access.SetSchedule, s.showSetup)
	r.Staff("GET /staff/schedule/types/{id}", access.SetSchedule, s.showType)
	r.StaffForm("POST /staff/schedule/types/{id}", access.SetSchedule, s.typeForm)
	r.Staff("GET /staff/schedule/places/{id}", access.SetSchedule, s.showPlace)
	r.StaffForm("POST /staff/schedule/places/{id}", access.SetSchedule, s.placeForm)
	r.StaffForm("POST /staff/schedule/places/{id}/room", access.SetSchedule, s.roomForm)
	r.Staff("GET /staff/schedule/clinicians/{id}", access.SetSchedule, s.showClinician)
	r.StaffForm("POST /staff/schedule/clinicians/{id}", access.SetSchedule, s.clinicianForm)
	r.Staff("GET /staff/schedule/clinicians/{id}/hours", access.SetSchedule, s.showHours)
	r.StaffForm("POST /staff/schedule/clinicians/{id}/hours", access.SetSchedule, s.hoursForm)
	r.StaffForm("POST /staff/schedule/clinicians/{id}/drop", access.SetSchedule, s.dropForm)
	r.Staff("GET /staff/schedule/closures", access.SetSchedule, s.showClosures)
	r.StaffForm("POST /staff/schedule/closures", access.SetSchedule, s.closureForm)
	r.StaffForm("POST /staff/schedule/closures/reopen", access.SetSchedule, s.reopenForm)
}

// fresh stands for the id of something that is not there yet.
const fresh = "new"

const setupPath = "/staff/schedule/setup"

// SetupPage leads to the parts of the schedule.
type SetupPage struct{ Clinic Clinic }

func (s *Scheduling) showSetup(r *web.Request, d access.Desk) (web.Reply, error) {
	c, err := s.Setup(r.Context(), d)
	done := r.Ask("done") != ""
	return web.Show(func(sh page.Shell) templ.Component {
		if done {
			sh.Done = sh.T("scheduling.desk.done")
		}
		return setup(sh.BackTo("/staff/schedule"), SetupPage{c})
	}), err
}

// TypePage is the form for a kind of visit, with numbers as they were typed.
type TypePage struct {
	ID     string
	Type   VisitType
	Typed  map[string]string
	Clinic Clinic

	Touched []Visit // what giving it up leaves booked
}

// numbers of a kind of visit, in the order of the form.
var typeNumbers = []string{"minutes", "before", "after", "step", "notice", "horizon", "cutoff", "day_most", "open_most", "request_most"}

func (v *VisitType) number(name string) *int {
	return map[string]*int{"minutes": &v.Minutes, "before": &v.Before, "after": &v.After, "step": &v.Step, "notice": &v.Notice,
		"horizon": &v.Horizon, "cutoff": &v.CutOff, "day_most": &v.DayMost, "open_most": &v.OpenMost, "request_most": &v.AskMost}[name]
}

func (s *Scheduling) showType(r *web.Request, d access.Desk) (web.Reply, error) {
	c, err := s.Setup(r.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	v := VisitType{Minutes: 30, Step: 15, InPerson: true, Direct: true, Notice: 120, Horizon: 90, CutOff: 24 * 60, AskMost: 1, Active: true}
	if id := r.PathValue("id"); id != fresh {
		if v = c.Type(ids.VisitType(id)); v.ID == "" {
			return web.Reply{}, fault.Missing()
		}
	}
	p := TypePage{ID: r.PathValue("id"), Type: v, Typed: map[string]string{}, Clinic: c}
	for _, n := range typeNumbers {
		p.Typed[n] = strconv.Itoa(*v.number(n))
	}
	return s.typePage(p, nil), nil
}

func (s *Scheduling) typePage(p TypePage, wrong error) web.Reply {
	return web.Show(func(sh page.Shell) templ.Component { return typeForm(sh.BackTo(setupPath), p) }).Fix(wrong)
}

func (s *Scheduling) typeForm(r *web.Request, d access.Desk) (web.Reply, error) {
	c, err := s.Setup(r.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	p := TypePage{ID: r.PathValue("id"), Typed: map[string]string{}, Clinic: c}
	if p.ID != fresh {
		if p.Type.ID = c.Type(ids.VisitType(p.ID)).ID; p.Type.ID == "" {
			return web.Reply{}, fault.Missing()
		}
	}
	v := &p.Type
	v.Name, v.About, v.Prepare = Both{r.Text("name_en"), r.Text("name_es")}, Both{r.Text("about_en"), r.Text("about_es")}, Both{r.Text("prepare_en"), r.Text("prepare_es")}
	v.InPerson, v.Video, v.Direct, v.Active = r.Ticked("in_person"), r.Ticked("video"), r.Ticked("direct"), r.Ticked("active")
	for _, n := range typeNumbers {
		p.Typed[n] = r.Text(n)
		k, err := strconv.Atoi(p.Typed[n])
		if err != nil {
			k = -1 // refused with the range that is right
		}
		*v.number(n) = k
	}
	for _, k := range c.Clinicians {
		if slices.Contains(r.PostForm["who"], string(k.ID)) {
			v.Who = append(v.Who, k.ID)
		}
	}
	err = v.Check()
	if err == nil && c.Type(v.ID).Active && !v.Active {
		p.Touched, err = s.sure(r, d, Change{Type: v.ID})
	}
	if err == nil {
		_, err = s.SaveType(r.Context(), d, *v)
	}
	if fault.Fixable(err) {
		return s.typePage(p, err), nil
	}
	return web.Redirect(setupPath + "?done=1"), err
}

// sure refuses a change that leaves booked visits behind until whoever makes it has
// seen them and says so.
func (s *Scheduling) sure(r *web.Request, d access.Desk, ch Change) ([]Visit, error) {
	if r.Ticked("sure") {
		return nil, nil
	}
	touched, err := s.Touches(r.Context(), d, ch)
	if err == nil && len(touched) > 0 {
		err = fault.Bad("sure", "scheduling.stays.tick", len(touched))
	}
	return touched, err
}

// PlacePage is the form for a place.
type PlacePage struct {
	ID    string
	Place Place
	Rooms []Room

	Clinic  Clinic
	Touched []Visit // what giving it up leaves outside the week
}

func (s *Scheduling) showPlace(r *web.Request, d access.Desk) (web.Reply, error) {
	return s.placePage(r, d, PlacePage{}, nil)
}

// placePage shows the place as typed if something is wrong with it.
func (s *Scheduling) placePage(r *web.Request, d access.Desk, p PlacePage, wrong error) (web.Reply, error) {
	c, err := s.Setup(r.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	typed := p.Place
	p.ID, p.Clinic, p.Place = r.PathValue("id"), c, Place{Active: true}
	if p.ID != fresh {
		if p.Place = c.Place(ids.Place(p.ID)); p.Place.ID == "" {
			return web.Reply{}, fault.Missing()
		}
	}
	p.Rooms = slices.DeleteFunc(slices.Clone(c.Rooms), func(m Room) bool { return m.Place != p.Place.ID || p.Place.ID == "" })
	if typed != (Place{}) {
		p.Place = typed
	}
	done := r.Ask("done") != ""
	return web.Show(func(sh page.Shell) templ.Component {
		if done && wrong == nil {
			sh.Done = sh.T("scheduling.desk.done")
		}
		return placeForm(sh.BackTo(setupPath), p)
	}).Fix(wrong), nil
}

// knownID gives the id in the address, "" for a new thing.
func knownID(r *web.Request) string {
	if id := r.PathValue("id"); id != fresh {
		return id
	}
	return ""
}

func (s *Scheduling) placeForm(r *web.Request, d access.Desk) (web.Reply, error) {
	p := Place{ID: ids.Place(knownID(r)), Name: r.Text("name"), Address: r.Text("address"), Directions: Both{r.Text("directions_en"), r.Text("directions_es")}, Phone: r.Text("phone"), Active: r.Ticked("active")}
	c, err := s.Setup(r.Context(), d)
	if err != nil || p.ID != "" && c.Place(p.ID).ID == "" {
		return web.Reply{}, or404(err)
	}
	var touched []Visit
	if c.Place(p.ID).Active && !p.Active {
		touched, err = s.sure(r, d, Change{Place: p.ID})
	}
	if err == nil {
		_, err = s.SavePlace(r.Context(), d, p)
	}
	if fault.Fixable(err) {
		return s.placePage(r, d, PlacePage{Place: p, Touched: touched}, err)
	}
	return web.Redirect(setupPath + "?done=1"), err
}

func or404(err error) error {
	if err == nil {
		return fault.Missing()
	}
	return err
}

func (s *Scheduling) roomForm(r *web.Request, d access.Desk) (web.Reply, error) {
	err := s.AddRoom(r.Context(), d, ids.Place(r.PathValue("id")), r.Text("room"))
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		for i := range f.Problems {
			f.Problems[i].Field = "room"
		}
		return s.placePage(r, d, PlacePage{}, err)
	}
	return web.Redirect("/staff/schedule/places/" + r.PathValue("id") + "?done=1"), err
}

// ClinicianPage is a clinician with the week.
type ClinicianPage struct {
	ID      string
	Week    Week
	Clinic  Clinic
	Typed   map[string]string // into the form for hours
	Block   ids.Block         // the hours that are changed or taken out, "" for none
	Touched []Visit           // what that leaves outside the week
	Left    []Visit           // what giving the clinician up leaves outside the week
}

func (s *Scheduling) showClinician(r *web.Request, d access.Desk) (web.Reply, error) {
	return s.clinicianPage(r, d, ClinicianPage{}, nil)
}

func (s *Scheduling) clinicianPage(r *web.Request, d access.Desk, p ClinicianPage, wrong error) (web.Reply, error) {
	var err error
	if p.Clinic, err = s.Setup(r.Context(), d); err != nil {
		return web.Reply{}, err
	}
	p.ID = r.PathValue("id")
	typed := p.Week.Clinician
	if p.ID == fresh {
		p.Week.Clinician.Active = true
	} else if p.Week, err = s.Week(r.Context(), d, ids.Clinician(p.ID)); err != nil {
		return web.Reply{}, err
	}
	if wrong != nil && p.Block == "" {
		p.Week.Clinician = typed
	}
	done := r.Ask("done") != ""
	return web.Show(func(sh page.Shell) templ.Component {
		if done && wrong == nil {
			sh.Done = sh.T("scheduling.desk.done")
		}
		return clinicianForm(sh.BackTo(setupPath), p)
	}).Fix(wrong), nil
}

func (s *Scheduling) clinicianForm(r *web.Request, d access.Desk) (web.Reply, error) {
	k := Clinician{ID: ids.Clinician(knownID(r)), Name: r.Text("name"), Title: Both{r.Text("title_en"), r.Text("title_es")}, VideoURL: r.Text("video_url"), Active: r.Ticked("active")}
	var w Week
	var touched []Visit
	var err error
	if k.ID != "" {
		if w, err = s.Week(r.Context(), d, k.ID); err != nil {
			return web.Reply{}, err
		}
	}
	if w.Clinician.Active && !k.Active {
		touched, err = s.sure(r, d, Change{Clinician: k.ID})
	}
	id := k.ID
	if err == nil {
		id, err = s.SaveClinician(r.Context(), d, k)
	}
	if fault.Fixable(err) {
		return s.clinicianPage(r, d, ClinicianPage{Week: Week{Clinician: k}, Left: touched}, err)
	}
	return web.Redirect("/staff/schedule/clinicians/" + string(id) + "?done=1"), err
}

// ClosuresPage lists closures to come and has the form for one more.
type ClosuresPage struct {
	Closures []Closure
	Clinic   Clinic
	Typed    map[string]string
	Touched  []Visit
}

func (s *Scheduling) showClosures(r *web.Request, d access.Desk) (web.Reply, error) {
	return s.closuresPage(r, d, ClosuresPage{Typed: map[string]string{}}, nil)
}

func (s *Scheduling) closuresPage(r *web.Request, d access.Desk, p ClosuresPage, wrong error) (web.Reply, error) {
	var err error
	if p.Clinic, err = s.Setup(r.Context(), d); err != nil {
		return web.Reply{}, err
	}
	if p.Closures, err = s.Closures(r.Context(), d); err != nil {
		return web.Reply{}, err
	}
	done := r.Ask("done") != ""
	return web.Show(func(sh page.Shell) templ.Component {
		if done && wrong == nil {
			sh.Done = sh.T("scheduling.desk.done")
		}
		return closuresForm(sh.BackTo(setupPath), p)
	}).Fix(wrong), nil
}

func (s *Scheduling) closureForm(r *web.Request, d access.Desk) (web.Reply, error) {
	c := Closure{Clinician: ids.Clinician(r.Text("who")), Place: ids.Place(r.Text("place")), First: typedDay(r, "first"), Last: typedDay(r, "last"), Until: 24 * 60, Why: r.Text("reason")}
	if r.Text("last_year")+r.Text("last_month")+r.Text("last_day") == "" {
		c.Last = c.First
	}
	if r.Text("from")+r.Text("until") != "" {
		c.From, c.Until = readClock(r.Text("from")), readClock(r.Text("until"))
	}
	var touched []Visit
	err := c.Check()
	if err == nil {
		touched, err = s.sure(r, d, Change{Shut: []Closure{c}})
	}
	if err == nil {
		err = s.Shut(r.Context(), d, c)
	}
	if fault.Fixable(err) {
		return s.closuresPage(r, d, ClosuresPage{Typed: typedOf(r), Touched: touched}, err)
	}
	return web.Redirect("/staff/schedule/closures?done=1"), err
}

func (s *Scheduling) reopenForm(r *web.Request, d access.Desk) (web.Reply, error) {
	return web.Redirect("/staff/schedule/closures?done=1"), s.Reopen(r.Context(), d, ids.Closure(r.Text("closure")))
}
