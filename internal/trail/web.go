package trail

import (
	"slices"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/web"
)

// Mount registers the patient's pages.
func (t *Trail) Mount(r *web.Router) {
	r.Patient("GET /records/access", access.SeeAccess, t.showMine)
	r.PatientForm("POST /records/access", access.SeeAccess, t.askMine)
	r.Patient("GET /records/access.csv", access.SeeAccess, t.saveMine)
}

// choice is what a patient chose to see, as it was typed.
type choice struct {
	People People `json:",omitempty"`
	Topic  Topic  `json:",omitempty"`
	From   string `json:",omitempty"` // days of the clinic, both shown
	To     string `json:",omitempty"`
	After  string `json:",omitempty"` // mark
}

func (k choice) asks() bool { return k.People != "" || k.Topic != "" || k.From != "" || k.To != "" }

// wish reads a choice. What is not offered, a day that is none, and an end before
// its beginning are faults at their fields.
func (k choice) wish(zone *time.Location) (Wish, error) {
	w := Wish{People: k.People, Topic: k.Topic, After: k.After}
	var bad *fault.Fault
	if !slices.Contains([]People{Everyone, Clinic, Me, Links}, k.People) {
		bad = bad.And("people", "trail.bad.choice")
	}
	if k.Topic != "" && !slices.Contains(Topics, k.Topic) {
		bad = bad.And("kind", "trail.bad.choice")
	}
	day := func(field, text string, add int) time.Time {
		if text == "" {
			return time.Time{}
		}
		d, err := time.ParseInLocation(time.DateOnly, text, zone)
		if err != nil {
			bad = bad.And(field, "trail.bad.day")
			return time.Time{}
		}
		return d.AddDate(0, 0, add)
	}
	w.From, w.To = day("from", k.From, 0), day("to", k.To, 1)
	if bad == nil && !w.From.IsZero() && !w.To.IsZero() && !w.From.Before(w.To) {
		bad = bad.And("to", "trail.bad.order")
	}
	return w, bad.OrNil()
}

// choicePlace is what a sealed choice is sealed for.
const choicePlace = "trail.choice"

const minePath = "/records/access"

// address makes the address of a choice: when somebody worries about which days
// tells about them, so it is sealed and bound to the session.
func (t *Trail) address(c access.Chart, path string, k choice) string {
	if k == (choice{}) {
		return path
	}
	return t.Keys.SealQuery(choicePlace, string(c.Session()), path, k)
}

// chosen reads the choice of an address; everything for none, for one of another
// session, and for one that was made up.
func (t *Trail) chosen(r *web.Request, c access.Chart) choice {
	k, _ := secret.OpenQuery[choice](t.Keys, choicePlace, string(c.Session()), r.Ask("s"))
	return k
}

// MinePage is the patient's own access log.
type MinePage struct {
	Choice   choice
	Days     []Day
	Guard    Guard
	Filtered bool
	Later    bool
	Next     string
	CSV      string
}

// Day holds one day's events.
type Day struct {
	Title string
	Table page.TableSpec
}

func (t *Trail) showMine(r *web.Request, c access.Chart) (web.Reply, error) {
	return t.minePage(r, c, t.chosen(r, c), nil)
}

// askMine takes the form and leads to the page of what was chosen.
func (t *Trail) askMine(r *web.Request, c access.Chart) (web.Reply, error) {
	k := choice{People: People(r.Text("people")), Topic: Topic(r.Text("kind")), From: r.Text("from"), To: r.Text("to")}
	if _, err := k.wish(t.zone()); err != nil {
		return t.minePage(r, c, k, err)
	}
	return web.Redirect(t.address(c, minePath, k)), nil
}

// minePage shows what a choice finds; with what is wrong with it, everything.
func (t *Trail) minePage(r *web.Request, c access.Chart, k choice, wrong error) (web.Reply, error) {
	ask := k
	if wrong != nil {
		ask = choice{}
	}
	w, err := ask.wish(t.zone())
	if err != nil {
		return web.Reply{}, err
	}
	told, err := t.Mine(r.Context(), c, w)
	if err != nil {
		return web.Reply{}, err
	}
	p := MinePage{Choice: k, Filtered: ask.asks(), Later: ask.After != "", Days: t.wordsFor(r.Lang, c).days(told.Events)}
	if p.Guard, err = t.Guard(r.Context(), c); err != nil {
		return web.Reply{}, err
	}
	all := ask
	all.After = ""
	p.CSV = t.address(c, minePath+".csv", all)
	if told.Next != "" {
		next := ask
		next.After = told.Next
		p.Next = t.address(c, minePath, next)
	}
	return web.Show(func(s page.Shell) templ.Component { return mineLog(s.BackTo("/records"), p) }).Fix(wrong), nil
}

// days makes a table of each day's events.
func (w Words) days(events []Event) []Day {
	var out []Day
	for _, e := range events {
		title := w.day(e)
		if len(out) == 0 || out[len(out)-1].Title != title {
			out = append(out, Day{title, page.TableSpec{ID: "day-" + e.At.In(w.Zone).Format(time.DateOnly), Caption: title, HideCaption: true,
				Columns: []page.Column{{Text: w.Lang.T("trail.col.who")}, {Text: w.Lang.T("trail.col.what")}, {Text: w.Lang.T("trail.col.when")}, {Text: w.Lang.T("trail.col.from")}}}})
		}
		table := &out[len(out)-1].Table
		table.Rows = append(table.Rows, []page.Cell{{Text: w.who(e), Tone: tone(e)}, {Text: w.what(e)}, {Text: w.when(e)}, {Text: w.from(e)}})
	}
	return out
}

// tone lets others stand out from the patient's own doings.
func tone(e Event) page.Tone {
	switch {
	case stranger(e):
		return page.Warn
	case e.Actor == audit.ByStaff:
		return page.Info
	}
	return ""
}

func (t *Trail) saveMine(r *web.Request, c access.Chart) (web.Reply, error) {
	k := t.chosen(r, c)
	w, err := k.wish(t.zone())
	if err != nil {
		return web.Reply{}, err
	}
	b, err := t.ExportMine(r.Context(), c, w, t.wordsFor(r.Lang, c))
	if fault.Fixable(err) {
		return t.minePage(r, c, k, err)
	}
	return web.Bytes("text/csv; charset=utf-8", "access-log.csv", b), err
}
