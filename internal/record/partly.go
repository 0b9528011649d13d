package record

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/store"
)

// A report repeats what its values say: in its conclusion, in a narrative, in the
// PDF that the laboratory printed. While one value in it is not released, a
// patient's reading gets the report without these.

// holders are, as a subquery, the resources of a patient that name something not
// released yet, at whatever depth. It asks from what is held upwards: that is
// little, and mostly nothing.
func holders(patient, now string) string {
	const names = ` AND l.element IN ('result', 'hasMember') AND l.patient_id = `
	return `(WITH RECURSIVE holder(id) AS (
		SELECT l.from_id FROM record_row h JOIN resource_link l ON l.to_id = h.resource_id` + names + patient + `
			WHERE h.patient_id = ` + patient + ` AND h.release_at > ` + now + ` AND NOT h.gone
		UNION SELECT l.from_id FROM holder u JOIN resource_link l ON l.to_id = u.id` + names + patient + `) SELECT id FROM holder)`
}

// part hides of a row whose members are not all released what it says of them.
func (r Row) part() Row {
	if r.Kind == "DiagnosticReport" {
		r.Measure = Measure{System: r.System, Code: r.Code, Title: r.Title}
		r.Critical, r.State = false, ""
	}
	return r
}

// repeating are the members of a resource that say what its results say, or may.
var repeating = []string{"text", "contained", "extension", "modifierExtension", "note", "media", "conclusion", "conclusionCode", "presentedForm", "supportingInfo"}

// naming are the members that refer to what is in it, by words too.
var naming = []string{"result", "hasMember"}

// subset marks a document that is not whole (hl7.org/fhir/R4/valueset-security-labels.html).
const subset = `{"tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]}`

// partial writes a document without what repeats its results, and says so in it.
func partial(raw []byte) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return nil // what is kept was read before; nothing is handed out of what cannot be
	}
	var b bytes.Buffer
	b.WriteString(`{`)
	for d.More() {
		t, err := d.Token()
		key, _ := t.(string)
		var value json.RawMessage
		if err == nil {
			err = d.Decode(&value)
		}
		if err != nil {
			return nil
		}
		switch {
		case key == "meta", slices.Contains(repeating, key), len(key) > 0 && key[0] == '_':
			continue
		case slices.Contains(naming, key):
			value = nameless(value)
		}
		b.WriteString(strconv.Quote(key) + `:`)
		b.Write(value)
		b.WriteByte(',')
	}
	b.WriteString(`"meta":` + subset + `}`)
	return b.Bytes()
}

// nameless leaves of references only where they lead: their words may say what
// the result was.
func nameless(list json.RawMessage) json.RawMessage {
	var refs []struct {
		Reference string `json:"reference,omitempty"`
	}
	if json.Unmarshal(list, &refs) != nil {
		return json.RawMessage(`[]`)
	}
	out, err := json.Marshal(refs)
	if err != nil {
		return json.RawMessage(`[]`)
	}
	return out
}

// Under gives what is in a report or panel, and in that, as deep as it goes; in
// the order of the clinical moments.
func Under(ctx context.Context, tx *store.Tx, who access.Reading, id ids.Resource, most int) ([]Row, error) {
	rows, err := store.List(ctx, tx, scanRow, `SELECT `+rowColumns(`$1`, `$2`)+rowTables+` WHERE r.patient_id = $1 AND ($3 OR NOT r.gone) AND r.resource_id <> $4 AND r.resource_id IN (
		WITH RECURSIVE under(id) AS (SELECT resource_id FROM record_row WHERE parent_id = $4
			UNION SELECT m.resource_id FROM under u JOIN record_row m ON m.parent_id = u.id) SELECT id FROM under)
		ORDER BY r.sort_at DESC, r.resource_id DESC LIMIT $5`, who.Patient(), store.Time(tx.Now), who.Whole(), id, most)
	return seen(tx.Now, who, rows), err
}
