package registry

import (
	"context"
	"fmt"

	"portico/internal/store"
	"portico/internal/vault"
)

// Keyed lists what this room keeps under the clinic's keys. region is where phone
// numbers without a country are dialled.
func Keyed(region string) []vault.Table {
	number := func(r vault.Row) string { plain, _ := NormalNumber(string(r.Plain("sealed"))); return plain }
	const again = "until the spreadsheet it came from is imported again, where the name has changed since"
	return []vault.Table{
		{Name: "patient_number", Key: []string{"id"},
			Sealed: []vault.Sealed{{Column: "sealed", Place: sealNumber}},
			Marks: []vault.Mark{
				{Column: "number_index", Purpose: indexNumber, Of: number},
				{Column: "pair_index", Purpose: indexPair, Of: func(r vault.Row) string { return pair(number(r), r.Text("birth")) }},
			},
			With:  map[string]string{"birth": `(SELECT p.birth_date FROM patient p WHERE p.id = t.person_id)`},
			Moved: moveLinks},
		{Name: "patient_contact", Key: []string{"id"},
			Sealed: []vault.Sealed{{Column: "sealed", Place: sealContact}},
			Marks: []vault.Mark{{Column: "value_index", Purpose: indexContact, Of: func(r vault.Row) string {
				return contactForm(Kind(r.Text("kind")), string(r.Plain("sealed")), region)
			}}},
			With: map[string]string{"kind": "t.kind"}},
		{Name: "patient_address", Key: []string{"patient_id", "place"},
			Sealed: []vault.Sealed{{Column: "sealed", Place: sealAddress, Row: func(r vault.Row) string { return r.Text("patient_id") + "/" + r.Text("place") }}}},
		{Name: "import_fault", Key: []string{"id"},
			Sealed: []vault.Sealed{{Column: "sealed", Place: sealFault}},
			Marks: []vault.Mark{
				{Column: "source_index", Purpose: indexFile, Of: func(r vault.Row) string { return refusal(r).File }},
				{Column: "mark", Purpose: indexFault, Of: func(r vault.Row) string { return faultText(refusal(r)) }},
			}},
		{Name: "patient", Key: []string{"id"},
			Marks: []vault.Mark{
				{Column: "content_hash", Purpose: indexContent}, // emptied: the next import writes the record once more
				{Column: "source_ref", Purpose: indexSpread, Prefix: rowRef, Of: spreadOf, Until: again},
				{Column: "sole_ref", Purpose: indexSpread, Prefix: rowRef, Of: spreadOf, Until: again},
			},
			With: map[string]string{"given": "t.given", "family": "t.family", "birth": "t.birth_date",
				"suffix": `(SELECT n.suffix FROM patient_name n WHERE n.patient_id = t.id AND n.place = 0)`}},
		{Name: "patient_link", Key: []string{"patient_id", "kind", "target"},
			OneWay: []vault.OneWay{{Column: "target", Purpose: indexNumber, Live: "t.target LIKE 'number%'",
				Until: "until the record it names comes in, or the one that names it comes in again"}}},
	}
}

func refusal(r vault.Row) (f Refusal) {
	r.JSON("sealed", &f)
	return f
}

func spreadOf(r vault.Row) string {
	return spreadText(Name{Usage: Current, Given: r.Text("given"), Family: r.Text("family"), Suffix: r.Text("suffix")}, r.Text("birth"))
}

// moveLinks lets links that name a record by its number follow the number's new index.
func moveLinks(ctx context.Context, tx *store.Tx, column, old, new string) error {
	if column != "number_index" {
		return nil
	}
	systems, err := store.List(ctx, tx, store.One[string], `SELECT DISTINCT system FROM patient_number WHERE number_index = $1`, new)
	if err != nil {
		return err
	}
	for _, s := range append(systems, "") {
		if _, err := tx.Exec(ctx, `UPDATE patient_link SET target = $2 WHERE target = $1`, numberTarget(s, old), numberTarget(s, new)); err != nil {
			return fmt.Errorf("links by number: %w", err)
		}
	}
	return nil
}
