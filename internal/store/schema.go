package store

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Table is a table as the migrations declare it.
type Table struct {
	Name    string
	Room    string // from the migration's file name: 0006_registry_patient.sql
	Columns []Column
}

// Column is a column with the type word of the migrations.
type Column struct{ Name, Type string }

var (
	createTable = regexp.MustCompile(`(?ms)^CREATE TABLE (\w+) \(\n(.*?)^\);`)
	columnLine  = regexp.MustCompile(`^\s+([a-z0-9_]+) (TEXT|BIGINT|BOOLEAN|TIMESTAMPTZ|BYTEA)\b`)
	addColumn   = regexp.MustCompile(`(?m)^ALTER TABLE (\w+) ADD COLUMN ([a-z0-9_]+) (\w+)`)
	dropTable   = regexp.MustCompile(`(?m)^DROP TABLE (\w+)`)
)

// Tables lists every table in the order of creation, so that a table comes
// after those it refers to. Reading them out of the migrations takes milliseconds,
// and a starting server asks for each table that seals something: it is done once.
func Tables() []Table { return slices.Clone(tables()) }

var tables = sync.OnceValue(func() (out []Table) {
	names, _ := fs.Glob(migrations, "migrations/*.sql")
	for _, file := range names {
		b, err := migrations.ReadFile(file)
		if err != nil {
			panic(err) // embedded
		}
		ddl := string(b)
		room := strings.SplitN(strings.TrimSuffix(file[strings.LastIndexByte(file, '/')+1:], ".sql"), "_", 3)[1]
		for _, m := range createTable.FindAllStringSubmatch(ddl, -1) {
			t := Table{Name: m[1], Room: room}
			for line := range strings.SplitSeq(m[2], "\n") {
				if c := columnLine.FindStringSubmatch(line); c != nil {
					t.Columns = append(t.Columns, Column{c[1], c[2]})
				}
			}
			out = append(out, t)
		}
		for _, m := range addColumn.FindAllStringSubmatch(ddl, -1) {
			if i := slices.IndexFunc(out, func(t Table) bool { return t.Name == m[1] }); i >= 0 {
				out[i].Columns = append(out[i].Columns, Column{m[2], m[3]})
			}
		}
		for _, m := range dropTable.FindAllStringSubmatch(ddl, -1) {
			out = slices.DeleteFunc(out, func(t Table) bool { return t.Name == m[1] })
		}
	}
	return out
})

// Schema is the whole schema as the migrations write it, for docs/schema.sql.
func Schema() string {
	var b strings.Builder
	names, _ := fs.Glob(migrations, "migrations/*.sql")
	for _, file := range names {
		text, err := migrations.ReadFile(file)
		if err != nil {
			panic(err) // embedded
		}
		b.WriteString("-- " + strings.TrimPrefix(file, "migrations/") + "\n")
		b.WriteString(strings.TrimSpace(strings.TrimPrefix(string(text), "-- +goose Up")) + "\n\n")
	}
	return b.String()
}
