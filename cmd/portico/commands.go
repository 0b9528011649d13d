package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"portico/internal/app"
	"portico/internal/bench"
	"portico/internal/config"
	"portico/internal/demo"
	"portico/internal/ingest"
)

// load reads the configuration; what is wrong with it is the user's to mend.
func (s settings) load() (config.Config, error) {
	c, err := config.Load(s.config, os.Environ())
	if err != nil {
		return c, fmt.Errorf("%w: %w", app.ErrUse, err)
	}
	return c, nil
}

// open opens the database and joins the rooms, without serving.
func (s settings) open() (*app.App, error) {
	c, err := s.load()
	if err != nil {
		return nil, err
	}
	return app.New(s.ctx, c, app.Options{Log: app.Logger(c, s.err), Command: true})
}

// with runs f on an opened portal and closes it.
func (s settings) with(f func(*app.App) error) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	return f(a)
}

type demoCommand struct {
	Addr     string `help:"Address to listen on." default:"127.0.0.1:8080"`
	Data     string `help:"Folder for the demo's data; made anew each time unless it exists." default:"demo-data" type:"path"`
	Patients int    `help:"How many patients." default:"200"`
	Seed     uint64 `help:"The same seed makes the same clinic." default:"1"`
	Database string `help:"PostgreSQL to use in place of an SQLite file: postgres://…"`
}

func (c demoCommand) Run(s settings) error {
	return demo.Run(s.ctx, demo.Options{Addr: c.Addr, Data: c.Data, Patients: c.Patients, Seed: c.Seed, Database: c.Database, Out: s.out, Err: s.err})
}

type serveCommand struct{}

func (serveCommand) Run(s settings) error {
	c, err := s.load()
	if err != nil {
		return err
	}
	return app.Serve(s.ctx, c, s.err)
}

type migrateCommand struct{}

func (migrateCommand) Run(s settings) error {
	c, err := s.load()
	if err != nil {
		return err
	}
	if err := app.Migrate(s.ctx, c); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "The database is up to date.")
	return nil
}

type doctorCommand struct{}

func (doctorCommand) Run(s settings) error {
	c, err := s.load()
	if err != nil {
		return err
	}
	return app.Doctor(s.ctx, c, s.out)
}

type versionCommand struct{}

func (versionCommand) Run(s settings) error {
	v := "unknown"
	if b, ok := debug.ReadBuildInfo(); ok {
		v = b.Main.Version + " " + b.GoVersion
	}
	fmt.Fprintln(s.out, "portico", v)
	return nil
}

type importFHIRCommand struct {
	Paths  []string `arg:"" help:"Files or folders." type:"existingpath"`
	Source string   `help:"Whose files these are. Identifiers mean something only within one source." default:"import"`
	Since  string   `name:"contacts-since" help:"Day (2026-01-31) since when contacts without a date have been on file; else from today, and they can be used in a week."`
}

func (c importFHIRCommand) Run(s settings) error {
	return s.with(func(a *app.App) error {
		return a.ImportFHIR(s.ctx, ingest.Order{Paths: c.Paths, Source: c.Source, Out: s.out}, c.Since)
	})
}

type importCCDACommand struct {
	Paths  []string `arg:"" help:"Files or folders." type:"existingpath"`
	Source string   `help:"Whose files these are. Identifiers mean something only within one source." default:"import"`
}

func (c importCCDACommand) Run(s settings) error {
	return s.with(func(a *app.App) error {
		return a.ImportDocuments(s.ctx, ingest.Order{Paths: c.Paths, Source: c.Source, Out: s.out})
	})
}

type feedsAddCommand struct {
	Name string `arg:"" help:"Name of the sending system."`
}

func (c feedsAddCommand) Run(s settings) error {
	return s.with(func(a *app.App) error { return a.AddFeed(s.ctx, c.Name, s.out) })
}

type feedsEndCommand struct {
	ID string `arg:"" help:"Identifier of the feed, the first part of its token."`
}

func (c feedsEndCommand) Run(s settings) error {
	return s.with(func(a *app.App) error { return a.EndFeed(s.ctx, c.ID, s.out) })
}

type importCSVCommand struct {
	File  string `arg:"" help:"Spreadsheet with named columns." type:"existingfile"`
	Since string `name:"contacts-since" help:"Day (2026-01-31) since when contacts without a date have been on file; else from today, and they can be used in a week."`
}

func (c importCSVCommand) Run(s settings) error {
	return s.with(func(a *app.App) error { return a.ImportCSV(s.ctx, c.File, c.Since, s.out) })
}

type staffAddCommand struct {
	Name  string   `help:"Name of the person." required:""`
	Email string   `help:"E-mail address, which is also the user name." required:""`
	Role  []string `help:"front_desk, administrator, auditor, clinician or records; may be repeated." required:""`
}

func (c staffAddCommand) Run(s settings) error {
	return s.with(func(a *app.App) error { return a.AddStaff(s.ctx, c.Name, c.Email, c.Role, s.out) })
}

type staffLinkCommand struct {
	Email string `help:"E-mail address, which is also the user name." required:""`
}

func (c staffLinkCommand) Run(s settings) error {
	return s.with(func(a *app.App) error { return a.LinkStaff(s.ctx, c.Email, s.out) })
}

type codesIssueCommand struct {
	Patient string `help:"Patient number." required:""`
	By      string `help:"How the code reaches the patient: letter, email or handover." enum:"letter,email,handover" required:""`
	Out     string `help:"File for the letter (PDF)." type:"path"`
}

func (c codesIssueCommand) Run(s settings) error {
	return s.with(func(a *app.App) error { return a.IssueCode(s.ctx, c.Patient, c.By, c.Out, s.out) })
}

type auditVerifyCommand struct{}

func (auditVerifyCommand) Run(s settings) error {
	return s.with(func(a *app.App) error { return a.VerifyAudit(s.ctx, s.out) })
}

type keysListCommand struct{}

func (keysListCommand) Run(s settings) error {
	return s.with(func(a *app.App) error { return a.ListKeys(s.ctx, s.out) })
}

type keysAddCommand struct{}

func (keysAddCommand) Run(s settings) error {
	return s.with(func(a *app.App) error { return a.AddKey(s.ctx, s.out) })
}

type keysRotateCommand struct{}

func (keysRotateCommand) Run(s settings) error {
	return s.with(func(a *app.App) error { return a.RotateKeys(s.ctx, s.out) })
}

type keysRetireCommand struct {
	ID string `arg:"" help:"The key's identifier, from portico keys list."`
}

func (c keysRetireCommand) Run(s settings) error {
	return s.with(func(a *app.App) error { return a.RetireKey(s.ctx, c.ID, s.out) })
}

type backupCommand struct {
	File string `arg:"" help:"File to write." type:"path"`
}

func (c backupCommand) Run(s settings) error {
	return s.with(func(a *app.App) error { return a.Backup(s.ctx, c.File, s.out) })
}

type restoreCommand struct {
	File string `arg:"" help:"Backup to read." type:"existingfile"`
}

func (c restoreCommand) Run(s settings) error {
	cfg, err := s.load()
	if err != nil {
		return err
	}
	return app.Restore(s.ctx, cfg, c.File, s.out)
}

type benchCommand struct {
	Name     string        `arg:"" optional:"" help:"What to measure; without a name all short ones."`
	Patients int           `help:"Size of the clinic of figures start, record and keep." default:"100000"`
	Seed     uint64        `help:"The same seed makes the same clinic." default:"1"`
	Database string        `help:"PostgreSQL to measure beside SQLite: postgres://… Tables are made in a schema of its own." env:"PORTICO_BENCH_DATABASE"`
	Data     string        `help:"Folder that keeps the clinic of figures start and keep for the next time." type:"path"`
	For      time.Duration `help:"How long each thing is measured." default:"3s"`
}

// Help names the figures; kong shows it.
func (benchCommand) Help() string { return "Figures:\n" + bench.Names() }

func (c benchCommand) Run(s settings) error {
	return bench.Run(s.ctx, bench.Options{Name: c.Name, Patients: c.Patients, Seed: c.Seed, Database: c.Database, Data: c.Data, For: c.For, In: os.Stdin, Out: s.out})
}
