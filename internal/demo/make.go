package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/app"
	"portico/internal/audit"
	"portico/internal/config"
	"portico/internal/enroll"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/record"
	"portico/internal/registry"
	"portico/internal/store"
	"portico/internal/terms"
)

// Cards is accounts.json: everything a script or a visitor needs to get in.
type Cards struct {
	Base     string        `json:"base"`
	Seed     uint64        `json:"seed"`
	Accounts []AccountCard `json:"accounts"`
	Codes    []CodeCard    `json:"codes"`
	Patients []PersonCard  `json:"patients"`
	Staff    []StaffCard   `json:"staff"`
}

// PersonCard is a patient without an account or a code.
type PersonCard struct {
	Name   string `json:"name"`
	Given  string `json:"given"`
	Family string `json:"family"`
	Number string `json:"number"`
	Birth  string `json:"birth_date"`
	Email  string `json:"email"`
	Phone  string `json:"phone"`
	Lang   string `json:"language"`
	Why    string `json:"why"` // what is special about them
}

// AccountCard is a patient with an account.
type AccountCard struct {
	PersonCard
	UserName string   `json:"user_name"`
	Password string   `json:"password"`
	Second   string   `json:"second_step"` // totp, email, sms
	Secret   string   `json:"totp_secret"` // base 32, for an authenticator app
	Recovery []string `json:"recovery_codes"`
}

// CodeCard is a patient with an unused activation code.
type CodeCard struct {
	PersonCard
	Code    string `json:"code"`
	Link    string `json:"link"`
	By      string `json:"by"`
	Expires string `json:"expires_at"`
}

// StaffCard is a staff user.
type StaffCard struct {
	Name     string   `json:"name"`
	Role     string   `json:"role"`
	Roles    []string `json:"roles"`
	Email    string   `json:"email"`
	Password string   `json:"password"`
	Secret   string   `json:"totp_secret"`
}

// maker makes one clinic.
type maker struct {
	a      *app.App
	o      Options
	cfg    config.Config
	people []Person
	duty   access.Duty
	cards  Cards
}

func build(ctx context.Context, a *app.App, cfg config.Config, o Options) (Cards, error) {
	m := &maker{a: a, o: o, cfg: cfg, people: People(o.Seed, o.Patients), duty: access.NewDuty("demo"), cards: Cards{Base: cfg.BaseURL, Seed: o.Seed}}
	for _, step := range []func(context.Context) error{m.takeIn, m.charts, m.accounts, m.codes, m.staff, m.release, m.visits, m.requests} {
		if err := step(ctx); err != nil {
			return m.cards, err
		}
	}
	for i, why := range map[int]string{5: "knows only the number", 6: "has no contact on file", 7: "shares name and birth date with another", 9: "has died", 10: "is too young", 11: "was called Carter before"} {
		m.cards.Patients = append(m.cards.Patients, m.person(i, why))
	}
	slices.SortFunc(m.cards.Patients, func(a, b PersonCard) int { return bytes.Compare([]byte(a.Number), []byte(b.Number)) })
	return m.cards, nil
}

func (m *maker) person(i int, why string) PersonCard {
	p := m.people[i]
	return PersonCard{p.Name(), p.Given, p.Family, p.Number, p.Birth, p.Email, p.Phone, p.Language, why}
}

// takeIn sends everybody through the same import as a real clinic's data.
func (m *maker) takeIn(ctx context.Context) error {
	file := filepath.Join(m.cfg.DataDir, "patients.ndjson")
	f, err := os.OpenFile(file, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := WriteNDJSON(f, m.people); err != nil {
		return err
	}
	r, err := m.a.Registry.ImportFHIR(ctx, m.duty, []string{file}, registry.Options{}, nil)
	if err != nil {
		return err
	}
	if r.Refused > 0 || r.New+r.Unchanged < len(m.people) {
		return fmt.Errorf("%d of %d people came in", r.New, len(m.people))
	}
	return nil
}

// whole is how many of the cast have long records: those with an account.
const whole = 3

// charts sends everybody's record the way an EHR's feed would.
func (m *maker) charts(ctx context.Context) error {
	b := record.Batch{Source: "demo", People: map[string]ids.Patient{}, Resources: Shared()}
	send := func() error {
		r, err := m.a.Record.Take(ctx, m.duty, b)
		if err == nil && r.Refused > 0 {
			err = fmt.Errorf("%d resources were refused, the first at %s: %s", r.Refused, r.Refusals[0].Path, r.Refusals[0].Key)
		}
		b.Resources = nil
		clear(b.People)
		return err
	}
	for i, p := range m.people {
		id, err := m.patient(ctx, i)
		if err != nil {
			return err
		}
		b.People["Patient/"+p.Number] = id
		b.Resources = append(b.Resources, Chart(p, m.o.Seed, i < whole)...)
		if len(b.Resources) >= 200 {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

func (m *maker) patient(ctx context.Context, i int) (ids.Patient, error) {
	return m.a.Registry.Numbered(ctx, m.duty, m.people[i].Number)
}

// secret derives the bytes of an authenticator's secret from the seed: scripts
// can rely on them, and nobody's data is behind them.
func (m *maker) secret(name string) []byte {
	h := sha256.Sum256([]byte(fmt.Sprintf("demo\x1f%d\x1f%s", m.o.Seed, name)))
	return h[:20]
}

func base32Of(b []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)
}

// accounts opens an account for the first three of the cast.
func (m *maker) accounts(ctx context.Context) error {
	for i, c := range []struct {
		name, password string
		kind           account.Kind
	}{
		{"maria.home", "quiet lantern 48 bridge", account.TOTP},
		{"joseluis.casa", "ventana azul 71 camino", account.Mail},
		{"thanh.garden", "seven paper cranes fly", account.SMS},
	} {
		if err := m.account(ctx, i, c.name, c.password, c.kind); err != nil {
			return fmt.Errorf("account of %s: %w", m.people[i].Name(), err)
		}
	}
	return nil
}

func (m *maker) account(ctx context.Context, i int, name, password string, kind account.Kind) error {
	p, err := m.patient(ctx, i)
	if err != nil {
		return err
	}
	hash, err := m.a.Hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	card := AccountCard{PersonCard: m.person(i, "has an account"), UserName: name, Password: password, Second: string(kind), Recovery: account.NewRecoveryCodes()}
	factor := account.NewFactor{Kind: kind, Contact: m.people[i].Email}
	switch kind {
	case account.TOTP:
		factor.Contact, factor.Secret = "", m.secret(name)
		card.Secret = base32Of(factor.Secret)
	case account.SMS:
		factor.Contact = m.people[i].Phone
	}
	l, _ := lang.Parse(m.people[i].Language)
	err = m.a.DB.Change(ctx, m.duty.Did(audit.AccountOpened, "").On(string(p)), func(tx *store.Tx) error {
		id, err := m.a.Accounts.Open(ctx, tx, account.NewAccount{Patient: p, UserName: name, Hash: hash, Factors: []account.NewFactor{factor}, Recovery: card.Recovery, Lang: l})
		if err != nil {
			return err
		}
		docs, err := m.a.Terms.Current(ctx, tx, l)
		if err != nil {
			return err
		}
		var read []ids.Document
		for _, d := range docs {
			read = append(read, d.ID)
		}
		return m.a.Terms.Accept(ctx, tx, terms.Acceptance{Account: id, Agent: "demo"}, read)
	})
	m.cards.Accounts = append(m.cards.Accounts, card)
	return err
}

// codes issues activation codes: the third and fourth of the cast and a few
// more, so that every list of the desk has something in it.
func (m *maker) codes(ctx context.Context) error {
	plan := map[int]enroll.Channel{3: enroll.ByLetter, 4: enroll.ByEmail}
	for i := len(cast); i < len(m.people) && len(plan) < 8; i++ {
		p := m.people[i]
		if p.Died != "" || p.Birth > "2005" {
			continue
		}
		by := []enroll.Channel{enroll.ByHand, enroll.ByLetter}[i%2]
		plan[i] = by
	}
	order := make([]int, 0, len(plan))
	for i := range plan {
		order = append(order, i)
	}
	slices.Sort(order)
	for _, i := range order {
		p, err := m.patient(ctx, i)
		if err != nil {
			return err
		}
		c, err := m.a.Enroll.IssueByDuty(ctx, m.duty, enroll.Order{Patient: p, By: plan[i]})
		if err != nil {
			return fmt.Errorf("code for %s: %w", m.people[i].Name(), err)
		}
		m.cards.Codes = append(m.cards.Codes, CodeCard{PersonCard: m.person(i, "holds a code"), Code: c.Text, Link: c.Link, By: string(c.By), Expires: c.Expires.Format("2006-01-02T15:04:05Z07:00")})
	}
	return nil
}

// requests leaves identity requests for the desk to decide.
func (m *maker) requests(ctx context.Context) error {
	for n, i := range []int{6, 7, 11} {
		p := m.people[i]
		c := enroll.Claim{Given: p.Given, Family: p.Family, Birth: p.Birth, Sex: p.Sex, Street: p.Line, City: p.City, State: p.State, Zip: p.Zip,
			Email: mailbox(p.Given, p.Family) + ".new@example.org", Phone: "+14135550199", Reach: "phone"}
		if i == 11 {
			c.Family, c.Former = p.Former, ""
		}
		v := access.NewVisitor(access.SourceOf(fmt.Sprintf("192.0.2.%d", 10+n)), "Chrome · Android")
		if _, err := m.a.Enroll.Ask(ctx, v, c, lang.En); err != nil {
			return fmt.Errorf("request of %s: %w", p.Name(), err)
		}
	}
	return nil
}
