package signon

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/staff"
	"portico/internal/store"
	"portico/internal/web"
)

const (
	// FlowCookie holds, sealed, what belongs to a sign-on that is under way.
	FlowCookie = "__Host-staff-signon"
	// flowPlace names it for the keyring. It is in no table.
	flowPlace = "signon.flow"
	// flowLife is how long one may take at the provider.
	flowLife = 10 * time.Minute
)

// Door is the sign-on's pages.
type Door struct {
	DB       *store.DB
	Keys     *secret.Keyring
	Staff    *staff.Staff
	Provider *Provider // nil where the clinic has none
	Name     string    // what the clinic calls it
	Log      *slog.Logger
}

// Mount registers the routes.
func (d *Door) Mount(r *web.Router) {
	r.Visitor("GET /staff/signon", d.leave)
	r.Visitor("GET /staff/setup/{token}/signon", d.leaveInvited)
	r.Visitor("GET /staff/signon/back", d.back)
	r.Visitor("GET /staff/signon/out", d.out)
	r.Staff("GET /staff/signon/again", access.SeeDesk, d.leaveAgain)
	r.System("POST /staff/signon/told", d.told)
}

// flow is one sign-on under way. What the provider is told of it is derived from
// one secret, so that the cookie stays small.
type flow struct {
	Seed   string
	Next   string `json:",omitempty"`
	Invite string `json:",omitempty"` // token of a set-up link
	Again  bool   `json:",omitempty"` // somebody signed in proves anew who they are
	Until  int64
}

func (f flow) begun() time.Time { return time.Unix(f.Until, 0).Add(-flowLife) }

func (f flow) derive(what string) string {
	sum := sha256.Sum256([]byte(what + "\x00" + f.Seed))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (f flow) state() string    { return f.derive("state") }
func (f flow) nonce() string    { return f.derive("nonce") }
func (f flow) verifier() string { return f.derive("verifier") }

// longNext bounds what is carried along in the cookie, in bytes: the sealed search of
// a list whose export asks for a new proof is the longest.
const longNext = 512

// next is where to go afterwards, "" for the desk.
func next(q *web.Request) string {
	to := web.LocalAddress(q.Ask("next"), "")
	if len(to) > longNext {
		return ""
	}
	return to
}

func (d *Door) leave(q *web.Request, _ access.Visitor) (web.Reply, error) {
	return d.begin(q, flow{Next: next(q)})
}

// leaveAgain sends somebody who is signed in to the provider, to prove anew who they
// are. Where the clinic has no sign-on, nothing can be proved at it.
func (d *Door) leaveAgain(q *web.Request, _ access.Desk) (web.Reply, error) {
	if d.Provider == nil {
		return web.Redirect(web.LocalAddress(next(q), "/staff")), nil
	}
	return d.begin(q, flow{Next: next(q), Again: true})
}

// leaveInvited begins a sign-on that links a person. It must come from the link's
// own page, which says whose link it is: somebody who follows a link from elsewhere
// would otherwise become, at one click, whoever the link was made for.
func (d *Door) leaveInvited(q *web.Request, v access.Visitor) (web.Reply, error) {
	token := q.PathValue("token")
	if d.Provider == nil {
		return web.Reply{}, fault.Missing()
	}
	if _, err := d.Staff.Opened(q.Context(), v, token); err != nil {
		return web.Reply{}, err
	}
	if q.Header.Get("Sec-Fetch-Site") != "same-origin" {
		return web.Redirect("/staff/setup/" + token), nil
	}
	return d.begin(q, flow{Invite: token})
}

// begin sends the browser to the provider with a cookie that only it holds. It
// stores nothing here.
func (d *Door) begin(q *web.Request, f flow) (web.Reply, error) {
	if d.Provider == nil {
		return web.Reply{}, fault.Missing()
	}
	f.Seed, f.Until = secret.Token(), d.DB.Now().Add(flowLife).Unix()
	to, err := d.Provider.leave(q.Context(), f)
	if err != nil {
		return d.answer(q, err)
	}
	b, err := json.Marshal(f)
	if err != nil {
		return web.Reply{}, err
	}
	return web.Away(to).Cookie(FlowCookie, d.Keys.Seal(flowPlace, FlowCookie, b), flowLife), nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// taken gives the sign-on that came back, if it is this browser's.
func (d *Door) taken(q *web.Request, v access.Visitor) (f flow, err error) {
	b, err := d.Keys.Open(flowPlace, FlowCookie, q.Cookie(FlowCookie))
	if err != nil || json.Unmarshal(b, &f) != nil || !same(f.state(), q.Ask("state")) || d.DB.Now().Unix() > f.Until {
		return f, d.Staff.CameBack(q.Context(), v, "")
	}
	if err := d.Staff.CameBack(q.Context(), v, f.state()); err != nil {
		return f, err
	}
	// RFC 9207: a provider that names itself must be the one that was asked.
	if iss := q.Ask("iss"); iss != "" && iss != d.Provider.set.Issuer {
		return f, errToken("the answer is from another provider")
	}
	return f, nil
}

// back is where the provider sends the browser.
func (d *Door) back(q *web.Request, v access.Visitor) (web.Reply, error) {
	if d.Provider == nil {
		return web.Reply{}, fault.Missing()
	}
	reply, err := d.arrived(q, v)
	if err != nil {
		reply, err = d.answer(q, err)
	}
	return reply.Cookie(FlowCookie, "", -1), err
}

func (d *Door) arrived(q *web.Request, v access.Visitor) (web.Reply, error) {
	f, err := d.taken(q, v)
	if err != nil {
		return web.Reply{}, err
	}
	if q.Ask("error") != "" || q.Ask("code") == "" {
		return web.Reply{}, errDeclined
	}
	o, err := d.Provider.arrive(q.Context(), f, q.Ask("code"))
	if err != nil {
		return web.Reply{}, err
	}
	if f.Again {
		token, err := d.Staff.ConfirmSignedOn(q.Context(), v, q.Cookie(web.StaffCookie), o)
		return web.Redirect(web.LocalAddress(o.Next, "/staff")).Cookie(web.StaffCookie, token, 0), err
	}
	if f.Invite != "" {
		if err := d.Staff.LinkSignOn(q.Context(), v, f.Invite, o, q.Lang); err != nil {
			return web.Reply{}, err
		}
	}
	in, half, err := d.Staff.EnterSignedOn(q.Context(), v, o)
	if err != nil {
		return web.Reply{}, err
	}
	if half != "" {
		return web.Redirect("/staff/signin/step").Cookie(staff.StepCookie, half, flowLife), nil
	}
	return web.Redirect(web.LocalAddress(in.Next, "/staff")).Cookie(web.StaffCookie, in.Session, 0).Cookie(web.VisitorCookie, "", -1), nil
}

// errDeclined means that the person turned back at the provider.
var errDeclined = errors.New("not signed in at the provider")

// out sends the browser to where it is signed out of the provider too: on a shared
// machine the next person would else be let in as the last.
func (d *Door) out(q *web.Request, _ access.Visitor) (web.Reply, error) {
	if d.Provider == nil {
		return web.Reply{}, fault.Missing()
	}
	to, err := d.Provider.out(q.Context(), q.Base().JoinPath("/staff/signin").String())
	if err != nil {
		return d.answer(q, err)
	}
	if to == nil {
		return d.show(mishap{page: MishapPage{Title: "staff.signon.out.none", Text: "staff.signon.out.none.text"}, status: http.StatusOK}), nil
	}
	return web.Away(to), nil
}

// mishap is what a person reads of an error, and what the audit log does.
type mishap struct {
	page   MishapPage
	status int
	why    string // "" where the operation wrote it down itself
}

// mishaps are by the error; what an attacker could learn from one they know already.
var mishaps = map[error]mishap{
	ErrDown:           {MishapPage{Title: "staff.signon.down", Text: "staff.signon.down.text", Local: true}, http.StatusServiceUnavailable, "down"},
	errDeclined:       {MishapPage{Title: "staff.signon.declined", Text: "staff.signon.declined.text", Again: true}, http.StatusBadRequest, "declined"},
	errNotAnew:        {MishapPage{Title: "staff.signon.notanew", Text: "staff.signon.notanew.text"}, http.StatusForbidden, "not anew"},
	staff.ErrOther:    {MishapPage{Title: "staff.signon.other", Text: "staff.signon.other.text"}, http.StatusForbidden, ""},
	staff.ErrBack:     {MishapPage{Title: "staff.signon.stale", Text: "staff.signon.stale.text", Again: true}, http.StatusBadRequest, "state"},
	staff.ErrStranger: {MishapPage{Title: "staff.signon.stranger", Text: "staff.signon.stranger.text"}, http.StatusForbidden, ""},
	staff.ErrDisabled: {MishapPage{Title: "staff.ended.disabled", Text: "staff.ended.disabled.text"}, http.StatusForbidden, ""},
	staff.ErrLinked:   {MishapPage{Title: "staff.signon.linked", Text: "staff.signon.linked.text"}, http.StatusForbidden, ""},
	staff.ErrTaken:    {MishapPage{Title: "staff.signon.stranger", Text: "staff.signon.stranger.text"}, http.StatusForbidden, ""},
	staff.ErrNameless: {MishapPage{Title: "staff.signon.nameless", Text: "staff.signon.nameless.text"}, http.StatusForbidden, ""},
	staff.ErrNoRole:   {MishapPage{Title: "staff.signon.norole", Text: "staff.signon.norole.text"}, http.StatusForbidden, ""},
	staff.ErrWeak:     {MishapPage{Title: "staff.signon.weak", Text: "staff.signon.weak.text"}, http.StatusForbidden, ""},
}

// known finds what an error means, if it is one of signing on.
func known(err error) (m mishap, ok bool) {
	if _, token := errors.AsType[errToken](err); token {
		return mishap{MishapPage{Title: "staff.signon.stale", Text: "staff.signon.token.text", Again: true}, http.StatusBadRequest, "token"}, true
	}
	for e, m := range mishaps {
		if errors.Is(err, e) {
			return m, true
		}
	}
	return m, false
}

// answer turns what went wrong into its page and its line in the audit log.
func (d *Door) answer(q *web.Request, err error) (web.Reply, error) {
	m, ok := known(err)
	if !ok {
		return web.Reply{}, err
	}
	if m.why == "down" || m.why == "token" || m.why == "not anew" {
		d.Log.Warn("sign-on", "err", bare(err))
	}
	if m.why != "" {
		if err := d.Staff.RefuseSignOn(q.Context(), q.Visitor(), m.why); err != nil {
			return web.Reply{}, err
		}
	}
	return d.show(m), nil
}

func (d *Door) show(m mishap) web.Reply {
	m.page.SignOn = d.Name
	return web.Show(func(sh page.Shell) templ.Component {
		return mishapView(sh.Called(sh.T(m.page.Title, d.Name)), m.page)
	}).Status(m.status)
}

// bare leaves the address out of an error of a request: it holds the code.
func bare(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
