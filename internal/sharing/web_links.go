package sharing

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/a-h/templ"
	"github.com/skip2/go-qrcode"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/store"
	"portico/internal/web"
)

// Mount registers the routes of links.
func (l *Links) Mount(r *web.Router) {
	r.PatientRaised("GET /records/share", access.ShareRecords, l.showLinks)
	r.PatientRaisedForm("POST /records/share", access.ShareRecords, l.makeLink)
	r.PatientRaised("GET /records/share/{id}", access.ShareRecords, l.showLink)
	r.PatientForm("POST /records/share/{id}/end", access.ShareRecords, l.endLink) // not raised: ending only protects
	r.Visitor("GET /view", l.view)
	r.Open("POST /shl/{address}", l.manifest)
	r.Open("GET /shl/file/{ticket}", l.file)
}

// lives are the times to choose from.
var lives = []struct {
	name string
	life time.Duration
}{{"day", 24 * time.Hour}, {"week", 7 * 24 * time.Hour}, {"month", 30 * 24 * time.Hour}, {"season", longestLink}}

func (l *Links) showLinks(r *web.Request, c access.Chart) (web.Reply, error) {
	return l.links(r, c, LinksPage{What: "summary", Life: "week"})
}

func (l *Links) links(r *web.Request, c access.Chart, p LinksPage) (web.Reply, error) {
	var err error
	if p.List, err = l.Made(r.Context(), c); err != nil {
		return web.Reply{}, err
	}
	err = l.Copies.DB.View(r.Context(), func(tx *store.Tx) (err error) {
		p.Counts, err = record.Counts(r.Context(), tx, c)
		return err
	})
	return web.Show(func(sh page.Shell) templ.Component { return links(sh, p) }), err
}

// makeLink answers with the link itself and leads nowhere: what it shows is kept
// nowhere that another address could take it from.
func (l *Links) makeLink(r *web.Request, c access.Chart) (web.Reply, error) {
	p := LinksPage{What: r.Text("what"), Life: r.Text("life"), Label: r.Text("label"), Sensitive: r.Ticked("sensitive")}
	for _, v := range r.PostForm["section"] {
		if slices.Contains(record.Sections, record.Section(v)) {
			p.Sections = append(p.Sections, v)
		}
	}
	o := p.order()
	o.Lang, o.Passcode = r.Lang, store.Clean(r.Raw("passcode"))
	made, err := l.Make(r.Context(), c, o)
	if fault.Fixable(err) {
		reply, shown := l.links(r, c, p)
		return reply.Fix(err), shown
	}
	if err != nil {
		return web.Reply{}, err
	}
	dots, err := qr(made.Link)
	return web.Show(func(sh page.Shell) templ.Component { return newLink(sh, NewLinkPage{made, dots}) }), err
}

// order reads the form.
func (p LinksPage) order() LinkOrder {
	o := LinkOrder{Label: p.Label, Selection: Selection{Sensitive: p.Sensitive}}
	switch p.What {
	case "summary":
		o.Sections = slices.Clone(summary)
	case "all":
		o.Sections = slices.Clone(record.Sections)
	case "some":
		for _, v := range p.Sections {
			o.Sections = append(o.Sections, record.Section(v))
		}
	}
	for _, x := range lives {
		if x.name == p.Life {
			o.Life = x.life
		}
	}
	return o
}

func (l *Links) showLink(r *web.Request, c access.Chart) (web.Reply, error) {
	one, list, err := l.Opened(r.Context(), c, ids.Share(r.PathValue("id")))
	if err != nil {
		return web.Reply{}, err
	}
	p := LinkPage{one, list, words{r.Lang, l.Copies.zone()}}
	return web.Show(func(sh page.Shell) templ.Component { return link(sh, p) }), nil
}

func (l *Links) endLink(r *web.Request, c access.Chart) (web.Reply, error) {
	id := ids.Share(r.PathValue("id"))
	return web.Redirect("/records/share/" + string(id)), l.End(r.Context(), c, id)
}

func (l *Links) view(*web.Request, access.Visitor) (web.Reply, error) {
	return web.Show(func(sh page.Shell) templ.Component { return viewer(sh) }), nil
}

// mostBody is the largest question taken, in bytes.
const mostBody = 16 << 10

// manifest answers other systems: no page, whatever happens.
func (l *Links) manifest(r *web.Request) (web.Reply, error) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, mostBody+1))
	if err != nil {
		return said(http.StatusBadRequest, "unreadable"), nil
	}
	if len(raw) > mostBody {
		return said(http.StatusRequestEntityTooLarge, "too large"), nil
	}
	a, ok := readAsked(raw)
	if !ok {
		return said(http.StatusBadRequest, "not a manifest request"), nil
	}
	a.Address = r.PathValue("address")
	m, err := l.Open(r.Context(), r.Visitor(), a)
	var wrong WrongPasscode
	switch {
	case errors.As(err, &wrong):
		return web.JSON(map[string]int{"remainingAttempts": wrong.Left}).Status(http.StatusUnauthorized), nil
	case fault.Fixable(err):
		return said(http.StatusBadRequest, "recipient is missing"), nil
	case err != nil:
		return refusal(err)
	}
	return web.JSON(m), nil
}

// readAsked reads the body of a manifest request. Names are told apart by case,
// and those the standard does not have are passed over, as it says.
func readAsked(raw []byte) (a Asked, ok bool) {
	a.Embedded = -1
	var q map[string]json.RawMessage
	if json.Unmarshal(raw, &q) != nil || q == nil {
		return a, false
	}
	for name, to := range map[string]any{"recipient": &a.Recipient, "passcode": &a.Passcode, "embeddedLengthMax": &a.Embedded} {
		if v, there := q[name]; there && string(v) != "null" && json.Unmarshal(v, to) != nil {
			return a, false
		}
	}
	if v, there := q["embeddedLengthMax"]; there && string(v) != "null" && a.Embedded < 0 {
		return a, false
	}
	return a, true
}

func (l *Links) file(r *web.Request) (web.Reply, error) {
	jwe, err := l.Fetch(r.Context(), r.Visitor(), r.PathValue("ticket"))
	if err != nil {
		return refusal(err)
	}
	return web.Bytes("application/jose", "", []byte(jwe)), nil
}

// refusal answers in JSON what a receiver may meet; the rest is our fault.
func refusal(err error) (web.Reply, error) {
	switch {
	case fault.Is(err, fault.NotFound):
		return said(http.StatusNotFound, "no such link, or it has ended"), nil
	case fault.Is(err, fault.TooMany):
		return said(http.StatusTooManyRequests, "too many requests"), nil
	case fault.Is(err, fault.Unavailable):
		return said(http.StatusServiceUnavailable, "busy"), nil
	}
	return web.Reply{}, err
}

func said(status int, text string) web.Reply {
	return web.JSON(map[string]string{"error": text}).Status(status)
}

// qr draws a QR code as the path of an SVG, one unit a dot, without its margin.
// It stands in the page itself: a picture of its own would need the key in its
// address.
func qr(text string) (dots, error) {
	code, err := qrcode.New(text, qrcode.Medium) // the level that the standard recommends
	if err != nil {
		return dots{}, err
	}
	code.DisableBorder = true
	return drawn(code.Bitmap()), nil
}
