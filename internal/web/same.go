package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"sync"

	"github.com/a-h/templ"
	"github.com/klauspost/compress/flate"

	"portico/internal/page"
)

// Same answers with a page that says the same to everybody: draw must depend on
// the shell alone, on nothing of the request and nothing that is stored. Such a
// page is drawn and compressed once for each language and display, with holes
// where the forms' one-time keys stand, and each answer fills in its own keys.
//
// Only a plain page of somebody who is not signed in is kept: at the route's own
// path, without a query, with nothing wrong and nothing just done. Everything
// else is drawn as Show draws it.
func Same(draw func(page.Shell) templ.Component) Reply {
	r := Show(draw)
	r.same = true
	return r
}

// looks is all that the pages of one route can differ by. Its values come from
// short lists, but for the notice, which the clinic writes, and the clinic
// itself, which is another one after each change of its profile.
type looks struct {
	route, lang, theme, text, banner string
	clinic                           *page.Clinic
}

// mostKept bounds the pages kept; when there are more, all are forgotten.
const mostKept = 512

// kept holds pages that are the same for everybody.
type kept struct {
	sync.RWMutex
	pages map[looks]*drawn
}

// drawn is one such page: what stands before, between and behind its form keys,
// and the same compressed, each part by itself.
type drawn struct {
	parts, packed [][]byte
}

// keepable tells whether a reply may come from a kept page.
func (q *Request) keepable(reply Reply) bool {
	return reply.same && reply.status == http.StatusOK && reply.problems == nil && reply.retry == 0 && !q.route.Form &&
		q.shell.Audience == page.Visitor && q.shell.Person == "" && q.URL.Path == q.route.Path && q.URL.RawQuery == ""
}

// keptPage gives the page of a reply, drawn now or before.
func (r *Router) keptPage(q *Request, reply Reply) (*drawn, error) {
	k := looks{q.route.Path, string(q.Lang), q.shell.Theme, q.shell.Text, q.shell.Banner, q.shell.Clinic}
	r.kept.RLock()
	d := r.kept.pages[k]
	r.kept.RUnlock()
	if d != nil {
		return d, nil
	}
	d, err := draw(q.Context(), q.shell, reply)
	if err != nil {
		return nil, err
	}
	r.kept.Lock()
	defer r.kept.Unlock()
	if r.kept.pages == nil || len(r.kept.pages) >= mostKept {
		r.kept.pages = map[looks]*drawn{}
	}
	r.kept.pages[k] = d
	return d, nil
}

// draw renders a page with a mark in the place of each form key and parts it there.
func draw(ctx context.Context, s page.Shell, reply Reply) (*drawn, error) {
	mark := rand.Text()
	s.FormKey = func() string { return mark }
	var b bytes.Buffer
	if err := reply.draw(s).Render(ctx, &b); err != nil {
		return nil, err
	}
	d := &drawn{parts: bytes.Split(b.Bytes(), []byte(mark))}
	for i, p := range d.parts {
		// A part must not refer to bytes of another, since a key stands between.
		var out bytes.Buffer
		z, err := flate.NewWriter(&out, flate.BestCompression)
		if err != nil {
			return nil, err
		}
		z.Write(p)
		if i == len(d.parts)-1 {
			z.Close()
		} else {
			z.Flush() // ends at a whole byte
		}
		d.packed = append(d.packed, out.Bytes())
	}
	return d, nil
}

// fill writes the page with a fresh key in each hole.
func (d *drawn) fill(b *bytes.Buffer, key func() string) {
	for i, p := range d.parts {
		if i > 0 {
			b.WriteString(key())
		}
		b.Write(p)
	}
}

// gzipHead is what a gzip file begins with (RFC 1952): no name, no time.
var gzipHead = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}

// fillGzip writes the same page as a gzip file: the parts as they were
// compressed, each key as a stored block (RFC 1951, 3.2.4).
func (d *drawn) fillGzip(b *bytes.Buffer, key func() string) {
	b.Write(gzipHead)
	var sum, size uint32
	count := func(p []byte) {
		sum, size = crc32.Update(sum, crc32.IEEETable, p), size+uint32(len(p))
	}
	for i, p := range d.packed {
		if i > 0 {
			k := []byte(key())
			var head [5]byte
			binary.LittleEndian.PutUint16(head[1:], uint16(len(k)))
			binary.LittleEndian.PutUint16(head[3:], ^uint16(len(k)))
			b.Write(head[:])
			b.Write(k)
			count(k)
		}
		b.Write(p)
		count(d.parts[i])
	}
	var tail [8]byte
	binary.LittleEndian.PutUint32(tail[:], sum)
	binary.LittleEndian.PutUint32(tail[4:], size)
	b.Write(tail[:])
}
