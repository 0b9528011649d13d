package waiting

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/web"
)

const (
	requestPath = "/waiting/request"
	earlierPath = "/waiting/earlier"
)

// Mount registers the patient's routes.
func (s *Waiting) Mount(r *web.Router) {
	r.Patient("GET "+requestPath, access.BookVisits, s.showRequest)
	r.PatientForm("POST "+requestPath, access.BookVisits, s.requestForm)
	r.Patient("GET "+earlierPath, access.BookVisits, s.showEarlier)
	r.PatientForm("POST "+earlierPath, access.BookVisits, s.earlierForm)
	r.Patient("GET /waiting/{id}", access.BookVisits, s.showWish)
	r.PatientForm("POST /waiting/{id}/accept", access.BookVisits, s.acceptForm)
	r.PatientForm("POST /waiting/{id}/pass", access.BookVisits, s.passForm)
	r.PatientForm("POST /waiting/{id}/withdraw", access.BookVisits, s.withdrawForm)
}

// AskPage is the form for a request or for a place on the waiting list.
type AskPage struct {
	Sort  Sort
	Form  Form
	Asked Asking // as it was filled in
}

func (p AskPage) path() string {
	if p.Sort == Request {
		return requestPath
	}
	return earlierPath
}

// readForm reads what was filled in.
func readForm(get func(string) string, ticked func(string) bool) Asking {
	a := Asking{Kind: ids.VisitType(get("kind")), Visit: ids.Appointment(get("visit")), Clinician: ids.Clinician(get("who")), Place: ids.Place(get("place")), Video: get("how") == "video", Reason: get("reason"), Note: get("note")}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if n := strconv.Itoa(int(d)); ticked("day_" + n) {
			a.Weekdays = append(a.Weekdays, n)
		}
	}
	for _, p := range PartsOfDay {
		if ticked("part_" + p) {
			a.Parts = append(a.Parts, p)
		}
	}
	return a
}

func (s *Waiting) showRequest(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.askPage(r, c, Request, Asking{Kind: ids.VisitType(r.Ask("kind"))}, nil)
}

func (s *Waiting) showEarlier(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.askPage(r, c, Earlier, Asking{Kind: ids.VisitType(r.Ask("kind")), Visit: ids.Appointment(r.Ask("visit"))}, nil)
}

func (s *Waiting) askPage(r *web.Request, c access.Chart, sort Sort, a Asking, wrong error) (web.Reply, error) {
	if a.Kind == "" && a.Visit == "" {
		return web.Redirect("/visits/new"), nil
	}
	f, err := s.Blank(r.Context(), c, a.Kind, a.Visit)
	if err != nil {
		return web.Reply{}, err
	}
	if wrong == nil {
		if f.Have != "" {
			return web.Redirect("/waiting/" + string(f.Have)), nil
		}
		if sort == Request && f.Kind.Direct {
			return web.Redirect("/visits/new/time?" + url.Values{"type": {string(f.Kind.ID)}}.Encode()), nil
		}
		if sort == Earlier && !f.Kind.Direct {
			return web.Redirect(requestPath + "?" + url.Values{"kind": {string(f.Kind.ID)}}.Encode()), nil
		}
	}
	a.Video = a.Video && f.Kind.Video || !f.Kind.InPerson
	back := "/visits/new"
	if a.Visit != "" {
		back = "/visits/" + string(a.Visit)
	}
	return web.Show(func(sh page.Shell) templ.Component { return ask(sh.BackTo(back), AskPage{sort, f, a}) }).Fix(wrong), nil
}

func (s *Waiting) requestForm(r *web.Request, c access.Chart) (web.Reply, error) {
	a := readForm(r.Text, r.Ticked)
	id, err := s.Ask(r.Context(), c, a)
	if fault.Fixable(err) {
		return s.askPage(r, c, Request, a, err)
	}
	return web.Redirect("/waiting/" + string(id) + "?done=request"), err
}

func (s *Waiting) earlierForm(r *web.Request, c access.Chart) (web.Reply, error) {
	a := readForm(r.Text, r.Ticked)
	id, err := s.Await(r.Context(), c, a)
	if fault.Fixable(err) {
		return s.askPage(r, c, Earlier, a, err)
	}
	return web.Redirect("/waiting/" + string(id) + "?done=earlier"), err
}

// WishPage is one wish of the patient's.
type WishPage struct {
	My   Mine
	Note string
}

func (p WishPage) path() string { return "/waiting/" + string(p.My.Wish.ID) }

func (s *Waiting) showWish(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.wishPage(r, c, "", nil)
}

var doneTexts = map[string]string{"request": "waiting.done.request", "earlier": "waiting.done.earlier", "passed": "waiting.done.passed", "withdrawn": "waiting.done.withdrawn"}

func (s *Waiting) wishPage(r *web.Request, c access.Chart, note string, wrong error) (web.Reply, error) {
	m, err := s.Open(r.Context(), c, ids.Wish(r.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	done := doneTexts[r.Ask("done")]
	return web.Show(func(sh page.Shell) templ.Component {
		if done != "" && wrong == nil {
			sh.Done = sh.T(done)
		}
		return wish(sh.BackTo("/visits"), WishPage{m, note})
	}).Fix(wrong), nil
}

// lost makes of a conflict a problem of the form: the page shows how things stand now.
func lost(err error) error {
	if f, ok := fault.As(err); ok && f.Kind == fault.Conflict {
		return fault.Bad("", f.Text)
	}
	return err
}

func (s *Waiting) acceptForm(r *web.Request, c access.Chart) (web.Reply, error) {
	id := ids.Wish(r.PathValue("id"))
	visit, err := s.Accept(r.Context(), c, id, ids.Offer(r.Text("offer")))
	if err = lost(err); fault.Fixable(err) {
		return s.wishPage(r, c, "", err)
	}
	if err != nil {
		return web.Reply{}, err
	}
	m, err := s.Open(r.Context(), c, id)
	done := "booked"
	if m.Moved() {
		done = "moved"
	}
	return web.Redirect("/visits/" + string(visit) + "?done=" + done), err
}

func (s *Waiting) passForm(r *web.Request, c access.Chart) (web.Reply, error) {
	note := r.Text("note")
	err := s.Pass(r.Context(), c, ids.Wish(r.PathValue("id")), note)
	return s.did(r, c, "passed", note, err)
}

func (s *Waiting) withdrawForm(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.did(r, c, "withdrawn", "", s.Withdraw(r.Context(), c, ids.Wish(r.PathValue("id"))))
}

func (s *Waiting) did(r *web.Request, c access.Chart, done, note string, err error) (web.Reply, error) {
	if err = lost(err); fault.Fixable(err) {
		return s.wishPage(r, c, note, err)
	}
	return web.Redirect("/waiting/" + r.PathValue("id") + "?done=" + done), err
}

// days and parts of a wish in words.
func (w Wish) days(s page.Shell) string {
	if w.Weekdays == "" {
		return s.T("waiting.days.any")
	}
	out := ""
	for i, d := range w.Weekdays {
		day := time.Weekday(d - '0')
		if i == 0 {
			out = s.DayName(day) // Spanish writes days small, but where a line begins
			continue
		}
		out += ", " + s.Lang.Weekday(day)
	}
	return out
}

func (w Wish) parts(s page.Shell) string {
	if w.Parts == "" {
		return s.T("scheduling.part.any")
	}
	out := ""
	for _, p := range PartsOfDay {
		if slices.Contains(splitParts(w.Parts), p) {
			if out != "" {
				out += ", "
			}
			out += s.T("scheduling.part." + p)
		}
	}
	return out
}
