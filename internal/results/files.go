package results

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// File is something that came with a report: a PDF, a picture, a text.
type File struct {
	Name string // the sender's title, "" for none
	Type string // what its bytes are, by their content: "application/pdf"
	Size int
	Text string // of a plain text: shown on the page itself
	data []byte
}

// Image tells whether a browser can show it as a picture.
func (f File) Image() bool { return strings.HasPrefix(f.Type, "image/") }

// extensions name what may be handed out as what it is. Everything else is
// handed out as bytes that no browser opens: a report may bring HTML or SVG with
// scripts in it.
var extensions = map[string]string{
	"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "text/plain": ".txt",
}

const (
	unknownType = "application/octet-stream"
	mostFiles   = 50
	// mostText is how much of a plain text a page shows, in bytes; all of it can
	// be downloaded.
	mostText = 64 << 10
)

// typeOf tells what bytes are by looking at them. What the sender says of them
// counts only between kinds that look alike.
func typeOf(b []byte, said string) string {
	found, _, _ := strings.Cut(http.DetectContentType(b), ";")
	if found == "text/plain" && !strings.HasPrefix(said, "text/plain") && said != "" {
		return unknownType // JSON, RTF, CSV and scripts look like text
	}
	if extensions[found] == "" {
		return unknownType
	}
	return found
}

// files reads what came with a result: the presented forms of a report, then
// media, be they listed by it or what it was derived from.
func (w *reading) files(ctx context.Context, n fhir.Node) ([]File, error) {
	var out []File
	for _, a := range n.Get("presentedForm").List() {
		f, ok, err := w.file(ctx, a)
		if err != nil {
			return nil, err
		}
		if ok && len(out) < mostFiles {
			out = append(out, f)
		}
	}
	media, err := w.media(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range media {
		m, err := record.Document(ctx, w.tx, w.c, id)
		if fault.Is(err, fault.NotFound) || err == nil && m.Type != "Media" {
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(out) >= mostFiles {
			break
		}
		f, ok, err := w.file(ctx, fhir.Parse(m.Raw).Get("content"))
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, f)
		}
	}
	return out, nil
}

// media gives what may be pictures of the result: what it lists as media, and what
// it was derived from that has no row, as media have none.
func (w *reading) media(ctx context.Context) (out []ids.Resource, err error) {
	var from []ids.Resource
	for _, l := range w.from {
		switch l.Element {
		case "media.link":
			out = append(out, l.To)
		case "derivedFrom":
			from = append(from, l.To)
		}
	}
	rows, err := record.Rows(ctx, w.tx, w.c, from)
	for _, id := range from {
		if !slices.ContainsFunc(rows, func(r record.Row) bool { return r.ID == id }) {
			out = append(out, id)
		}
	}
	return out[:min(len(out), mostFiles)], err
}

// file reads one attachment; ok is false for one without bytes of ours.
func (w *reading) file(ctx context.Context, a fhir.Node) (f File, ok bool, err error) {
	f = File{Name: a.Get("title").Line()}
	said := a.Get("contentType").Text()
	data := a.Get("data").Long()
	if id, is := strings.CutPrefix(a.Get("url").Text(), "Binary/"); is && data == "" {
		d, err := record.Document(ctx, w.tx, w.c, ids.Resource(id))
		if fault.Is(err, fault.NotFound) {
			return f, false, nil
		}
		if err != nil {
			return f, false, err
		}
		n := fhir.Parse(d.Raw)
		data = n.Get("data").Long()
		if said == "" {
			said = n.Get("contentType").Text()
		}
	}
	f.data, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(data), ""))
	if err != nil || len(f.data) == 0 {
		return f, false, nil
	}
	f.Type, f.Size = typeOf(f.data, said), len(f.data)
	if f.Type == "text/plain" && f.Size <= mostText {
		f.Text = strings.TrimSpace(store.Clean(string(f.data)))
	}
	return f, true, nil
}

// Attachment gives the bytes of the nth file of a report, from 0. NotFound for
// another patient's report, one that is shut, and a file that is not there.
func (s *Results) Attachment(ctx context.Context, c access.Chart, id ids.Resource, nth int) (File, []byte, error) {
	if err := c.Need(access.SeeResults); err != nil {
		return File{}, nil, err
	}
	var files []File
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		item, err := one(ctx, tx, c, id)
		if err != nil || item.Shut() {
			return either(err, fault.Missing())
		}
		doc, err := record.Document(ctx, tx, c, id)
		if err != nil {
			return err
		}
		o := Opened{Item: item}
		w := &reading{tx: tx, c: c, o: &o}
		if w.from, err = record.LinksFrom(ctx, tx, c, id); err != nil {
			return err
		}
		files, err = w.files(ctx, fhir.Parse(doc.Raw))
		return err
	})
	if err == nil && (nth < 0 || nth >= len(files)) {
		err = fault.Missing()
	}
	if err != nil {
		return File{}, nil, err
	}
	err = s.DB.Change(ctx, c.Did(audit.ResultSeen, string(id)), func(tx *store.Tx) error { return markSeen(ctx, tx, c, []ids.Resource{id}) })
	return files[nth], files[nth].data, err
}

func either(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
