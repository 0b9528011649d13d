package checkin

import (
	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/web"
)

// deskPath is the desk's list.
const deskPath = "/staff/checkins"

// MountDesk registers the staff's routes.
func (s *CheckIns) MountDesk(r *web.Router) {
	r.StaffNav(page.NavItem{Path: deskPath, Icon: "clipboard-check", TextKey: "checkin.desk.nav"})
	r.StaffQueue(deskPath, access.ReviewCheckIns, web.Counted(`SELECT COUNT(DISTINCT appointment_id) FROM checkin_change WHERE state = 'waiting'`))
	r.Staff("GET "+deskPath, access.ReviewCheckIns, s.showList)
	r.Staff("GET "+deskPath+"/{id}", access.SeeCheckIns, s.showOne)
	r.StaffForm("POST "+deskPath+"/{id}", access.ReviewCheckIns, s.settleForm)
	r.Staff("GET "+deskPath+"/{id}/photo", access.SeeCheckIns, s.showDeskPhoto)
	s.mountSetup(r)
}

// ListPage is the desk's list of check-ins.
type ListPage struct {
	Groups  []Group
	Settled bool
}

func (s *CheckIns) showList(r *web.Request, d access.Desk) (web.Reply, error) {
	p := ListPage{Settled: r.Ask("show") == "settled"}
	var err error
	p.Groups, err = s.Waiting(r.Context(), d, p.Settled)
	return web.Show(func(sh page.Shell) templ.Component { return list(sh, p) }), err
}

// OnePage is the check-in of one visit.
type OnePage struct {
	One One
	May bool // settle what is different
}

func (s *CheckIns) showOne(r *web.Request, d access.Desk) (web.Reply, error) {
	return s.onePage(r, d, nil)
}

func (s *CheckIns) onePage(r *web.Request, d access.Desk, wrong error) (web.Reply, error) {
	o, err := s.Look(r.Context(), d.For(access.SeeCheckIns), visitID(r))
	if err != nil {
		return web.Reply{}, err
	}
	may := d.May(access.ReviewCheckIns)
	done := State(r.Ask("done"))
	return web.Show(func(sh page.Shell) templ.Component {
		if wrong == nil && (done == Accepted || done == Refused) {
			sh.Done = sh.T("checkin.desk.done." + string(done))
		}
		if may {
			sh = sh.BackTo(deskPath)
		}
		return one(sh, OnePage{o, may})
	}).Fix(wrong), nil
}

func (s *CheckIns) settleForm(r *web.Request, d access.Desk) (web.Reply, error) {
	as := State(r.Text("as"))
	err := s.Settle(r.Context(), d, visitID(r), ids.Review(r.Text("change")), as)
	if fault.Fixable(err) {
		return s.onePage(r, d, err)
	}
	return web.Redirect(deskPath + "/" + string(visitID(r)) + "?done=" + string(as)), err
}

func (s *CheckIns) showDeskPhoto(r *web.Request, d access.Desk) (web.Reply, error) {
	b, err := s.DeskPhoto(r.Context(), d, visitID(r), askedSide(r))
	return web.Bytes("image/jpeg", "", b), err
}
