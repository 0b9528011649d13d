package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/ingest"
	"portico/internal/lang"
	"portico/internal/registry"
	"portico/internal/secret"
	"portico/internal/signon"
	"portico/internal/staff"
	"portico/internal/store"
	"portico/internal/trail"
)

// Serve is `portico serve`: it refuses to start while the configuration has a
// fault, migrates, and serves until ctx ends.
func Serve(ctx context.Context, cfg config.Config, log io.Writer) error {
	if faults := cfg.Check(); len(faults) > 0 {
		return fmt.Errorf("%w: the configuration has %d faults:\n  - %s", ErrUse, len(faults), strings.Join(faults, "\n  - "))
	}
	if err := Migrate(ctx, cfg); err != nil {
		return err
	}
	a, err := New(ctx, cfg, Options{Log: Logger(cfg, log)})
	if err != nil {
		return err
	}
	defer a.Close()
	l, err := a.Listen()
	if err != nil {
		return err
	}
	return a.Serve(ctx, l)
}

// Migrate brings the database up to this binary's version.
func Migrate(ctx context.Context, cfg config.Config) error {
	if cfg.DatabaseURL == "" {
		return fmt.Errorf("%w: database_url is missing: set PORTICO_DATABASE_URL", ErrUse)
	}
	db, err := store.Open(ctx, cfg.DatabaseURL, clock.System{})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Migrate(ctx)
}

// Doctor checks configuration, database, folder and mail server, and says of
// each what to put right.
func Doctor(ctx context.Context, cfg config.Config, out io.Writer) error {
	bad := 0
	say := func(what string, err error) {
		if err == nil {
			fmt.Fprintf(out, "ok    %s\n", what)
			return
		}
		bad++
		fmt.Fprintf(out, "FAULT %s: %v\n", what, err)
	}
	faults := cfg.Check()
	for _, f := range faults {
		say("configuration", errors.New(f))
	}
	if len(faults) == 0 {
		say("configuration", nil)
	}
	say("folder "+cfg.DataDir, writable(cfg.DataDir))
	if cfg.DatabaseURL != "" {
		err := checkDatabase(ctx, cfg)
		if say("database", err); err == nil {
			say("somebody to review charts opened in an emergency", checkReviewers(ctx, cfg))
		}
	}
	if _, err := secret.NewKeyring(cfg.SecretKey, cfg.OldSecretKeys...); err == nil && cfg.Mail.URL != "" {
		say("mail server", checkMail(ctx, cfg))
	}
	if cfg.SignOn.Issuer != "" && len(faults) == 0 {
		say("sign-on", checkSignOn(ctx, cfg))
		say("a way in without the sign-on", checkHere(ctx, cfg))
	}
	if bad > 0 {
		return fmt.Errorf("%d faults", bad)
	}
	fmt.Fprintln(out, "Everything needed to serve patients is in place.")
	return nil
}

func checkSignOn(ctx context.Context, cfg config.Config) error {
	base, err := url.Parse(cfg.BaseURL)
	if err != nil {
		return err
	}
	p, err := signon.NewProvider(cfg.SignOn, base, clock.System{}.Now)
	if err != nil {
		return err
	}
	return p.Check(ctx)
}

// checkHere asks whether an administrator can sign in when the sign-on is down.
func checkHere(ctx context.Context, cfg config.Config) error {
	db, err := store.Open(ctx, cfg.DatabaseURL, clock.System{})
	if err != nil {
		return err
	}
	defer db.Close()
	n, err := staff.New(staff.Parts{DB: db}).HereAlone(ctx, access.NewDuty("doctor"))
	if err == nil && n == 0 {
		err = errors.New("no administrator has a password here. Keep one who is not linked: portico staff add --role administrator")
	}
	return err
}

// checkReviewers asks whether the alarm about a chart that is opened without a task
// reaches somebody, whoever opens it. A clinic with nobody in it yet is no fault.
func checkReviewers(ctx context.Context, cfg config.Config) error {
	db, err := store.Open(ctx, cfg.DatabaseURL, clock.System{})
	if err != nil {
		return err
	}
	defer db.Close()
	alone, err := staff.New(staff.Parts{DB: db}).NobodyReviews(ctx, access.NewDuty("doctor"))
	if err == nil && alone {
		err = errors.New("somebody may open charts in an emergency, and nobody else can review it. Add a second person: portico staff add --role auditor")
	}
	return err
}

func checkDatabase(ctx context.Context, cfg config.Config) error {
	db, err := store.Open(ctx, cfg.DatabaseURL, clock.System{})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Ready(ctx)
}

func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot be made: %w", err)
	}
	f, err := os.CreateTemp(dir, "check")
	if err != nil {
		return fmt.Errorf("cannot be written: %w", err)
	}
	f.Close()
	return os.Remove(f.Name())
}

// ImportFHIR is `portico import fhir`. Records that were refused make it fail,
// after all others came in.
func (a *App) ImportFHIR(ctx context.Context, o ingest.Order, since string) error {
	defer a.following(ctx)()
	var err error
	if o.People, err = importOptions(since); err != nil {
		return err
	}
	r, err := a.Ingest.Files(ctx, access.NewDuty("import fhir"), o)
	return importReport(r, err, o.Out)
}

// ImportDocuments is `portico import ccda`.
func (a *App) ImportDocuments(ctx context.Context, o ingest.Order) error {
	defer a.following(ctx)()
	r, err := a.Ingest.Documents(ctx, access.NewDuty("import ccda"), o)
	return importReport(r, err, o.Out)
}

func importReport(r ingest.Report, err error, out io.Writer) error {
	if err != nil {
		return err
	}
	r.Write(out)
	if n := r.Refused(); n > 0 {
		return fmt.Errorf("%d records were refused", n)
	}
	return nil
}

// ImportCSV is `portico import csv`.
func (a *App) ImportCSV(ctx context.Context, file, since string, out io.Writer) error {
	defer a.following(ctx)()
	o, err := importOptions(since)
	if err != nil {
		return err
	}
	r, err := a.Registry.ImportCSVFile(ctx, access.NewDuty("import csv"), file, o, out)
	return report(r, err, out)
}

// importOptions reads --contacts-since.
func importOptions(since string) (registry.Options, error) {
	if since == "" {
		return registry.Options{}, nil
	}
	day, err := time.Parse(time.DateOnly, since)
	if err != nil {
		return registry.Options{}, fmt.Errorf("%w: --contacts-since is a day such as 2026-01-31", ErrUse)
	}
	return registry.Options{ContactsSince: day}, nil
}

// report says what an import did. Records that were refused make the command
// fail, after all others came in.
func report(r registry.Report, err error, out io.Writer) error {
	if err != nil {
		return err
	}
	for _, f := range r.Warnings {
		fmt.Fprintln(out, "left out:", f.Sentence(lang.En))
	}
	for _, f := range r.Refusals {
		fmt.Fprintln(out, "refused: ", f.Sentence(lang.En))
	}
	fmt.Fprintf(out, "%d files, %d patients: %d new, %d changed, %d unchanged, %d older than known, %d joined, %d refused.\n",
		r.Files, r.Records(), r.New, r.Changed, r.Unchanged, r.Older, r.Merged, r.Refused)
	if r.Refused > 0 {
		return fmt.Errorf("%d records were refused", r.Refused)
	}
	return nil
}

// AddFeed is `portico feeds add`.
func (a *App) AddFeed(ctx context.Context, name string, out io.Writer) error {
	id, token, err := a.Ingest.AddFeedByDuty(ctx, access.NewDuty("feeds add"), name)
	if err != nil {
		return inWords(err)
	}
	fmt.Fprintf(out, "Feed %s is ready. Send to %s with this token. It is not shown again.\n%s\n", id, a.base.JoinPath("feeds", "fhir"), token)
	return nil
}

// EndFeed is `portico feeds end`.
func (a *App) EndFeed(ctx context.Context, id string, out io.Writer) error {
	err := a.Ingest.EndFeedByDuty(ctx, access.NewDuty("feeds end"), ids.Feed(id))
	if fault.Is(err, fault.NotFound) {
		return errors.New("there is no feed in use with this id; the page Feeds lists them")
	}
	if err != nil {
		return inWords(err)
	}
	fmt.Fprintln(out, "The feed has ended.")
	return nil
}

// AddStaff is `portico staff add`.
func (a *App) AddStaff(ctx context.Context, name, email string, roles []string, out io.Writer) error {
	n := staff.Newcomer{Name: name, Email: email, Lang: lang.En}
	for _, r := range roles {
		n.Roles = append(n.Roles, access.Role(r))
	}
	_, link, err := a.Staff.Add(ctx, access.NewDuty("staff add"), n)
	if err != nil {
		return inWords(err)
	}
	a.sayLink(out, name, link)
	return nil
}

// LinkStaff is `portico staff link`.
func (a *App) LinkStaff(ctx context.Context, email string, out io.Writer) error {
	link, err := a.Staff.Relink(ctx, access.NewDuty("staff link"), email)
	if err != nil {
		return inWords(err)
	}
	a.sayLink(out, email, link)
	return nil
}

func (a *App) sayLink(out io.Writer, name string, link staff.Link) {
	fmt.Fprintf(out, "One-time set-up link for %s, good for 24 hours:\n%s\n", name, a.base.JoinPath(link.Path))
}

// IssueCode is `portico codes issue`.
func (a *App) IssueCode(ctx context.Context, number, by, file string, out io.Writer) error {
	if a.clinic.Now().Name == "" || a.clinic.Now().Phone == "" {
		return fmt.Errorf("%w: set clinic.name and clinic.phone first; they stand on the letter", ErrUse)
	}
	d := access.NewDuty("codes issue")
	p, err := a.Registry.Numbered(ctx, d, number)
	if fault.Is(err, fault.NotFound) {
		return errors.New("there is no patient with that number")
	}
	if err != nil {
		return inWords(err)
	}
	c, err := a.Enroll.IssueByDuty(ctx, d, enroll.Order{Patient: p, By: enroll.Channel(by)})
	if err != nil {
		return inWords(err)
	}
	if len(c.Letter) > 0 && by == "letter" {
		if file == "" {
			file = "letter.pdf"
		}
		if err := os.WriteFile(file, c.Letter, 0o600); err != nil {
			return fmt.Errorf("the letter cannot be written: %w", err)
		}
		fmt.Fprintf(out, "Letter written to %s. The code works until %s.\n", file, c.Expires.In(a.clinic.Now().Zone).Format(time.RFC1123))
		return nil
	}
	if by == "email" {
		fmt.Fprintln(out, "The code was queued to the e-mail address on file. The running portal sends it.")
		return nil
	}
	fmt.Fprintf(out, "Code %s, good until %s. It is not shown again.\n", c.Text, c.Expires.In(a.clinic.Now().Zone).Format(time.RFC1123))
	return nil
}

// inWords gives a fault's sentence for the command line.
func inWords(err error) error {
	if text := sentence(err); text != "" {
		return errors.New(text)
	}
	return err
}

// VerifyAudit is `portico audit verify`.
func (a *App) VerifyAudit(ctx context.Context, out io.Writer) error {
	r, err := a.Trail.Check(ctx, access.NewDuty(trail.Checker), "")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d sealed lines, %d not sealed yet, checked against %d signed heads.\n", r.Size, r.Waiting, r.Heads)
	if r.First != nil {
		return fmt.Errorf("the audit log is broken: %s", r.First)
	}
	fmt.Fprintln(out, "The audit log is whole.")
	return nil
}
