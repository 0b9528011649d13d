package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"portico/internal/ids"
	"portico/internal/store"
)

// saved is what came of writing one record.
type saved struct {
	id     ids.Patient
	joined int // records joined or parted by what it no longer says
}

// save writes one record, new or changed, in the caller's transaction.
func (r *Room) save(ctx context.Context, tx *store.Tx, k known, found bool, in ready, o Options) (saved, error) {
	bare := found && in.in.replaced() && len(in.in.Names) == 0 // says only by which it was replaced
	var err error
	switch {
	case !found:
		k.id = ids.NewPatient()
		err = r.insertPatient(ctx, tx, k.id, in)
	case bare:
		err = r.markReplaced(ctx, tx, k.id, in)
	default:
		if err = r.fill(ctx, tx, k, &in); err == nil {
			err = r.updatePatient(ctx, tx, k.id, in)
		}
	}
	if err == nil && !bare {
		err = r.saveDetails(ctx, tx, k.id, in, found, o)
	}
	if err != nil {
		return saved{}, err
	}
	person := k.id
	if k.merged != "" {
		person = k.merged
	}
	if err := r.saveNumbers(ctx, tx, k.id, person, in.numbers); err != nil {
		return saved{}, err
	}
	if found && !bare && k.birth != in.in.Birth {
		if err := r.pairAgain(ctx, tx, person); err != nil {
			return saved{}, err
		}
	}
	n, err := r.saveLinks(ctx, tx, k.id, in.in)
	return saved{k.id, n}, err
}

func (r *Room) saveDetails(ctx context.Context, tx *store.Tx, id ids.Patient, in ready, found bool, o Options) error {
	if err := r.saveNames(ctx, tx, id, in.in, found); err != nil {
		return err
	}
	if err := r.saveContacts(ctx, tx, id, in, found, o); err != nil {
		return err
	}
	if found && in.in.Silent.Address {
		return nil
	}
	return r.saveAddresses(ctx, tx, id, in.in.Addresses, found)
}

// fill completes a record from a source that cannot say everything with what the
// index knows: a spreadsheet without a column for it does not mean there is none.
func (r *Room) fill(ctx context.Context, tx *store.Tx, k known, in *ready) error {
	silent := in.in.Silent
	if silent == (Silence{}) {
		return nil
	}
	have, err := store.Get(ctx, tx, scanPatient, `SELECT `+patientColumns+` FROM patient p WHERE p.id = $1`, k.id)
	if err != nil {
		return err
	}
	in.in.Restricted, in.in.MultiBirth, in.in.Active = have.Restricted, have.MultiBirth, have.Active
	if silent.Sex {
		in.in.Sex = have.Sex
	}
	if silent.Language {
		in.in.Language = have.Language
	}
	if silent.Deceased {
		in.in.Deceased, in.in.DeathUndated = have.Deceased, false
	}
	if !silent.Former {
		return nil
	}
	names, err := store.List(ctx, tx, scanName, `SELECT patient_id, usage, given, family, suffix FROM patient_name WHERE patient_id = $1 AND usage <> 'current' ORDER BY place`, k.id)
	for _, n := range names {
		if !slices.Contains(in.in.Names, n.Name) {
			in.in.Names = append(in.in.Names, n.Name)
		}
	}
	return err
}

// soleRef is by what a record without numbers is known, NULL for others.
func soleRef(in ready) *string {
	for _, n := range in.numbers {
		if n.Usage == Current {
			return nil
		}
	}
	if in.in.Ref == "" {
		return nil
	}
	return &in.in.Ref
}

// sortName orders people by family name and given name, without accents.
func sortName(n Name) string {
	return strings.Join(words(n.Family), " ") + "\x20\x20" + strings.Join(words(n.Given), " ")
}

func (r *Room) insertPatient(ctx context.Context, tx *store.Tx, id ids.Patient, in ready) error {
	n := in.in.current()
	_, err := tx.Exec(ctx, `
		INSERT INTO patient (id, given, family, sort_name, birth_date, sex, language, deceased_at, vip, active, multi_birth, source_ref, sole_ref,
			content_hash, sent_at, created_at, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)`,
		id, n.Given, n.Family, sortName(n), in.in.Birth, in.in.Sex, in.in.Language, store.Time(in.in.Deceased), in.in.Restricted, in.in.Active,
		in.in.MultiBirth, in.in.Ref, soleRef(in), in.hash, store.Time(in.in.Updated), store.Time(tx.Now))
	return err
}

// updatePatient writes what changed. An undated death keeps the moment it was
// first told.
func (r *Room) updatePatient(ctx context.Context, tx *store.Tx, id ids.Patient, in ready) error {
	n := in.in.current()
	_, err := tx.Exec(ctx, `
		UPDATE patient SET given = $2, family = $3, sort_name = $4, birth_date = $5, sex = $6, language = $7,
			deceased_at = CASE WHEN $8 AND deceased_at IS NOT NULL THEN deceased_at ELSE $9 END,
			vip = $10, active = $11, multi_birth = $12, source_ref = CASE WHEN $13 = '' THEN source_ref ELSE $13 END, sole_ref = $14,
			content_hash = $15, sent_at = $16, changed_at = $17
		WHERE id = $1`,
		id, n.Given, n.Family, sortName(n), in.in.Birth, in.in.Sex, in.in.Language, in.in.DeathUndated, store.Time(in.in.Deceased),
		in.in.Restricted, in.in.Active, in.in.MultiBirth, in.in.Ref, soleRef(in), in.hash, store.Time(in.in.Updated), store.Time(tx.Now))
	return err
}

// markReplaced keeps what was known of a record that now only names another.
func (r *Room) markReplaced(ctx context.Context, tx *store.Tx, id ids.Patient, in ready) error {
	_, err := tx.Exec(ctx, `UPDATE patient SET active = $2, content_hash = $3, sent_at = $4, changed_at = $5 WHERE id = $1`,
		id, in.in.Active, in.hash, store.Time(in.in.Updated), store.Time(tx.Now))
	return err
}

// saveNames writes the names, and what they are found by.
func (r *Room) saveNames(ctx context.Context, tx *store.Tx, id ids.Patient, in Incoming, found bool) error {
	if found {
		for _, q := range []string{`DELETE FROM patient_name WHERE patient_id = $1`, `DELETE FROM patient_word WHERE patient_id = $1`, `DELETE FROM patient_key WHERE patient_id = $1`} {
			if _, err := tx.Exec(ctx, q, id); err != nil {
				return err
			}
		}
	}
	var all, keys []string
	for i, n := range in.Names {
		if _, err := tx.Exec(ctx, `INSERT INTO patient_name (patient_id, place, usage, given, family, suffix) VALUES ($1, $2, $3, $4, $5, $6)`,
			id, i, string(n.Usage), n.Given, n.Family, n.Suffix); err != nil {
			return err
		}
		all = append(append(all, words(n.Given)...), words(n.Family)...)
		if n.Given == "" {
			n.Given = in.current().Given
		}
		keys = append(keys, soundKeys(normalise(n))...)
	}
	all, keys = unique(all), unique(keys)
	if len(all) == 0 {
		return nil
	}
	rows, a := "", []any{id}
	for _, w := range all {
		rows += ", " + cells(len(a), 3)
		a = append(a, w, begin(w, 3), begin(w, 5))
	}
	if _, err := tx.Exec(ctx, `INSERT INTO patient_word (patient_id, word, start, head) VALUES `+rows[2:], a...); err != nil || len(keys) == 0 {
		return err
	}
	rows, a = "", []any{id}
	for _, k := range keys {
		rows += ", " + cells(len(a), 1)
		a = append(a, k)
	}
	_, err := tx.Exec(ctx, `INSERT INTO patient_key (patient_id, sound) VALUES `+rows[2:], a...)
	return err
}

// cells writes one row of a list of values: the patient, which is $1, and n
// arguments after the have that stand there already.
func cells(have, n int) string { return "($1, " + store.In(have+1, n) + ")" }

// maxFound bounds by how many words, and keys, one record is found.
const maxFound = 64

func unique(in []string) []string {
	slices.Sort(in)
	in = slices.Compact(in)
	return in[:min(maxFound, len(in))]
}

// begin is the beginning of a word that an index goes by.
func begin(word string, letters int) string {
	r := []rune(word)
	return string(r[:min(letters, len(r))])
}

// soundKeys are the keys a name is found by although it was misspelled: the
// sounds of one family name and one given name, in that order. Nicknames stand
// for their full forms. The first two of each count.
func soundKeys(n normal) []string {
	var out []string
	for _, f := range n.family[:min(2, len(n.family))] {
		for _, g := range n.given[:min(2, len(n.given))] {
			for _, full := range fullForms(g) {
				out = append(out, sound(f)+" "+sound(full))
			}
		}
	}
	return out
}

// saveContacts keeps since when each contact has been on file. One that is new,
// or that comes back, counts from the day the sender says or from now.
func (r *Room) saveContacts(ctx context.Context, tx *store.Tx, id ids.Patient, in ready, found bool, o Options) error {
	if found {
		if err := r.endContacts(ctx, tx, id, in); err != nil {
			return err
		}
	}
	for _, c := range in.contact {
		since := c.Since
		if since.IsZero() && !found {
			since = o.ContactsSince
		}
		if since.IsZero() || since.After(tx.Now) {
			since = tx.Now
		}
		row := ids.New[string]("con")
		// A contact that was live until a moment ago in this transaction keeps its
		// age; the earlier of what was known and what is said now stands.
		if _, err := tx.Exec(ctx, `
			INSERT INTO patient_contact (id, patient_id, kind, used_as, preference, sealed, value_index, since_at, ended_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL)
			ON CONFLICT (patient_id, value_index) DO UPDATE SET kind = excluded.kind, used_as = excluded.used_as, preference = excluded.preference,
				since_at = CASE WHEN patient_contact.ended_at < $9 OR patient_contact.since_at > excluded.since_at THEN excluded.since_at ELSE patient_contact.since_at END,
				ended_at = NULL`,
			row, id, string(c.Kind), c.Use, c.Rank, r.Keys.Seal(sealContact, row, []byte(c.Value)), c.index, store.Time(since), store.Time(tx.Now)); err != nil {
			return err
		}
	}
	return nil
}

// endContacts ends what is live, of the sorts the sender speaks of; what is still
// named comes back in the same transaction. Contacts found under an older key
// are first put under the current one, or they would come back as new.
func (r *Room) endContacts(ctx context.Context, tx *store.Tx, id ids.Patient, in ready) error {
	for _, c := range in.contact {
		for _, old := range r.Keys.Indexes(indexContact, contactForm(c.Kind, c.Value, r.Region))[1:] {
			if _, err := tx.Exec(ctx, `UPDATE patient_contact SET value_index = $3 WHERE patient_id = $1 AND value_index = $2`, id, old, c.index); err != nil {
				return err
			}
		}
	}
	_, err := tx.Exec(ctx, `
		UPDATE patient_contact SET ended_at = $2
		WHERE patient_id = $1 AND ended_at IS NULL AND CASE WHEN kind = 'email' THEN NOT $3 ELSE NOT $4 END`,
		id, store.Time(tx.Now), in.in.Silent.Email, in.in.Silent.Phone)
	return err
}

func (r *Room) saveAddresses(ctx context.Context, tx *store.Tx, id ids.Patient, all []Address, found bool) error {
	if found {
		if _, err := tx.Exec(ctx, `DELETE FROM patient_address WHERE patient_id = $1`, id); err != nil {
			return err
		}
	}
	for i, a := range all {
		b, err := json.Marshal(a)
		if err != nil {
			return fmt.Errorf("address: %w", err)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO patient_address (patient_id, place, sealed) VALUES ($1, $2, $3)`,
			id, i, r.Keys.Seal(sealAddress, addressRow(id, i), b)); err != nil {
			return err
		}
	}
	return nil
}

// addressRow names one address for its seal.
func addressRow(id ids.Patient, place int) string { return fmt.Sprintf("%s/%d", id, place) }
