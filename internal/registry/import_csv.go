package registry

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"portico/internal/access"
)

// ImportCSV takes in a spreadsheet of patients. name is for the report only.
// Where the sheet has no column for something, the index keeps what it knows.
func (r *Room) ImportCSV(ctx context.Context, d access.Duty, name string, in io.Reader, o Options, progress io.Writer) (Report, error) {
	w := r.begin(d, o, progress)
	name = filepath.Base(name)
	w.rep.Files, w.files = 1, []string{name}
	s := readCSV(in, name, r.Region, r.DB.Now())
	w.rep.Columns = s.unknown
	for _, p := range s.rows {
		if len(p.Numbers) == 0 {
			p.Ref = r.spreadRef(p)
		}
		if err := w.add(ctx, p); err != nil {
			return w.rep, err
		}
	}
	for _, f := range s.bad {
		w.rep.refuse(f)
	}
	w.rep.Refused += s.more
	err := w.finish(ctx)
	return w.rep, err
}

// ImportCSVFile is ImportCSV on a file.
func (r *Room) ImportCSVFile(ctx context.Context, d access.Duty, path string, o Options, progress io.Writer) (Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return Report{Refused: 1, Refusals: []Refusal{{File: filepath.Base(path), Key: "registry.import.not_found"}}}, nil
	}
	defer f.Close()
	return r.ImportCSV(ctx, d, path, f, o, progress)
}

// spreadRef makes a name for somebody without a number, so that the same row
// comes to the same record again.
func (r *Room) spreadRef(p Incoming) string {
	return rowRef + r.Keys.Index(indexSpread, spreadText(p.current(), p.Birth))
}

// rowRef begins the reference of a record that came without any.
const rowRef = "row:"

func spreadText(n Name, birth string) string {
	return sortName(n) + "\x1f" + normalise(n).suffix + "\x1f" + birth
}

// refs gives the reference under which a record is known, and those it had under
// other keys.
func (r *Room) refs(in Incoming) []string {
	out := []string{in.Ref}
	if strings.HasPrefix(in.Ref, rowRef) {
		for _, index := range r.Keys.Indexes(indexSpread, spreadText(in.current(), in.Birth))[1:] {
			out = append(out, rowRef+index)
		}
	}
	return out
}
