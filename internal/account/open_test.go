package account

import (
	"strings"
	"sync"
	"testing"

	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/store"
)

func (r *rig) openFor(p ids.Patient, name string) (id ids.Account, err error) {
	err = r.change(func(tx *store.Tx) (err error) {
		id, err = r.Accounts.Open(ctx, tx, NewAccount{Patient: p, UserName: name, Hash: "$argon2id$…", Recovery: NewRecoveryCodes(),
			Factors: []NewFactor{{Kind: Mail, Contact: "a@example.org"}}})
		return err
	})
	return id, err
}

func TestOnePersonOneAccount(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		if _, err := r.openFor(m.patient, "other.harbor"); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second account: %v", err)
		}
		for _, name := range []string{"Sunny.Harbor", "sunnyharbor", "5unny_harb0r", "súnny.harbor"} {
			if _, err := r.openFor(ids.NewPatient(), name); kindOf(err) != "account.username.taken" {
				t.Errorf("%s: %v", name, err)
			}
			err := r.db.View(ctx, func(tx *store.Tx) error { return r.CheckUserName(ctx, tx, name, Person{}) })
			if kindOf(err) != "account.username.taken" {
				t.Errorf("%s is said to be free: %v", name, err)
			}
		}
		if n := r.count(`SELECT COUNT(*) FROM account`); n != 1 {
			t.Errorf("%d accounts", n)
		}
		if n := r.count(`SELECT COUNT(*) FROM account_factor`); n != 4 {
			t.Errorf("%d second steps: refused accounts left something behind", n)
		}
		var exists bool
		var of ids.Account
		if err := r.db.View(ctx, func(tx *store.Tx) (err error) {
			if exists, err = r.Exists(ctx, tx, m.patient); err != nil {
				return err
			}
			of, err = r.Of(ctx, tx, m.patient)
			return err
		}); err != nil || !exists || of != m.id {
			t.Errorf("exists %v, of %v: %v", exists, of, err)
		}
		if err := r.db.View(ctx, func(tx *store.Tx) error { _, err := r.Of(ctx, tx, "pat_nobody"); return err }); !fault.Is(err, fault.NotFound) {
			t.Errorf("the account of nobody: %v", err)
		}
	})
}

func TestTwoBrowsersFinishAtOnce(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		for i := range size(10, 500) {
			p := ids.NewPatient()
			var won sync.Map
			var wg sync.WaitGroup
			for j := range 8 {
				wg.Go(func() {
					if id, err := r.openFor(p, "racer"+strings.Repeat("a", i%9)+string(p[5:20])+string(rune('a'+j))); err == nil {
						won.Store(id, true)
					}
				})
			}
			wg.Wait()
			n := 0
			won.Range(func(any, any) bool { n++; return true })
			if n != 1 {
				t.Fatalf("%d accounts for one person", n)
			}
		}
	})
}

func TestNothingReadableIsStored(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		r.signIn(m, "")
		code := strings.ReplaceAll(m.recovery[0], "-", "")
		for query, banned := range map[string][]string{
			`SELECT id || sealed || mark FROM account_factor`: {m.mail, m.phone, string(m.totp)},
			`SELECT code_hash FROM recovery_code`:             {code, m.recovery[0]},
			`SELECT code_mac FROM one_time_code`:              {r.sent.digits(m.mail)},
			`SELECT password_hash FROM account`:               {m.pw},
		} {
			var rows []string
			if err := r.db.View(ctx, func(tx *store.Tx) (err error) { rows, err = store.List(ctx, tx, store.One[string], query); return err }); err != nil || len(rows) == 0 {
				t.Fatalf("%s: %v", query, err)
			}
			for _, b := range banned {
				if strings.Contains(strings.Join(rows, "\n"), b) {
					t.Errorf("%s holds %q", query, b)
				}
			}
		}
	})
}

func TestContactsAreThoseProvenAndThoseOnFile(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		r.people.onFile[m.patient] = []Contact{{notify.Mail, strings.ToUpper(m.mail)}, {notify.Text, "+15551869999"}}
		var got []Contact
		if err := r.db.View(ctx, func(tx *store.Tx) (err error) { got, err = r.Contacts(ctx, tx, m.id); return err }); err != nil {
			t.Fatal(err)
		}
		want := []Contact{{notify.Mail, m.mail}, {notify.Text, m.phone}, {notify.Text, "+15551869999"}}
		if len(got) != len(want) {
			t.Fatalf("%v, want %v", got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%v, want %v", got[i], want[i])
			}
		}
	})
}

func TestRecoveryCodesWorkOnceInAnyWriting(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, other := r.join("sunny.harbor"), r.join("windy.meadow")
		use := func(of member, code string) (ok bool) {
			if err := r.change(func(tx *store.Tx) (err error) { ok, err = r.useRecovery(ctx, tx, of.id, code); return err }); err != nil {
				t.Fatal(err)
			}
			return ok
		}
		if use(other, m.recovery[0]) || use(m, "") || use(m, m.recovery[0][:13]) {
			t.Error("a code works where it must not")
		}
		lazy := strings.NewReplacer("0", "o", "1", "l", "-", " ").Replace(strings.ToLower(m.recovery[0]))
		if !use(m, lazy) || use(m, m.recovery[0]) {
			t.Error("a code does not work exactly once")
		}
		if n := r.count(`SELECT COUNT(*) FROM recovery_code WHERE account_id = $1 AND used_at IS NULL`, m.id); n != RecoveryCodes-1 {
			t.Errorf("%d codes left", n)
		}
	})
}
