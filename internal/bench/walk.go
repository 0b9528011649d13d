package bench

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/demo"
)

// walk opens every page of a clinic, each as the right person.
type walk struct {
	*clinic
	people map[who]*guest
	setUp  string // path of a new colleague's set-up link
	notMe  string // path of a "this was not me" link
}

// seen is a page that was opened.
type seen struct {
	place
	got view
}

// all opens every page that is registered and has a line. What has none is
// given as left out; a test does not let that happen.
func (c *clinic) all(ctx context.Context) (pages []seen, out []string, err error) {
	w := &walk{clinic: c, people: map[who]*guest{}}
	has := map[string]bool{}
	for _, r := range c.app.Router.Routes() {
		has[r.Method+" "+r.Path] = true
	}
	for _, p := range places {
		if !has["GET "+p.route] {
			continue
		}
		s, err := w.open(ctx, p)
		if err != nil {
			return pages, nil, fmt.Errorf("GET %s as %s: %w", p.route, p.who, err)
		}
		pages = append(pages, s)
	}
	return pages, Unlisted(c.app.Router.Routes()), nil
}

func (w *walk) open(ctx context.Context, p place) (seen, error) {
	g, err := w.person(p.who)
	if err != nil {
		return seen{}, err
	}
	if p.before != nil {
		if err := p.before(ctx, w, g); err != nil {
			return seen{}, err
		}
	}
	path, err := w.address(ctx, p, g)
	if err != nil {
		return seen{}, err
	}
	v, err := g.get(path)
	if err != nil {
		return seen{}, err
	}
	if v.status != cmp.Or(p.status, http.StatusOK) {
		return seen{}, fmt.Errorf("answered %d and led to %q", v.status, v.header.Get("Location"))
	}
	return seen{p, v}, nil
}

func (w *walk) address(ctx context.Context, p place, g *guest) (string, error) {
	switch {
	case p.at != nil:
		return p.at(ctx, w)
	case p.from != "":
		v, err := g.get(p.from)
		if err != nil {
			return "", err
		}
		if href := v.link(p.route, p.text); href != "" {
			return href, nil
		}
		return "", fmt.Errorf("%s has no link to such a page", p.from)
	}
	return strings.TrimSuffix(p.route, "{$}"), nil
}

// person gives the browser of one of the people, signed in if they are.
func (w *walk) person(p who) (*guest, error) {
	if g := w.people[p]; g != nil {
		return g, nil
	}
	g := w.guest()
	w.people[p] = g
	switch p {
	case patient:
		return g, settled(g, w.signIn(g, w.cards.Accounts[0]))
	case confirmed:
		return g, settled(g, w.signInAgain(g, w.cards.Accounts[0]))
	case clerk, administrator, auditor, clinician, archivist:
		return g, w.signInStaff(g, w.colleague(p))
	}
	return g, nil
}

// settled opens a page: with its first one a session is looked at for new terms,
// and the pages after it cost what they cost all day.
func settled(g *guest, err error) error {
	if err == nil {
		_, err = g.get("/home")
	}
	return err
}

func (w *walk) colleague(p who) demo.StaffCard {
	role := map[who]string{clerk: "front_desk", administrator: "administrator", auditor: "auditor", clinician: "clinician", archivist: "records"}[p]
	for _, s := range w.cards.Staff {
		if s.Roles[0] == role {
			return s
		}
	}
	return demo.StaffCard{}
}

// signInAgain signs a patient in and confirms it. A code of an app opens once, so
// the clock moves on to the next.
func (w *walk) signInAgain(g *guest, a demo.AccountCard) error {
	w.later(time.Minute)
	if err := w.signIn(g, a); err != nil {
		return err
	}
	if err := g.post(access.ConfirmPath, access.ConfirmPath, "password", a.Password); err != nil {
		return err
	}
	w.later(time.Minute)
	return w.step(g, access.ConfirmPath+"/step", a)
}

// signIn signs a patient with an authenticator app in.
func (c *clinic) signIn(g *guest, a demo.AccountCard) error {
	if err := g.post("/signin", "/signin", "username", a.UserName, "password", a.Password); err != nil {
		return err
	}
	return c.step(g, "/signin/step", a)
}

// step answers a page that asks for the code of an authenticator app.
func (c *clinic) step(g *guest, path string, a demo.AccountCard) error {
	code, err := c.totp(a.Secret)
	if err != nil {
		return err
	}
	return g.post(path, path, "code", code)
}

func (c *clinic) signInStaff(g *guest, s demo.StaffCard) error {
	if err := g.post("/staff/signin", "/staff/signin", "email", s.Email, "password", s.Password); err != nil {
		return err
	}
	code, err := c.totp(s.Secret)
	if err != nil {
		return err
	}
	return g.post("/staff/signin/step", "/staff/signin/step", "code", code)
}
