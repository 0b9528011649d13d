package attack

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/app"
	"portico/internal/clock"
	"portico/internal/enroll"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

const (
	restoredFile = "PORTICO_RESTORED_FILE"
	restoredKeys = "PORTICO_RESTORED_KEYS"
)

// backUp gives the file of a backup.
func (w *world) backUp() string {
	w.t.Helper()
	must(w.app.Trail.Seal(ctx, duty))
	file := filepath.Join(w.t.TempDir(), "backup")
	if err := w.app.Backup(ctx, file, io.Discard); err != nil {
		w.t.Fatal(err)
	}
	return file
}

// restore restores a file with the keys of the world's tests.
func restore(t testing.TB, address, file string) (said string, err error) {
	t.Helper()
	var out bytes.Buffer
	err = app.Restore(ctx, settings(t, address), file, &out)
	return out.String(), err
}

// A18: a backup of either database comes back on either, whole, with its keys and
// its audit log; of anything else nothing is left.
func TestBackupComesBackWhole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.newcomer()
		w.visit(w.own)
		w.heldVisit(w.other)
		file := w.backUp()
		before := w.dump()
		for engine, address := range map[string]string{"sqlite": "sqlite:" + filepath.Join(t.TempDir(), "new.db"), "postgres": testkit.Postgres(t)} {
			said, err := restore(t, address, file)
			if err != nil || !strings.Contains(said, "The audit log is whole.") || !strings.Contains(said, "sealed rows open") {
				t.Fatalf("to %s: %v\n%s", engine, err, said)
			}
			again := *w
			if again.app, err = app.New(ctx, settings(t, address), app.Options{Log: slog.New(slog.DiscardHandler), Clock: w.c, Demo: true, Base: &url.URL{Scheme: "https", Host: host}}); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { again.app.Close() })
			if got := must(again.app.Registry.Numbered(ctx, duty, w.own.number)); got != w.own.id {
				t.Errorf("to %s: the number leads to %q", engine, got)
			}
			after := again.dump()
			for _, table := range []string{"patient", "patient_contact", "account", "account_factor", "session", "staff", "appointment", "appointment_cell"} {
				if len(before[table]) == 0 {
					t.Fatalf("there was nothing in %s", table)
				}

				if len(after[table]) != len(before[table]) {
					t.Errorf("to %s: %d rows of %s, were %d", engine, len(after[table]), table, len(before[table]))
				}
			}
			if _, err := restore(t, address, file); err == nil || !strings.Contains(err.Error(), "not empty") {
				t.Errorf("to %s: restored over what was there: %v", engine, err)
			}
		}
		spoiltBackups(t, file)
	})
}

// spoiltBackups: what is cut, altered or under another key leaves nothing.
func spoiltBackups(t *testing.T, file string) {
	t.Helper()
	b := must(os.ReadFile(file))
	changed := bytes.Clone(b)
	changed[len(b)/2] ^= 1
	for name, content := range map[string][]byte{"cut": b[:len(b)-100], "cut to nothing": nil, "changed": changed, "a zip of something": {0x1f, 0x8b, 8, 0}} {
		spoilt, address := filepath.Join(t.TempDir(), "spoilt"), "sqlite:"+filepath.Join(t.TempDir(), "none.db")
		if err := os.WriteFile(spoilt, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := restore(t, address, spoilt); err == nil {
			t.Errorf("%s: restored", name)
		}
		if _, err := restore(t, address, file); err != nil {
			t.Errorf("%s: left something behind: %v", name, err)
		}
	}
	cfg := settings(t, "sqlite:"+filepath.Join(t.TempDir(), "none.db"))
	cfg.SecretKey = secret.NewSecret()
	var missing secret.MissingKeyError
	if err := app.Restore(ctx, cfg, file, io.Discard); !errors.As(err, &missing) {
		t.Errorf("restored without its key: %v", err)
	}
}

// T27, T62: whoever steals a backup, or the database beneath it, without the keys
// finds no password, code, token or contact in it, and nothing that signs in.
func TestStolenBackupGivesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		secrets := w.confided()
		file := w.backUp()
		sealed := string(must(os.ReadFile(file)))
		// What lies beneath the seal is what a thief of the database has.
		var b bytes.Buffer
		must(w.app.DB.Backup(ctx, &b))
		beneath := string(must(io.ReadAll(must(gzip.NewReader(&b)))))
		for name, s := range secrets {
			if strings.Contains(sealed, s) {
				t.Errorf("the backup holds %s", name)
			}
			if strings.Contains(beneath, s) || strings.Contains(strings.ToLower(beneath), strings.ToLower(s)) {
				t.Errorf("the database holds %s", name)
			}
		}
		if !strings.Contains(beneath, string(w.own.id)) { // the check can fail
			t.Error("an identifier that is there was not found")
		}
		if strings.Contains(sealed, "patient") || strings.Contains(sealed, string(w.own.id)) {
			t.Error("the backup can be read without its key")
		}
		w.nothingSignsIn()
	})
}

// confided is what people and the portal keep from everybody else, by what it is.
func (w *world) confided() map[string]string {
	w.t.Helper()
	out := map[string]string{"a password": password, "an authenticator's secret": string(w.own.key)}
	p := w.newcomer()
	p.userName = fmt.Sprint("wanda.hides.", next())
	recovery := account.NewRecoveryCodes()
	mail := fmt.Sprintf("hidden%d@example.net", next())
	w.change(func(tx *store.Tx) (err error) {
		p.account, err = w.app.Accounts.Open(ctx, tx, account.NewAccount{Patient: p.id, UserName: p.userName, Hash: w.hash, Recovery: recovery, Lang: lang.En,
			Factors: []account.NewFactor{{Kind: account.Mail, Contact: mail}, {Kind: account.TOTP, Secret: []byte("98765432109876543210")}}})
		if err != nil {
			return err
		}
		_, err = w.app.Outbox.Send(ctx, tx, notify.Message{To: mail, Channel: notify.Mail, Lang: lang.En, Account: p.account, Notice: notify.OneTimeCode{Digits: "471108", Minutes: 10}})
		return err
	})
	out["a contact"], out["a second authenticator's secret"], out["a one-time code"] = mail, "98765432109876543210", `"471108"`
	for i, c := range recovery[:3] {
		out[fmt.Sprint("recovery code ", i)] = c
	}
	out["a session"] = w.signedIn(p)
	out["a staff session"] = w.at("front_desk").token
	out["a patient number"] = p.number
	q := w.newcomer()
	code := must(w.app.Enroll.Issue(ctx, w.proof("front_desk", access.IssueCodes), enroll.Order{Patient: q.id, By: enroll.ByHand}))
	shown := must(w.app.Enroll.Reveal(ctx, w.proof("front_desk", access.IssueCodes), code))
	out["an activation code"], out["an activation code, bare"] = shown.Text, strings.ReplaceAll(shown.Text, "-", "")
	out["an activation link"] = shown.Link[strings.LastIndexByte(shown.Link, '/')+1:]
	n := must(strconv.Atoi(strings.TrimPrefix(q.number, "MR-"))) - 1000 // as newcomer made them
	out["a phone number"], out["an e-mail address"], out["a street"] = fmt.Sprintf("+1555186%04d", n%10000), fmt.Sprintf("w%d@example.com", n), "12 Elm Street"
	return out
}

// nothingSignsIn presents everything stored that looks like a token as a cookie.
func (w *world) nothingSignsIn() {
	w.t.Helper()
	tried := 0
	for table, rows := range w.dump() {
		for _, r := range rows {
			for column, v := range r.is() {
				if (!strings.Contains(column, "hash") && column != "id") || strings.HasPrefix(table, "audit_") {
					continue
				}
				tried++
				for cookie, page := range map[string]string{web.SessionCookie: "/home", web.StaffCookie: "/staff"} {
					if got := w.do(ask{method: "GET", path: page, cookies: cookies{cookie: v}}); got.Code == 200 {
						w.t.Errorf("%s.%s signs in", table, column)
					}
				}
			}
		}
	}
	own := w.signedIn(w.own) // the check can fail
	if got := w.do(ask{method: "GET", path: "/home", cookies: cookies{web.SessionCookie: own}}); got.Code != 200 || tried < 50 {
		w.t.Errorf("%d tried, and the session itself answered %d", tried, got.Code)
	}
}

// TestRestoringProcess is no test: it is the process that TestKillWhileRestoring kills.
func TestRestoringProcess(t *testing.T) {
	address := os.Getenv(killedDatabase)
	if address == "" || os.Getenv(restoredFile) == "" {
		t.Skip("runs only as a child process")
	}
	fmt.Println("restoring")
	cfg := settings(t, address)
	cfg.SecretKey = os.Getenv(restoredKeys)
	if err := app.Restore(ctx, cfg, os.Getenv(restoredFile), os.Stdout); err != nil {
		t.Fatal(err)
	}
}

// A restore that is killed in the middle leaves a database that is as empty as
// before: the next one fills it.
func TestKillWhileRestoring(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	keys := keyFile(t)
	w := beside(t, "sqlite:"+filepath.Join(t.TempDir(), "portico.db"), keys, clock.System{})
	w.corrections(30_000)
	file := w.backUp()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			address := "sqlite:" + filepath.Join(t.TempDir(), "new.db")
			if engine == "postgres" {
				address = testkit.Postgres(t)
			}
			kills := 0
			for range size(4, 40) {
				cmd := exec.Command(os.Args[0], "-test.run=^TestRestoringProcess$")
				cmd.Env = append(os.Environ(), killedDatabase+"="+address, restoredFile+"="+file, restoredKeys+"="+strings.TrimSpace(string(must(os.ReadFile(keys)))))
				var out bytes.Buffer
				cmd.Stdout = &out
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				time.AfterFunc(time.Duration(100+rand.IntN(900))*time.Millisecond, func() { cmd.Process.Kill() })
				cmd.Wait()
				if strings.Contains(out.String(), "rows restored") {
					break // it was faster, and the database is full
				}
				kills++
			}
			cfg := settings(t, address)
			cfg.SecretKey = strings.TrimSpace(string(must(os.ReadFile(keys))))
			err := app.Restore(ctx, cfg, file, io.Discard)
			if err != nil && !strings.Contains(err.Error(), "not empty") {
				t.Fatal(err)
			}
			after := beside(t, address, keys, clock.System{})
			if n := after.one(`SELECT CAST(COUNT(*) AS TEXT) FROM correction`); n != "30000" {
				t.Errorf("%s rows after %d kills", n, kills)
			}
			must(after.app.Vault.Verify(ctx, duty))
			t.Logf("killed %d times", kills)
		})
	}
}
