package ingest

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"portico/internal/lang"
	"portico/internal/record"
	"portico/internal/registry"
)

// Report is what an import did: the people, and everything else.
type Report struct {
	People  registry.Report
	Records record.Report
	Told    []registry.Refusal // of records; at most maxTold
}

// maxTold is how many refused records are told one by one; the rest is counted.
const maxTold = 1000

// Refused is how many records of either kind were refused.
func (r *Report) Refused() int { return r.People.Refused + r.Records.Refused }

// Wrote tells whether the import changed anything but what is kept of faults.
func (r *Report) Wrote() bool {
	return r.People.New+r.People.Changed+r.People.Merged+r.Records.New+r.Records.Changed+r.Records.Older > 0
}

func (r *Report) add(o record.Report) {
	told := o.Refusals
	o.Refusals = nil
	r.Records.Add(o)
	for _, f := range told {
		if len(r.Told) < maxTold {
			r.Told = append(r.Told, registry.Refusal{File: f.File, Line: f.Line, Entry: f.Entry, Path: f.Path, Key: f.Key})
		}
	}
}

// refuse counts what this door itself refuses.
func (r *Report) refuse(f registry.Refusal, kind string) {
	var one record.Report
	one.Refuse(kind)
	r.Records.Add(one)
	if len(r.Told) < maxTold {
		r.Told = append(r.Told, f)
	}
}

// Write tells the report to the person who asked for the import.
func (r *Report) Write(out io.Writer) {
	for _, f := range r.People.Warnings {
		fmt.Fprintln(out, "left out:", f.Sentence(lang.En))
	}
	for _, f := range slices.Concat(r.People.Refusals, r.Told) {
		fmt.Fprintln(out, "refused: ", f.Sentence(lang.En))
	}
	if n := r.Records.Refused - len(r.Told); n > 0 {
		fmt.Fprintf(out, "refused:  %d more\n", n)
	}
	p := r.People
	fmt.Fprintf(out, "%d files, %d patients: %d new, %d changed, %d unchanged, %d older than known, %d joined, %d refused.\n",
		p.Files, p.Records(), p.New, p.Changed, p.Unchanged, p.Older, p.Merged, p.Refused)
	passed := 0
	for _, n := range r.Records.Passed {
		passed += n
	}
	t := r.Records.Tally
	if t.All()+passed == 0 {
		return
	}
	fmt.Fprintf(out, "%d resources: %s, %d passed over.\n", t.All()+passed, counts(t), passed)
	for _, kind := range slices.Sorted(maps.Keys(r.Records.Types)) {
		fmt.Fprintf(out, "  %-24s %s\n", kind, counts(r.Records.Types[kind]))
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Records.Passed)) {
		fmt.Fprintf(out, "  %-24s %d passed over\n", kind, r.Records.Passed[kind])
	}
}

func counts(t record.Tally) string {
	return fmt.Sprintf("%d new, %d changed, %d unchanged, %d older than known, %d refused", t.New, t.Changed, t.Unchanged, t.Older, t.Refused)
}
