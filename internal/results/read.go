package results

import (
	"context"
	"slices"
	"strings"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// reading gathers what stands around one result, level by level, so that the
// number of queries does not grow with the number of its members.
type reading struct {
	tx       *store.Tx
	c        access.Chart
	o        *Opened
	from     []record.Link // of the result itself
	children map[ids.Resource][]ids.Resource
	around   map[ids.Resource]record.Row // what the result refers to, beside its members
}

// memberElements are the references from a result to its parts: of a report, of
// a panel, of a culture to what grew in it, of a score to what it is made of.
var memberElements = []string{"result", "hasMember", "derivedFrom"}

// aroundElements are references to what a page says in its facts.
var aroundElements = []string{"basedOn", "imagingStudy"}

// deepest is how far members may have members: a report, its cultures, their
// organisms, the antibiotics tried on each.
const deepest = 4

// mostLines bounds a page: no laboratory sends so many values in one report.
const mostLines = 500

func (w *reading) links(ctx context.Context) (err error) {
	w.children, w.around = map[ids.Resource][]ids.Resource{}, map[ids.Resource]record.Row{}
	if w.from, err = record.LinksFrom(ctx, w.tx, w.c, w.o.ID); err != nil {
		return err
	}
	var of []ids.Resource
	for _, l := range w.from {
		if slices.Contains(aroundElements, l.Element) {
			of = append(of, l.To)
		}
	}
	rows, err := record.Rows(ctx, w.tx, w.c, of)
	for _, r := range rows {
		w.around[r.ID] = r
	}
	return err
}

// members reads the result's members and theirs.
func (w *reading) members(ctx context.Context) error {
	known := map[ids.Resource]bool{w.o.ID: true}
	next := w.take(w.from, known)
	var all []ids.Resource
	for depth := 0; len(next) > 0 && depth < deepest && len(all) < mostLines; depth++ {
		all = append(all, next...)
		links, err := record.LinksFrom(ctx, w.tx, w.c, next...)
		if err != nil {
			return err
		}
		next = w.take(links, known)
	}
	rows, err := record.Rows(ctx, w.tx, w.c, all[:min(len(all), mostLines)])
	if err != nil {
		return err
	}
	list, err := items(ctx, w.tx, w.c, rows)
	if err != nil {
		return err
	}
	by := map[ids.Resource]Item{}
	for _, i := range list {
		by[i.ID] = i
	}
	w.lay(w.o.ID, 0, by)
	return nil
}

// take notes which links lead to members and gives those not met before.
func (w *reading) take(links []record.Link, known map[ids.Resource]bool) []ids.Resource {
	var out []ids.Resource
	for _, l := range links {
		if !slices.Contains(memberElements, l.Element) || known[l.To] {
			continue
		}
		known[l.To] = true
		w.children[l.From] = append(w.children[l.From], l.To)
		out = append(out, l.To)
	}
	return out
}

// lay sets members one below the other. A member that is held or veiled hides
// what is below it.
func (w *reading) lay(of ids.Resource, depth int, by map[ids.Resource]Item) {
	for _, id := range w.children[of] {
		item, ok := by[id]
		if !ok || !kinds[item.Kind] {
			continue
		}
		w.o.Lines = append(w.o.Lines, Line{Item: item, Depth: depth})
		if !item.Held && !item.Veiled {
			w.lay(id, depth+1, by)
		}
	}
}

// specimens names what was taken, from resources of their own.
func (w *reading) specimens(ctx context.Context) (string, error) {
	var names []string
	for _, l := range w.from {
		if l.Element != "specimen" || len(names) == mostSpecimens {
			continue
		}
		d, err := record.Document(ctx, w.tx, w.c, l.To)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return "", err
		}
		if name := fhir.Parse(d.Raw).Get("type").Concept().Words(); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", "), nil
}

// mostSpecimens bounds what is read for one line of a page.
const mostSpecimens = 5

// values reads the parts of the result's own value and of its members'.
func (w *reading) values(ctx context.Context) error {
	parts, err := record.Parts(ctx, w.tx, w.c, w.o.visible()...)
	if err != nil {
		return err
	}
	w.o.Parts = parts[w.o.ID]
	for i, l := range w.o.Lines {
		w.o.Lines[i].Parts = parts[l.ID]
	}
	return nil
}

// versions reads what the result said before, leaving out versions that differ
// in nothing a page shows and those entered in error.
func (w *reading) versions(ctx context.Context) error {
	docs, err := record.History(ctx, w.tx, w.c, w.o.ID)
	if err != nil {
		return err
	}
	last := Version{Row: w.o.Row, Parts: w.o.Parts}
	for _, d := range docs {
		r, parts := record.Shown(d)
		v := Version{Row: r, Parts: parts}
		v.Row.Changed = d.Replaced
		if !r.Gone && !same(v, last) {
			w.o.Versions = append(w.o.Versions, v)
			last = v
		}
	}
	return nil
}

func same(a, b Version) bool {
	return a.Value == b.Value && a.Comparator == b.Comparator && a.Unit == b.Unit && a.Status == b.Status && slices.Equal(a.Parts, b.Parts)
}
