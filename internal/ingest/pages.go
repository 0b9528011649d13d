package ingest

import (
	"strconv"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/registry"
	"portico/internal/web"
)

func (i *Door) mountPages(r *web.Router) {
	r.Staff("GET /staff/imports", access.SeeImports, i.showImports)
	r.StaffForm("POST /staff/imports/faults/{id}", access.SeeImports, i.settle)
	r.StaffRaised("GET "+uploadPath, access.TakeImports, i.showUpload)
	r.StaffRaisedUpload("POST "+uploadPath, access.TakeImports, maxBody, i.uploadForm)
	r.StaffNav(page.NavItem{Path: "/staff/imports", Icon: "inbox", TextKey: "ingest.nav.imports"})
	r.StaffQueue("/staff/imports", access.SeeImports, web.Counted(registry.FaultsWaiting))
	r.Staff("GET /staff/feeds", access.ManageFeeds, i.showFeeds)
	r.StaffForm("POST /staff/feeds", access.ManageFeeds, i.add)
	r.StaffForm("POST /staff/feeds/{id}/end", access.ManageFeeds, i.end)
	r.StaffNav(page.NavItem{Path: "/staff/feeds", Icon: "log-in", TextKey: "ingest.nav.feeds"})
}

// silentAfter is when a feed that sends nothing stands out: most send each night.
const silentAfter = 26 * time.Hour

// ImportsPage shows what came in, and what could not.
type ImportsPage struct {
	Feeds, Runs page.TableSpec
	Faults      []FaultCard
	More        int // faults beyond those listed
	Take        bool
	Came        page.CalloutSpec // what became of the file just brought in
}

// FaultCard is one thing that was refused.
type FaultCard struct{ ID, Title, Text string }

// FeedsPage lists the feeds, with the form for a new one.
type FeedsPage struct {
	Feeds []FeedCard
	Name  string
	Token string // of the feed made a moment ago; shown this once
	URL   string
}

// FeedCard is one feed.
type FeedCard struct {
	ID, Name string
	Live     bool
	State    string
	Tone     page.Tone
	Facts    []page.Fact
}

// words is a shell for writing dates and texts before the page is drawn.
func (i *Door) words(q *web.Request) page.Shell {
	return page.Shell{Lang: q.Lang, Clinic: i.Clinic.Now()}
}

var doneTexts = map[string]string{"settled": "ingest.done.settled", "ended": "ingest.done.ended"}

func show(q *web.Request, titleKey string, draw func(page.Shell) templ.Component) web.Reply {
	return web.Show(func(s page.Shell) templ.Component {
		s = s.Called(s.T(titleKey))
		if key, ok := doneTexts[q.Ask("done")]; ok && len(s.Problems) == 0 {
			s.Done = s.T(key)
		}
		return draw(s)
	})
}

// state says how a feed stands.
func state(s page.Shell, f Feed, now time.Time) (string, page.Tone) {
	switch {
	case !f.Ended.IsZero():
		return s.T("ingest.feed.ended", s.Date(f.Ended)), page.Plain
	case f.Last.IsZero():
		return s.T("ingest.feed.none"), page.Info
	case now.Sub(f.Last) > silentAfter:
		return s.T("ingest.feed.silent", s.Moment(f.Last)), page.Warn
	}
	return s.T("ingest.feed.live"), page.OK
}

func (i *Door) showImports(q *web.Request, d access.Desk) (web.Reply, error) {
	feeds, err := i.Feeds(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	runs, err := i.Runs(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	faults, all, err := i.Registry.Faulty(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	s := i.words(q)
	p := ImportsPage{Feeds: feedTable(s, feeds, i.DB.Now()), Runs: runTable(s, runs), More: all - len(faults), Take: d.May(access.TakeImports)}
	for _, r := range runs {
		if r.ID == q.Ask("run") {
			p.Came = came(s, r)
		}
	}
	for _, f := range faults {
		where := f.Refusal
		where.Path, where.Key, where.Args = "", "ingest.fault.since", []any{s.Moment(f.At)}
		p.Faults = append(p.Faults, FaultCard{ID: f.ID, Title: where.Sentence(q.Lang), Text: pathAndSentence(s, f.Path, s.T(f.Key, f.Args...))})
	}
	return show(q, "ingest.imports.title", func(s page.Shell) templ.Component { return imports(s, p) }), nil
}

// mostPath is how much of a place a page shows: what is nested too deeply has one
// of a thousand brackets.
const mostPath = 80

func pathAndSentence(s page.Shell, path, sentence string) string {
	if path == "" {
		return sentence
	}
	if r := []rune(path); len(r) > mostPath {
		path = string(r[:mostPath]) + "…"
	}
	return s.T("ingest.fault.at", sentence, path)
}

func feedTable(s page.Shell, feeds []Feed, now time.Time) page.TableSpec {
	t := page.TableSpec{ID: "feedlist", Caption: s.T("ingest.feeds.title"), HideCaption: true, Empty: s.T("ingest.feeds.none"),
		Columns: []page.Column{{Text: s.T("ingest.feed.name")}, {Text: s.T("ingest.feed.state")}, {Text: s.T("ingest.feed.last")}}}
	for _, f := range feeds {
		last := s.T("ingest.feed.never")
		if !f.Last.IsZero() {
			last = s.Moment(f.Last)
		}
		text, tone := state(s, f, now)
		t.Rows = append(t.Rows, []page.Cell{{Text: f.Name}, {Text: text, Tone: tone}, {Text: last}})
	}
	return t
}

func runTable(s page.Shell, runs []Run) page.TableSpec {
	t := page.TableSpec{ID: "runlist", Caption: s.T("ingest.runs.title"), HideCaption: true, Empty: s.T("ingest.runs.none")}
	for _, key := range []string{"when", "source"} {
		t.Columns = append(t.Columns, page.Column{Text: s.T("ingest.run." + key)})
	}
	for _, key := range []string{"parts", "people", "new", "changed", "same", "older", "refused"} {
		t.Columns = append(t.Columns, page.Column{Text: s.T("ingest.run." + key), Number: true})
	}
	for _, r := range runs {
		source := r.Source
		if r.Feed != "" {
			source = r.Feed
		}
		row := []page.Cell{{Text: s.Moment(r.At)}, {Text: source}}
		for _, n := range []int{r.Parts, r.People, r.New, r.Changed, r.Unchanged, r.Older, r.Refused} {
			row = append(row, page.Cell{Text: strconv.Itoa(n)})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (i *Door) settle(q *web.Request, d access.Desk) (web.Reply, error) {
	return web.Redirect("/staff/imports?done=settled"), i.Registry.Settle(q.Context(), d, q.PathValue("id"))
}

func (i *Door) showFeeds(q *web.Request, d access.Desk) (web.Reply, error) {
	return i.feedsPage(q, d, FeedsPage{}, nil)
}

func (i *Door) feedsPage(q *web.Request, d access.Desk, p FeedsPage, wrong error) (web.Reply, error) {
	all, err := i.Feeds(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	s := i.words(q)
	p.URL = q.Base().JoinPath("feeds", "fhir").String()
	for _, f := range all {
		c := FeedCard{ID: string(f.ID), Name: f.Name, Live: f.Ended.IsZero(), Facts: []page.Fact{{Label: s.T("ingest.feed.since"), Value: s.Date(f.Created)}}}
		c.State, c.Tone = state(s, f, i.DB.Now())
		if !f.Last.IsZero() {
			c.Facts = append(c.Facts, page.Fact{Label: s.T("ingest.feed.last"), Value: s.Moment(f.Last)})
		}
		p.Feeds = append(p.Feeds, c)
	}
	return show(q, "ingest.feeds.title", func(s page.Shell) templ.Component { return feeds(s, p) }).Fix(wrong), nil
}

func (i *Door) add(q *web.Request, d access.Desk) (web.Reply, error) {
	name := q.Text("name")
	_, token, err := i.AddFeed(q.Context(), d, name)
	if fault.Fixable(err) {
		return i.feedsPage(q, d, FeedsPage{Name: name}, err)
	}
	if err != nil {
		return web.Reply{}, err
	}
	return i.feedsPage(q, d, FeedsPage{Token: token}, nil)
}

func (i *Door) end(q *web.Request, d access.Desk) (web.Reply, error) {
	return web.Redirect("/staff/feeds?done=ended"), i.EndFeed(q.Context(), d, ids.Feed(q.PathValue("id")))
}
