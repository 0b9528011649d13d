package app

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/emergency"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/records"
	"portico/internal/registry"
	"portico/internal/results"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/terms"
)

// Rooms do not import rooms: each says in an interface of its own what it asks
// for, and the types here answer with another room's operations.

// owners is the patient index as the logins see it.
type owners struct{ r *registry.Room }

// OnFile gives the contacts security notices go to: those that have been on file
// long enough, since a contact changed last week may be a thief's.
func (o owners) OnFile(ctx context.Context, tx *store.Tx, p ids.Patient) ([]account.Contact, error) {
	contacts, err := o.r.ContactsOnFile(ctx, tx, p)
	return reachable(contacts, err)
}

// OnRecord is OnFile for one record, also where it was joined to another.
func (o owners) OnRecord(ctx context.Context, tx *store.Tx, record ids.Patient) ([]account.Contact, error) {
	contacts, err := o.r.ContactsOfRecord(ctx, tx, record)
	return reachable(contacts, err)
}

// About gives what a password must not be made of.
func (o owners) About(ctx context.Context, tx *store.Tx, p ids.Patient) (account.Person, error) {
	found, err := o.r.Person(ctx, tx, p)
	if errors.Is(err, store.ErrNone) {
		return account.Person{}, nil
	}
	who := account.Person{Birth: found.Birth, Number: found.Number()}
	for _, n := range found.Names {
		who.Names = append(who.Names, n.Given, n.Family)
	}
	return who, err
}

// onFile is the patient index as it takes proven contacts in.
type onFile struct{ r *registry.Room }

func (f onFile) TakeContact(ctx context.Context, tx *store.Tx, p ids.Patient, k account.ContactKind, value string, replace bool) error {
	kind := registry.Mobile
	if k == account.ByEmail {
		kind = registry.Email
	}
	return f.r.TakeContact(ctx, tx, p, registry.Contact{Kind: kind, Value: value}, replace)
}

// reached are the people to whom a message can be sent again.
type reached struct {
	a *account.Accounts
	o owners
}

// Reach gives the contacts of the account, or of the patient's account, or those on
// file where there is none.
func (r reached) Reach(ctx context.Context, tx *store.Tx, p ids.Patient, a ids.Account) ([]notify.Contact, bool, error) {
	if a == "" {
		found, err := r.a.Of(ctx, tx, p)
		if fault.Is(err, fault.NotFound) {
			onFile, err := r.o.OnFile(ctx, tx, p)
			return contactsOf(onFile), false, err
		}
		if err != nil {
			return nil, false, err
		}
		a = found
	}
	contacts, closed, err := r.a.ReachOf(ctx, tx, a)
	return contactsOf(contacts), closed, err
}

func contactsOf(all []account.Contact) []notify.Contact {
	var out []notify.Contact
	for _, c := range all {
		out = append(out, notify.Contact{Channel: c.Channel, To: c.To})
	}
	return out
}

// emergencies tell patients that their chart was opened without a task.
type emergencies struct{ a *account.Accounts }

func (e emergencies) EmergencyOpened(ctx context.Context, tx *store.Tx, p ids.Patient, key string, at time.Time) error {
	_, err := e.a.Tell(ctx, tx, account.Told{Patient: p, Notice: notify.EmergencyOpened{At: at}, Key: key})
	return err
}

// answers tell patients that something they asked for was answered.
type answers struct{ a *account.Accounts }

func (s answers) RequestAnswered(ctx context.Context, tx *store.Tx, p ids.Patient, key string) error {
	_, err := s.a.Tell(ctx, tx, account.Told{Patient: p, Notice: notify.RequestAnswered{}, Key: key})
	return err
}

// entry reads one entry of a chart for somebody who opened it in an emergency.
func entry(ctx context.Context, tx *store.Tx, who access.Reading, id ids.Resource) (emergency.Entry, error) {
	p, err := records.Entry(ctx, tx, who, id)
	return emergency.Entry{Row: p.Item.Row, Files: p.Item.Files, Draw: func(s page.Shell, at string) templ.Component { return records.Sheet(s, p, at) }}, err
}

// say puts what a row says beside its title in the words of the room that shows it.
func say(s page.Shell, r record.Row, parts []record.Measure) page.Cell {
	if r.Section != record.Results {
		return page.Cell{Text: records.Brief(s, r, parts)}
	}
	text, tone := results.Brief(s, r)
	if tone == page.Plain || tone == page.OK {
		return page.Cell{Text: text}
	}
	return page.Cell{Text: text, Tone: tone}
}

// agreed is the terms as the logins see them.
type agreed struct{ *terms.Terms }

// signers are the people who accept terms.
type signers struct {
	a *account.Accounts
	r *registry.Room
}

// Numbers gives the patient number of each account's owner; who has none is left out.
func (s signers) Numbers(ctx context.Context, tx *store.Tx, accounts []ids.Account) (map[ids.Account]string, error) {
	owners, err := s.a.Owners(ctx, tx, accounts)
	if err != nil {
		return nil, err
	}
	numbers, err := s.r.NumbersOf(ctx, tx, slices.Collect(maps.Values(owners)))
	out := map[ids.Account]string{}
	for a, p := range owners {
		if n := numbers[p]; n != "" {
			out[a] = n
		}
	}
	return out, err
}

func (s signers) Numbered(ctx context.Context, tx *store.Tx, number string) (ids.Account, error) {
	p, err := s.r.PatientByNumber(ctx, tx, number)
	if err != nil {
		return "", err
	}
	return s.a.Of(ctx, tx, p)
}

func (s signers) TellSome(ctx context.Context, tx *store.Tx, after ids.Account, n notify.Notice, key string) (ids.Account, error) {
	return s.a.TellSome(ctx, tx, after, n, key)
}

func (t agreed) Accepted(ctx context.Context, tx *store.Tx, a ids.Account) ([]account.Accepted, error) {
	found, err := t.History(ctx, tx, a)
	var out []account.Accepted
	for _, f := range found {
		out = append(out, account.Accepted{Document: f.Document, Title: f.Title, Version: f.Version, At: f.At})
	}
	return out, err
}

func reachable(contacts []registry.Contact, err error) ([]account.Contact, error) {
	if errors.Is(err, store.ErrNone) {
		return nil, nil
	}
	var out []account.Contact
	for _, c := range contacts {
		switch c.Kind {
		case registry.Email:
			out = append(out, account.Contact{Channel: notify.Mail, To: c.Value})
		case registry.Mobile:
			out = append(out, account.Contact{Channel: notify.Text, To: c.Value})
		}
	}
	return out, err
}

// index is the patient index as opening an account sees it.
type index struct{ r *registry.Room }

func (i index) ByNumber(ctx context.Context, tx *store.Tx, number, birth string) (ids.Patient, error) {
	return i.r.ByNumber(ctx, tx, number, birth)
}

func (i index) Birth(ctx context.Context, tx *store.Tx, p ids.Patient) (string, error) {
	return i.r.Birth(ctx, tx, p)
}

func (i index) Person(ctx context.Context, tx *store.Tx, p ids.Patient) (enroll.Person, error) {
	person, err := i.r.Person(ctx, tx, p)
	return applicant(person), err
}

// applicant says of a patient what opening an account needs to know.
func applicant(p registry.Patient) enroll.Person {
	out := enroll.Person{ID: p.ID, Given: p.Given, Family: p.Family, Birth: p.Birth, Sex: p.Sex, Number: p.Number(), Dead: p.Dead(),
		Restricted: p.Restricted, Active: p.Active && p.MergedInto == ""}
	if l, ok := lang.Parse(p.Language); ok {
		out.Lang = l
	}
	for _, n := range p.Names {
		out.Names = append(out.Names, n.Full())
	}
	for _, c := range p.Contacts {
		out.Contacts = append(out.Contacts, enroll.Contact{ID: c.ID, Kind: enroll.ContactKind(c.Kind), Value: c.Value, Since: c.Since})
	}
	for _, a := range p.Addresses {
		if a.Usage == registry.Current && len(a.Lines) > 0 {
			out.Address = append(append(out.Address, a.Lines...), strings.TrimSpace(a.City+", "+a.State+" "+a.PostalCode))
			break
		}
	}
	return out
}

func (i index) Candidates(ctx context.Context, tx *store.Tx, c enroll.Claim) ([]enroll.Candidate, error) {
	found, err := i.r.Candidates(ctx, tx, registry.Details{Given: c.Given, Family: c.Family, Former: c.Former, Birth: c.Birth, Sex: c.Sex,
		Email: c.Email, Phone: c.Phone, Number: c.Number,
		Address: registry.Address{Lines: lines(c.Street, c.Unit), City: c.City, State: c.State, PostalCode: c.Zip}})
	var out []enroll.Candidate
	for _, m := range found {
		out = append(out, candidate(m))
	}
	return out, err
}

func lines(in ...string) []string {
	var out []string
	for _, s := range in {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func candidate(m registry.Match) enroll.Candidate {
	out := enroll.Candidate{Person: applicant(m.Patient), Score: m.Score, Strict: m.Strict, Contact: m.Contact}
	for _, r := range m.Reasons {
		out.Reasons = append(out.Reasons, enroll.Reason{About: r.About, Verdict: string(r.Verdict), Text: r.Key, Args: r.Args})
	}
	return out
}

// OnlyStrict is registry.OnlyStrict over the room's own type.
func (index) OnlyStrict(cs []enroll.Candidate) (enroll.Candidate, bool) {
	matches := make([]registry.Match, len(cs))
	for i, c := range cs {
		matches[i] = registry.Match{Score: c.Score, Strict: c.Strict, Contact: c.Contact,
			Patient: registry.Patient{ID: c.Person.ID, Family: c.Person.Family, Birth: c.Person.Birth}}
	}
	m, ok := registry.OnlyStrict(matches)
	for _, c := range cs {
		if ok && c.Person.ID == m.ID() {
			return c, true
		}
	}
	return enroll.Candidate{}, false
}

// logins are the accounts as opening one sees them.
type logins struct{ a *account.Accounts }

func (l logins) Exists(ctx context.Context, tx *store.Tx, p ids.Patient) (bool, error) {
	return l.a.Exists(ctx, tx, p)
}

func (l logins) NotMe(ctx context.Context, tx *store.Tx, p ids.Patient) (notify.Path, error) {
	id, err := l.a.Of(ctx, tx, p)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return l.a.NotMe(ctx, tx, id, "code_reused")
}

func (l logins) Open(ctx context.Context, tx *store.Tx, a access.Applicant, n enroll.NewAccount) (enroll.Account, error) {
	kinds := map[enroll.SecondKind]account.Kind{enroll.BySecondApp: account.TOTP, enroll.BySecondEmail: account.Mail,
		enroll.BySecondText: account.SMS, enroll.BySecondVoice: account.Voice}
	id, err := l.a.Open(ctx, tx, account.NewAccount{Patient: n.Patient, UserName: n.UserName, Hash: n.PasswordHash, Recovery: n.Recovery, Lang: n.Lang, Agent: a.Agent(),
		Factors: []account.NewFactor{{Kind: kinds[n.Second.Kind], Contact: n.Second.Contact, Secret: n.Second.Secret, LastStep: n.Second.Step}}})
	if err != nil {
		return enroll.Account{}, err
	}
	device, cookie, _, err := l.a.Remember(ctx, tx, id, "", a.Agent())
	if err != nil {
		return enroll.Account{}, err
	}
	notMe, err := l.a.NotMe(ctx, tx, id, "opened")
	return enroll.Account{ID: id, Device: device, NotMe: notMe,
		Cookie: enroll.Cookie{Name: account.DeviceCookie, Value: cookie, Life: account.DeviceLife}}, err
}

// credentials are the rules for what people choose.
type credentials struct {
	a *account.Accounts
	h *secret.Hasher
}

func maker(m enroll.Maker) account.Person {
	return account.Person{Names: m.Names, Birth: m.Birth, Number: m.Number, UserName: m.UserName, Clinic: m.Clinic}
}

func (c credentials) UserName(ctx context.Context, tx *store.Tx, name string, m enroll.Maker) (string, error) {
	return account.FoldUserName(name), c.a.CheckUserName(ctx, tx, name, maker(m))
}

func (credentials) Password(pw string, m enroll.Maker) error {
	return account.CheckPassword(pw, maker(m))
}
func (credentials) Strength(pw string, m enroll.Maker) int { return account.Strength(pw, maker(m)) }
func (credentials) Recovery() []string                     { return account.NewRecoveryCodes() }

func (c credentials) Hash(ctx context.Context, _ access.Applicant, pw string) (string, error) {
	h, err := c.h.Hash(ctx, pw)
	if errors.Is(err, secret.ErrBusy) {
		err = fault.Down("error.busy", 5*time.Second, err)
	}
	return h, err
}

// documents are the terms as opening an account sees them.
type documents struct{ t *terms.Terms }

func (d documents) Current(ctx context.Context, tx *store.Tx, l lang.Lang) ([]enroll.Document, error) {
	found, err := d.t.Current(ctx, tx, l)
	var out []enroll.Document
	for _, f := range found {
		doc := enroll.Document{ID: f.ID, Kind: string(f.Kind), Title: f.Title, Version: f.Version}
		for _, b := range terms.Blocks(f.Body) {
			doc.Body = append(doc.Body, enroll.Block{Heading: b.Heading != "", Text: b.Heading + b.Para, Items: b.Items})
		}
		out = append(out, doc)
	}
	return out, err
}

func (d documents) Accept(ctx context.Context, tx *store.Tx, a access.Applicant, acc ids.Account, docs []ids.Document, _ lang.Lang) error {
	return d.t.Accept(ctx, tx, terms.Acceptance{Account: acc, Agent: a.Agent(), Source: string(a.Source())}, docs)
}

func (a *App) joinEnroll() {
	set := enroll.Defaults()
	set.MinAge, set.AutoMatch = a.cfg.Enroll.MinAge, a.cfg.Enroll.AutoMatch
	set.ContactAge = time.Duration(a.cfg.Enroll.ContactAgeDays) * 24 * time.Hour
	set.Start = a.base.Host
	a.Enroll = &enroll.Room{DB: a.DB, Gate: a.Gate, Keys: a.Keys, Limit: a.Limit, Outbox: a.Outbox, Log: a.Log, Clinic: a.clinic,
		Base: strings.TrimSuffix(a.base.String(), "/"), Set: set, People: index{a.Registry}, Accounts: logins{a.Accounts},
		Credentials: credentials{a.Accounts, a.Hasher}, Terms: documents{a.Terms}}
}

// rules are the rules for staff passwords: the same as patients'.
type rules struct{}

func (rules) CheckPassword(pw, clinic string, about ...string) error {
	return account.CheckPassword(pw, account.Person{Names: about, Clinic: clinic})
}

func (rules) Strength(pw, clinic string, about ...string) int {
	return account.Strength(pw, account.Person{Names: about, Clinic: clinic})
}
