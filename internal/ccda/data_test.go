package ccda

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sampleFiles lists the sample documents, which are not part of the repository.
func sampleFiles(t testing.TB) []string {
	var out []string
	root := "../../../shared/data/ccda"
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".gz") {
			out = append(out, path)
		}
		return err
	})
	if len(out) == 0 {
		t.Skip("the sample data is not here")
	}
	return out
}

func TestSampleFiles(t *testing.T) {
	read, refused := map[string]int{}, map[Reason]int{}
	var sections, tables, rows, files, words int
	for _, path := range sampleFiles(t) {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Read(filepath.Base(path), f, Usual)
		f.Close()
		kind, _, _ := strings.Cut(filepath.Base(path), "__")
		if strings.Contains(path, "hl7examples") {
			kind = "hl7examples"
		}
		if err != nil {
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("%T", err)
			}
			refused[e.Reason]++
			if kind != "hl7examples" || e.Reason != NotDocument {
				t.Log(err)
			}
			continue
		}
		read[kind]++
		if d.File != nil {
			files++
		}
		if d.ID.Root == "" || !d.Effective.Known() || len(d.Sections) == 0 && d.File == nil || len(d.Patient.Names) == 0 || len(d.Patient.IDs) == 0 || !d.Patient.Birth.Known() {
			t.Logf("%s: id %v, made %v, %d sections, %d names, %d numbers, born %v", path, d.ID.Root != "", d.Effective.Known(), len(d.Sections), len(d.Patient.Names), len(d.Patient.IDs), d.Patient.Birth.Known())
		}
		each(d.Sections, func(s Section) {
			sections++
			words += len(s.Text.Words())
			for _, b := range s.Text.Blocks {
				if table, ok := b.(Table); ok {
					tables++
					rows += len(table.Rows)
				}
			}
		})
	}
	t.Logf("read %v, refused %v; %d sections, %d tables, %d rows, %d bytes of words, %d files inside", read, refused, sections, tables, rows, words, files)
}

func each(sections []Section, do func(Section)) {
	for _, s := range sections {
		do(s)
		each(s.Sections, do)
	}
}
