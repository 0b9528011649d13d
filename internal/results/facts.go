package results

import (
	"strings"

	"portico/internal/fhir"
)

// Facts are what a result's document says beside its value.
type Facts struct {
	OrderedBy  string
	DoneBy     string
	Place      string
	Resulted   fhir.When // when it was issued
	Specimen   string
	Site       string // of the body
	Method     string
	Notes      []string // the sender's own
	Absent     string   // why there is no value, in the sender's words
	Conclusion string   // of a report
}

func factsOf(n fhir.Node, w *reading) Facts {
	f := Facts{Resulted: n.Get("issued").When(), Site: n.Get("bodySite").Concept().Words(), Method: n.Get("method").Concept().Words(),
		DoneBy: w.o.Who, Place: w.o.Place, Absent: w.o.State,
		Conclusion: n.Get("conclusion").Long()}
	f.Specimen = specimen(n)
	for _, note := range n.Get("note").List() {
		if t := note.Get("text").Long(); t != "" {
			f.Notes = append(f.Notes, t)
		}
	}
	for _, l := range w.from {
		if r, ok := w.around[l.To]; ok && l.Element == "basedOn" && r.Who != "" && !r.Held {
			f.OrderedBy = r.Who
			break
		}
	}
	return f
}

// specimen names what was taken: by the reference's own words, or by a specimen
// that the document contains.
func specimen(n fhir.Node) string {
	var refs []fhir.Node
	if v := n.Get("specimen"); v.IsList() {
		refs = v.List()
	} else if v.Exists() {
		refs = []fhir.Node{v}
	}
	var names []string
	for _, r := range refs {
		ref := r.Reference()
		name := ref.Display
		if id, ok := strings.CutPrefix(ref.Raw, "#"); ok && name == "" {
			name = contained(n, id).Get("type").Concept().Words()
		}
		if name != "" {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func contained(n fhir.Node, id string) fhir.Node {
	for _, c := range n.Get("contained").List() {
		if c.Get("id").Text() == id {
			return c
		}
	}
	return n.Get("contained.none") // a node without a value
}

// Series is one set of pictures of an imaging study.
type Series struct {
	Code              string // of the modality: "DX"
	Kind, Site, Words string
	Images            string
}

func seriesOf(n fhir.Node) []Series {
	var out []Series
	for _, s := range n.Get("series").List() {
		k := s.Get("modality").Coding()
		v := Series{Code: k.Code, Kind: k.Display, Site: s.Get("bodySite").Coding().Display, Words: s.Get("description").Line(), Images: s.Get("numberOfInstances").Number()}
		if v.Kind == "" {
			v.Kind = k.Code
		}
		out = append(out, v)
	}
	return out
}
