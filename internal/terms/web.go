package terms

import (
	"errors"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/store"
	"portico/internal/web"
)

// Mount registers this room's routes.
func (t *Terms) Mount(r *web.Router) {
	r.Visitor("GET /terms", t.show(Use))
	r.Visitor("GET /privacy", t.show(Privacy))
	r.Visitor("GET /documents/{id}", t.showOne)
	r.Patient("GET /terms/accept", AcceptTerms, t.showAccept)
	r.PatientForm("POST /terms/accept", AcceptTerms, t.accept)
}

var paths = map[Kind]string{Use: "/terms", Privacy: "/privacy"}

func (k Kind) label() string {
	if k == Use {
		return "terms.accept.terms"
	}
	return "terms.accept.privacy"
}

func (t *Terms) show(k Kind) func(*web.Request, access.Visitor) (web.Reply, error) {
	return func(r *web.Request, _ access.Visitor) (web.Reply, error) {
		var p DocumentPage
		err := t.DB.View(r.Context(), func(tx *store.Tx) (err error) {
			p.Doc, err = newest(r.Context(), tx, k, r.Lang)
			return err
		})
		if err != nil {
			return web.Reply{}, err
		}
		return web.Show(func(s page.Shell) templ.Component { return document(s, p) }), nil
	}
}

// showOne shows a version by its identifier, in force or not, so that anybody
// can read again what they accepted.
func (t *Terms) showOne(r *web.Request, _ access.Visitor) (web.Reply, error) {
	var p DocumentPage
	err := t.DB.View(r.Context(), func(tx *store.Tx) (err error) {
		if p.Doc, err = byID(r.Context(), tx, ids.Document(r.PathValue("id"))); err != nil {
			return err
		}
		now, err := newest(r.Context(), tx, p.Doc.Kind, p.Doc.Lang)
		p.Older, p.Latest = now.ID != p.Doc.ID, paths[p.Doc.Kind]
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return web.Reply{}, fault.Missing()
	}
	if err != nil {
		return web.Reply{}, err
	}
	return web.Show(func(s page.Shell) templ.Component { return document(s, p) }), nil
}

func (p AcceptPage) hidden() []page.Hidden {
	h := []page.Hidden{{Name: "next", Value: p.Next}}
	for _, d := range p.Docs {
		h = append(h, page.Hidden{Name: "id-" + string(d.Kind), Value: string(d.ID)})
	}
	return h
}

func (t *Terms) showAccept(r *web.Request, _ access.Chart) (web.Reply, error) {
	return t.acceptPage(r, AcceptPage{Next: r.Ask("next")})
}

func (t *Terms) acceptPage(r *web.Request, p AcceptPage) (web.Reply, error) {
	p.Next = web.LocalPath(p.Next, "/home")
	err := t.DB.View(r.Context(), func(tx *store.Tx) (err error) {
		p.Docs, err = t.Current(r.Context(), tx, r.Lang)
		return err
	})
	if err != nil {
		return web.Reply{}, err
	}
	return web.Show(func(s page.Shell) templ.Component { return accept(s, p) }), nil
}

func (t *Terms) accept(r *web.Request, c access.Chart) (web.Reply, error) {
	var bad *fault.Fault
	var docs []ids.Document
	again := AcceptPage{Next: r.Text("next")}
	for _, k := range Kinds {
		docs = append(docs, ids.Document(r.Text("id-"+string(k))))
		if !r.Ticked(string(k)) {
			bad = bad.And(string(k), k.label()+".needed")
		} else {
			again.Kept = append(again.Kept, k)
		}
	}
	if bad != nil {
		reply, err := t.acceptPage(r, again)
		return reply.Fix(bad), err
	}
	if err := c.Need(AcceptTerms); err != nil {
		return web.Reply{}, err
	}
	a := Acceptance{Account: c.Account(), Agent: c.Agent(), Source: string(c.Source())}
	err := t.DB.Change(r.Context(), c.Did(audit.TermsAccepted, string(docs[0])), func(tx *store.Tx) error {
		return t.Accept(r.Context(), tx, a, docs)
	})
	if fault.Is(err, fault.Conflict) {
		reply, err := t.acceptPage(r, AcceptPage{Next: again.Next, Newer: true})
		return reply.Status(409), err
	}
	if err != nil {
		return web.Reply{}, err
	}
	return web.Redirect(web.LocalPath(r.Text("next"), "/home")), nil
}
