package results

import (
	"context"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// Attachment gives the nth file of a report, from 0. NotFound for another
// patient's report, one that is shut, and a file that is not there.
func (s *Results) Attachment(ctx context.Context, c access.Chart, id ids.Resource, nth int) (record.File, error) {
	if err := c.Need(access.SeeResults); err != nil {
		return record.File{}, err
	}
	var f record.File
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		item, err := one(ctx, tx, c, id)
		if err != nil || item.Shut() {
			return either(err, fault.Missing())
		}
		f, err = nthFile(ctx, tx, c, id, nth)
		return err
	})
	if err != nil {
		return record.File{}, err
	}
	return f, s.DB.Change(ctx, c.Did(audit.ResultSeen, string(id)), func(tx *store.Tx) error { return markSeen(ctx, tx, c, []ids.Resource{id}) })
}

// CaseFile gives the nth file of a report for the desk, which decides about it:
// whatever the patient may see.
func (s *Results) CaseFile(ctx context.Context, d access.Desk, id ids.Resource, nth int) (f record.File, err error) {
	o, err := s.forDesk(ctx, d, id)
	if err != nil {
		return f, err
	}
	return f, s.DB.View(ctx, func(tx *store.Tx) error {
		r, err := record.One(ctx, tx, o, id)
		if err != nil || !onDesk[r.Section] {
			return either(err, fault.Missing())
		}
		f, err = nthFile(ctx, tx, o, id, nth)
		return err
	})
}

func nthFile(ctx context.Context, tx *store.Tx, who access.Reading, id ids.Resource, nth int) (record.File, error) {
	doc, err := record.Document(ctx, tx, who, id)
	if err != nil {
		return record.File{}, err
	}
	files, err := record.Files(ctx, tx, who, doc)
	if err == nil && (nth < 0 || nth >= len(files)) {
		err = fault.Missing()
	}
	if err != nil {
		return record.File{}, err
	}
	return files[nth], nil
}

func either(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
