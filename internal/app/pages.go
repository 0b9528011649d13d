package app

import (
	"net/http"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/web"
)

// mountPages adds the pages that belong to no room: files, help, and in the
// demo the outbox and the page of all parts.
func (a *App) mountPages() {
	r := a.Router
	r.SystemHandler("GET /assets/", page.Assets())
	r.Visitor("GET /{$}", func(q *web.Request, _ access.Visitor) (web.Reply, error) {
		if q.Cookie(web.SessionCookie) != "" {
			return web.Redirect("/home"), nil
		}
		return web.Redirect("/signin"), nil
	})
	show := func(draw func(page.Shell) templ.Component) func(*web.Request, access.Visitor) (web.Reply, error) {
		return func(*web.Request, access.Visitor) (web.Reply, error) { return web.Same(draw), nil }
	}
	r.Visitor("GET /help", show(page.HelpPage))
	r.Visitor("GET /accessibility", show(func(s page.Shell) templ.Component {
		return page.AccessibilityPage(s, page.DisplaySpec{Action: "/display", Return: "/accessibility"})
	}))
	if a.phone != nil {
		r.SystemHandler("POST "+notify.CallbackPath, a.Outbox.Callback(a.phone))
	}
	if a.cfg.Mail.Bounces != "" {
		r.System("POST "+notify.BouncePath, func(q *web.Request) (web.Reply, error) {
			err := a.Outbox.Bounced(q.Context(), q.Visitor(), http.MaxBytesReader(nil, q.Body, notify.MaxBounce))
			return web.Empty(http.StatusNoContent), err
		})
	}
	if !a.demo {
		return
	}
	r.Visitor("GET /style", show(page.StylePage))
	r.Visitor("GET /demo/outbox", func(q *web.Request, _ access.Visitor) (web.Reply, error) {
		draw, err := a.Sink.Page(q.Context())
		return web.Show(draw), err
	})
	r.SystemHandler("GET /demo/outbox.json", a.Sink.JSON())
	r.SystemHandler("GET /demo/outbox/mail", a.Sink.Mail())
}
