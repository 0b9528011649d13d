package store

import (
	"context"
	"fmt"
)

// The audit log's tables only ever grow: the database itself refuses to change
// or delete a line (45 CFR 170.315(d)(2)). Someone with the rights of the
// database's owner can drop the triggers; what they then alter, the sealed log
// shows. The same holds for published terms and who accepted them: people must be
// able to read what they agreed to, and the clinic to prove it.
var grown = []string{"audit_entry", "audit_leaf", "audit_hash", "audit_checkpoint", "terms_document", "terms_acceptance", "terms_draft_text"}

// guard makes the triggers that keep these tables from being rewritten. The
// two databases write triggers differently, hence not in the migrations.
func (db *DB) guard(ctx context.Context) error {
	return db.commit(ctx, func(ctx context.Context, tx *Tx) error {
		if db.engine == Postgres {
			// Two servers that start at once must not both define the function.
			if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('portico guard'))`); err != nil {
				return fmt.Errorf("guard: %w", err)
			}
			if _, err := tx.Exec(ctx, `
				CREATE OR REPLACE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS
				$$ BEGIN RAISE EXCEPTION 'this table only grows'; END $$`); err != nil {
				return fmt.Errorf("guard: %w", err)
			}
		}
		for _, table := range grown {
			for _, what := range []string{"update", "delete"} {
				if err := tx.makeTrigger(ctx, table, what); err != nil {
					return fmt.Errorf("guard %s: %w", table, err)
				}
			}
		}
		return tx.guardTime(ctx)
	})
}

// makeTrigger makes a trigger unless it is there: replacing it would lock the
// log against a server that is working.
func (tx *Tx) makeTrigger(ctx context.Context, table, what string) error {
	look := `SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND name = $1`
	if tx.engine == Postgres {
		look = `SELECT COUNT(*) FROM pg_trigger WHERE tgname = $1 AND tgrelid = to_regclass('` + table + `')`
	}
	n, err := Get(ctx, tx, One[int], look, table+"_no_"+what)
	if err != nil || n > 0 {
		return err
	}
	_, err = tx.Exec(ctx, trigger(tx.engine, table, what))
	return err
}

func trigger(e Engine, table, what string) string {
	head := `CREATE TRIGGER ` + table + `_no_` + what + ` BEFORE ` + what + ` ON ` + table
	if e == Postgres {
		return head + ` FOR EACH ROW EXECUTE FUNCTION audit_only_grows()`
	}
	return head + ` BEGIN SELECT RAISE(ABORT, 'this table only grows'); END`
}
