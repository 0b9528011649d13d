package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portico/internal/testkit"
)

// shell is somebody at a terminal of the clinic's server.
type shell struct {
	t   *testing.T
	dir string
}

// at gives a shell with a configuration of its own and nothing in its database.
func at(t *testing.T) shell {
	t.Helper()
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "PORTICO_") {
			t.Setenv(name, "") // put back when the test ends
			os.Unsetenv(name)
		}
	}
	s := shell{t, t.TempDir()}
	s.file("portico.toml", `
		base_url = "https://portal.riverside.example"
		database_url = "`+testkit.MigratedSQLite(t)+`"
		data_dir = "`+s.path("heads")+`"
		secret_key = "dGhlLWNvbW1hbmQtbGluZS1pcy10ZXN0ZWQtd2l0aC10aGlzLWtleS0wMTIzNDU2Nzg5"
		[clinic]
		name = "Riverside Family Clinic"
		phone = "413-555-0123"
		address = "1 River Street; Riverside, MA 01001"`)
	return s
}

func (s shell) path(name string) string { return filepath.Join(s.dir, name) }

func (s shell) file(name, text string) string {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return s.path(name)
}

// types runs a command, demands its exit code and that it says each of want, and
// gives what it printed.
func (s shell) types(exit int, want []string, args ...string) string {
	s.t.Helper()
	var out bytes.Buffer
	got := run(context.Background(), append(args, "--config", s.path("portico.toml")), &out, &out)
	if got != exit {
		s.t.Errorf("portico %s: exit %d, want %d\n%s", strings.Join(args, " "), got, exit, out.String())
	}
	for _, w := range want {
		if !strings.Contains(out.String(), w) {
			s.t.Errorf("portico %s does not say %q:\n%s", strings.Join(args, " "), w, out.String())
		}
	}
	return out.String()
}

const patients = "number,given,family,birth_date,sex,email,street,city,state,postal_code\n" +
	"RV-1,Ana,Ruiz,1962-04-09,female,ana@example.org,1 Elm St,Riverside,MA,01001\n"

// The exit codes and what the first day of a clinic needs: scripts rely on them.
func TestAClinicsFirstCommands(t *testing.T) {
	s := at(t)
	s.types(0, []string{"portico"}, "version")
	s.types(0, []string{"up to date"}, "migrate")
	s.types(0, []string{"1 patients: 1 new"}, "import", "csv", s.file("patients.csv", patients))
	s.types(0, []string{"1 unchanged"}, "import", "csv", s.path("patients.csv"))
	s.types(1, []string{"line 3", "1 new"}, "import", "csv", s.file("more.csv", patients+"RV-2,Ben,Okafor,1975-31-01,male,,,,,\n"+"RV-3,Eva,Lind,1980-02-03,female,,,,,\n"))

	first := s.types(0, []string{"https://portal.riverside.example/staff/setup/"}, "staff", "add", "--name", "Ana Ruiz", "--email", "ana@riverside.example", "--role", "administrator")
	s.types(1, []string{"e-mail"}, "staff", "add", "--name", "Ana Ruiz", "--email", "Ana@riverside.example", "--role", "auditor")
	if again := s.types(0, []string{"/staff/setup/"}, "staff", "link", "--email", "ana@riverside.example"); again == first {
		t.Error("the new set-up link is the old one")
	}
	s.types(1, nil, "staff", "link", "--email", "nobody@riverside.example")

	letter := s.path("letter.pdf")
	s.types(0, []string{letter}, "codes", "issue", "--patient", "RV-1", "--by", "letter", "--out", letter)
	if b, err := os.ReadFile(letter); err != nil || !bytes.HasPrefix(b, []byte("%PDF-")) {
		t.Errorf("the letter: %v", err)
	}
	s.types(0, []string{"It is not shown again"}, "codes", "issue", "--patient", "rv 1", "--by", "handover")
	s.types(1, []string{"no patient with that number"}, "codes", "issue", "--patient", "RV-999", "--by", "handover")
	s.types(0, []string{"The audit log is whole."}, "audit", "verify")

	s.types(0, []string{"rows written"}, "backup", s.path("night.backup"))
	s.types(1, nil, "restore", s.path("night.backup")) // never over a database in use
	t.Setenv("PORTICO_DATABASE_URL", "sqlite:"+s.path("second.db"))
	s.types(0, nil, "restore", s.path("night.backup"))
	s.types(0, []string{"not shown again"}, "codes", "issue", "--patient", "RV-1", "--by", "handover")
}

func TestWrongUseIsSaidAndExitsWithTwo(t *testing.T) {
	s := at(t)
	s.types(2, nil, "nonsense")
	s.types(2, []string{"--by"}, "codes", "issue", "--patient", "RV-1")
	s.types(2, nil, "codes", "issue", "--patient", "RV-1", "--by", "pigeon")
	s.types(2, []string{"/none.csv"}, "import", "csv", s.path("none.csv"))
	s.types(2, []string{"2026-01-31"}, "import", "csv", "--contacts-since", "yesterday", s.file("patients.csv", patients))
	// Serving without e-mail, doctor says the same and fails.
	s.types(2, []string{"mail.url is missing"}, "serve")
	s.types(1, []string{"FAULT configuration: mail.url is missing", "ok    database"}, "doctor")
	s.file("portico.toml", "base_urll = \"https://portal.example\"\n")
	s.types(2, []string{"base_urll"}, "migrate")
}
