package agenda

import (
	"errors"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ical"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/web"
)

// Mount registers calendar files and the addresses that programs read.
func (s *Agenda) Mount(r *web.Router) {
	r.Patient("GET /visits/{id}/visit.ics", access.SeeVisits, s.downloadVisit)
	r.Patient("GET /visits/calendar", access.SeeVisits, s.showFeeds)
	r.PatientRaisedForm("POST /visits/calendar", access.SeeVisits, s.makeFeed)
	r.PatientRaisedForm("POST /visits/calendar/{id}/renew", access.SeeVisits, s.renewFeed)
	r.PatientForm("POST /visits/calendar/{id}/end", access.SeeVisits, s.endFeed) // not raised: ending only protects
	r.System("GET "+feedPath+"{token}"+feedFile, s.subscribed)
}

func (s *Agenda) downloadVisit(r *web.Request, c access.Chart) (web.Reply, error) {
	file, err := s.File(r.Context(), c, ids.Appointment(r.PathValue("id")), r.Lang)
	return web.Bytes(ical.Mime, "visit.ics", file), err
}

// subscribed answers calendar programs. They ask often and know by the tag that
// nothing is new.
func (s *Agenda) subscribed(r *web.Request) (web.Reply, error) {
	file, err := s.Subscribed(r.Context(), r.Visitor(), r.PathValue("token"))
	var f *fault.Fault
	if errors.As(err, &f) && f.Kind == fault.TooMany {
		return web.Empty(429).After(f.Retry), nil
	}
	if fault.Is(err, fault.NotFound) {
		return web.Empty(404), nil
	}
	return web.Bytes(ical.Mime, "", file).Tagged(), err
}

// FeedsPage lists a patient's calendar addresses.
type FeedsPage struct {
	Feeds []Feed
	Shows Shows
}

// NewFeedPage shows a new address, this once.
type NewFeedPage struct{ Address string }

func (s *Agenda) showFeeds(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.feedsPage(r, c, ShowsBusy)
}

func (s *Agenda) feedsPage(r *web.Request, c access.Chart, shows Shows) (web.Reply, error) {
	list, err := s.Feeds(r.Context(), c)
	return web.Show(func(sh page.Shell) templ.Component {
		return feeds(sh.BackTo("/visits"), FeedsPage{list, shows})
	}), err
}

func (s *Agenda) makeFeed(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.newFeed(r, c, Shows(r.Text("shows")), "")
}

func (s *Agenda) renewFeed(r *web.Request, c access.Chart) (web.Reply, error) {
	return s.newFeed(r, c, "", ids.Calendar(r.PathValue("id")))
}

// newFeed answers with the address itself and leads nowhere: it is kept nowhere that
// another page could take it from.
func (s *Agenda) newFeed(r *web.Request, c access.Chart, shows Shows, instead ids.Calendar) (web.Reply, error) {
	address, err := s.Make(r.Context(), c, shows, instead)
	if fault.Fixable(err) {
		reply, shown := s.feedsPage(r, c, shows)
		return reply.Fix(err), shown
	}
	return web.Show(func(sh page.Shell) templ.Component {
		return newFeed(sh.BackTo("/visits/calendar"), NewFeedPage{address})
	}), err
}

func (s *Agenda) endFeed(r *web.Request, c access.Chart) (web.Reply, error) {
	return web.Redirect("/visits/calendar"), s.End(r.Context(), c, ids.Calendar(r.PathValue("id")))
}
