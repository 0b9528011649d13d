package terms_test

import (
	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/page"
	"portico/internal/web"
)

// sent is what the form of the other room received last.
var sent string

// mountForm is a patient's page with a form, as any room has.
func mountForm(r *web.Router) {
	r.Patient("GET /home", access.SeeHome, func(*web.Request, access.Chart) (web.Reply, error) { return web.Empty(200), nil })
	r.Patient("GET /letters", access.SeeHome, func(*web.Request, access.Chart) (web.Reply, error) {
		return web.Show(func(s page.Shell) templ.Component {
			return page.Form(s, page.FormSpec{Action: "/letters", Keep: true})
		}), nil
	})
	r.PatientForm("POST /letters", access.SeeHome, func(q *web.Request, _ access.Chart) (web.Reply, error) {
		sent = q.Text("words")
		return web.Redirect("/home"), nil
	})
	r.PatientForm("POST /signout", access.EndSession, func(*web.Request, access.Chart) (web.Reply, error) { return web.Redirect("/home"), nil })
}
