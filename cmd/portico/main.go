// Command portico is the whole patient portal: server, demo, imports, codes,
// audit, backup. See docs/running.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"portico/internal/app"
)

// Exit codes, which scripts rely on.
const (
	failed   = 1
	wrongUse = 2
)

// commands is the command line; kong reads it from the tags.
type commands struct {
	Config string `help:"Configuration file." env:"PORTICO_CONFIG" type:"path"`

	Demo    demoCommand    `cmd:"" help:"Run the portal with a synthetic clinic."`
	Serve   serveCommand   `cmd:"" help:"Run the portal."`
	Migrate migrateCommand `cmd:"" help:"Bring the database up to this version."`
	Doctor  doctorCommand  `cmd:"" help:"Check the configuration and say what to put right."`
	Version versionCommand `cmd:"" help:"Show the version."`
	Import  struct {
		FHIR importFHIRCommand `cmd:"" name:"fhir" help:"Take charts in from FHIR R4 bundles, resources, NDJSON, .gz or folders."`
		CCDA importCCDACommand `cmd:"" name:"ccda" help:"Take clinical documents (C-CDA) in from files, .gz or folders."`
		CSV  importCSVCommand  `cmd:"" name:"csv" help:"Take patients in from a spreadsheet with named columns."`
	} `cmd:"" help:"Take patients and their records in."`
	Feeds struct {
		Add feedsAddCommand `cmd:"" help:"Add a feed and print its token, which is shown once."`
		End feedsEndCommand `cmd:"" help:"End a feed: nothing it sends is taken any more."`
	} `cmd:"" help:"Systems that send records over HTTP."`
	Staff struct {
		Add  staffAddCommand  `cmd:"" help:"Add a staff user and print a one-time set-up link."`
		Link staffLinkCommand `cmd:"" help:"Print a new set-up link for a staff user who lost their password or phone."`
	} `cmd:"" help:"People who work at the clinic."`
	Codes struct {
		Issue codesIssueCommand `cmd:"" help:"Issue an activation code."`
	} `cmd:"" help:"Activation codes."`
	Audit struct {
		Verify auditVerifyCommand `cmd:"" help:"Check the audit log and name the first broken entry."`
	} `cmd:"" help:"The audit log."`
	Keys struct {
		List   keysListCommand   `cmd:"" help:"Show the keys and what still needs each."`
		Add    keysAddCommand    `cmd:"" help:"Add a new key to the key file; it reads only until it is rotated to."`
		Rotate keysRotateCommand `cmd:"" help:"Let a new key write, and put everything under it while the portal runs."`
		Retire keysRetireCommand `cmd:"" help:"Take a key out of use; refused while anything needs it."`
	} `cmd:"" help:"The keys that everything is sealed with."`
	Backup  backupCommand  `cmd:"" help:"Write a backup while the portal runs."`
	Restore restoreCommand `cmd:"" help:"Fill a new database from a backup and check it."`
	Bench   benchCommand   `cmd:"" help:"Measure the portal on this machine, beside the machine's own floor."`
}

// settings is what every command gets.
type settings struct {
	ctx    context.Context
	config string
	out    io.Writer
	err    io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run parses the command line, does the command and gives the exit code.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	var c commands
	exit := -1
	parser, err := kong.New(&c, kong.Name("portico"), kong.Description("A patient portal that a clinic runs itself."),
		kong.UsageOnError(), kong.Writers(out, errs), kong.Exit(func(n int) { exit = n }))
	if err != nil {
		fmt.Fprintln(errs, "portico:", err)
		return failed
	}
	k, err := parser.Parse(args)
	if exit >= 0 { // --help
		return exit
	}
	if err != nil {
		fmt.Fprintln(errs, "portico:", err)
		return wrongUse
	}
	err = k.Run(settings{ctx: ctx, config: c.Config, out: out, err: errs})
	switch {
	case err == nil:
		return 0
	case errors.Is(err, app.ErrUse):
		fmt.Fprintln(errs, "portico:", err)
		return wrongUse
	}
	fmt.Fprintln(errs, "portico:", err)
	return failed
}
