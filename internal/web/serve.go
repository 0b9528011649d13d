package web

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"
	"github.com/klauspost/compress/gzip"

	"portico/internal/page"
)

// Handler is the router with everything around it that each request meets.
func (r *Router) Handler() http.Handler {
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.plain(w, req, http.StatusForbidden)
	}))
	for _, pattern := range r.open {
		origin.AddInsecureBypassPattern(pattern)
	}
	return r.outer(origin.Handler(http.HandlerFunc(r.serve)))
}

// serve finds the route; what the mux does not know gets our own error pages.
func (r *Router) serve(w http.ResponseWriter, req *http.Request) {
	h, pattern := r.mux.Handler(req)
	if pattern != "" {
		if !strings.HasPrefix(pattern, "GET /assets/") && !strings.HasPrefix(pattern, "GET /clinic/") {
			w.Header()["Cache-Control"] = noStore
		}
		r.mux.ServeHTTP(w, req)
		return
	}
	// The mux's own answer tells 404 from 405 and from a redirect to a cleaned path.
	probe := &probe{header: http.Header{}}
	h.ServeHTTP(probe, req)
	if probe.status == http.StatusMovedPermanently || probe.status == http.StatusTemporaryRedirect || probe.status == http.StatusPermanentRedirect {
		http.Redirect(w, req, LocalPath(probe.header.Get("Location"), "/"), http.StatusSeeOther)
		return
	}
	// A form that came back with a problem stands at an address that only takes
	// forms: a reload, or coming back after signing in again, asks for its page.
	if probe.status == http.StatusMethodNotAllowed && req.Method == http.MethodGet {
		if page := LocalPath(r.pageAbove(req.URL.Path), "/home"); page != "/home" {
			http.Redirect(w, req, page, http.StatusSeeOther)
			return
		}
	}
	if allow := probe.header.Get("Allow"); allow != "" {
		w.Header().Set("Allow", allow)
	}
	r.plain(w, req, probe.status)
}

type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
func (p *probe) WriteHeader(s int) {
	if p.status == 0 {
		p.status = s
	}
}

// plain answers with the error page of a status, for requests without a route.
func (r *Router) plain(w http.ResponseWriter, req *http.Request, status int) {
	w.Header().Set("Cache-Control", "no-store")
	q := r.request(w, req, Route{})
	reply := Show(func(s page.Shell) templ.Component { return page.ErrorPage(s, page.ErrorSpec{Status: status}) })
	r.answer(q, reply.Status(status), nil)
}

// guards are the headers of every answer. Their values are shared between
// answers: Set and Add make new ones, and nothing may write into these.
var guards = http.Header{
	"Content-Security-Policy":      {policy},
	"X-Content-Type-Options":       {"nosniff"},
	"X-Frame-Options":              {"DENY"},
	"Referrer-Policy":              {"no-referrer"},
	"Cross-Origin-Opener-Policy":   {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Permissions-Policy":           {"camera=(), microphone=(), geolocation=(), payment=(), browsing-topics=()"},
}

var (
	always  = []string{"max-age=31536000; includeSubDomains; preload"}
	noStore = []string{"no-store"}
)

// outer sets the security headers, checks the host, catches panics and measures.
func (r *Router) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		began := time.Now() // wall time for the measurement only
		sw := &statusWriter{ResponseWriter: w}
		maps.Copy(w.Header(), guards)
		if r.set.Base.Scheme == "https" {
			w.Header()["Strict-Transport-Security"] = always
		}
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				r.log.Error("panic", "what", p, "stack", string(debug.Stack()))
				if sw.status == 0 {
					r.plain(sw, req, http.StatusInternalServerError)
				}
			}
			r.meter.count(req.Method, sw.status, time.Since(began))
		}()
		if !r.hostAllowed(req) {
			r.plain(sw, req, http.StatusNotFound)
			return
		}
		next.ServeHTTP(sw, req)
	})
}

// hostAllowed refuses requests for a host that is not ours: a poisoned Host
// header must never reach a link. Health checks come by address.
func (r *Router) hostAllowed(req *http.Request) bool {
	switch req.URL.Path {
	case "/healthz", "/readyz":
		return true
	}
	if strings.EqualFold(req.Host, r.set.Base.Host) {
		return true
	}
	for _, h := range r.set.Hosts {
		if strings.EqualFold(req.Host, h) {
			return true
		}
	}
	return false
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(s int) {
	if w.status == 0 {
		w.status = s
	}
	w.ResponseWriter.WriteHeader(s)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// slowest is how long one write of a stream may take before the line counts as
// dead. The server's own limit is for a whole answer and too short for a large
// file on a slow line.
const slowest = 30 * time.Second

// pour sends a stream. When it fails half-way the connection is cut, for the
// status has been sent.
func (r *Router) pour(q *Request, reply Reply) {
	h := q.w.Header()
	h.Add("Vary", "Cookie")
	if reply.size >= 0 {
		h.Set("Content-Length", strconv.FormatInt(reply.size, 10))
	}
	q.w.WriteHeader(reply.status)
	if q.Method == http.MethodHead {
		return
	}
	if err := reply.stream(unhurried{q.w, http.NewResponseController(q.w)}); err != nil {
		if q.Context().Err() == nil {
			r.log.Error("stream ended early", "route", q.route.Method+" "+q.route.Path, "err", err)
		}
		panic(http.ErrAbortHandler)
	}
}

// unhurried is a writer whose deadline moves with each write.
type unhurried struct {
	http.ResponseWriter
	limits *http.ResponseController
}

func (p unhurried) Write(b []byte) (int, error) {
	// Recorders of tests know no deadline.
	if err := p.limits.SetWriteDeadline(time.Now().Add(slowest)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.ResponseWriter.Write(b)
}

// gzipFrom is the size below which compressing costs more than it saves.
const gzipFrom = 1400

// Level 1: level 6 costs twice the CPU for a few percent on pages this small.
var zippers = sync.Pool{New: func() any { w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed); return w }}

// compress makes b smaller, into out.
func compress(out *bytes.Buffer, b []byte) []byte {
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	z.Reset(out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" && strings.ReplaceAll(params, " ", "") != "q=0" {
			return true
		}
	}
	return false
}
