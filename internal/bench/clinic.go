package bench

import (
	"context"
	"encoding/base32"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"time"

	"portico/internal/app"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/demo"
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
}

// today is when the clinic of a standing clock is visited: some weeks after its
// data was last touched, so that the contacts on file are old enough.
var today = demo.Base.AddDate(0, 1, 3)

// opening says what clinic to make.
type opening struct {
	dir      string
	database string // postgres://…, "" for an SQLite file in dir
	patients int
	seed     uint64
	standing bool // a clock that stands still until moved
}

func (o opening) config() config.Config {
	cfg := config.Default()
	cfg.BaseURL, cfg.DataDir, cfg.MetricsAddr, cfg.LogLevel = "https://portal.riverside.example", o.dir, "", "error"
	cfg.DatabaseURL, cfg.SecretKey = o.database, "YSBjbGluaWMgdGhhdCBpcyBvbmx5IG1lYXN1cmVkLCBub3QgdXNlZCwgMDE="
	if cfg.DatabaseURL == "" {
		cfg.DatabaseURL = "sqlite:" + filepath.Join(o.dir, "portico.db")
	}
	cfg.Clinic.Name, cfg.Clinic.Phone, cfg.Clinic.Address = "Riverside Family Clinic", "413-555-0123", "12 River Road; Riverside, MA 01001"
	return cfg
}

// open makes a clinic, or opens the one in the folder.
func open(ctx context.Context, o opening) (*clinic, error) {
	cfg := o.config()
	c := &clinic{}
	var err error
	if c.base, err = url.Parse(cfg.BaseURL); err != nil {
		return nil, err
	}
	set := demo.Options{Patients: o.patients, Seed: o.seed}
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
