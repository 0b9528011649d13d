package store

import (
	"context"
	"fmt"
)

// The time of visits is kept by the database itself: each change of a visit
// rewrites its rows in appointment_cell, whose primary key lets one clinician,
// one room and one patient be in one place at a time. What runs over an hour
// taken by another is refused, whoever writes and however.
//
// A visit takes time from the moment it is held until it is cancelled, let go
// or not kept.
const taking = `'held', 'booked', 'checked_in', 'arrived', 'fulfilled'`

// takeCells are the statements of the trigger.
const takeCells = `
	INSERT INTO appointment_cell (resource, cell, appointment_id) SELECT NEW.clinician_id, NEW.busy_first + n, NEW.id FROM tick WHERE n < NEW.busy_end - NEW.busy_first AND NEW.state IN (` + taking + `);
	INSERT INTO appointment_cell (resource, cell, appointment_id) SELECT NEW.room_id, NEW.busy_first + n, NEW.id FROM tick WHERE n < NEW.busy_end - NEW.busy_first AND NEW.room_id <> '' AND NEW.state IN (` + taking + `);
	INSERT INTO appointment_cell (resource, cell, appointment_id) SELECT NEW.patient_id, NEW.first_cell + n, NEW.id FROM tick WHERE n < NEW.end_cell - NEW.first_cell AND NEW.state IN (` + taking + `);`

// keepClear refuses a visit that begins to take time which another system has
// given away: it writes the row of that once more, which its key forbids, so that
// the error is the same as for a time taken here. A visit that was there first
// stays and can go on.
const keepClear = `
	INSERT INTO visit_elsewhere SELECT * FROM visit_elsewhere WHERE blocks AND clinician_id = NEW.clinician_id AND first_cell < NEW.busy_end AND end_cell > NEW.busy_first AND NEW.state IN (` + taking + `)`

const wasThere = ` AND NOT (OLD.state IN (` + taking + `) AND OLD.clinician_id = NEW.clinician_id AND OLD.busy_first = NEW.busy_first AND OLD.busy_end = NEW.busy_end)`

// guardTime makes the triggers in the caller's transaction.
func (tx *Tx) guardTime(ctx context.Context) error {
	const take = `DELETE FROM appointment_cell WHERE appointment_id = NEW.id;` + takeCells
	for _, g := range []struct{ name, what, function, body string }{
		{"appointment_takes_time_insert", "insert", "appointment_takes_time", take},
		{"appointment_takes_time_update", "update", "appointment_takes_time", take},
		{"appointment_keeps_clear_insert", "insert", "appointment_keeps_clear", keepClear + `;`},
		{"appointment_keeps_clear_update", "update", "appointment_keeps_clear_moved", keepClear + wasThere + `;`},
	} {
		look := `SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND name = $1`
		if tx.engine == Postgres {
			look = `SELECT COUNT(*) FROM pg_trigger WHERE tgname = $1 AND tgrelid = to_regclass('appointment')`
		}
		n, err := Get(ctx, tx, One[int], look, g.name)
		if err != nil || n > 0 {
			if err != nil {
				return fmt.Errorf("guard appointment: %w", err)
			}
			continue
		}
		if tx.engine == Postgres {
			if _, err := tx.Exec(ctx, `
				CREATE OR REPLACE FUNCTION `+g.function+`() RETURNS trigger LANGUAGE plpgsql AS
				$$ BEGIN `+g.body+` RETURN NULL; END $$`); err != nil {
				return fmt.Errorf("guard appointment: %w", err)
			}
		}
		if _, err := tx.Exec(ctx, timeTrigger(tx.engine, g.name, g.what, g.function, g.body)); err != nil {
			return fmt.Errorf("guard appointment: %w", err)
		}
	}
	return nil
}

func timeTrigger(e Engine, name, what, function, body string) string {
	if what == "update" {
		what += ` OF state, patient_id, clinician_id, room_id, first_cell, end_cell, busy_first, busy_end`
	}
	head := `CREATE TRIGGER ` + name + ` AFTER ` + what + ` ON appointment`
	if e == Postgres {
		return head + ` FOR EACH ROW EXECUTE FUNCTION ` + function + `()`
	}
	return head + ` BEGIN ` + body + ` END`
}
