package demo

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"portico/internal/app"
	"portico/internal/clock"
	"portico/internal/config"
)

// Options are those of `portico demo`.
type Options struct {
	Addr     string
	Data     string
	Patients int
	Seed     uint64
	Database string      // postgres://…, "" for an SQLite file in Data
	Clock    clock.Clock // nil: the machine's
	Out, Err io.Writer
}

// Run makes the clinic unless Data holds it already, and serves it until ctx ends.
func Run(ctx context.Context, o Options) error {
	if o.Patients < len(cast) || o.Patients > 5_000_000 {
		return fmt.Errorf("%w: --patients is between %d and 5000000", app.ErrUse, len(cast))
	}
	if o.Database != "" && !strings.HasPrefix(o.Database, "postgres://") && !strings.HasPrefix(o.Database, "postgresql://") {
		return fmt.Errorf("%w: --database is postgres://…", app.ErrUse)
	}
	l, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return fmt.Errorf("cannot listen on %s; another program may be using it: %w", o.Addr, err)
	}
	defer l.Close()
	cfg, err := settings(o, l.Addr().(*net.TCPAddr))
	if err != nil {
		return err
	}
	a, made, err := Open(ctx, cfg, o)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := introduce(o.Out, cfg.BaseURL, o.Data, made); err != nil {
		return err
	}
	return a.Serve(ctx, l)
}

// settings are the demo clinic's. Its address is loopback without TLS, which
// browsers trust like https; nothing leaves the machine.
func settings(o Options, addr *net.TCPAddr) (config.Config, error) {
	cfg := config.Default()
	host := addr.IP.String()
	if addr.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	cfg.BaseURL = "http://" + net.JoinHostPort(host, fmt.Sprint(addr.Port))
	for _, h := range []string{"localhost", "127.0.0.1", "::1", host} {
		cfg.Hosts = append(cfg.Hosts, net.JoinHostPort(h, fmt.Sprint(addr.Port)))
	}
	cfg.DataDir, cfg.MetricsAddr, cfg.LogLevel = o.Data, "127.0.0.1:0", "warn"
	cfg.DatabaseURL = o.Database
	if o.Database == "" {
		cfg.DatabaseURL = "sqlite:" + filepath.Join(o.Data, "portico.db")
	}
	cfg.Clinic.Name, cfg.Clinic.Phone = "Riverside Family Clinic", "413-555-0123"
	cfg.Clinic.NumberLabelEn, cfg.Clinic.NumberLabelEs = "Riverside number", "Número de Riverside"
	cfg.Clinic.Address = "12 River Road; Riverside, MA 01001"
	// A demo cannot wait for days until a critical result was left unopened.
	cfg.Results.CriticalDays = 0
	if err := os.MkdirAll(o.Data, 0o700); err != nil {
		return cfg, fmt.Errorf("the demo's folder cannot be made: %w", err)
	}
	var err error
	cfg.SecretKeyFile = filepath.Join(o.Data, "secret.key")
	cfg.SecretKey, err = keptKey(cfg.SecretKeyFile)
	return cfg, err
}

// keptKey reads the demo's secret key, or makes one of its own: two demos must
// not share one, even if nobody's data is in them.
func keptKey(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("the demo's key cannot be read: %w", err)
	}
	raw := make([]byte, 48)
	rand.Read(raw)
	key := base64.StdEncoding.EncodeToString(raw)
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("the demo's key cannot be kept: %w", err)
	}
	return key, nil
}

// Open makes the demo's clinic, or opens the one that is there, without serving it.
func Open(ctx context.Context, cfg config.Config, o Options) (*app.App, Cards, error) {
	if err := app.Migrate(ctx, cfg); err != nil {
		return nil, Cards{}, err
	}
	base, err := url.Parse(cfg.BaseURL)
	if err != nil {
		return nil, Cards{}, err
	}
	errs := o.Err
	if errs == nil {
		errs = io.Discard
	}
	a, err := app.New(ctx, cfg, app.Options{Log: app.Logger(cfg, errs), Demo: true, Base: base, Clock: o.Clock})
	if err != nil {
		return nil, Cards{}, err
	}
	cards, err := cardsOf(ctx, a, cfg, o)
	if err != nil {
		a.Close()
		return nil, Cards{}, err
	}
	return a, cards, nil
}

func cardsOf(ctx context.Context, a *app.App, cfg config.Config, o Options) (Cards, error) {
	file := filepath.Join(cfg.DataDir, "accounts.json")
	var cards Cards
	b, err := os.ReadFile(file)
	if err == nil {
		if err := json.Unmarshal(b, &cards); err != nil {
			return cards, fmt.Errorf("%s is damaged: remove the folder and start anew", file)
		}
		// Another port than last time: links in the file follow.
		cards.Base = cfg.BaseURL
		return cards, nil
	}
	cards, err = build(ctx, a, cfg, o)
	if err != nil {
		return cards, fmt.Errorf("make the demo clinic: %w", err)
	}
	if b, err = json.MarshalIndent(cards, "", "  "); err != nil {
		return cards, err
	}
	return cards, os.WriteFile(file, append(b, '\n'), 0o600)
}

// introduce prints the address and who can sign in.
func introduce(out io.Writer, base, data string, c Cards) error {
	fmt.Fprintf(out, "\nPortico's demo clinic is ready: %s\n", base)
	fmt.Fprintf(out, "  What it would have sent: %s/demo/outbox\n  Every part of a page:    %s/style\n  Staff:                   %s/staff\n\n", base, base, base)
	fmt.Fprintf(out, "  %-22s %-26s %-24s %s\n", "who", "user name", "password", "second step")
	for _, p := range c.Accounts {
		fmt.Fprintf(out, "  %-22s %-26s %-24s %s\n", p.Name, p.UserName, p.Password, p.Second)
	}
	for _, s := range c.Staff {
		fmt.Fprintf(out, "  %-22s %-26s %-24s %s\n", s.Role, s.Email, s.Password, "authenticator app")
	}
	fmt.Fprintf(out, "\n  Patients without an account, to open one:\n  %-22s %-12s %-12s %s\n", "name", "number", "born", "code")
	for _, p := range c.Codes {
		fmt.Fprintf(out, "  %-22s %-12s %-12s %s (%s)\n", p.Name, p.Number, p.Birth, cmp.Or(p.Code, "in the outbox"), p.By)
	}
	for _, p := range c.Patients {
		fmt.Fprintf(out, "  %-22s %-12s %-12s %s\n", p.Name, p.Number, p.Birth, "none: "+p.Why)
	}
	_, err := fmt.Fprintf(out, "\n  Everything, with the secrets of the authenticator apps: %s\n  Press Ctrl-C to stop. Remove the folder %s to begin anew.\n\n", filepath.Join(data, "accounts.json"), data)
	return err
}
