package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/trail"
	"portico/internal/vault"
)

// backupUse is the purpose under which backups are sealed. It is part of what is
// written: never change it.
const backupUse = "backup"

// Backup is `portico backup`. The file is sealed under the clinic's key and
// appears only once it is complete.
func (a *App) Backup(ctx context.Context, file string, out io.Writer) error {
	began := a.DB.Now()
	f, err := os.CreateTemp(filepath.Dir(file), ".portico-backup-*") // 0600
	if err != nil {
		return fmt.Errorf("the backup cannot be written: %w", err)
	}
	defer os.Remove(f.Name())
	n, err := a.backUp(ctx, f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return fmt.Errorf("the backup cannot be put in place: %w", err)
	}
	if err := a.DB.Change(ctx, access.NewDuty("backup").Did(audit.BackupMade, ""), func(*store.Tx) error { return nil }); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d rows written to %s in %v, sealed under key %s.\n", n, file, a.DB.Now().Sub(began).Round(time.Millisecond), a.Keys.Current())
	return nil
}

func (a *App) backUp(ctx context.Context, f io.Writer) (int64, error) {
	w := bufio.NewWriterSize(f, 1<<20)
	s, err := a.Keys.SealStream(backupUse, w)
	if err != nil {
		return 0, err
	}
	n, err := a.DB.Backup(ctx, s)
	return n, errors.Join(err, s.Close(), w.Flush())
}

// Restore is `portico restore`: into a new database, all or nothing, and checked
// before it is called good.
func Restore(ctx context.Context, cfg config.Config, file string, out io.Writer) error {
	keys, err := secret.NewKeyring(cfg.SecretKey, cfg.OldSecretKeys...)
	if err != nil {
		return fmt.Errorf("%w: secret_key: %w", ErrUse, err)
	}
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("the backup cannot be read: %w", err)
	}
	defer f.Close()
	plain, err := keys.OpenStream(backupUse, bufio.NewReaderSize(f, 1<<20))
	if errors.Is(err, secret.ErrStream) {
		return errors.New("this is not a backup of Portico")
	}
	if err != nil {
		return fmt.Errorf("the backup cannot be opened: %w", err)
	}
	if err := Migrate(ctx, cfg); err != nil {
		return err
	}
	db, err := store.Open(ctx, cfg.DatabaseURL, clock.System{})
	if err != nil {
		return err
	}
	defer db.Close()
	began := db.Now()
	n, err := db.Restore(ctx, plain)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d rows restored in %v. Each table has as many as it had, and none refers to nothing.\n", n, db.Now().Sub(began).Round(time.Millisecond))
	return proven(ctx, cfg, db, keys, out)
}

// proven checks what was restored: that every sealed row opens, and the audit log
// against its signed heads.
func proven(ctx context.Context, cfg config.Config, db *store.DB, keys *secret.Keyring, out io.Writer) error {
	d := access.NewDuty("restore")
	v := vault.New(vault.Parts{DB: db, Keys: keys, Tables: Keyed(cfg.Phone.Region)})
	if err := v.Refresh(ctx); err != nil {
		return fmt.Errorf("restored, but its keys are missing: %w", err)
	}
	n, err := v.Verify(ctx, d)
	if err != nil {
		return fmt.Errorf("restored, but not every sealed row opens with the keys given: %w", err)
	}
	fmt.Fprintf(out, "%d sealed rows open with the keys given.\n", n)
	t := &trail.Trail{DB: db, Keys: keys, File: filepath.Join(cfg.DataDir, "audit-checkpoints.log")}
	if err := t.Restored(ctx, d); err != nil {
		return fmt.Errorf("audit log: %w", err)
	}
	r, err := t.Check(ctx, d, "")
	if err != nil {
		return fmt.Errorf("audit log: %w", err)
	}
	if r.First != nil {
		return fmt.Errorf("the restored audit log is broken: %s", r.First)
	}
	if r.Lost > 0 {
		fmt.Fprintf(out, "The backup is older than the newest signed head: %d lines of the audit log are lost, and the file of heads says so.\n", r.Lost)
	}
	fmt.Fprintln(out, "The audit log is whole.")
	return db.Change(ctx, d.Did(audit.BackupRestored, ""), func(*store.Tx) error { return nil })
}
