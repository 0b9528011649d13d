package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/checkin"
	"portico/internal/config"
	"portico/internal/emergency"
	"portico/internal/enroll"
	"portico/internal/notify"
	"portico/internal/records"
	"portico/internal/recovery"
	"portico/internal/registry"
	"portico/internal/results"
	"portico/internal/scheduling"
	"portico/internal/secret"
	"portico/internal/sharing"
	"portico/internal/staff"
	"portico/internal/vault"
	"portico/internal/waiting"
)

// Keyed joins what the rooms keep under the clinic's keys. A test fails for a seal
// or a keyed hash that is not among it; docs/keys.md is made from it.
func Keyed(region string) []vault.Table {
	return slices.Concat(notify.Keyed(), registry.Keyed(region), enroll.Keyed(), account.Keyed(), staff.Keyed(),
		results.Keyed(), records.Keyed(), sharing.Keyed(), recovery.Keyed(), scheduling.Keyed(), checkin.Keyed(), waiting.Keyed(), emergency.Keyed())
}

// joinKeys makes the keyring follow the key file and the database.
func (a *App) joinKeys(ctx context.Context) error {
	p := vault.Parts{DB: a.DB, Keys: a.Keys, Log: a.Log, Tables: Keyed(a.cfg.Phone.Region)}
	if a.cfg.SecretKeyFile != "" {
		p.Stamp, p.Reload = func() string { return stampOf(a.cfg.SecretKeyFile) }, func() (*secret.Keyring, error) { return readKeys(a.cfg) }
	}
	a.Vault = vault.New(p)
	return a.Vault.Refresh(ctx)
}

// following lets a command that works for long follow the keys as a server does.
func (a *App) following(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { a.Vault.Watch(ctx) })
	return func() { cancel(); wg.Wait() }
}

// stampOf changes whenever the file does: it is always replaced, never written into.
func stampOf(file string) string {
	i, err := os.Stat(file)
	if err != nil {
		return "none"
	}
	return fmt.Sprint(i.ModTime().UnixNano(), " ", i.Size())
}

func readKeys(cfg config.Config) (*secret.Keyring, error) {
	b, err := os.ReadFile(cfg.SecretKeyFile)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	return secret.NewKeyring(strings.TrimSpace(string(b)), cfg.OldSecretKeys...)
}

// writeKeys puts a key file in place of the one there, whole or not at all.
func writeKeys(file string, keys []string) error {
	var b strings.Builder
	b.WriteString(secret.FileHead + " The newest is first. Which of them writes stands in the database: portico keys list.\n")
	for _, k := range keys {
		one, err := secret.NewKeyring(k)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "# %s\n%s\n", one.Current(), strings.TrimSpace(k))
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".portico-keys-*") // 0600
	if err != nil {
		return fmt.Errorf("the key file cannot be written: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(b.String())
	if err == nil {
		err = sameOwner(f, file)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("the key file cannot be written: %w", err)
	}
	return nil
}

func (a *App) keyFile() (file string, keys []string, err error) {
	if file = a.cfg.SecretKeyFile; file == "" {
		return "", nil, fmt.Errorf("%w: the keys must be in a file for this: put them there and set PORTICO_SECRET_KEY_FILE", ErrUse)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", nil, fmt.Errorf("the key file cannot be read: %w", err)
	}
	return file, secret.Lines(strings.TrimSpace(string(b))), nil
}

// AddKey is `portico keys add`.
func (a *App) AddKey(ctx context.Context, out io.Writer) error {
	id, err := a.addKey(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Key %s was added to %s. It only reads until you say: portico keys rotate.\n", id, a.cfg.SecretKeyFile)
	fmt.Fprintln(out, "Back the file up now, apart from the database. Where servers have files of their own, copy it to each.")
	return nil
}

func (a *App) addKey(ctx context.Context) (string, error) {
	file, keys, err := a.keyFile()
	if err != nil {
		return "", err
	}
	new := secret.NewSecret()
	one, err := secret.NewKeyring(new)
	if err != nil {
		return "", err
	}
	if err := writeKeys(file, append([]string{new}, keys...)); err != nil {
		return "", err
	}
	if err := a.Vault.Added(ctx, access.NewDuty("keys add"), one.Current()); err != nil {
		return "", err
	}
	return one.Current(), a.Vault.Refresh(ctx)
}

// ListKeys is `portico keys list`.
func (a *App) ListKeys(ctx context.Context, out io.Writer) error {
	keys, err := a.Vault.List(ctx, access.NewDuty("keys list"))
	if err != nil {
		return err
	}
	for _, k := range keys {
		since := ""
		if !k.Since.IsZero() {
			since = ", wrote from " + k.Since.In(a.clinic.Now().Zone).Format(time.DateTime)
		}
		fmt.Fprintf(out, "%s  %s%s\n", k.ID, k.State, since)
		for _, n := range k.Needs {
			if k.State == "writes" {
				continue
			}
			fmt.Fprintf(out, "          %s.%s: %d rows %s\n", n.Table, n.Column, n.Rows, n.Until)
		}
	}
	return nil
}

// patience is how long keys rotate waits for running servers to take a key up.
const patience = time.Minute

// RotateKeys is `portico keys rotate`: a new key writes from now on, and every row
// is put under it. Stopped at any point it can be called again.
func (a *App) RotateKeys(ctx context.Context, out io.Writer) error {
	d := access.NewDuty("keys rotate")
	key, err := a.nextKey(ctx, d)
	if err != nil {
		return err
	}
	if key != a.Keys.Current() {
		fmt.Fprintf(out, "Waiting until every running server holds key %s.\n", key)
		if err := wait(ctx, func() error { return a.Vault.Rotate(ctx, d, key) }); err != nil {
			return fmt.Errorf("%w: give them the key file and try again", err)
		}
	}
	fmt.Fprintf(out, "Key %s writes. Putting every row under it.\n", key)
	if err := a.remake(ctx, d, out); err != nil {
		return err
	}
	needs, err := a.Vault.Needs(ctx, d)
	if err != nil {
		return err
	}
	left := 0
	for id, list := range needs {
		for _, n := range list {
			if id == key {
				continue
			}
			left++
			fmt.Fprintf(out, "Still under key %s: %s.%s, %d rows (%s).\n", id, n.Table, n.Column, n.Rows, n.Until)
		}
	}
	if left > 0 {
		fmt.Fprintln(out, "Keep the old key in the file until portico keys retire takes it.")
	}
	fmt.Fprintln(out, "Done.")
	return nil
}

// remake puts every row under the key that writes, and once more what a slow
// writer slipped in behind.
func (a *App) remake(ctx context.Context, d access.Duty, out io.Writer) error {
	said := vault.Progress{}
	tell := func(p vault.Progress) {
		switch {
		case p.Done:
			fmt.Fprintf(out, "%s: %d rows, %d remade.\n", p.Table, p.Looked, p.Remade)
		case p.Table != said.Table || p.Looked-said.Looked >= 50_000:
			fmt.Fprintf(out, "%s: %d rows …\n", p.Table, p.Looked)
			said = p
		}
	}
	if err := wait(ctx, func() error { return a.Vault.Remake(ctx, d, tell) }); err != nil {
		return err
	}
	again, err := a.Vault.Again(ctx, d)
	if err != nil || !again {
		return err
	}
	return a.Vault.Remake(ctx, d, nil)
}

// nextKey is the key to change to: one that is held and never wrote, the one that
// writes if its work is not finished, or a new one.
func (a *App) nextKey(ctx context.Context, d access.Duty) (string, error) {
	keys, err := a.Vault.List(ctx, d)
	if err != nil {
		return "", err
	}
	for _, k := range keys {
		if k.State == "unused" {
			return k.ID, nil
		}
	}
	busy, err := a.Vault.Unfinished(ctx)
	if err != nil {
		return "", err
	}
	if busy {
		return a.Keys.Current(), nil
	}
	return a.addKey(ctx)
}

// wait tries again while running servers have not followed yet.
func wait(ctx context.Context, f func() error) error {
	for tries := 0; ; tries++ {
		err := f()
		_, lacks := errors.AsType[vault.LackError](err)
		if !lacks && !errors.Is(err, vault.ErrWaiting) || tries >= int(patience/time.Second) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// RetireKey is `portico keys retire`.
func (a *App) RetireKey(ctx context.Context, id string, out io.Writer) error {
	if err := a.Vault.Retire(ctx, access.NewDuty("keys retire"), id); err != nil {
		return err
	}
	file, keys, err := a.keyFile()
	if err != nil {
		return err
	}
	kept := slices.DeleteFunc(slices.Clone(keys), func(k string) bool {
		one, err := secret.NewKeyring(k)
		return err == nil && one.Current() == id
	})
	if len(kept) < len(keys) {
		if err := writeKeys(file, kept); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "Key %s is retired. Keep a copy as long as you keep backups made with it.\n", id)
	return nil
}
