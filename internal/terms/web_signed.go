package terms

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/store"
	"portico/internal/web"
)

// signedPath is the list of who accepted what.
const signedPath = deskPath + "/accepted"

// wanted is what the filter asks for, as it stands in an address: an account's
// identifier, never a patient number.
type wanted struct{ Kind, Version, Lang, Account, From, To string }

func (w wanted) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"kind": w.Kind, "version": w.Version, "in": w.Lang, "account": w.Account, "from": w.From, "to": w.To} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

func askedFor(q *web.Request) wanted {
	return wanted{q.Ask("kind"), q.Ask("version"), q.Ask("in"), q.Ask("account"), q.Ask("from"), q.Ask("to")}
}

// filter reads what is wanted; days are the clinic's.
func (t *Terms) filter(w wanted) (Filter, error) {
	f := Filter{Kind: Kind(w.Kind), Version: w.Version, Lang: lang.Lang(w.Lang), Account: ids.Account(w.Account)}
	var bad *fault.Fault
	var err error
	if f.From, err = day(w.From, t.zone(), 0); err != nil {
		bad = bad.And("from", "terms.signed.day.bad")
	}
	if f.To, err = day(w.To, t.zone(), 1); err != nil {
		bad = bad.And("to", "terms.signed.day.bad")
	}
	return f, bad.OrNil()
}

// askSigned turns a patient number into the account it stands for, so that it
// stands in no address, and leads to the list.
func (t *Terms) askSigned(q *web.Request, d access.Desk) (web.Reply, error) {
	w := wanted{Kind: q.Text("kind"), Version: q.Text("version"), Lang: q.Text("in"), From: q.Text("from"), To: q.Text("to")}
	whom := q.Text("whom")
	_, err := t.filter(w)
	if err == nil && strings.HasPrefix(whom, "acc_") {
		w.Account = whom
	} else if err == nil && whom != "" {
		var id ids.Account
		id, err = t.Signer(q.Context(), d, whom)
		w.Account = string(id)
	}
	if fault.Fixable(err) {
		return t.signedPage(q, d, w, SignedPage{Whom: whom}, err)
	}
	return web.Redirect(signedPath + "?" + w.values().Encode()), err
}

func (t *Terms) showSigned(q *web.Request, d access.Desk) (web.Reply, error) {
	w := askedFor(q)
	return t.signedPage(q, d, w, SignedPage{Whom: w.Account}, nil)
}

func (t *Terms) signedPage(q *web.Request, d access.Desk, w wanted, p SignedPage, wrong error) (web.Reply, error) {
	var err error
	if p.Versions, err = t.versionNames(q.Context()); err != nil {
		return web.Reply{}, err
	}
	p.wanted = w
	f, bad := t.filter(w)
	if wrong == nil {
		wrong = bad
	}
	if wrong == nil {
		f.After = q.Ask("after")
		if p.List, err = t.Signatures(q.Context(), d, f); err != nil {
			return web.Reply{}, err
		}
		if rows := p.List.Rows; f.Account != "" && len(rows) > 0 && rows[0].Number != "" {
			p.Whom = rows[0].Number // people know it, and not what stands in the address
		}
		v := w.values()
		p.CSV = signedPath + ".csv?" + v.Encode()
		if p.List.Next != "" {
			v.Set("after", p.List.Next)
			p.Next = signedPath + "?" + v.Encode()
		}
	}
	return staffPage(q, "terms.signed.title", func(s page.Shell) templ.Component { return signedView(s.BackTo(deskPath), p) }).Fix(wrong), nil
}

// versionNames lists the version numbers there are, each once.
func (t *Terms) versionNames(ctx context.Context) (out []page.Option, err error) {
	err = t.DB.View(ctx, func(tx *store.Tx) error {
		docs, err := versions(ctx, tx)
		for _, d := range docs {
			if o := (page.Option{Value: d.Version, Text: d.Version}); !slices.Contains(out, o) {
				out = append(out, o)
			}
		}
		return err
	})
	return out, err
}

func (t *Terms) saveSigned(q *web.Request, d access.Desk) (web.Reply, error) {
	w := askedFor(q)
	f, err := t.filter(w)
	var b []byte
	if err == nil {
		b, err = t.Export(q.Context(), d, f)
	}
	if fault.Fixable(err) {
		return t.signedPage(q, d, w, SignedPage{Whom: w.Account}, err)
	}
	return web.Bytes("text/csv; charset=utf-8", "accepted-terms.csv", b), err
}
