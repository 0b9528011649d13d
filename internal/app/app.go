// Package app joins the rooms into one program. It is the only package that
// knows them all: it opens the database, gives each room what it asks for,
// mounts the routes, registers the jobs, and listens.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"path/filepath"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/agenda"
	"portico/internal/checkin"
	"portico/internal/clinic"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/console"
	"portico/internal/diary"
	"portico/internal/emergency"
	"portico/internal/enroll"
	"portico/internal/ingest"
	"portico/internal/jobs"
	"portico/internal/limit"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/passkey"
	"portico/internal/record"
	"portico/internal/records"
	"portico/internal/recovery"
	"portico/internal/registry"
	"portico/internal/results"
	"portico/internal/scheduling"
	"portico/internal/secret"
	"portico/internal/sharing"
	"portico/internal/signon"
	"portico/internal/staff"
	"portico/internal/store"
	"portico/internal/terms"
	"portico/internal/trail"
	"portico/internal/vault"
	"portico/internal/waiting"
	"portico/internal/web"
)

// ErrUse marks an error that the person at the command line can mend.
var ErrUse = errors.New("wrong use")

// Options are what differs between the portal, its demo, its commands and tests.
type Options struct {
	Log     *slog.Logger
	Clock   clock.Clock // nil: the machine's
	Demo    bool        // messages are kept and shown instead of sent
	Command bool        // a command, not a server: what only serving needs is left out
	Base    *url.URL    // instead of base_url, for tests whose address is known late
}

// App is the joined portal.
type App struct {
	cfg    config.Config
	demo   bool
	base   *url.URL
	clinic page.Profile

	Log       *slog.Logger
	DB        *store.DB
	Keys      *secret.Keyring
	Vault     *vault.Vault
	Limit     *limit.Limiter
	Gate      *access.Gate
	Hasher    *secret.Hasher
	Outbox    *notify.Outbox
	Sink      *notify.Sink // in the demo only
	phone     *notify.Phone
	Jobs      *jobs.Runner
	Router    *web.Router
	Record    *record.Records
	Records   *records.Records
	Registry  *registry.Room
	Enroll    *enroll.Room
	Accounts  *account.Accounts
	Clinic    *clinic.Room
	Terms     *terms.Terms
	Sharing   *sharing.Sharing
	Links     *sharing.Links
	Staff     *staff.Staff
	SignOn    *signon.Door
	Trail     *trail.Trail
	Console   *console.Console
	Ingest    *ingest.Door
	Results   *results.Results
	Visits    *scheduling.Scheduling
	Agenda    *agenda.Agenda
	Diary     *diary.Diary
	Waiting   *waiting.Waiting
	CheckIns  *checkin.CheckIns
	Recovery  *recovery.Recovery
	Emergency *emergency.Emergencies
	Passkeys  *passkey.Passkeys
}

// New opens the database named by cfg and joins the rooms. It does not migrate:
// a schema that is too old is an error that says what to do.
func New(ctx context.Context, cfg config.Config, o Options) (*App, error) {
	a := &App{cfg: cfg, demo: o.Demo, Log: o.Log, base: o.Base}
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	var err error
	if a.base == nil {
		if a.base, err = url.Parse(cfg.BaseURL); err != nil || a.base.Host == "" {
			return nil, fmt.Errorf("%w: base_url is missing", ErrUse)
		}
	}
	if a.Clinic, err = profile(cfg.Clinic, cfg.Phone.Region); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUse, err)
	}
	a.clinic = a.Clinic
	if a.Keys, err = secret.NewKeyring(cfg.SecretKey, cfg.OldSecretKeys...); err != nil {
		return nil, fmt.Errorf("%w: secret_key: %w", ErrUse, err)
	}
	if a.DB, err = store.Open(ctx, cfg.DatabaseURL, o.Clock); err != nil {
		return nil, err
	}
	if err := a.DB.Ready(ctx); err != nil {
		a.DB.Close()
		return nil, err
	}
	if err := errors.Join(a.joinKeys(ctx), a.join()); err != nil {
		a.DB.Close()
		return nil, err
	}
	if err := a.Clinic.Load(ctx, access.NewDuty("start")); err != nil {
		a.DB.Close()
		return nil, fmt.Errorf("clinic: %w", err)
	}
	if !o.Command {
		if err := a.Terms.Seed(ctx, access.NewDuty("start")); err != nil {
			a.DB.Close()
			return nil, fmt.Errorf("terms: %w", err)
		}
	}
	return a, nil
}

// Close closes the database; what was handed over is committed first.
func (a *App) Close() error { return a.DB.Close() }

// join makes the rooms, lowest first.
func (a *App) join() error {
	a.Limit = &limit.Limiter{DB: a.DB, Keys: a.Keys}
	a.Gate = &access.Gate{DB: a.DB}
	a.Clinic.DB, a.Clinic.Gate, a.Clinic.Log, a.Clinic.Base = a.DB, a.Gate, a.Log, a.base
	// Hashing is bounded: forty at once without a bound take 766 MiB.
	a.Hasher = secret.NewHasher(a.Keys, hashers(), 64)
	a.Jobs = jobs.NewRunner(a.DB, a.Log)
	if err := a.joinOutbox(); err != nil {
		return err
	}
	a.Record = &record.Records{DB: a.DB, Rules: results.NewRules(), Watcher: results.Arrivals{}}
	a.Records = records.New(records.Parts{DB: a.DB, Gate: a.Gate, Keys: a.Keys, Clinic: a.clinic})
	a.Registry = &registry.Room{DB: a.DB, Keys: a.Keys, Region: a.cfg.Phone.Region}
	a.Ingest = &ingest.Door{DB: a.DB, Registry: a.Registry, Records: a.Record, Limit: a.Limit, Clinic: a.clinic}
	a.Terms = &terms.Terms{DB: a.DB, Gate: a.Gate, Clinic: a.clinic}
	a.Accounts = account.New(account.Parts{DB: a.DB, Gate: a.Gate, Keys: a.Keys, Limits: a.Limit, Hasher: a.Hasher,
		Outbox: a.Outbox, People: owners{a.Registry}, Terms: agreed{a.Terms}, News: news{}, Charts: onFile{a.Registry}, Clinic: a.clinic, Region: a.cfg.Phone.Region})
	a.Records.Teller = answers{a.Accounts}
	a.Terms.People = signers{a.Accounts, a.Registry}
	a.Outbox.People = reached{a.Accounts, owners{a.Registry}}
	a.joinRecord()
	a.joinEnroll()
	a.joinRecovery()
	a.joinSharing()
	a.joinVisits()
	a.joinDiary()
	a.joinWaiting()
	a.Registry.Follower = followers{a.Records, a.Results, a.Sharing, a.Visits, a.Waiting, a.Accounts, a.Enroll}
	a.joinCheckIn()
	a.joinDesk()
	if err := a.joinPasskeys(); err != nil {
		return err
	}
	if err := a.joinSignOn(); err != nil {
		return err
	}
	a.joinWeb()
	return nil
}

func (a *App) joinOutbox() error {
	p := notify.Parts{DB: a.DB, Keys: a.Keys, Limits: a.Limit, Log: a.Log, Base: a.base, Clinic: a.clinic, Fresh: a.Clinic.Glance, Words: a.Clinic, From: a.cfg.Mail.From,
		Countries: a.cfg.Phone.Countries, DailyCap: a.cfg.Phone.DailyCap}
	switch {
	case a.demo:
		a.Sink = &notify.Sink{DB: a.DB}
		p.Mail, p.Phone = a.Sink, a.Sink
	default:
		// Senders are interfaces: a nil *SMTP in one would not be nil.
		if a.cfg.Mail.URL != "" {
			m, err := notify.NewSMTP(a.cfg.Mail.URL, a.cfg.Mail.From, func() string { return a.clinic.Now().Name }, nil)
			if err != nil {
				return fmt.Errorf("%w: %w", ErrUse, err)
			}
			if back := a.cfg.Mail.Bounces; back != "" {
				if err := m.Returning(back); err != nil {
					return fmt.Errorf("%w: %w", ErrUse, err)
				}
			}
			p.Mail = m
		}
		if a.cfg.Phone.URL != "" {
			ph, err := notify.NewPhone(notify.PhoneSettings{URL: a.cfg.Phone.URL, Account: a.cfg.Phone.Account, Token: a.cfg.Phone.Token,
				From: a.cfg.Phone.From, Callback: a.base.JoinPath(notify.CallbackPath).String()})
			if err != nil {
				return fmt.Errorf("%w: %w", ErrUse, err)
			}
			a.phone, p.Phone = ph, ph
		}
	}
	var err error
	a.Outbox, err = notify.New(p)
	return err
}

func (a *App) joinDesk() {
	a.Trail = &trail.Trail{DB: a.DB, Keys: a.Keys, File: filepath.Join(a.cfg.DataDir, "audit-checkpoints.log"), Numbers: a.Registry, Shares: a.Links, Clinic: a.clinic, Outbox: a.Outbox}
	a.Staff = staff.New(staff.Parts{DB: a.DB, Gate: a.Gate, Keys: a.Keys, Limits: a.Limit, Hasher: a.Hasher, Outbox: a.Outbox, Rules: rules{}, Clinic: a.clinic, SignOn: a.signOn()})
	a.Emergency = emergency.New(emergency.Parts{DB: a.DB, Gate: a.Gate, Keys: a.Keys, Staff: a.Staff, People: a.Registry, Teller: emergencies{a.Accounts}, Outbox: a.Outbox, Say: say, Entry: entry})
	a.Console = &console.Console{DB: a.DB, Keys: a.Keys, Registry: a.Registry, Enroll: a.Enroll, Accounts: a.Accounts, Staff: a.Staff, Trail: a.Trail, Outbox: a.Outbox, Jobs: a.Jobs, Clinic: a.clinic}
}

func (a *App) joinWeb() {
	set := web.Settings{Base: a.base, Hosts: a.cfg.Hosts, Clinic: a.clinic, Watch: a.Clinic, Demo: a.demo}
	for _, p := range a.cfg.TrustedProxies {
		if prefix, err := netip.ParsePrefix(p); err == nil { // checked by config
			set.Trusted = append(set.Trusted, prefix)
		}
	}
	if a.cfg.Banner != "" {
		set.Banner = func() string { return a.cfg.Banner }
	}
	a.Router = web.New(set, a.DB, a.Gate, a.Keys, a.Log)
	a.mountHealth()
	a.mountPages()
	a.Clinic.Mount(a.Router)
	a.Router.MountSession()
	a.Router.MountReports()
	a.Terms.Mount(a.Router, free...)
	a.Enroll.Mount(a.Router)
	a.Accounts.Mount(a.Router)
	a.Recovery.Mount(a.Router)
	a.Visits.Mount(a.Router)
	a.Agenda.Mount(a.Router)
	a.Waiting.Mount(a.Router)
	a.CheckIns.Mount(a.Router)
	a.Results.Mount(a.Router)
	a.Sharing.Mount(a.Router)
	a.Trail.Mount(a.Router)
	a.Links.Mount(a.Router)
	a.Staff.Mount(a.Router)
	a.SignOn.Mount(a.Router)
	a.Passkeys.Mount(a.Router, passkey.Cookies{Device: account.DeviceCookie, Half: account.SignInCookie})
	a.Console.Mount(a.Router)
	a.Records.Mount(a.Router)
	a.Ingest.Mount(a.Router)
	a.Visits.MountDesk(a.Router)
	a.Waiting.MountDesk(a.Router)
	a.CheckIns.MountDesk(a.Router)
	a.Emergency.Mount(a.Router)
	a.mountReleaseDesk()
	a.mountOffice()
	a.Recovery.MountDesk(a.Router)
	a.Recovery.Work(a.Jobs)
	a.Outbox.Work(a.Jobs)
	a.CheckIns.Work(a.Jobs)
	a.Enroll.Work(a.Jobs)
	a.Accounts.Work(a.Jobs)
	a.Sharing.Work(a.Jobs)
	a.Links.Work(a.Jobs)
	a.Terms.Work(a.Jobs)
	a.Staff.Jobs(a.Jobs)
	a.Vault.Jobs(a.Jobs)
	a.Passkeys.Jobs(a.Jobs)
	a.Trail.Jobs(a.Jobs)
	a.Waiting.Jobs(a.Jobs)
	jobs.Handle(a.Jobs, expireHolds, a.letGoHolds)
	jobs.Handle(a.Jobs, remindOfVisits, a.remind)
	a.Diary.Work(a.Jobs)
	jobs.Handle(a.Jobs, sweep, a.sweep)
}

// sweep clears away what nobody needs any more: counters, used form keys, old sessions.
var sweep = jobs.Kind[struct{}]{Name: "app.sweep", Every: time.Hour}

func (a *App) sweep(ctx context.Context, _ access.Duty, _ struct{}) error {
	return errors.Join(a.Limit.Sweep(ctx), a.Router.SweepForms(ctx), a.Gate.Sweep(ctx))
}

// free stays open to a patient who has new terms to accept: signing out, taking
// the record along, leaving for good, and what those ask for (security.md A15).
var free = []string{"/signout", "/records/download", "/account/confirm", "/account/close", "/account/display"}

// mountOffice registers the administrators' pages of rooms, after the console,
// whose home stands first in the rail.
func (a *App) mountOffice() {
	a.Terms.MountDesk(a.Router)
	a.Clinic.MountDesk(a.Router)
}
