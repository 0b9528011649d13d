package scheduling

import (
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/web"
)

// mountLinks registers where links in messages lead.
func (s *Scheduling) mountLinks(r *web.Router) {
	r.Visitor("GET /v/{token}", s.showLink)
	r.VisitorForm("POST /v/{token}", s.replyForm)
	r.PatientForm("POST /visits/{id}/answer", access.BookVisits, s.answerForm)
}

// LinkPage is behind the link in a message. Good is false for a link that leads
// nowhere, whatever the reason.
type LinkPage struct {
	Token string
	Good  bool
	In    Invited
}

func (s *Scheduling) showLink(r *web.Request, v access.Visitor) (web.Reply, error) {
	p := LinkPage{Token: r.PathValue("token")}
	in, err := s.Invitation(r.Context(), v, p.Token)
	p.In, p.Good = in, err == nil
	if err != nil && !fault.Is(err, fault.NotFound) {
		return web.Reply{}, err
	}
	reply := web.Show(func(sh page.Shell) templ.Component { return linkPage(sh, p) })
	if !p.Good {
		reply = reply.Status(http.StatusNotFound)
	}
	return reply, nil
}

// What was said, and what became of the link, shows on its page.
func (s *Scheduling) replyForm(r *web.Request, v access.Visitor) (web.Reply, error) {
	token := r.PathValue("token")
	err := s.Reply(r.Context(), v, token, Answer(r.Text("answer")))
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) || Refused(err) != "" {
		err = nil
	}
	return web.Redirect("/v/" + url.PathEscape(token)), err
}

func (s *Scheduling) answerForm(r *web.Request, c access.Chart) (web.Reply, error) {
	id := ids.Appointment(r.PathValue("id"))
	err := s.AnswerMine(r.Context(), c, id, Answer(r.Text("answer")))
	if fault.Fixable(err) || fault.Is(err, fault.Conflict) {
		return web.Redirect("/visits/" + string(id)), nil // which says how the visit stands now
	}
	return web.Redirect("/visits/" + string(id) + "?done=answered"), err
}
