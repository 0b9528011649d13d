package checkin

import (
	"bytes"
	"errors"
	"slices"
	"strconv"

	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/lang"
)

// Bounds of a questionnaire: what fits on a page that somebody fills in on a phone.
const (
	mostForm    = 256 << 10 // bytes
	mostItems   = 200
	mostOptions = 60
	mostDeep    = 6
)

// Extensions of FHIR that are understood.
const (
	translation  = "http://hl7.org/fhir/StructureDefinition/translation"
	ordinalValue = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
	oneUnit      = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"
	someUnits    = "http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption"
)

// ReadForm reads a FHIR R4 Questionnaire. What cannot be drawn is refused with its
// path, so that nobody is asked half of a questionnaire.
func ReadForm(raw []byte) (Form, error) {
	if len(raw) > mostForm {
		return Form{}, fault.Bad("json", "checkin.form.large", mostForm>>10)
	}
	l := fhir.ForHTTP
	l.Entries = 1
	var res []fhir.Resource
	for r, err := range fhir.Read("", bytes.NewReader(raw), l) {
		if err != nil {
			path := ""
			if e, ok := errors.AsType[*fhir.Error](err); ok {
				path = e.Path
			}
			if path == "" {
				return Form{}, fault.Bad("json", "checkin.form.unread")
			}
			return Form{}, fault.Bad("json", "checkin.form.broken", path)
		}
		res = append(res, r)
	}
	if len(res) != 1 || res[0].Type != "Questionnaire" {
		return Form{}, fault.Bad("json", "checkin.form.none")
	}
	n := fhir.Parse(res[0].Raw)
	r := reading{links: map[string]bool{}, sets: n.Get("contained").List()}
	f := Form{URL: n.Get("url").Line(), Version: n.Get("version").Line(), Title: words(n, "title"), Codes: codes(n)}
	if f.Title.In(lang.En) == "" {
		r.refuse("title", "checkin.form.missing")
	}
	f.Items = r.items(n.Get("item"), 1, false)
	if r.count == 0 {
		r.refuse("item", "checkin.form.missing")
	}
	f.walk(func(it, _ *Item) { r.conditions(it) })
	if err := n.Err(); err != nil && r.bad == nil {
		e, _ := errors.AsType[*fhir.Error](err)
		r.refuse(e.Path, "checkin.form.broken")
	}
	return f, r.bad.OrNil()
}

// reading is how far a questionnaire is read; only the first thing that is wrong
// is kept.
type reading struct {
	bad   *fault.Fault
	count int
	links map[string]bool
	sets  []fhir.Node // contained resources
}

func (r *reading) refuse(path, key string) {
	if r.bad == nil {
		r.bad = fault.Bad("json", key, path)
	}
}

// items reads a list of items; within tells that they stand in one that is copied.
func (r *reading) items(list fhir.Node, deep int, within bool) (out []Item) {
	for _, n := range list.List() {
		if r.count++; r.count > mostItems || deep > mostDeep {
			r.refuse(n.Path(), "checkin.form.much")
			return out
		}
		it := Item{Link: n.Get("linkId").Line(), Name: "q" + strconv.Itoa(r.count), Type: n.Get("type").Text(), Text: words(n, "text"), Codes: codes(n),
			Required: n.Get("required").Truth(), Repeats: n.Get("repeats").Truth(), Any: n.Get("enableBehavior").Text() == "any"}
		r.kind(n, it, within)
		it.Max, _ = strconv.Atoi(n.Get("maxLength").Number())
		it.Options, it.Units = r.options(n, it.Type), units(n, it.Type)
		for _, w := range n.Get("enableWhen").List() {
			it.When = append(it.When, r.when(w))
		}
		r.links[it.Link] = true
		it.Items = r.items(n.Get("item"), deep+1, within || it.copied())
		out = append(out, it)
	}
	return out
}

// kind refuses what cannot be drawn.
func (r *reading) kind(n fhir.Node, it Item, within bool) {
	switch {
	case it.Link == "" || r.links[it.Link]:
		r.refuse(n.Path()+".linkId", "checkin.form.link")
	case !slices.Contains(itemTypes, it.Type):
		r.refuse(n.Path()+".type", "checkin.form.type")
	case it.Type == "display" && n.Get("item").Exists():
		r.refuse(n.Path()+".item", "checkin.form.type")
	case it.Repeats && (it.Type == "boolean" || it.Type == "display" || within && it.copied()):
		r.refuse(n.Path()+".repeats", "checkin.form.repeats")
	}
}

func (r *reading) options(n fhir.Node, kind string) (out []Option) {
	list := n.Get("answerOption").List()
	choice, set := kind == "choice" || kind == "open-choice", n.Get("answerValueSet")
	switch {
	case choice && set.Exists() && len(list) == 0:
		out = r.set(set)
	case choice && len(list) == 0, !choice && (len(list) > 0 || set.Exists()), set.Exists():
		r.refuse(n.Path()+".answerOption", "checkin.form.options")
	}
	for _, o := range list {
		out = append(out, r.option(o))
	}
	if len(out) > mostOptions {
		r.refuse(n.Path()+".answerOption", "checkin.form.much")
		return nil
	}
	return out
}

func (r *reading) option(o fhir.Node) Option {
	v, kind := o.Choice("value", "Coding", "String", "Integer", "Date", "Time")
	p := Option{Kind: "value" + kind}
	switch kind {
	case "Coding":
		p = coded(v, v.Get("system").Line())
	case "Integer":
		p.Value = v.Number()
	case "String", "Date", "Time":
		p.Value = v.Line()
	}
	if p.Value == "" {
		r.refuse(o.Path(), "checkin.form.options")
	}
	if p.Words == nil {
		p.Words = Words{lang.En: p.Value}
	}
	for _, from := range []fhir.Node{o, v} {
		p.score(from)
	}
	return p
}

// coded is the option of a code, by its display or, for want of one, by itself.
func coded(n fhir.Node, system string) Option {
	p := Option{Kind: "valueCoding", Code: Code{system, n.Get("code").Line()}, Value: n.Get("display").Line(), Words: words(n, "display")}
	if p.Value == "" {
		p.Value, p.Words = p.Code.Code, Words{lang.En: p.Code.Code}
	}
	return p
}

func (p *Option) score(n fhir.Node) {
	if !n.IsObject() {
		return
	}
	for _, x := range n.Get("extension").List() {
		if x.Get("url").Text() == ordinalValue {
			v, err := strconv.Atoi(x.Get("valueDecimal").Number())
			p.Score, p.Scored = v, err == nil
		}
	}
}

func (r *reading) when(n fhir.Node) When {
	w := When{Question: n.Get("question").Line(), Op: n.Get("operator").Text()}
	v, kind := n.Choice("answer", "Boolean", "Decimal", "Integer", "DateTime", "Date", "Time", "String", "Coding", "Quantity")
	w.Kind = "answer" + kind
	switch kind {
	case "Boolean":
		w.Value = strconv.FormatBool(v.Truth())
	case "Decimal", "Integer":
		w.Value = v.Number()
	case "Coding":
		w.Code = Code{v.Get("system").Line(), v.Get("code").Line()}
	case "Date", "DateTime", "Time", "String":
		w.Value = v.Line()
	case "Quantity":
		q := v.Quantity()
		w.Value, w.Code = q.Value, Code{q.System, q.Code}
	default:
		r.refuse(n.Path(), "checkin.form.when")
	}
	ordered := slices.Contains([]string{">", "<", ">=", "<="}, w.Op)
	switch {
	case w.Op == "exists" && kind != "Boolean", ordered && (kind == "Boolean" || kind == "Coding"),
		!ordered && !slices.Contains([]string{"exists", "=", "!="}, w.Op):
		r.refuse(n.Path()+".operator", "checkin.form.when")
	}
	return w
}

// conditions refuses a condition on a question that is not there.
func (r *reading) conditions(it *Item) {
	for _, w := range it.When {
		if !r.links[w.Question] || w.Question == it.Link {
			r.refuse("item(linkId="+it.Link+").enableWhen", "checkin.form.when")
		}
	}
}

// words reads a text with its translations (extension translation).
func words(n fhir.Node, key string) Words {
	out := Words{}
	if s := n.Get(key).Long(); s != "" {
		out[lang.En] = s
	}
	for _, x := range n.Get("_" + key).Get("extension").List() {
		if x.Get("url").Text() != translation {
			continue
		}
		var code, content string
		for _, part := range x.Get("extension").List() {
			switch part.Get("url").Text() {
			case "lang":
				code = part.Get("valueCode").Text()
			case "content":
				content = part.Get("valueString").Long()
				if content == "" {
					content = part.Get("valueMarkdown").Long()
				}
			}
		}
		if l, ok := lang.Parse(code); ok && content != "" {
			out[l] = content
		}
	}
	return out
}

func codes(n fhir.Node) (out []Code) {
	for _, c := range n.Get("code").List() {
		out = append(out, Code{c.Get("system").Line(), c.Get("code").Line()})
	}
	return out
}
