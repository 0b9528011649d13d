package trail

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"portico/internal/access"
	"portico/internal/jobs"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/store"
)

const (
	// sealEvery is how long a line may wait to be sealed.
	sealEvery = 60 * time.Second
	// sealAt is how many waiting lines are sealed without waiting longer, and how
	// many come under one signed head at most.
	sealAt = 1000
	// look is how often the job looks whether either is reached.
	look = 10 * time.Second
)

// SealJob looks every ten seconds whether something must be sealed.
var SealJob = jobs.Kind[struct{}]{Name: "audit.seal", Every: look}

// Trail is the room.
type Trail struct {
	DB   *store.DB
	Keys *secret.Keyring
	// File is where signed heads are appended, outside the database.
	File string
	// Numbers finds a patient by number for the auditor's search; may be nil.
	Numbers Numbers
	// Shares names whom links were made for; may be nil.
	Shares Recipients
	// Clinic gives the patient's pages and the nightly check their zone; nil for
	// UTC.
	Clinic page.Profile
	// Outbox sends the alarm about a broken log; nil sends none.
	Outbox *notify.Outbox
}

// Jobs registers the jobs that seal and check.
func (t *Trail) Jobs(r *jobs.Runner) {
	jobs.Handle(r, SealJob, t.sealIfDue)
	jobs.Handle(r, CheckJob, t.checkIfDue)
}

func (t *Trail) sealIfDue(ctx context.Context, d access.Duty, _ struct{}) error {
	due := false
	err := t.DB.View(ctx, func(tx *store.Tx) (err error) {
		due, err = isDue(ctx, tx)
		return err
	})
	if err == nil && due {
		_, err = t.Seal(ctx, d)
	}
	return err
}

// isDue tells whether a line has waited a minute or a thousand lines wait.
func isDue(ctx context.Context, tx *store.Tx) (bool, error) {
	oldest, err := store.Get(ctx, tx, store.One[store.Time], `SELECT MIN(at) FROM audit_pending`)
	if err != nil || oldest.Std().IsZero() {
		return false, err
	}
	if !tx.Now.Before(oldest.Std().Add(sealEvery)) {
		return true, nil
	}
	n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM (SELECT 1 FROM audit_pending LIMIT $1) AS few`, sealAt)
	return n >= sealAt, err
}

// ErrBroken means that the stored tree does not fit its newest signed head.
// Nothing is sealed on top of it: that would sign the alteration.
var ErrBroken = errors.New("the audit log does not fit its signed heads; run portico audit verify")

// raceTries is how many races with other servers one sealing may lose; each
// loss means that somebody else's lines were sealed.
const raceTries = 40

// errRace means that another server sealed meanwhile.
var errRace = errors.New("another server is sealing")

// Seal seals every line that waits, and makes sure that the file outside the
// database has the newest head. It gives the number of lines sealed.
func (t *Trail) Seal(ctx context.Context, d access.Duty) (int, error) {
	s, err := newSigner(t.Keys)
	if err != nil {
		return 0, err
	}
	total := 0
	for tries := 0; ; {
		n, err := t.sealSome(ctx, s)
		if errors.Is(err, errRace) && tries < raceTries {
			tries++
			// Whoever lost steps back a little longer each time, so that of several
			// servers each gets its turn.
			select {
			case <-time.After(time.Duration(rand.IntN(tries*4)+1) * time.Millisecond):
			case <-ctx.Done():
				return total, ctx.Err()
			}
			continue
		}
		if err != nil {
			return total, fmt.Errorf("%s: seal: %w", d.Name(), err)
		}
		if total += n; n < sealAt {
			return total, nil
		}
	}
}

// batch is what one signed head will cover: read and hashed beside the writer,
// so that only inserts run on it.
type batch struct {
	frontier frontier
	lines    []line
	note     string // the newest checkpoint in the database, "" if none
}

func (t *Trail) sealSome(ctx context.Context, s *signer) (int, error) {
	b, err := t.gather(ctx, s)
	if err != nil {
		return 0, err
	}
	if len(b.lines) == 0 {
		return 0, t.catchUp(s, b)
	}
	first := b.frontier.size
	leaves := make([]leafRow, len(b.lines))
	var nodes []node
	for i, l := range b.lines {
		leaves[i] = leafRow{first + int64(i), l.id, l.hash()}
		nodes = b.frontier.add(leaves[i].hash, nodes)
	}
	h := head{size: b.frontier.size, root: b.frontier.root(), at: t.DB.Now()}
	signed, err := s.write(h)
	if err != nil {
		return 0, err
	}
	err = t.DB.Housekeep(ctx, "trail", func(tx *store.Tx) error { return commit(ctx, tx, leaves, nodes, h, signed) })
	if store.IsUnique(err) {
		return 0, errRace
	}
	if err != nil {
		return 0, err
	}
	// Only after the commit: a head on file without its lines would look like a
	// cut-off tail. A crash between the two is made good by the next catchUp.
	return len(leaves), appendHead(t.File, signed)
}

func commit(ctx context.Context, tx *store.Tx, leaves []leafRow, nodes []node, h head, signed string) error {
	if err := insertLeaves(ctx, tx, leaves); err != nil {
		return err
	}
	if err := insertNodes(ctx, tx, nodes); err != nil {
		return err
	}
	if err := insertHead(ctx, tx, h, signed); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `DELETE FROM audit_pending WHERE entry_id IN (SELECT entry_id FROM audit_leaf WHERE leaf >= $1)`, leaves[0].leaf)
	if err == nil && n != int64(len(leaves)) {
		err = errRace
	}
	return err
}

// gather reads what is to be sealed and makes sure that it would be sealed on
// top of a tree that fits the newest signed heads, in the database and on file.
func (t *Trail) gather(ctx context.Context, s *signer) (batch, error) {
	var b batch
	onFile, ok, err := s.newestHead(t.File)
	if err != nil {
		return b, err
	}
	err = t.DB.View(ctx, func(tx *store.Tx) error {
		b = batch{}
		n, err := sealedSize(ctx, tx)
		if err != nil {
			return err
		}
		if b.frontier, err = readFrontier(ctx, tx, n); err != nil {
			return errors.Join(ErrBroken, err)
		}
		if b.note, err = newestNote(ctx, tx); err != nil {
			return err
		}
		if err := fits(ctx, tx, s, b, onFile, ok); err != nil {
			// On PostgreSQL each statement sees what was committed before it, so
			// another server's seal may have come between two of ours.
			if now, nerr := sealedSize(ctx, tx); nerr == nil && now != n {
				return errRace
			}
			return err
		}
		b.lines, err = waiting(ctx, tx, sealAt)
		return err
	})
	return b, err
}

// fits tells whether the stored tree is the one that was last signed.

func fits(ctx context.Context, tx *store.Tx, s *signer, b batch, onFile head, hasFile bool) error {
	if b.note == "" {
		if b.frontier.size != 0 || hasFile {
			return ErrBroken
		}
		return nil
	}
	h, err := s.learn(b.note)
	if err != nil || h.size != b.frontier.size || h.root != b.frontier.root() {
		return ErrBroken
	}
	if !hasFile {
		return nil
	}
	if onFile.size > b.frontier.size {
		// Another server's commit may lie between our look at the file and at the
		// database, never the other way round.
		return ErrBroken
	}
	f, err := readFrontier(ctx, tx, onFile.size)
	if err != nil || f.root() != onFile.root {
		return ErrBroken
	}
	return nil
}

// catchUp gives the file the database's newest head where it lacks it: after a
// crash between commit and file, and on a server that did not seal last.
func (t *Trail) catchUp(s *signer, b batch) error {
	if b.note == "" {
		return nil
	}
	onFile, ok, err := s.newestHead(t.File)
	if err != nil || (ok && onFile.size >= b.frontier.size) {
		return err
	}
	return appendHead(t.File, b.note)
}

// Restored tells the file of heads that the database was restored from a
// backup: heads beyond the restored log no longer bind, and the lines they
// covered are reported as lost from then on. Call it once, after a restore.
func (t *Trail) Restored(ctx context.Context, d access.Duty) error {
	s, err := newSigner(t.Keys)
	if err != nil {
		return err
	}
	var note string
	if err := t.DB.View(ctx, func(tx *store.Tx) (err error) {
		note, err = newestNote(ctx, tx)
		return err
	}); err != nil || note == "" {
		return err
	}
	h, err := s.learn(note)
	if err != nil {
		return fmt.Errorf("%s: the backup's audit log: %w", d.Name(), err)
	}
	h.restored, h.at = true, t.DB.Now()
	signed, err := s.write(h)
	if err != nil {
		return err
	}
	return appendHead(t.File, signed)
}
