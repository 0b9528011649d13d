package recovery

import (
	"net/url"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/web"
)

// MountDesk registers the desk's pages.
func (s *Recovery) MountDesk(r *web.Router) {
	const t = access.HelpRecover
	r.Staff("GET /staff/recovery", t, s.showRunning)
	r.StaffNav(page.NavItem{Path: "/staff/recovery", Icon: "log-in", TextKey: "recovery.desk.nav"})
	r.StaffQueue("/staff/recovery", t, web.Counted(`SELECT COUNT(*) FROM recovery WHERE `+live))
	r.Staff("GET /staff/recovery/{id}", t, s.showHelp)
	r.StaffForm("POST /staff/recovery/{id}/call", t, s.call)
	r.StaffForm("POST /staff/recovery/{id}/start", t, s.start)
	r.StaffForm("POST /staff/recovery/{id}/agree", t, s.agree)
	r.StaffForm("POST /staff/recovery/{id}/stop", t, s.halt)
}

// RunningPage lists whose way back in runs.
type RunningPage struct {
	Table page.TableSpec
	May   bool // this person finds patients
}

func (s *Recovery) showRunning(q *web.Request, d access.Desk) (web.Reply, error) {
	all, err := s.Everybody(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	sh := page.Shell{Lang: q.Lang, Clinic: s.Clinic.Now()}
	p := RunningPage{May: d.May(access.FindPatients), Table: page.TableSpec{ID: "running", Caption: sh.T("recovery.desk.title"), HideCaption: true, Empty: sh.T("recovery.desk.none"),
		Columns: []page.Column{{Text: sh.T("console.codes.patient")}, {Text: sh.T("recovery.desk.began")}, {Text: sh.T("recovery.desk.state")}, {Text: sh.T("recovery.desk.until")}}}}
	for _, w := range all {
		p.Table.Rows = append(p.Table.Rows, []page.Cell{{Text: w.Name, Href: "/staff/recovery/" + string(w.Patient)}, {Text: sh.Moment(w.Began)}, {Text: w.in(sh), Tone: w.tone()}, {Text: w.end(sh)}})
	}
	return show(func(sh page.Shell) templ.Component { return running(sh, p) }), nil
}

func (w Helped) in(s page.Shell) string {
	if w.Kind != ForAll {
		return s.T("recovery.kind." + string(w.Kind))
	}
	return s.T("recovery.state." + string(w.State))
}

func (w Helped) tone() page.Tone {
	switch w.State {
	case First:
		return page.Warn
	case Done:
		return page.OK
	case Stopped, Void:
		return page.Plain
	}
	return page.Info
}

// end is when a way ended, or will.
func (w Helped) end(s page.Shell) string {
	switch {
	case !w.Ended.IsZero():
		return s.Moment(w.Ended)
	case !w.Until.IsZero():
		return s.Moment(w.Until)
	}
	return ""
}

// HelpPage is one patient's way back in.
type HelpPage struct {
	Help
	Mine    bool // this person started what waits for a second one
	May     bool // this person makes codes
	Contact string
	Call    Call
	How     string
}

func (s *Recovery) showHelp(q *web.Request, d access.Desk) (web.Reply, error) {
	return s.helpPage(q, d, HelpPage{}, nil)
}

func (s *Recovery) helpPage(q *web.Request, d access.Desk, p HelpPage, wrong error) (web.Reply, error) {
	h, err := s.Help(q.Context(), d, ids.Patient(q.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	p.Help, p.May = h, d.May(access.IssueCodes)
	p.Mine = h.Now != nil && h.Now.Staff == d.Staff()
	key := "recovery.desk.done." + q.Ask("done")
	return show(func(sh page.Shell) templ.Component {
		if t := sh.T(key); t != key && len(sh.Problems) == 0 {
			sh.Done = t
		}
		return help(sh, p)
	}).Fix(wrong), nil
}

// led leads to the page with what was done, or shows what was wrong.
func (s *Recovery) led(q *web.Request, d access.Desk, p HelpPage, done string, err error) (web.Reply, error) {
	if shown, ok := explained(err); ok {
		return s.helpPage(q, d, p, shown)
	}
	return web.Redirect("/staff/recovery/" + url.PathEscape(q.PathValue("id")) + "?done=" + done), err
}

func (s *Recovery) call(q *web.Request, d access.Desk) (web.Reply, error) {
	c := Call{Contact: q.Text("contact"), Outcome: q.Text("outcome"), Evidence: q.Text("evidence"), Note: q.Text("note")}
	return s.led(q, d, HelpPage{Call: c}, "called", s.LogCall(q.Context(), d, ids.Patient(q.PathValue("id")), c))
}

func (s *Recovery) start(q *web.Request, d access.Desk) (web.Reply, error) {
	how := q.Text("how")
	if how == "visit" && !q.Ticked("seen") {
		return s.helpPage(q, d, HelpPage{How: how}, fault.Bad("seen", "recovery.desk.seen.missing"))
	}
	return s.led(q, d, HelpPage{How: how}, "started", s.Start(q.Context(), d, ids.Patient(q.PathValue("id")), how))
}

func (s *Recovery) agree(q *web.Request, d access.Desk) (web.Reply, error) {
	return s.led(q, d, HelpPage{}, "agreed", s.Agree(q.Context(), d, ids.Patient(q.PathValue("id"))))
}

func (s *Recovery) halt(q *web.Request, d access.Desk) (web.Reply, error) {
	return s.led(q, d, HelpPage{}, "stopped", s.Halt(q.Context(), d, ids.Patient(q.PathValue("id"))))
}
