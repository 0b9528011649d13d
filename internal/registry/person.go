package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

const patientColumns = `p.id, p.given, p.family, p.birth_date, p.sex, p.language, p.deceased_at, p.merged_into, p.vip, p.active, p.multi_birth`

func scanPatient(row store.Row) (Patient, error) {
	var p Patient
	var dead store.Time
	var merged *string
	err := row.Scan(&p.ID, &p.Given, &p.Family, &p.Birth, &p.Sex, &p.Language, &dead, &merged, &p.Restricted, &p.Active, &p.MultiBirth)
	p.Deceased = dead.Std()
	if merged != nil {
		p.MergedInto = ids.Patient(*merged)
	}
	return p, err
}

// Person gives a patient with all that is known: for a record that was joined to
// another, that one. store.ErrNone if there is none.
func (r *Room) Person(ctx context.Context, tx *store.Tx, id ids.Patient) (Patient, error) {
	all, err := r.people(ctx, tx, []ids.Patient{id})
	if err != nil {
		return Patient{}, err
	}
	if len(all) == 0 {
		return Patient{}, store.ErrNone
	}
	return all[0], nil
}

// Called gives a patient's given and family name alone, for pages that greet
// somebody; Person reads five tables. store.ErrNone if there is none.
func (r *Room) Called(ctx context.Context, tx *store.Tx, id ids.Patient) (given, family string, err error) {
	_, err = store.Get(ctx, tx, func(row store.Row) (struct{}, error) { return struct{}{}, row.Scan(&given, &family) }, `
		SELECT p.given, p.family FROM patient p
		WHERE p.id = (SELECT COALESCE(q.merged_into, q.id) FROM patient q WHERE q.id = $1)`, string(id))
	return given, family, err
}

// Names gives the names of several patients, those that are there.
func (r *Room) Names(ctx context.Context, tx *store.Tx, of []ids.Patient) (map[ids.Patient]string, error) {
	out := map[ids.Patient]string{}
	for some := range several(of) {
		_, err := store.List(ctx, tx, func(row store.Row) (struct{}, error) {
			var id ids.Patient
			var given, family string
			err := row.Scan(&id, &given, &family)
			out[id] = given + " " + family
			return struct{}{}, err
		}, `SELECT q.id, p.given, p.family FROM patient q JOIN patient p ON p.id = COALESCE(q.merged_into, q.id) WHERE q.id IN (`+store.In(1, len(some))+`)`, some...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ContactsOnFile gives the contacts that have been on file for ContactAge: those
// that may be sent what opens an account. None for the dead.
func (r *Room) ContactsOnFile(ctx context.Context, tx *store.Tx, id ids.Patient) ([]Contact, error) {
	p, err := r.Person(ctx, tx, id)
	if err != nil || p.Dead() {
		return nil, err
	}
	return slices.DeleteFunc(p.Contacts, func(c Contact) bool { return tx.Now.Sub(c.Since) < ContactAge }), nil
}

// ContactsOfRecord gives those that came with one record, also where it was
// joined to another: who was reached there is told what the joining means.
func (r *Room) ContactsOfRecord(ctx context.Context, tx *store.Tx, id ids.Patient) ([]Contact, error) {
	p, err := r.Person(ctx, tx, id)
	if err != nil || p.Dead() {
		return nil, err
	}
	own := Patient{ID: id}
	l := loader{r: r, tx: tx, at: map[ids.Patient]*Patient{id: &own}, ids: []string{string(id)}}
	if err := l.contacts(ctx); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(own.Contacts, func(c Contact) bool { return tx.Now.Sub(c.Since) < ContactAge }), nil
}

// Show gives a patient to the desk and writes that it was seen.
func (r *Room) Show(ctx context.Context, d access.Desk, id ids.Patient) (Patient, error) {
	if err := d.Need(access.FindPatients); err != nil {
		return Patient{}, err
	}
	var p Patient
	err := r.DB.View(ctx, func(tx *store.Tx) (err error) {
		p, err = r.Person(ctx, tx, id)
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return Patient{}, fault.Missing()
	}
	if err != nil {
		return Patient{}, err
	}
	// The line is in the log before anything leaves.
	err = r.DB.Change(ctx, d.Did(audit.PatientSeen, string(p.ID)).On(string(p.ID)), func(*store.Tx) error { return nil })
	if err != nil {
		return Patient{}, err
	}
	return p, nil
}

// Mine gives the chart's own patient.
func (r *Room) Mine(ctx context.Context, c access.Chart) (Patient, error) {
	if err := c.Need(access.SeeHome); err != nil {
		return Patient{}, err
	}
	var p Patient
	err := r.DB.View(ctx, func(tx *store.Tx) (err error) {
		p, err = r.Person(ctx, tx, c.Patient())
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return Patient{}, fault.Missing()
	}
	return p, err
}

// people loads patients with everything that belongs to them, in the order of
// their identifiers; records that were joined to others give those, once.
func (r *Room) people(ctx context.Context, tx *store.Tx, want []ids.Patient) ([]Patient, error) {
	if len(want) == 0 {
		return nil, nil
	}
	list := make([]string, len(want))
	for i, w := range want {
		list[i] = string(w)
	}
	slices.Sort(list)
	in := padded(slices.Compact(list))
	roots, err := store.List(ctx, tx, scanPatient, `
		SELECT `+patientColumns+` FROM patient p
		WHERE p.id IN (SELECT COALESCE(q.merged_into, q.id) FROM patient q WHERE q.id IN (`+store.In(1, len(in))+`))
		ORDER BY p.id`, args(in)...)
	if err != nil || len(roots) == 0 {
		return nil, err
	}
	l := loader{r: r, tx: tx, at: map[ids.Patient]*Patient{}}
	for i := range roots {
		l.at[roots[i].ID] = &roots[i]
		l.ids = append(l.ids, string(roots[i].ID))
	}
	l.ids = padded(l.ids)
	for _, load := range []func(context.Context) error{l.names, l.numbers, l.contacts, l.addresses} {
		if err := load(ctx); err != nil {
			return nil, err
		}
	}
	return roots, nil
}

// loader fills in what belongs to a list of people.
type loader struct {
	r   *Room
	tx  *store.Tx
	at  map[ids.Patient]*Patient
	ids []string
}

func (l loader) names(ctx context.Context) error {
	rows, err := store.List(ctx, l.tx, scanName, `
		SELECT COALESCE(p.merged_into, p.id), n.usage, n.given, n.family, n.suffix
		FROM patient p JOIN patient_name n ON n.patient_id = p.id
		WHERE p.id IN (`+store.In(1, len(l.ids))+`) OR p.merged_into IN (`+store.In(1, len(l.ids))+`)
		ORDER BY CASE WHEN p.merged_into IS NULL THEN 0 ELSE 1 END, p.id, n.place`, args(l.ids)...)
	if err != nil {
		return err
	}
	for _, n := range rows {
		p := l.at[n.patient]
		if !slices.ContainsFunc(p.Names, func(o Name) bool { return o.Full() == n.Full() }) {
			if len(p.Names) > 0 && n.Usage == Current {
				n.Usage = Alias // of a record that was joined to this one
			}
			p.Names = append(p.Names, n.Name)
		}
	}
	return nil
}

// sealed is a row with an encrypted field.
type sealed struct {
	person ids.Patient
	id     string
	text   string
	kind   string
	use    string
	rank   int
	since  store.Time
}

func (l loader) numbers(ctx context.Context) error {
	rows, err := store.List(ctx, l.tx, func(s store.Row) (n sealed, err error) {
		err = s.Scan(&n.person, &n.id, &n.text, &n.kind, &n.use)
		return n, err
	}, `
		SELECT person_id, id, sealed, system, usage FROM patient_number
		WHERE person_id IN (`+store.In(1, len(l.ids))+`)
		ORDER BY usage, CASE WHEN person_id = patient_id THEN 0 ELSE 1 END, system DESC, id`, args(l.ids)...)
	if err != nil {
		return err
	}
	for _, n := range rows {
		value, err := l.r.Keys.Open(sealNumber, n.id, n.text)
		if err != nil {
			return fmt.Errorf("patient number: %w", err)
		}
		p, plain := l.at[n.person], string(value)
		same := func(o Number) bool { a, _ := NormalNumber(o.Value); b, _ := NormalNumber(plain); return a == b }
		if !slices.ContainsFunc(p.Numbers, same) {
			p.Numbers = append(p.Numbers, Number{n.kind, plain, Usage(n.use)})
		}
	}
	return nil
}

func (l loader) contacts(ctx context.Context) error {
	rows, err := store.List(ctx, l.tx, func(s store.Row) (n sealed, err error) {
		err = s.Scan(&n.person, &n.id, &n.text, &n.kind, &n.use, &n.rank, &n.since)
		return n, err
	}, `
		SELECT patient_id, id, sealed, kind, used_as, preference, since_at FROM patient_contact
		WHERE patient_id IN (`+store.In(1, len(l.ids))+`) AND ended_at IS NULL
		ORDER BY kind, CASE WHEN preference = 0 THEN 99 ELSE preference END, since_at, id`, args(l.ids)...)
	if err != nil {
		return err
	}
	for _, n := range rows {
		value, err := l.r.Keys.Open(sealContact, n.id, n.text)
		if err != nil {
			return fmt.Errorf("contact: %w", err)
		}
		p := l.at[n.person]
		p.Contacts = append(p.Contacts, Contact{n.id, Kind(n.kind), string(value), n.use, n.rank, n.since.Std()})
	}
	return nil
}

func (l loader) addresses(ctx context.Context) error {
	rows, err := store.List(ctx, l.tx, func(s store.Row) (n sealed, err error) {
		err = s.Scan(&n.person, &n.rank, &n.text)
		return n, err
	}, `SELECT patient_id, place, sealed FROM patient_address WHERE patient_id IN (`+store.In(1, len(l.ids))+`) ORDER BY patient_id, place`, args(l.ids)...)
	if err != nil {
		return err
	}
	for _, n := range rows {
		b, err := l.r.Keys.Open(sealAddress, addressRow(n.person, n.rank), n.text)
		if err != nil {
			return fmt.Errorf("address: %w", err)
		}
		var a Address
		if err := json.Unmarshal(b, &a); err != nil {
			return fmt.Errorf("address: %w", err)
		}
		p := l.at[n.person]
		p.Addresses = append(p.Addresses, a)
	}
	return nil
}
