package main

import (
	"os"
	"path/filepath"
	"testing"
)

// The committed files are what the sources give, byte for byte, on every run.
func TestOutputIsTheCommittedOne(t *testing.T) {
	const committed = "../../../internal/page/static"
	dir := t.TempDir()
	b := &builder{from: "../../../assets", to: dir, names: map[string]string{}}
	if err := b.run(); err != nil {
		t.Fatal(err)
	}
	fresh, old := list(t, dir), list(t, committed)
	for name, content := range fresh {
		if old[name] != content {
			t.Errorf("%s differs from the committed file; run the assets command", name)
		}
	}
	for name := range old {
		if _, ok := fresh[name]; !ok {
			t.Errorf("%s is committed, but nothing makes it", name)
		}
	}
}

func list(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(f)] = string(content)
	}
	return out
}
