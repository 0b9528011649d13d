package bench

import (
	"context"
	"encoding/base32"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/app"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/demo"
	"portico/internal/registry"
	"portico/internal/secret"
)

// clinic is a demo clinic that is measured.
type clinic struct {
	app     *app.App
	cards   demo.Cards
	base    *url.URL
	clock   *clock.Fake // nil: the machine's
	handler http.Handler
	guests  int
	dir     string
}

// today is when the clinic of a standing clock is visited: some weeks after its
// data was last touched, so that the contacts on file are old enough.
var today = demo.Base.AddDate(0, 1, 3)

// opening says what clinic to make.
type opening struct {
	dir      string
	database string // postgres://…, "" for an SQLite file in dir
	seed     uint64
	standing bool // a clock that stands still until moved
	keyFile  bool // the key is in a file in dir, so that it can be changed
}

func (o opening) config() config.Config {
	cfg := config.Default()
	cfg.BaseURL, cfg.DataDir, cfg.MetricsAddr, cfg.LogLevel = "https://portal.riverside.example", o.dir, "", "error"
	cfg.DatabaseURL, cfg.SecretKey = o.database, "YSBjbGluaWMgdGhhdCBpcyBvbmx5IG1lYXN1cmVkLCBub3QgdXNlZCwgMDE="
	if cfg.DatabaseURL == "" {
		cfg.DatabaseURL = "sqlite:" + filepath.Join(o.dir, "portico.db")
	}
	if o.keyFile {
		cfg.SecretKeyFile = filepath.Join(o.dir, "secret.key")
		if b, err := os.ReadFile(cfg.SecretKeyFile); err == nil { // it was changed before
			cfg.SecretKey = strings.TrimSpace(string(b))
		}
	}
	cfg.Clinic.Name, cfg.Clinic.Phone, cfg.Clinic.Address = "Riverside Family Clinic", "413-555-0123", "12 River Road; Riverside, MA 01001"
	return cfg
}

// made is how many patients a clinic is made with, records and all; grow adds
// others to the index alone.
const made = 60

// open makes a clinic, or opens the one in the folder.
func open(ctx context.Context, o opening) (*clinic, error) {
	cfg := o.config()
	c := &clinic{dir: o.dir}
	var err error
	if c.base, err = url.Parse(cfg.BaseURL); err != nil {
		return nil, err
	}
	if _, err := os.Stat(cfg.SecretKeyFile); o.keyFile && err != nil {
		if err := os.WriteFile(cfg.SecretKeyFile, []byte(cfg.SecretKey+"\n"), 0o600); err != nil {
			return nil, err
		}
	}
	set := demo.Options{Patients: made, Seed: o.seed}
	if o.standing {
		c.clock = clock.At(today)
		set.Clock = c.clock
	}
	if c.app, c.cards, err = demo.Open(ctx, cfg, set); err != nil {
		return nil, err
	}
	c.handler = c.app.Router.Handler()
	if err := c.app.Jobs.Schedule(ctx); err != nil {
		return nil, err
	}
	// Messages are sent and requests compared with the index before anybody looks.
	return c, c.work(ctx)
}

// grow takes people into the index until it has n, without records.
func (c *clinic) grow(ctx context.Context, seed uint64, n int) error {
	people := demo.People(seed, n)
	if len(people) <= made {
		return nil
	}
	file := filepath.Join(c.dir, "more.ndjson")
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer os.Remove(file)
	defer f.Close()
	if err := demo.WriteNDJSON(f, people[made:]); err != nil {
		return err
	}
	got, err := c.app.Registry.ImportFHIR(ctx, access.NewDuty("bench"), []string{file}, registry.Options{}, nil)
	if err == nil && got.Refused > 0 {
		err = fmt.Errorf("%d people were refused", got.Refused)
	}
	return err
}

// upTo grows the clinic unless it has the last of n people already.
func (c *clinic) upTo(ctx context.Context, seed uint64, n int) error {
	known, err := c.app.Registry.Numbered(ctx, access.NewDuty("bench"), demo.People(seed, n)[n-1].Number)
	if err == nil && known != "" {
		return nil
	}
	return c.grow(ctx, seed, n)
}

// work does the background work that is ready.
func (c *clinic) work(ctx context.Context) error { return c.app.Jobs.Drain(ctx) }

// totp gives the present code of an authenticator app.
func (c *clinic) totp(key string) (string, error) {
	b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key)
	if err != nil {
		return "", fmt.Errorf("an authenticator's secret: %w", err)
	}
	return secret.TOTP(b, c.app.DB.Now()), nil
}

// mailed waits for nothing: it does the background work and gives the newest
// message that fits.
func (c *clinic) mailed(ctx context.Context, fits func(text string, links []string) bool) error {
	if err := c.work(ctx); err != nil {
		return err
	}
	all, err := c.app.Sink.List(ctx)
	if err != nil {
		return err
	}
	for _, m := range all {
		if fits(m.Text, m.Links) {
			return nil
		}
	}
	return fmt.Errorf("none of %d messages is the one that was waited for", len(all))
}

// later turns a standing clock.
func (c *clinic) later(d time.Duration) {
	if c.clock != nil {
		c.clock.Move(d)
	}
}
