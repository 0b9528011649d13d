package record

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/store"
)

// File is something that came with a document: a PDF, a picture, a text.
type File struct {
	Name string // the sender's title, "" for none
	Type string // what its bytes are, by their content: "application/pdf"
	Data []byte
	page bool // it is HTML: read as words, handed out as bytes that no browser opens
}

// Text is the whole of a text that is short enough for a page, else "".
func (f File) Text() string {
	if len(f.Data) > mostText {
		return ""
	}
	return f.Words()
}

// Words is what a text says, whatever its length, and an HTML page without its
// markup; "" for what is no text.
func (f File) Words() string {
	switch {
	case f.page:
		return store.Clean(plainWords([]byte(decoded(f.Data))))
	case f.Type == "text/plain":
		return strings.TrimSpace(store.Clean(decoded(f.Data)))
	}
	return ""
}

// decoded reads text that is not UTF-8 as what it is most often then.
func decoded(b []byte) string {
	if utf8.Valid(b) {
		return strings.TrimPrefix(string(b), "\ufeff")
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return string(b)
	}
	return string(out)
}

// Image tells whether a browser can show it as a picture.
func (f File) Image() bool { return strings.HasPrefix(f.Type, "image/") }

// Clinical is the type of a C-CDA document.
const Clinical = "application/hl7-cda+xml"

// extensions name what may be handed out as what it is. Everything else is
// handed out as bytes that no browser opens: a sender may bring HTML or SVG with
// scripts in it.
var extensions = map[string]string{
	"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "text/plain": ".txt", Clinical: ".xml",
}

// Extension is the ending of a file name for it.
func (f File) Extension() string {
	if e := extensions[f.Type]; e != "" {
		return e
	}
	return ".bin"
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
	switch {
	case found == "text/xml" && strings.Contains(string(b[:min(len(b), 4096)]), "ClinicalDocument"):
		return Clinical
	case found == "text/plain" && !strings.HasPrefix(said, "text/plain") && said != "":
		return unknownType // JSON, RTF, CSV and scripts look like text
	case extensions[found] == "":
		return unknownType
	}
	return found
}

// attachments are where the types that bring files keep them.
var attachments = []string{"content.attachment", "presentedForm", "content", "valueAttachment"}

// MIME is what the file is handed out as.
func (f File) MIME() string {
	if f.Type == "text/plain" {
		return f.Type + "; charset=utf-8"
	}
	return f.Type
}

// Files gives what came with a document: in itself, in a Binary, or in the Media
// that it lists or was derived from. A report of which a part is not released
// brings none: they repeat it. An attachment that stands on another server is not fetched.
func Files(ctx context.Context, tx *store.Tx, who access.Reading, d Doc) ([]File, error) {
	out, _, err := Enclosed(ctx, tx, who, d)
	return out, err
}

// Enclosed gives the files of a document, and whether there are others that stand on
// another server: their owner is told to ask for them.
func Enclosed(ctx context.Context, tx *store.Tx, who access.Reading, d Doc) (out []File, away bool, err error) {
	n := fhir.Parse(d.Raw)
	take := func(a fhir.Node) error {
		f, ok, err := file(ctx, tx, who, a)
		if ok && len(out) < mostFiles {
			out = append(out, f)
		}
		away = away || a.IsObject() && !a.Get("data").Exists() && strings.Contains(a.Get("url").Text(), "://")
		return err
	}
	for _, path := range attachments {
		for _, a := range at(n, path) {
			if err := take(a); err != nil {
				return nil, false, err
			}
		}
	}
	for _, id := range mediaOf(n) {
		media, err := Document(ctx, tx, who, id)
		if fault.Is(err, fault.NotFound) || err == nil && media.Type != "Media" {
			continue
		}
		if err == nil && len(out) < mostFiles {
			err = take(fhir.Parse(media.Raw).Get("content"))
		}
		if err != nil {
			return nil, false, err
		}
	}
	return out, away, nil
}

// mediaOf are the pictures that a document lists or was derived from.
func mediaOf(n fhir.Node) (out []ids.Resource) {
	var refs []fhir.Node
	for _, m := range n.Get("media").List() {
		refs = append(refs, m.Get("link"))
	}
	for _, r := range append(refs, n.Get("derivedFrom").List()...) {
		if link := r.Reference(); link.ID != "" && link.Type == "Media" && len(out) < mostFiles {
			out = append(out, ids.Resource(link.ID))
		}
	}
	return out
}

// file reads one attachment; ok is false for one without bytes of ours.
func file(ctx context.Context, tx *store.Tx, who access.Reading, a fhir.Node) (f File, ok bool, err error) {
	if !a.IsObject() {
		return f, false, nil
	}
	f = File{Name: a.Get("title").Line()}
	said, data := a.Get("contentType").Text(), a.Get("data").Long()
	if id, is := strings.CutPrefix(a.Get("url").Text(), "Binary/"); is && data == "" {
		d, err := Document(ctx, tx, who, ids.Resource(id))
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
	f.Data, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(data), ""))
	if err != nil || len(f.Data) == 0 {
		return f, false, nil
	}
	f.Type = typeOf(f.Data, said)
	f.page = f.Type == unknownType && isPage(f.Data, said)
	return f, true, nil
}

// isPage tells whether bytes are HTML by the sender's word, and text by their
// looks.
func isPage(b []byte, said string) bool {
	kind, _, _ := strings.Cut(strings.ToLower(said), ";")
	return (kind == "text/html" || kind == "application/xhtml+xml") && strings.HasPrefix(http.DetectContentType(b), "text/")
}

// Story is what a document says to people in itself, part by part: the narrative
// of its sections (hl7.org/fhir/R4/narrative.html), or a report's conclusion.
func Story(d Doc) (parts []string) {
	n := fhir.Parse(d.Raw)
	if text := n.Get("conclusion").Long(); text != "" {
		parts = append(parts, text)
	}
	if d.Type != "Composition" {
		return parts
	}
	for _, s := range n.Get("section").List() {
		if text := plainWords([]byte(s.Get("text").Get("div").Long())); text != "" {
			parts = append(parts, strings.TrimSpace(s.Get("title").Line()+"\n"+store.Clean(text)))
		}
	}
	return parts
}
