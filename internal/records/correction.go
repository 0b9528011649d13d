package records

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// answerWithin is how long a clinic may take to answer a request for a correction
// (45 CFR 164.526(b)(2)(i)).
const answerWithin = 60 * 24 * time.Hour

// maxWanted bounds what is typed, in characters.
const maxWanted = 2000

// State is how a request stands.
type State string

const (
	Asked     State = "asked"
	Corrected State = "corrected"
	Refused   State = "refused"
)

// Correction is one request.
type Correction struct {
	ID      ids.Correction
	Patient ids.Patient
	Item    ids.Resource
	Wanted  string
	State   State
	Answer  string
	Asked   time.Time
	Settled time.Time
	Until   time.Time // by when it must be answered
}

const (
	sealWanted = "records.wanted"
	sealAnswer = "records.answer"
)

// Ask asks for an item to be corrected. An item can have one open request.
func (s *Records) Ask(ctx context.Context, c access.Chart, id ids.Resource, wanted string) (ids.Correction, error) {
	if err := c.Need(access.AskCorrection); err != nil {
		return "", err
	}
	wanted = strings.TrimSpace(store.Clean(wanted))
	switch n := utf8.RuneCountInString(wanted); {
	case n < 3:
		return "", fault.Bad("wanted", "records.correct.empty")
	case n > maxWanted:
		return "", fault.Bad("wanted", "records.correct.long", maxWanted)
	}
	new := ids.NewCorrection()
	err := s.DB.Change(ctx, c.Did(audit.CorrectionAsked, string(id)), func(tx *store.Tx) error {
		row, err := record.One(ctx, tx, c, id)
		if err != nil {
			return err
		}
		if row.Held {
			return fault.Missing()
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO correction (id, patient_id, account_id, resource_id, wanted, state, answer, asked_at, staff_id)
			VALUES ($1, $2, $3, $4, $5, 'asked', '', $6, '')`,
			new, c.Patient(), c.Account(), id, s.Keys.Seal(sealWanted, string(new), []byte(wanted)), store.Time(tx.Now))
		return err
	})
	if store.IsUnique(err) {
		err = fault.Bad("", "records.correct.open")
	}
	return new, err
}

const correctionColumns = `id, patient_id, resource_id, wanted, state, answer, asked_at, settled_at`

func (s *Records) scan(r store.Row) (Correction, error) {
	var k Correction
	var wanted, answer string
	var asked, settled store.Time
	if err := r.Scan(&k.ID, &k.Patient, &k.Item, &wanted, &k.State, &answer, &asked, &settled); err != nil {
		return k, err
	}
	k.Asked, k.Settled, k.Until = asked.Std(), settled.Std(), asked.Std().Add(answerWithin)
	plain, err := s.Keys.Open(sealWanted, string(k.ID), wanted)
	if err != nil {
		return k, err
	}
	k.Wanted = string(plain)
	if answer == "" {
		return k, nil
	}
	plain, err = s.Keys.Open(sealAnswer, string(k.ID), answer)
	k.Answer = string(plain)
	return k, err
}

// Corrections lists what the patient asked for, newest first, with the items.
func (s *Records) Corrections(ctx context.Context, c access.Chart) (list []Correction, items map[ids.Resource]record.Row, err error) {
	if err := c.Need(access.AskCorrection); err != nil {
		return nil, nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		list, err = store.List(ctx, tx, s.scan, `SELECT `+correctionColumns+` FROM correction WHERE patient_id = $1 ORDER BY asked_at DESC, id LIMIT 200`, c.Patient())
		if err != nil {
			return err
		}
		var of []ids.Resource
		for _, k := range list {
			of = append(of, k.Item)
		}
		rows, err := record.Rows(ctx, tx, c, of)
		items = map[ids.Resource]record.Row{}
		for _, r := range rows {
			items[r.ID] = r
		}
		return err
	})
	return list, items, err
}

// Waiting lists requests for the desk: the open ones, the longest waiting first,
// or those that were answered, the newest first.
func (s *Records) Waiting(ctx context.Context, d access.Desk, settled bool) (list []Correction, names map[ids.Patient]string, err error) {
	if err := d.Need(access.ReviewCorrections); err != nil {
		return nil, nil, err
	}
	where := `WHERE state = 'asked' ORDER BY asked_at, id`
	if settled {
		where = `WHERE state <> 'asked' ORDER BY settled_at DESC, id`
	}
	names = map[ids.Patient]string{}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if list, err = store.List(ctx, tx, s.scan, `SELECT `+correctionColumns+` FROM correction `+where+` LIMIT 200`); err != nil {
			return err
		}
		for _, k := range list {
			if _, ok := names[k.Patient]; ok {
				continue
			}
			// The patient table is shared for reading.
			if names[k.Patient], err = store.Get(ctx, tx, func(r store.Row) (string, error) {
				var given, family string
				err := r.Scan(&given, &family)
				return given + " " + family, err
			}, `SELECT given, family FROM patient WHERE id = $1`, k.Patient); err != nil && !errors.Is(err, store.ErrNone) {
				return err
			}
		}
		return nil
	})
	return list, names, err
}

// Review opens one request beside the item it is about; this writes that the
// patient's record was opened.
func (s *Records) Review(ctx context.Context, d access.Desk, id ids.Correction) (k Correction, it Item, err error) {
	if err := d.Need(access.ReviewCorrections); err != nil {
		return k, it, err
	}
	if err := s.DB.View(ctx, func(tx *store.Tx) error {
		k, err = s.correction(ctx, tx, id)
		return err
	}); err != nil {
		return k, it, err
	}
	o, err := s.Gate.Open(ctx, d, access.ReviewCorrections, k.Patient)
	if err != nil {
		return k, it, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		it, err = open(ctx, tx, o, k.Item)
		return err
	})
	return k, it, err
}

func (s *Records) correction(ctx context.Context, tx *store.Tx, id ids.Correction) (Correction, error) {
	k, err := store.Get(ctx, tx, s.scan, `SELECT `+correctionColumns+` FROM correction WHERE id = $1`, id)
	if errors.Is(err, store.ErrNone) {
		err = fault.Missing()
	}
	return k, err
}

// Settle answers a request, and tells the patient that it did. The record itself is corrected where it comes from;
// a refusal must say why (45 CFR 164.526(d)(1)).
func (s *Records) Settle(ctx context.Context, d access.Desk, id ids.Correction, as State, answer string) error {
	if err := d.Need(access.ReviewCorrections); err != nil {
		return err
	}
	answer = strings.TrimSpace(store.Clean(answer))
	var bad *fault.Fault
	if as != Corrected && as != Refused {
		bad = bad.And("as", "records.settle.choose")
	}
	if n := utf8.RuneCountInString(answer); n < 3 {
		bad = bad.And("answer", "records.settle.empty")
	} else if n > maxWanted {
		bad = bad.And("answer", "records.correct.long", maxWanted)
	}
	if err := bad.OrNil(); err != nil {
		return err
	}
	return s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		k, err := s.correction(ctx, tx, id)
		if err != nil {
			return audit.Entry{}, err
		}
		n, err := tx.Exec(ctx, `UPDATE correction SET state = $2, answer = $3, settled_at = $4, staff_id = $5 WHERE id = $1 AND state = 'asked'`,
			id, string(as), s.Keys.Seal(sealAnswer, string(id), []byte(answer)), store.Time(tx.Now), d.Staff())
		if err == nil && n == 0 {
			err = fault.Lost("records.settle.done")
		}
		if err == nil && s.Teller != nil {
			err = s.Teller.RequestAnswered(ctx, tx, k.Patient, "correction:"+string(id))
		}
		return d.Did(audit.CorrectionSettled, string(k.Item)).On(string(k.Patient)).With(string(as)), err
	})
}
