package waiting

import (
	"net/url"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/web"
)

// DeskPath is the staff's queue.
const DeskPath = "/staff/schedule/waiting"

// railPath is the place of the staff's rail beside which the number of requests
// stands: the schedule, whose pages lead to the queue.
const railPath = "/staff/schedule"

// MountDesk registers the staff's routes.
func (s *Waiting) MountDesk(r *web.Router) {
	const t = access.BookVisitsFor
	r.StaffQueue(railPath, t, web.Counted(`SELECT COUNT(*) FROM wish WHERE kind = 'request' AND state = 'open'`))
	r.Staff("GET "+DeskPath, t, s.showQueue)
	r.Staff("GET "+DeskPath+"/{id}", t, s.showOne)
	r.StaffForm("POST "+DeskPath+"/{id}/answer", t, s.answerForm)
	r.StaffForm("POST "+DeskPath+"/{id}/decline", t, s.declineForm)
}

// QueuePage lists who waits.
type QueuePage struct{ Queue Queue }

func (s *Waiting) showQueue(r *web.Request, d access.Desk) (web.Reply, error) {
	q, err := s.Queue(r.Context(), d)
	done := r.Ask("done") != ""
	return web.Show(func(sh page.Shell) templ.Component {
		if done {
			sh.Done = sh.T("waiting.desk.done")
		}
		return queue(sh, QueuePage{q})
	}), err
}

// OnePage is one wish at the desk.
type OnePage struct {
	One    One
	Query  Query
	Picked []string
	Why    string
}

func (p OnePage) path(end string) string { return DeskPath + "/" + string(p.One.Wish.ID) + end }

func (s *Waiting) showOne(r *web.Request, d access.Desk) (web.Reply, error) {
	return s.onePage(r, d, OnePage{Query: filter(r.Ask)}, nil)
}

// filter reads which times to show.
func filter(get func(string) string) Query {
	return Query{Clinician: ids.Clinician(get("who")), Place: ids.Place(get("place")), Part: get("part"), From: get("from")}
}

func (q Query) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"who": string(q.Clinician), "place": string(q.Place), "part": q.Part, "from": q.From} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

func (s *Waiting) onePage(r *web.Request, d access.Desk, p OnePage, wrong error) (web.Reply, error) {
	var err error
	if p.One, err = s.Look(r.Context(), d, ids.Wish(r.PathValue("id")), p.Query); err != nil {
		return web.Reply{}, err
	}
	return web.Show(func(sh page.Shell) templ.Component { return deskWish(sh.BackTo(DeskPath), p) }).Fix(wrong), nil
}

func (s *Waiting) answerForm(r *web.Request, d access.Desk) (web.Reply, error) {
	id, picked := ids.Wish(r.PathValue("id")), r.PostForm["time"]
	var err error
	if r.Text("do") == "propose" {
		err = s.Propose(r.Context(), d, id, picked)
	} else {
		err = s.Book(r.Context(), d, id, picked)
	}
	return s.settled(r, d, OnePage{Query: filter(r.Text), Picked: picked}, err)
}

func (s *Waiting) declineForm(r *web.Request, d access.Desk) (web.Reply, error) {
	why := r.Text("why")
	return s.settled(r, d, OnePage{Why: why}, s.Decline(r.Context(), d, ids.Wish(r.PathValue("id")), why))
}

// settled leads back to the queue, or shows the wish with what is wrong.
func (s *Waiting) settled(r *web.Request, d access.Desk, p OnePage, err error) (web.Reply, error) {
	if err = lost(err); fault.Fixable(err) {
		return s.onePage(r, d, p, err)
	}
	return web.Redirect(DeskPath + "?done=1"), err
}
