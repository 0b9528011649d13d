package account

import (
	"context"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/store"
)

// Display is how a person wants the portal to look.
type Display struct {
	Lang  lang.Lang
	Theme string // "" as the device has it, "light" or "dark"
	Text  string // "" or "large"
	Zone  string // IANA name of where the person is, "" for the clinic's
}

// ParseDisplay reads what a form sent: "auto" and "normal" stand for "". What it
// does not know is Invalid, so that nothing else gets into a page or a cookie.
func ParseDisplay(language, theme, text string) (Display, error) {
	l, ok := lang.Parse(language)
	if !ok {
		return Display{}, fault.Bad("lang", "account.display.choose")
	}
	d := Display{Lang: l}
	switch theme {
	case "light", "dark":
		d.Theme = theme
	case "auto", "":
	default:
		return Display{}, fault.Bad("theme", "account.display.choose")
	}
	switch text {
	case "large":
		d.Text = text
	case "normal", "":
	default:
		return Display{}, fault.Bad("text", "account.display.choose")
	}
	return d, nil
}

// ParseZone reads the choice of a time zone; "" stands for the clinic's.
func ParseZone(id string) (string, error) {
	if id != "" && !lang.IsZone(id) {
		return "", fault.Bad("zone", "account.display.choose")
	}
	return id, nil
}

// Zone is the time zone that a patient chose, "" for the clinic's.
func (s *Accounts) Zone(ctx context.Context, tx *store.Tx, p ids.Patient) (string, error) {
	id, err := s.Of(ctx, tx, p)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return store.Get(ctx, tx, store.One[string], `SELECT zone FROM account WHERE id = $1`, id)
}

// ChangeDisplay keeps d for the chart's account: it comes back at each sign-in,
// and messages are written in its language.
func (s *Accounts) ChangeDisplay(ctx context.Context, c access.Chart, d Display) error {
	if err := c.Need(access.ChangeDisplay); err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.DisplayChanged, string(c.Account())), func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE account SET lang = $2, theme = $3, text_size = $4, zone = $5 WHERE id = $1`, c.Account(), string(d.Lang), d.Theme, d.Text, d.Zone)
		return err
	})
}
