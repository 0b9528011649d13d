package terms

import (
	"errors"
	"maps"
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/store"
	"portico/internal/web"
)

// AcceptPath is where new terms are read and accepted.
const AcceptPath = "/terms/accept"

// Mount registers this room's routes for visitors and patients, and puts new
// terms before every page of a patient who owes an answer. free are the paths
// that stay open to them besides this room's own.
func (t *Terms) Mount(r *web.Router, free ...string) {
	r.Visitor("GET /terms", t.show(Use))
	r.Visitor("GET /privacy", t.show(Privacy))
	r.Visitor("GET /documents/{id}", t.showOne)
	r.Patient("GET /terms/accept", AcceptTerms, t.showAccept)
	r.PatientForm("POST /terms/accept", AcceptTerms, t.accept)
	r.Patient("GET /terms/decline", AcceptTerms, t.showDecline)
	r.AgreeFirst(t.first, append([]string{"/terms"}, free...)...)
}

var paths = map[Kind]string{Use: "/terms", Privacy: "/privacy"}

func (k Kind) label() string {
	if k == Use {
		return "terms.accept.terms"
	}
	return "terms.accept.privacy"
}

// title is the key of what a kind is called.
func (k Kind) title() string {
	if k == Use {
		return "terms.kind.terms"
	}
	return "terms.kind.privacy"
}

// show shows the version in force, or another one that is asked for.
func (t *Terms) show(k Kind) func(*web.Request, access.Visitor) (web.Reply, error) {
	return func(r *web.Request, _ access.Visitor) (web.Reply, error) {
		return t.documentPage(r, func(tx *store.Tx) (Document, error) {
			if v := r.Ask("version"); v != "" {
				return sameVersion(r.Context(), tx, k, v, r.Lang)
			}
			return newest(r.Context(), tx, k, r.Lang)
		})
	}
}

// showOne shows a version by its identifier, in force or not, so that anybody
// can read again what they accepted.
func (t *Terms) showOne(r *web.Request, _ access.Visitor) (web.Reply, error) {
	return t.documentPage(r, func(tx *store.Tx) (Document, error) {
		return byID(r.Context(), tx, ids.Document(r.PathValue("id")))
	})
}

func (t *Terms) documentPage(r *web.Request, find func(*store.Tx) (Document, error)) (web.Reply, error) {
	var p DocumentPage
	err := t.DB.View(r.Context(), func(tx *store.Tx) (err error) {
		if p.Doc, err = find(tx); err != nil {
			return err
		}
		p.Ahead = p.Doc.Published.After(tx.Now)
		if r.URL.Path == paths[p.Doc.Kind] && r.Ask("version") == "" {
			return nil // the one in force
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

// first leads whoever has new terms to accept to them, from any page. What they
// were sending is not handled and not lost: it travels along, and they send it
// when they have accepted.
func (t *Terms) first(r *web.Request, c access.Chart) (web.Reply, bool, error) {
	owing, err := t.Owing(r.Context(), c)
	if err != nil || !owing {
		return web.Reply{}, false, err
	}
	held, err := r.Held()
	if err != nil {
		return web.Reply{}, true, err
	}
	if held == nil {
		return web.Redirect(AcceptPath + "?next=" + url.QueryEscape(r.Whence())), true, nil
	}
	reply, err := t.acceptPage(r, c, AcceptPage{Next: r.Whence(), To: r.URL.Path, Held: held.Encode()})
	return reply.Status(409), true, err
}

func (p AcceptPage) hidden() []page.Hidden {
	h := []page.Hidden{{Name: "next", Value: p.Next}}
	for _, d := range p.Docs {
		h = append(h, page.Hidden{Name: "id-" + string(d.Kind), Value: string(d.ID)})
	}
	if p.Held != "" {
		h = append(h, page.Hidden{Name: "to", Value: p.To}, page.Hidden{Name: "held", Value: p.Held})
	}
	return h
}

func (t *Terms) showAccept(r *web.Request, c access.Chart) (web.Reply, error) {
	return t.acceptPage(r, c, AcceptPage{Next: r.Ask("next")})
}

// acceptPage shows what is missing; with nothing missing it shows what is in
// force, so that a second tab is not told of an error.
func (t *Terms) acceptPage(r *web.Request, c access.Chart, p AcceptPage) (web.Reply, error) {
	p.Next = web.LocalAddress(p.Next, "/home")
	err := t.DB.View(r.Context(), func(tx *store.Tx) error {
		missing, err := t.Missing(r.Context(), tx, c.Account())
		if err != nil {
			return err
		}
		if len(missing) == 0 {
			missing = Kinds
		}
		p.Docs = nil
		for _, k := range missing {
			d, err := newest(r.Context(), tx, k, r.Lang)
			if err != nil {
				return err
			}
			p.Docs = append(p.Docs, d)
		}
		return nil
	})
	if err != nil {
		return web.Reply{}, err
	}
	return web.Show(func(s page.Shell) templ.Component { return accept(s, p) }), nil
}

func (t *Terms) accept(r *web.Request, c access.Chart) (web.Reply, error) {
	again := AcceptPage{Next: r.Text("next"), To: r.Text("to"), Held: r.Text("held")}
	var bad *fault.Fault
	var docs []ids.Document
	for _, k := range Kinds {
		id := r.Text("id-" + string(k))
		switch {
		case id == "":
			continue
		case !r.Ticked(string(k)):
			bad = bad.And(string(k), k.label()+".needed")
		default:
			again.Kept = append(again.Kept, k)
		}
		docs = append(docs, ids.Document(id))
	}
	if bad != nil {
		reply, err := t.acceptPage(r, c, again)
		return reply.Fix(bad), err
	}
	err := t.AcceptOwn(r.Context(), c, docs)
	if fault.Is(err, fault.Conflict) {
		again.Newer, again.Kept = true, nil
		reply, err := t.acceptPage(r, c, again)
		return reply.Status(409), err
	}
	if err != nil {
		return web.Reply{}, err
	}
	return t.goOn(r, again)
}

// goOn leads on after accepting: to the page that was wanted, or to what was
// being sent when the terms came in between.
func (t *Terms) goOn(r *web.Request, was AcceptPage) (web.Reply, error) {
	next := web.LocalAddress(was.Next, "/home")
	held, err := url.ParseQuery(was.Held)
	if was.Held == "" || err != nil || !r.Takes(was.To) {
		return web.Redirect(next), nil
	}
	p := HeldPage{To: was.To, Next: next}
	for _, name := range slices.Sorted(maps.Keys(held)) {
		for _, v := range held[name] {
			p.Fields = append(p.Fields, page.Hidden{Name: name, Value: v})
		}
	}
	return web.Show(func(s page.Shell) templ.Component { return sendOn(s, p) }), nil
}

func (t *Terms) showDecline(r *web.Request, _ access.Chart) (web.Reply, error) {
	p := DeclinePage{Next: web.LocalAddress(r.Ask("next"), "/home")}
	return web.Show(func(s page.Shell) templ.Component { return decline(s, p) }), nil
}
