package scheduling

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/web"
)

// readClock reads a time of day: "9:00", "9:00 a.m.", "13:30". -1 for anything else.
func readClock(s string) int {
	s = strings.ToLower(strings.NewReplacer(".", "", " ", "", "\u00a0", "").Replace(s))
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

// minuteOf writes a minute of the day as a clinic's clock shows it.
func minuteOf(l lang.Lang, minute int) string {
	return l.Hour(time.Date(2000, 1, 1, 0, minute, 0, 0, time.UTC))
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

// showHours is the form for more hours, and for those that the address names.
func (s *Scheduling) showHours(r *web.Request, d access.Desk) (web.Reply, error) {
	return s.hoursPage(r, d, ClinicianPage{Block: ids.Block(r.Ask("block"))}, nil)
}

func (s *Scheduling) hoursPage(r *web.Request, d access.Desk, p ClinicianPage, wrong error) (web.Reply, error) {
	p.ID = r.PathValue("id")
	var err error
	if p.Week, err = s.Week(r.Context(), d, ids.Clinician(p.ID)); err != nil {
		return web.Reply{}, err
	}
	was, ok := p.Week.block(p.Block)
	if p.Block != "" && !ok {
		return web.Redirect(p.path()), nil // somebody took them out
	}
	if p.Clinic, err = s.Setup(r.Context(), d); err != nil {
		return web.Reply{}, err
	}
	return web.Show(func(sh page.Shell) templ.Component {
		if ok && p.Typed == nil {
			p.Typed = was.typed(sh.Lang)
		}
		return hoursForm(sh.BackTo(p.path()), p)
	}).Fix(wrong), nil
}

// typed is a stretch as somebody would type it into the form.
func (b Block) typed(l lang.Lang) map[string]string {
	t := map[string]string{"weekday": strconv.Itoa(int(b.Weekday)), "from": minuteOf(l, b.From), "until": minuteOf(l, b.Until),
		"place": strings.TrimSpace(string(b.Place) + " " + string(b.Room)), "every": strconv.Itoa(b.EveryWeeks), "only": string(b.OnlyType)}
	for name, on := range map[string]bool{"in_person": b.InPerson, "video": b.Video} {
		if on {
			t[name] = "yes"
		}
	}
	for name, day := range map[string]Day{"first": b.First, "last": b.Last} {
		if day != "" {
			at := day.date()
			t[name+"_day"], t[name+"_month"], t[name+"_year"] = strconv.Itoa(at.Day()), strconv.Itoa(int(at.Month())), strconv.Itoa(at.Year())
		}
	}
	return t
}

func (s *Scheduling) hoursForm(r *web.Request, d access.Desk) (web.Reply, error) {
	b := s.typedBlock(r)
	w, err := s.Week(r.Context(), d, b.Clinician)
	if err != nil {
		return web.Reply{}, err
	}
	here := web.Redirect("/staff/schedule/clinicians/" + string(b.Clinician) + "?done=1")
	var touched []Visit
	if b.ID == "" {
		err = s.AddBlock(r.Context(), d, b)
	} else if _, ok := w.block(b.ID); !ok {
		err = fault.Missing()
	} else if err = b.Check(); err == nil {
		if touched, err = s.sure(r, d, Change{Add: []Block{b}, Drop: []ids.Block{b.ID}}); err == nil {
			err = s.ChangeBlock(r.Context(), d, b)
		}
	}
	if fault.Fixable(err) {
		return s.hoursPage(r, d, ClinicianPage{Block: b.ID, Typed: typedOf(r), Touched: touched}, err)
	}
	return here, err
}

// typedBlock reads the form for hours.
func (s *Scheduling) typedBlock(r *web.Request) Block {
	weekday, err := strconv.Atoi(r.Text("weekday"))
	if err != nil {
		weekday = -1
	}
	every, err := strconv.Atoi(r.Text("every"))
	if err != nil {
		every = 1
	}
	at := strings.SplitN(r.Text("place"), " ", 2)
	b := Block{ID: ids.Block(r.Text("block")), Clinician: ids.Clinician(r.PathValue("id")), Place: ids.Place(at[0]), InPerson: r.Ticked("in_person"), Video: r.Ticked("video"), Weekday: time.Weekday(weekday),
		From: readClock(r.Text("from")), Until: readClock(r.Text("until")), EveryWeeks: every, First: typedDay(r, "first"), Last: typedDay(r, "last"), OnlyType: ids.VisitType(r.Text("only"))}
	if len(at) == 2 {
		b.Room = ids.Room(at[1])
	}
	if b.Until == 0 {
		b.Until = 24 * 60 // until midnight
	}
	if b.First == "" && r.Text("first_year")+r.Text("first_month")+r.Text("first_day") == "" {
		b.First = s.Day(s.DB.Now())
	}
	return b
}

func (s *Scheduling) dropForm(r *web.Request, d access.Desk) (web.Reply, error) {
	id := ids.Block(r.Text("block"))
	w, err := s.Week(r.Context(), d, ids.Clinician(r.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	here := web.Redirect("/staff/schedule/clinicians/" + r.PathValue("id") + "?done=1")
	if _, ok := w.block(id); !ok {
		return here, nil // somebody took them out already
	}
	if touched, err := s.sure(r, d, Change{Drop: []ids.Block{id}}); len(touched) > 0 {
		return s.clinicianPage(r, d, ClinicianPage{Touched: touched, Block: id}, err)
	} else if err != nil {
		return web.Reply{}, err
	}
	return here, s.DropBlock(r.Context(), d, id)
}
