package bench

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"portico/internal/app"
)

// Each short figure runs to its end and prints a table; nothing is said about
// how fast: a machine that is busy must not fail a test.
func TestShortFiguresRun(t *testing.T) {
	var out bytes.Buffer
	if err := Run(context.Background(), Options{Seed: 1, For: 40 * time.Millisecond, Out: &out}); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, f := range figures {
		if !f.long && !strings.Contains(out.String(), "\n"+f.name+": ") {
			t.Errorf("figure %s is not in the output", f.name)
		}
	}
}

// Keeping a clinic is a long figure; it runs to its end with a small one, and no page
// fails while the key changes.
func TestKeepingRuns(t *testing.T) {
	var out bytes.Buffer
	if err := Run(context.Background(), Options{Name: "keep", Patients: made, Seed: 1, Out: &out}); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	row := regexp.MustCompile(`SQLite +60 +\d+ +[\d.]+ +\d+ +0 `)
	if !row.MatchString(out.String()) {
		t.Errorf("pages failed, or the table is another: %s", out.String())
	}
}

func TestUnknownFigureIsWrongUse(t *testing.T) {
	err := Run(context.Background(), Options{Name: "nothing", Out: &bytes.Buffer{}})
	if !errors.Is(err, app.ErrUse) || !strings.Contains(err.Error(), "speed") {
		t.Errorf("got %v, want wrong use with the names of the figures", err)
	}
}
