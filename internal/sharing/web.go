package sharing

import (
	"fmt"
	"slices"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/store"
	"portico/internal/web"
)

// Mount registers this room's routes.
func (s *Sharing) Mount(r *web.Router) {
	r.PatientRaised("GET /records/download", access.DownloadRecords, s.showDownloads)
	r.PatientRaisedForm("POST /records/download", access.DownloadRecords, s.askDownload)
	r.PatientRaised("GET /records/download/{id}", access.DownloadRecords, s.showDownload)
	r.PatientRaised("GET /records/download/{id}/file", access.DownloadRecords, s.sendFile)
}

// everything is the choice of all sections.
const everything = "all"

func (s *Sharing) showDownloads(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.downloads(r, c, DownloadsPage{})
}

func (s *Sharing) downloads(r *web.Request, c access.Chart, p DownloadsPage) (web.Reply, error) {
	var err error
	if p.List, err = s.List(r.Context(), c); err != nil {
		return web.Reply{}, err
	}
	err = s.DB.View(r.Context(), func(tx *store.Tx) (err error) {
		p.Counts, err = record.Counts(r.Context(), tx, c)
		return err
	})
	return web.Show(func(sh page.Shell) templ.Component { return downloads(sh, p) }), err
}

func (s *Sharing) askDownload(r *web.Request, c access.Chart) (web.Reply, error) {
	p := DownloadsPage{Format: r.Text("format"), Sensitive: r.Ticked("sensitive"), From: typedDay(r, "from"), To: typedDay(r, "to")}
	for _, v := range r.PostForm["section"] {
		if v == everything || slices.Contains(record.Sections, record.Section(v)) {
			p.Sections = append(p.Sections, v)
		}
	}
	o, err := p.order(r.Lang)
	var id ids.Export
	if err == nil {
		id, err = s.Ask(r.Context(), c, o)
	}
	if fault.Fixable(err) {
		reply, shown := s.downloads(r, c, p)
		return reply.Fix(err), shown
	}
	if fault.Is(err, fault.Conflict) {
		p.Busy = true
		reply, shown := s.downloads(r, c, p)
		return reply.Status(409), shown
	}
	return web.Redirect("/records/download/" + string(id)), err
}

func typedDay(r *web.Request, name string) TypedDay {
	return TypedDay{r.Text(name + "_day"), r.Text(name + "_month"), r.Text(name + "_year")}
}

// order reads the form. All its problems are told at once.
func (p DownloadsPage) order(l lang.Lang) (Order, error) {
	o := Order{Format: Format(p.Format), Lang: l, Selection: Selection{Sensitive: p.Sensitive}}
	if slices.Contains(p.Sections, everything) {
		o.Sections = slices.Clone(record.Sections)
	} else {
		for _, v := range p.Sections {
			o.Sections = append(o.Sections, record.Section(v))
		}
	}
	var bad *fault.Fault
	var ok bool
	if o.From, ok = day(p.From.Day, p.From.Month, p.From.Year); !ok {
		bad = bad.And("from", "sharing.ask.dates.wrong")
	}
	if o.To, ok = day(p.To.Day, p.To.Month, p.To.Year); !ok {
		bad = bad.And("to", "sharing.ask.dates.wrong")
	}
	if err := o.check(); err != nil {
		for _, problem := range fault.Problems(err) {
			bad = bad.And(problem.Field, problem.Text, problem.Args...)
		}
	}
	return o, bad.OrNil()
}

func (s *Sharing) showDownload(r *web.Request, c access.Chart) (web.Reply, error) {
	d, err := s.One(r.Context(), c, ids.Export(r.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	p := DownloadPage{d, words{r.Lang, s.zone()}}
	return web.Show(func(sh page.Shell) templ.Component { return download(sh, p) }), nil
}

func (s *Sharing) sendFile(r *web.Request, c access.Chart) (web.Reply, error) {
	f, err := s.Take(r.Context(), c, ids.Export(r.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	return web.Stream(f.Mime, f.Name, f.Size, f.Write), nil
}

// size writes a number of bytes for people.
func size(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KB", max(1, n>>10))
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}
