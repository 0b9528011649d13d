package web

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/a-h/templ"

	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/store"
)

// Reply is what a handler answers with. The zero Reply is only right beside an error.
type Reply struct {
	status   int
	draw     func(page.Shell) templ.Component
	same     bool // the page says the same to everybody
	problems []fault.Problem
	location string
	body     []byte
	stream   func(io.Writer) error
	size     int64
	mime     string
	file     string
	cookies  []*http.Cookie
	clear    bool
	sandbox  bool
	tag      string // of the content, for programs that ask again; "" for none
	retry    time.Duration

	challenge string
}

// Show answers with a page.
func Show(draw func(page.Shell) templ.Component) Reply {
	return Reply{status: http.StatusOK, draw: draw}
}

// Redirect answers with 303 to a path of ours.
func Redirect(path string) Reply { return Reply{status: http.StatusSeeOther, location: path} }

// Away answers with 303 to an address that is not ours. The address comes from the
// clinic's settings, never from a request.
func Away(address *url.URL) Reply {
	return Reply{status: http.StatusSeeOther, location: address.String()}
}

// JSON answers with v.
func JSON(v any) Reply {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only our own types come here
	}
	return Reply{status: http.StatusOK, body: b, mime: "application/json"}
}

// Bytes answers with raw content, as a download if file is not "".
func Bytes(mime, file string, b []byte) Reply {
	return Reply{status: http.StatusOK, body: b, mime: mime, file: file}
}

// Outside answers with content that others made, as a download: whatever a
// browser might run in it runs nowhere and reaches nothing.
func Outside(mime, file string, b []byte) Reply {
	r := Bytes(mime, file, b)
	r.sandbox = true
	return r
}

// Stream answers with a download of size bytes, -1 if that is not known, that write
// writes, without holding them in memory. The status is sent before the first byte: when write fails, the
// connection ends short of size, so that the browser sees that it is not whole.
func Stream(mime, file string, size int64, write func(io.Writer) error) Reply {
	return Reply{status: http.StatusOK, stream: write, size: size, mime: mime, file: file}
}

// Empty answers with a status and nothing else.
func Empty(status int) Reply { return Reply{status: status, mime: "text/plain; charset=utf-8"} }

// Fix shows a form again with what is wrong with it. A nil err changes nothing;
// an error that the person cannot fix must be returned instead.
func (r Reply) Fix(err error) Reply {
	if err != nil {
		r.problems, r.status = fault.Problems(err), http.StatusUnprocessableEntity
		if f, ok := fault.As(err); ok && f.Kind == fault.TooMany {
			r.status, r.retry = http.StatusTooManyRequests, f.Retry
		}
	}
	return r
}

// Status sets another status.
func (r Reply) Status(n int) Reply { r.status = n; return r }

// Clear tells the browser to forget cached pages (on sign-out).
func (r Reply) Clear() Reply { r.clear = true; return r }

// preference is how long a choice of language or display is remembered.
const preference = 365 * 24 * time.Hour

// Cookie sets a cookie for life (0: until the browser closes, <0: deleted).
func (r Reply) Cookie(name, value string, life time.Duration) Reply {
	r.cookies = append(r.cookies[:len(r.cookies):len(r.cookies)], cookie(name, value, life))
	return r
}

// Display remembers language, theme and text size in the browser.
func (r Reply) Display(lang, theme, text string) Reply {
	return r.Cookie(langCookie, lang, preference).Cookie(themeCookie, theme, preference).Cookie(textCookie, text, preference)
}

// Zone remembers in the browser in which time zone its person is, "" for the clinic's.
func (r Reply) Zone(id string) Reply { return r.Cookie(zoneCookie, id, preference) }

// Passing makes the reply's cookies end with the browser's own session.
func (r Reply) Passing() Reply {
	out := make([]*http.Cookie, len(r.cookies))
	for i, c := range r.cookies {
		passing := *c
		passing.MaxAge = min(c.MaxAge, 0)
		out[i] = &passing
	}
	r.cookies = out
	return r
}

func cookie(name, value string, life time.Duration) *http.Cookie {
	c := &http.Cookie{Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	switch {
	case life < 0 || (value == "" && life > 0):
		c.MaxAge = -1
	case life > 0:
		c.MaxAge = int(life.Seconds())
	}
	return c
}

func (q *Request) setCookie(name, value string, life time.Duration) {
	q.cookies = append(q.cookies, cookie(name, value, life))
}

func equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// pages keeps the memory that pages are written into: a page of 6 KB would
// otherwise leave 20 KB of outgrown buffers behind.
var pages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// putPage gives a buffer back empty; one that grew for a rare large page is let go.
func putPage(b *bytes.Buffer) {
	if b.Cap() <= 256<<10 {
		b.Reset()
		pages.Put(b)
	}
}

// answer is the one place where a reply or an error becomes bytes.
func (r *Router) answer(q *Request, reply Reply, err error) {
	if err != nil {
		reply = r.mishap(q, err)
	}
	b := pages.Get().(*bytes.Buffer)
	defer putPage(b)
	if q.keepable(reply) {
		if d, err := r.keptPage(q, reply); err == nil {
			r.sendKept(q, reply, d, b)
			return
		}
		// What is wrong with it shows when it is drawn again below.
	}
	if reply.draw != nil {
		shell := q.shell
		shell.Problems = reply.problems
		if err := reply.draw(shell).Render(q.Context(), b); err != nil {
			if q.Context().Err() != nil {
				return
			}
			reply = r.mishap(q, fmt.Errorf("render: %w", err))
			b.Reset()
			if err := reply.draw(q.shell).Render(q.Context(), b); err != nil {
				http.Error(q.w, "Something went wrong.", http.StatusInternalServerError)
				return
			}
		}
		reply.body, reply.mime = b.Bytes(), "text/html; charset=utf-8"
	}
	r.send(q, reply)
}

func (r *Router) send(q *Request, reply Reply) {
	h := q.w.Header()
	for _, c := range append(q.cookies, reply.cookies...) {
		http.SetCookie(q.w, c)
	}
	if reply.clear {
		h.Set("Clear-Site-Data", `"cache"`)
	}
	if reply.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(reply.retry.Seconds()+1)))
	}
	if reply.challenge != "" {
		h.Set("WWW-Authenticate", reply.challenge)
	}
	if reply.location != "" {
		h.Set("Location", reply.location)
		q.w.WriteHeader(reply.status)
		return
	}
	if reply.sandbox {
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	}
	if reply.file != "" {
		h.Set("Content-Disposition", `attachment; filename="`+reply.file+`"`)
	}
	if reply.tag != "" && reply.status == http.StatusOK && reply.unchanged(q) {
		return
	}
	h.Set("Content-Type", reply.mime)
	if reply.stream != nil {
		r.pour(q, reply)
		return
	}
	body := reply.body
	if len(body) > gzipFrom && acceptsGzip(q.Request) {
		out := pages.Get().(*bytes.Buffer)
		defer putPage(out)
		body = compress(out, body)
		h.Set("Content-Encoding", "gzip")
	}
	q.write(reply.status, body)
}

// sendKept answers with a page that was drawn before.
func (r *Router) sendKept(q *Request, reply Reply, d *drawn, b *bytes.Buffer) {
	h := q.w.Header()
	for _, c := range append(q.cookies, reply.cookies...) {
		http.SetCookie(q.w, c)
	}
	h["Content-Type"] = htmlType
	if acceptsGzip(q.Request) {
		h["Content-Encoding"] = gzipCoding
		d.fillGzip(b, q.newFormKey)
	} else {
		d.fill(b, q.newFormKey)
	}
	q.write(reply.status, b.Bytes())
}

// Values of headers that are always the same, made once.
var (
	htmlType   = []string{"text/html; charset=utf-8"}
	gzipCoding = []string{"gzip"}
	variesBy   = []string{"Accept-Encoding, Cookie, Accept-Language"}
)

// write sends the head and the body of an answer.
func (q *Request) write(status int, body []byte) {
	h := q.w.Header()
	if h["Vary"] == nil {
		h["Vary"] = variesBy
	} else {
		h.Add("Vary", variesBy[0])
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	q.w.WriteHeader(status)
	if q.Method != http.MethodHead {
		q.w.Write(body)
	}
}

var statuses = map[fault.Kind]int{
	fault.Invalid: http.StatusUnprocessableEntity, fault.NotFound: http.StatusNotFound, fault.Denied: http.StatusNotFound,
	fault.Conflict: http.StatusConflict, fault.TooMany: http.StatusTooManyRequests, fault.Unavailable: http.StatusServiceUnavailable,
	fault.Internal: http.StatusInternalServerError,
}

// mishap turns an error into its page. Only what is our fault is logged.
func (r *Router) mishap(q *Request, err error) Reply {
	f, known := fault.As(err)
	if !known && store.Down(err) {
		f, known = fault.Down("error.busy", 5*time.Second, err), true
	}
	if !known {
		f = &fault.Fault{Kind: fault.Internal, Text: "error.500.title", Cause: err}
	}
	e := page.ErrorSpec{Status: statuses[f.Kind]}
	switch {
	case errors.Is(err, errTooLarge):
		e.Status, f.Kind = http.StatusRequestEntityTooLarge, fault.Invalid
	case f == errStale:
		e.Status = http.StatusForbidden
	}
	if f.Kind == fault.Internal || f.Kind == fault.Unavailable {
		e.Reference = rand.Text()[:10]
		r.log.Error("request failed", "ref", e.Reference, "route", q.route.Method+" "+q.route.Path, "status", e.Status, "err", err)
	}
	// The catalogue's general sentence for a status is replaced by the fault's own
	// where it has one.
	if f.Text != "error.notfound" && f.Text != "error.invalid" && known {
		e.Text = q.T(f.Text)
	}
	reply := Show(func(s page.Shell) templ.Component { return page.ErrorPage(s, e) }).Status(e.Status)
	reply.retry = f.Retry
	return reply
}

// After tells a program when to try again.
func (r Reply) After(d time.Duration) Reply { r.retry = d; return r }

// Challenge tells a program, beside a 401, how to prove who it is.
func (r Reply) Challenge(scheme string) Reply { r.challenge = scheme; return r }
