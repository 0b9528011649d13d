package trail

import (
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"portico/internal/audit"
)

// The frontier must agree with tlog, whose proofs others can check.
func TestFrontierAgreesWithTlog(t *testing.T) {
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(at))
		for i, n := range at {
			out[i] = stored[n]
		}
		return out, nil
	})
	var f frontier
	for n := range int64(300) {
		data := fmt.Append(nil, "leaf ", n)
		want, err := tlog.StoredHashes(n, data, read)
		if err != nil {
			t.Fatal(err)
		}
		got := f.add(tlog.RecordHash(data), nil)
		if len(got) != len(want) {
			t.Fatalf("leaf %d: %d hashes, want %d", n, len(got), len(want))
		}
		for i, g := range got {
			if g.hash != want[i] || g.index != int64(len(stored)+i) {
				t.Fatalf("leaf %d, hash %d differs", n, i)
			}
		}
		stored = append(stored, want...)
		root, err := tlog.TreeHash(n+1, read)
		if err != nil || f.root() != root {
			t.Fatalf("root of %d leaves differs: %v", n+1, err)
		}
		levels, indexes := edge(n + 1)
		for i, l := range levels {
			if stored[indexes[i]] != f.up[l] {
				t.Fatalf("edge of %d leaves differs at level %d", n+1, l)
			}
		}
	}
}

func TestEachFieldChangesTheHash(t *testing.T) {
	base := line{id: "aud_1", Entry: audit.Entry{Action: "a", Outcome: "b", Actor: "c", ActorID: "d"}}
	seen := map[tlog.Hash]string{base.hash(): "base"}
	for name, change := range map[string]func(*line){
		"id":       func(l *line) { l.id = "aud_2" },
		"time":     func(l *line) { l.at = l.at.Add(1000) },
		"action":   func(l *line) { l.Action = "x" },
		"outcome":  func(l *line) { l.Outcome = "x" },
		"actor":    func(l *line) { l.Actor = "x" },
		"actor id": func(l *line) { l.ActorID = "x" },
		"patient":  func(l *line) { l.Patient = "x" },
		"object":   func(l *line) { l.Object = "x" },
		"source":   func(l *line) { l.Source = "x" },
		"session":  func(l *line) { l.Session = "x" },
		"detail":   func(l *line) { l.Detail = "x" },
		"shifted":  func(l *line) { l.Actor, l.ActorID = "cd", "" },
	} {
		l := base
		change(&l)
		if was, dup := seen[l.hash()]; dup {
			t.Errorf("%s hashes like %s", name, was)
		}
		seen[l.hash()] = name
	}
}
