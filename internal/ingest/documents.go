package ingest

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"portico/internal/access"
	"portico/internal/ccda"
	"portico/internal/registry"
)

// Documents takes in clinical documents (C-CDA) from files and folders, each also
// gzipped. In folders, files of other kinds are passed over.
func (i *Door) Documents(ctx context.Context, d access.Duty, o Order) (Report, error) {
	if o.Source == "" {
		o.Source = Files
	}
	w := i.begin(d, o.Source)
	began := i.DB.Now()
	p := newProgress(o.Out, i.DB.Now, w)
	paths := w.documentFiles(o.Paths)
	for _, path := range paths {
		p.expect(path)
	}
	for _, path := range paths {
		if err := w.documentFile(ctx, path, p); err != nil {
			return w.rep, err
		}
		p.step()
	}
	p.end()
	if err := w.keepFaults(ctx); err != nil {
		return w.rep, err
	}
	return w.rep, w.keepRun(ctx, began)
}

// documentFiles lists the files to read; what cannot be opened is refused.
func (w *work) documentFiles(paths []string) []string {
	var out []string
	for _, p := range paths {
		// The function never fails, so neither does the walk.
		_ = filepath.WalkDir(p, func(path string, e fs.DirEntry, err error) error {
			name := strings.TrimSuffix(strings.ToLower(filepath.Base(path)), ".gz")
			switch {
			case err != nil:
				w.rep.refuse(registry.Refusal{File: filepath.Base(path), Key: "registry.import.not_found"}, "DocumentReference")
			case !e.IsDir() && (path == p || slices.Contains([]string{".xml", ".ccda", ".cda"}, filepath.Ext(name)) && !strings.HasPrefix(name, ".")):
				out = append(out, path)
			}
			return nil
		})
	}
	return out
}

func (w *work) documentFile(ctx context.Context, path string, p *progress) error {
	name := filepath.Base(path)
	w.files = append(w.files, name)
	f, err := os.Open(path)
	if err != nil {
		w.rep.refuse(registry.Refusal{File: name, Key: "registry.import.not_found"}, "DocumentReference")
		return nil
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(p.count(f), ccda.Usual.Bytes+1))
	if err != nil || int64(len(body)) > ccda.Usual.Bytes {
		w.rep.refuse(registry.Refusal{File: name, Key: "ingest.ccda.too_large"}, "DocumentReference")
		return nil
	}
	return document(ctx, w, name, body)
}
