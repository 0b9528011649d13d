package scheduling

import (
	"fmt"
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

// readClock reads a time of day: "9:00", "9:00 a.m.", "13:30". -1 for anything else.
func readClock(s string) int {
	s = strings.ToLower(strings.NewReplacer(".", "", " ", "").Replace(s))
	half := 0
	if t, ok := strings.CutSuffix(s, "am"); ok {
		s, half = t, 1
	} else if t, ok := strings.CutSuffix(s, "pm"); ok {
		s, half = t, 2
	}
	hour, minute, ok := strings.Cut(s, ":")
	if !ok {
		minute = "0"
	}
	h, err := strconv.Atoi(hour)
	m, merr := strconv.Atoi(minute)
	if err != nil || merr != nil || h < 0 || m < 0 || m > 59 || h > 24 || half != 0 && (h < 1 || h > 12) {
		return -1
	}
	if half != 0 {
		h = h%12 + 12*(half-1)
	}
	return h*60 + m
}

// typedDay reads the three boxes of a day.
func typedDay(r *web.Request, name string) Day {
	d, _ := ParseDay(fmt.Sprintf("%04s-%02s-%02s", r.Text(name+"_year"), r.Text(name+"_month"), r.Text(name+"_day")))
	return d
}

// typedOf keeps what was typed into a form.
func typedOf(r *web.Request) map[string]string {
	t := map[string]string{}
	for name := range r.PostForm {
		if name != page.FormKeyField {
			t[name] = r.Text(name)
		}
	}
	return t
}

func (s *Scheduling) showHours(r *web.Request, d access.Desk) (web.Reply, error) {
	return s.hoursPage(r, d, nil, nil)
}

func (s *Scheduling) hoursPage(r *web.Request, d access.Desk, typed map[string]string, wrong error) (web.Reply, error) {
	p := ClinicianPage{ID: r.PathValue("id"), Typed: typed}
	var err error
	if p.Week, err = s.Week(r.Context(), d, ids.Clinician(p.ID)); err != nil {
		return web.Reply{}, err
	}
	if p.Clinic, err = s.Setup(r.Context(), d); err != nil {
		return web.Reply{}, err
	}
	return web.Show(func(sh page.Shell) templ.Component { return hoursForm(sh.BackTo(p.path()), p) }).Fix(wrong), nil
}

func (s *Scheduling) hoursForm(r *web.Request, d access.Desk) (web.Reply, error) {
	weekday, err := strconv.Atoi(r.Text("weekday"))
	if err != nil {
		weekday = -1
	}
	every, err := strconv.Atoi(r.Text("every"))
	if err != nil {
		every = 1
	}
	at := strings.SplitN(r.Text("place"), " ", 2)
	b := Block{Clinician: ids.Clinician(r.PathValue("id")), Place: ids.Place(at[0]), InPerson: r.Ticked("in_person"), Video: r.Ticked("video"), Weekday: time.Weekday(weekday),
		From: readClock(r.Text("from")), Until: readClock(r.Text("until")), EveryWeeks: every, First: typedDay(r, "first"), Last: typedDay(r, "last"), OnlyType: ids.VisitType(r.Text("only"))}
	if len(at) == 2 {
		b.Room = ids.Room(at[1])
	}
	if b.First == "" && r.Text("first_year")+r.Text("first_month")+r.Text("first_day") == "" {
		b.First = s.Day(s.DB.Now())
	}
	if _, err := s.Week(r.Context(), d, b.Clinician); err != nil {
		return web.Reply{}, err
	}
	if err := s.AddBlock(r.Context(), d, b); fault.Fixable(err) {
		return s.hoursPage(r, d, typedOf(r), err)
	} else if err != nil {
		return web.Reply{}, err
	}
	return web.Redirect("/staff/schedule/clinicians/" + string(b.Clinician) + "?done=1"), nil
}

func (s *Scheduling) dropForm(r *web.Request, d access.Desk) (web.Reply, error) {
	id := ids.Block(r.Text("block"))
	w, err := s.Week(r.Context(), d, ids.Clinician(r.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	here := web.Redirect("/staff/schedule/clinicians/" + r.PathValue("id") + "?done=1")
	if !slices.ContainsFunc(w.Blocks, func(b Block) bool { return b.ID == id }) {
		return here, nil // somebody took them out already
	}
	if touched, err := s.sure(r, d, Change{Drop: []ids.Block{id}}); len(touched) > 0 {
		return s.clinicianPage(r, d, ClinicianPage{Touched: touched, Sure: id}, err)
	} else if err != nil {
		return web.Reply{}, err
	}
	return here, s.DropBlock(r.Context(), d, id)
}
