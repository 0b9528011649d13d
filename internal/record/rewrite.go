package record

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"portico/internal/ids"
)

// found is one place of a document that names a resource.
type found struct {
	from, to int    // of the quoted string, in bytes
	value    string // what stands there
	path     string // element it is in: "result", "subject", "participant.actor"
	place    int    // how many of the same path came before
}

// references finds where a document names resources: each "reference", and each
// "url" that names a Binary or a bundle's own entry. ownID is where its own id
// stands; to is 0 if it has none.
func references(raw []byte) (all []found, ownID found, err error) {
	w := &walker{d: json.NewDecoder(bytes.NewReader(raw)), raw: raw, counts: map[string]int{}}
	err = w.value("", "", 0)
	return w.all, w.own, err
}

type walker struct {
	d      *json.Decoder
	raw    []byte
	all    []found
	own    found
	counts map[string]int
}

// value passes over one value; key is the member it belongs to, path the
// elements above it, without contained resources' own.
func (w *walker) value(path, key string, depth int) error {
	before := w.d.InputOffset()
	t, err := w.d.Token()
	if err != nil {
		return err
	}
	switch v := t.(type) {
	case json.Delim:
		inner := path
		if key != "" && v == '{' {
			inner = strings.TrimPrefix(path+"."+key, ".")
		}
		return w.inside(v, inner, key, path, depth)
	case string:
		w.text(v, path, key, depth, int(before))
	}
	return nil
}

func (w *walker) inside(open json.Delim, inner, key, path string, depth int) error {
	for w.d.More() {
		if open == '[' {
			// The elements of an array stand where the array stands.
			if err := w.value(path, key, depth); err != nil {
				return err
			}
			continue
		}
		k, err := w.d.Token()
		if err != nil {
			return err
		}
		name, _ := k.(string)
		if err := w.value(inner, name, depth+1); err != nil {
			return err
		}
	}
	_, err := w.d.Token()
	return err
}

func (w *walker) text(v, path, key string, depth, before int) {
	to := int(w.d.InputOffset())
	from := before + bytes.IndexByte(w.raw[before:to], '"')
	f := found{from: from, to: to, value: v, path: path}
	switch {
	case key == "id" && depth == 1:
		w.own = f
		return
	case key == "reference", key == "url" && (strings.HasPrefix(v, "Binary/") || strings.HasPrefix(v, "urn:uuid:")):
	default:
		return
	}
	f.place = w.counts[path]
	w.counts[path]++
	w.all = append(w.all, f)
}

// rewrite puts what a reference means in the place of what it said, and the
// resource's own id. Everything else stays byte for byte.
func rewrite(raw []byte, id ids.Resource, own found, all []found, means func(found) string) []byte {
	var b bytes.Buffer
	at := 0
	put := func(f found, text string) {
		b.Write(raw[at:f.from])
		q, _ := json.Marshal(text)
		b.Write(q)
		at = f.to
	}
	places := all
	if own.to > 0 {
		places = append(append([]found{}, all...), own)
		for i := len(places) - 1; i > 0 && places[i].from < places[i-1].from; i-- {
			places[i], places[i-1] = places[i-1], places[i]
		}
	} else {
		// A resource without an id gets one, as its first member.
		open := bytes.IndexByte(raw, '{')
		b.Write(raw[:open+1])
		b.WriteString(`"id":"` + string(id) + `",`)
		at = open + 1
	}
	for _, f := range places {
		if f == own && own.to > 0 {
			put(f, string(id))
		} else if m := means(f); m != "" {
			put(f, m)
		}
	}
	b.Write(raw[at:])
	return b.Bytes()
}

var (
	logical   = regexp.MustCompile(`^(?:.*/)?([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?$`)
	condition = regexp.MustCompile(`^([A-Z][A-Za-z]{1,63})\?identifier=([^&|]*)\|?([^&]*)$`)
)

// nameOf is by what name a reference's target is known, and the target's type as
// far as the reference tells; "" for one that names nothing of ours: a contained
// resource, a query that is not by identifier.
func nameOf(source, ref string) (name, kind string) {
	switch {
	case ref == "" || strings.HasPrefix(ref, "#"):
		return "", ""
	case strings.HasPrefix(ref, "urn:uuid:"), strings.HasPrefix(ref, "urn:oid:"):
		return source + "|" + ref, ""
	}
	if m := condition.FindStringSubmatch(ref); m != nil {
		return m[1] + "?identifier=" + m[2] + "|" + m[3], m[1]
	}
	if m := logical.FindStringSubmatch(ref); m != nil {
		return source + "|" + m[1] + "/" + m[2], m[1]
	}
	return "", ""
}
