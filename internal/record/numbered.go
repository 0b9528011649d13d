package record

import (
	"context"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// Identifier is a number that its givers say is nobody else's.
type Identifier struct{ System, Value string }

// Visit finds the one visit of the reader's patient that carries one of these
// identifiers. It is NotFound if there is none, and if there are several: a guess
// would put into a visit what does not belong there.
func Visit(ctx context.Context, tx *store.Tx, who access.Reading, of []Identifier) (ids.Resource, error) {
	if who.Patient() == "" {
		return "", fault.Refused()
	}
	found := map[ids.Resource]bool{}
	var last ids.Resource
	for _, i := range of {
		hits, err := store.List(ctx, tx, store.One[ids.Resource], `
			SELECT t.resource_id FROM resource_token t JOIN record_row r ON r.resource_id = t.resource_id
			WHERE t.patient_id = $1 AND t.param = 'identifier' AND t.code = $2 AND t.system = $3 AND r.kind = 'Encounter' AND NOT r.gone LIMIT 2`,
			who.Patient(), i.Value, i.System)
		if err != nil {
			return "", err
		}
		for _, id := range hits {
			found[id], last = true, id
		}
	}
	if len(found) != 1 {
		return "", fault.Missing()
	}
	return last, nil
}
