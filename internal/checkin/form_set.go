package checkin

import (
	"strings"

	"portico/internal/fhir"
	"portico/internal/lang"
)

// set reads the options of a value set that the questionnaire carries with it
// (contained): its expansion, or the codes that it lists. One that must be looked up
// or worked out elsewhere is refused.
func (r *reading) set(at fhir.Node) (out []Option) {
	id, ok := strings.CutPrefix(at.Line(), "#")
	for _, c := range r.sets {
		if !ok || c.Get("resourceType").Text() != "ValueSet" || c.Get("id").Line() != id {
			continue
		}
		if all := c.Get("expansion").Get("contains"); all.Exists() {
			out = expanded(all, 1)
		} else {
			out = r.composed(c.Get("compose"))
		}
		break
	}
	if len(out) == 0 {
		r.refuse(at.Path(), "checkin.form.valueset")
	}
	return out
}

func expanded(list fhir.Node, deep int) (out []Option) {
	for _, n := range list.List() {
		if !n.Get("abstract").Truth() && !n.Get("inactive").Truth() && n.Get("code").Exists() {
			out = append(out, concept(n, n.Get("system").Line()))
		}
		if deep < mostDeep {
			out = append(out, expanded(n.Get("contains"), deep+1)...)
		}
	}
	return out
}

// composed are the codes that a value set lists one by one.
func (r *reading) composed(n fhir.Node) (out []Option) {
	if n.Get("exclude").Exists() {
		r.refuse(n.Get("exclude").Path(), "checkin.form.valueset")
	}
	for _, in := range n.Get("include").List() {
		if in.Get("filter").Exists() || in.Get("valueSet").Exists() || !in.Get("concept").Exists() {
			r.refuse(in.Path(), "checkin.form.valueset")
		}
		for _, c := range in.Get("concept").List() {
			out = append(out, concept(c, in.Get("system").Line()))
		}
	}
	return out
}

// concept is the option of a value set's concept, with its words in other languages.
func concept(n fhir.Node, system string) Option {
	p := coded(n, system)
	for _, d := range n.Get("designation").List() {
		if l, ok := lang.Parse(d.Get("language").Text()); ok && l != lang.En && d.Get("value").Exists() {
			p.Words[l] = d.Get("value").Line()
		}
	}
	p.score(n)
	return p
}

// units are what a quantity can be given in.
func units(n fhir.Node, kind string) (out []Unit) {
	if kind != "quantity" {
		return nil
	}
	for _, x := range n.Get("extension").List() {
		if u := x.Get("url").Text(); u == oneUnit || u == someUnits {
			o := coded(x.Get("valueCoding"), x.Get("valueCoding").Get("system").Line())
			out = append(out, Unit{o.Code, o.Words})
		}
	}
	return out
}
