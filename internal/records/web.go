package records

import (
	"bytes"
	"context"
	"net/url"
	"strconv"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/ccda"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/store"
	"portico/internal/web"
)

// Mount registers this room's routes.
func (s *Records) Mount(r *web.Router) {
	r.PatientNav(page.NavItem{Path: "/records", Icon: "clipboard-list", TextKey: "records.nav"})
	r.Patient("GET /records", access.SeeRecords, s.showHub)
	r.Patient("GET /records/part", access.SeeRecords, s.showSection)
	r.Patient("GET /records/item/{id}", access.SeeRecords, s.showItem)
	r.Patient("GET /records/item/{id}/file", access.SeeRecords, s.file)
	r.Patient("GET /records/timeline", access.SeeRecords, s.showTimeline)
	r.PatientForm("POST /records/timeline", access.SeeRecords, s.search)
	r.Patient("GET /records/immunizations/print", access.SeeRecords, s.showPrint)
	r.Patient("GET /records/corrections", access.AskCorrection, s.showCorrections)
	r.Patient("GET /records/item/{id}/correct", access.AskCorrection, s.showAsk)
	r.PatientForm("POST /records/item/{id}/correct", access.AskCorrection, s.ask)
	s.mountStaff(r)
}

// HubPage is the first page of the record.
type HubPage struct{ Counts map[record.Section]int }

func (s *Records) showHub(r *web.Request, c access.Chart) (web.Reply, error) {
	counts, err := s.Overview(r.Context(), c)
	return web.Show(func(s page.Shell) templ.Component { return hub(s, HubPage{counts}) }), err
}

// SectionPage is one section.
type SectionPage struct {
	Section record.Section
	Found   Found
	Each    bool // every time one question was answered
	Later   bool
	First   string
	Next    string
}

func (s *Records) showSection(r *web.Request, c access.Chart) (web.Reply, error) {
	p := SectionPage{Section: record.Section(r.Ask("of")), Later: r.Ask("after") != ""}
	if p.Section == "" {
		return web.Redirect("/records"), nil
	}
	var err error
	back, more := "/records", url.Values{"of": {string(p.Section)}}
	if like := r.Ask("like"); like != "" && p.Section == record.Social {
		p.Each, back = true, "/records/item/"+like
		more.Set("like", like)
		p.Found, err = s.Like(r.Context(), c, ids.Resource(like), r.Ask("after"))
	} else {
		p.Found, err = s.Section(r.Context(), c, p.Section, r.Ask("after"))
	}
	p.First = "/records/part?" + more.Encode()
	if p.Found.Next != "" {
		more.Set("after", p.Found.Next)
		p.Next = "/records/part?" + more.Encode()
	}
	return web.Show(func(s page.Shell) templ.Component { return section(s.BackTo(back), p) }), err
}

// ItemPage is one entry of the record.
type ItemPage struct {
	Item     Item
	Clinical *ccda.Document // what a clinical document says, if the item is one
	Broken   bool           // it could not be read
}

func (s *Records) showItem(r *web.Request, c access.Chart) (web.Reply, error) {
	it, err := s.Open(r.Context(), c, ids.Resource(r.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	if it.Row.Section == record.Results {
		return web.Redirect("/results/" + string(it.Row.ID)), nil
	}
	p := pageOf(it)
	return web.Show(func(s page.Shell) templ.Component { return item(s.BackTo(back(it.Row)), p) }), nil
}

// Entry reads one entry for staff who opened the chart.
func Entry(ctx context.Context, tx *store.Tx, who access.Reading, id ids.Resource) (ItemPage, error) {
	it, err := open(ctx, tx, who, id)
	return pageOf(it), err
}

// pageOf reads the clinical document among an entry's files, if there is one.
func pageOf(it Item) ItemPage {
	p := ItemPage{Item: it}
	for _, f := range it.Files {
		if f.Type == record.Clinical && p.Clinical == nil {
			d, err := ccda.Read("", bytes.NewReader(f.Data), ccda.Usual)
			if p.Broken = err != nil; !p.Broken {
				p.Clinical = &d
			}
		}
	}
	return p
}

func back(r record.Row) string { return "/records/part?of=" + string(r.Section) }

// file hands out what came with an item. Its bytes come from outside: they are
// saved, not opened, and what a browser may run in them runs nowhere.
func (s *Records) file(r *web.Request, c access.Chart) (web.Reply, error) {
	n, err := strconv.Atoi(r.Ask("n"))
	if err != nil && r.Ask("n") != "" {
		return web.Reply{}, fault.Missing()
	}
	f, err := s.File(r.Context(), c, ids.Resource(r.PathValue("id")), n)
	if err != nil {
		return web.Reply{}, err
	}
	return web.Outside(f.MIME(), "document-"+strconv.Itoa(n+1)+f.Extension(), f.Data), nil
}

// TimelinePage is everything in one list.
type TimelinePage struct {
	Filter   Filter
	Found    Found
	Filtered bool
	Later    bool
	Next     string
}

func (s *Records) showTimeline(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.timelinePage(r, c, s.opened(c, r.Ask("s")), nil)
}

// search takes the form and leads to the page of what was found.
func (s *Records) search(r *web.Request, c access.Chart) (web.Reply, error) {
	f := Filter{Words: r.Text("words"), Section: record.Section(r.Text("section")), From: r.Text("from"), To: r.Text("to")}
	if _, err := f.query(s.zone()); err != nil {
		return s.timelinePage(r, c, f, err)
	}
	return web.Redirect(s.address(c, f)), nil
}

// timelinePage shows what a filter finds; with what is wrong with it, everything.
func (s *Records) timelinePage(r *web.Request, c access.Chart, f Filter, wrong error) (web.Reply, error) {
	ask := f
	if wrong != nil {
		ask = Filter{}
	}
	found, err := s.Timeline(r.Context(), c, ask)
	if err != nil {
		return web.Reply{}, err
	}
	p := TimelinePage{Filter: f, Found: found, Filtered: ask.asks(), Later: f.After != ""}
	if found.Next != "" {
		next := ask
		next.After = found.Next
		p.Next = s.address(c, next)
	}
	return web.Show(func(s page.Shell) templ.Component { return timeline(s.BackTo("/records"), p) }).Fix(wrong), nil
}

// PrintPage is the immunization record on paper.
type PrintPage struct {
	Name, Birth string
	Rows        []record.Row
}

func (s *Records) showPrint(r *web.Request, c access.Chart) (web.Reply, error) {
	rows, err := s.Immunizations(r.Context(), c)
	if err != nil {
		return web.Reply{}, err
	}
	p := PrintPage{Rows: rows}
	if p.Name, p.Birth, err = s.person(r.Context(), c.Patient()); err != nil {
		return web.Reply{}, err
	}
	return web.Show(func(s page.Shell) templ.Component {
		s.Owner = "" // the page says it itself
		return printed(s.BackTo("/records/part?of=immunizations"), p)
	}), nil
}

// AskPage asks for a correction of an item.
type AskPage struct {
	Item   Item
	Wanted string
}

func (s *Records) showAsk(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.askPage(r, c, "", nil)
}

func (s *Records) askPage(r *web.Request, c access.Chart, wanted string, wrong error) (web.Reply, error) {
	id := ids.Resource(r.PathValue("id"))
	it, err := s.asked(r.Context(), c, id)
	if err != nil {
		return web.Reply{}, err
	}
	return web.Show(func(s page.Shell) templ.Component {
		return correct(s.BackTo(itemPath(it.Row)), AskPage{it, wanted})
	}).Fix(wrong), nil
}

func itemPath(r record.Row) string {
	if r.Section == record.Results {
		return "/results/" + string(r.ID)
	}
	return "/records/item/" + string(r.ID)
}

func (s *Records) ask(r *web.Request, c access.Chart) (web.Reply, error) {
	wanted := r.Text("wanted")
	_, err := s.Ask(r.Context(), c, ids.Resource(r.PathValue("id")), wanted)
	if fault.Fixable(err) {
		return s.askPage(r, c, wanted, err)
	}
	return web.Redirect("/records/corrections?sent=1"), err
}

// CorrectionsPage is what the patient asked for.
type CorrectionsPage struct {
	List  []Correction
	Items map[ids.Resource]record.Row
}

func (s *Records) showCorrections(r *web.Request, c access.Chart) (web.Reply, error) {
	list, items, err := s.Corrections(r.Context(), c)
	if err != nil {
		return web.Reply{}, err
	}
	sent := r.Ask("sent") != ""
	return web.Show(func(s page.Shell) templ.Component {
		if sent {
			s.Done = s.T("records.correct.sent")
		}
		return corrections(s.BackTo("/records"), CorrectionsPage{list, items})
	}), nil
}
