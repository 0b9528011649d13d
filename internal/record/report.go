package record

import (
	"maps"
	"slices"

	"portico/internal/fhir"
)

// Refusal says what was not taken in and why: a key of the texts.
type Refusal struct {
	File        string
	Line, Entry int
	Path, Key   string
}

// Tally counts what became of resources.
type Tally struct{ New, Changed, Unchanged, Older, Refused int }

func (t *Tally) add(o Tally) {
	t.New += o.New
	t.Changed += o.Changed
	t.Unchanged += o.Unchanged
	t.Older += o.Older
	t.Refused += o.Refused
}

// All is how many resources were counted.
func (t Tally) All() int { return t.New + t.Changed + t.Unchanged + t.Older + t.Refused }

// Report counts what became of a batch.
type Report struct {
	Tally
	Types    map[string]Tally
	Passed   map[string]int // not kept, by type
	Refusals []Refusal
}

// count adds one to what became of a type.
func (r *Report) count(kind string, t Tally) {
	r.Tally.add(t)
	if r.Types == nil {
		r.Types = map[string]Tally{}
	}
	sum := r.Types[kind]
	sum.add(t)
	r.Types[kind] = sum
}

// clone makes a report that can be added to apart from this one.
func (r Report) clone() Report {
	r.Types, r.Passed, r.Refusals = maps.Clone(r.Types), maps.Clone(r.Passed), slices.Clone(r.Refusals)
	return r
}

// Add adds another report to this one.
func (r *Report) Add(o Report) {
	for k, t := range o.Types {
		r.count(k, t)
	}
	r.Refusals = append(r.Refusals, o.Refusals...)
	for k, n := range o.Passed {
		if r.Passed == nil {
			r.Passed = map[string]int{}
		}
		r.Passed[k] += n
	}
}

func (r *Report) refuse(in fhir.Resource, path, key string) {
	r.count(in.Type, Tally{Refused: 1})
	r.Refusals = append(r.Refusals, Refusal{File: in.File, Line: in.Line, Entry: in.Entry, Path: path, Key: key})
}

// Refuse counts one resource of a type that a sender's door refused itself.
func (r *Report) Refuse(kind string) { r.count(kind, Tally{Refused: 1}) }
