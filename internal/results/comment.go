package results

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/secret"
	"portico/internal/store"
)

// MostComment is how long a comment may be, in characters.
const MostComment = 4000

// commentPlace names the sealed column for the keyring.
const commentPlace = "result_comment.sealed"

// StaffComment is a comment as the desk sees it.
type StaffComment struct {
	ID       ids.Comment
	Version  int64
	Comment  Comment
	Mine     bool // of the staff user who looks
	Earlier  []Comment
	resource ids.Resource
}

// Written are comments as patients read them: the newest version of each, about
// results that the reader may see.
type Written struct{ Keys *secret.Keyring }

// About gives what clinicians wrote about results of the reader's patient, in
// the order it was first written. A reading that is not whole gets no comment on
// what is not released.
func (w Written) About(ctx context.Context, tx *store.Tx, who access.Reading, of ...ids.Resource) ([]Comment, error) {
	if len(of) == 0 {
		return nil, nil
	}
	of = of[:min(len(of), mostLines)]
	args := []any{string(who.Patient()), store.Time(tx.Now), who.Whole()}
	for _, id := range of {
		args = append(args, string(id))
	}
	rows, err := store.List(ctx, tx, scanComment, commentSelect+`
		JOIN record_row r ON r.resource_id = c.resource_id
		WHERE r.patient_id || '' = $1 AND ($3 OR (r.release_at <= $2 AND NOT r.gone)) AND c.replaced_at IS NULL
			AND c.resource_id IN (`+store.In(4, len(of))+`) ORDER BY c.at, c.id`, args...)
	if err != nil {
		return nil, err
	}
	var out []Comment
	for _, r := range rows {
		c, err := r.open(w.Keys)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

const commentSelect = `SELECT c.id, c.version, c.resource_id, c.staff_id, COALESCE(s.name, ''), c.sealed, c.at FROM result_comment c LEFT JOIN staff s ON s.id = c.staff_id `

// sealedAs binds a sealed text to its comment and version.
func sealedAs(id ids.Comment, version int64) string {
	return string(id) + "/" + strconv.FormatInt(version, 10)
}

type commentRow struct {
	id       ids.Comment
	version  int64
	resource ids.Resource
	staff    ids.Staff
	by       string
	sealed   string
	at       time.Time
}

func scanComment(in store.Row) (commentRow, error) {
	var c commentRow
	var at store.Time
	err := in.Scan(&c.id, &c.version, &c.resource, &c.staff, &c.by, &c.sealed, &at)
	c.at = at.Std()
	return c, err
}

func (c commentRow) open(k *secret.Keyring) (Comment, error) {
	text, err := k.Open(commentPlace, sealedAs(c.id, c.version), c.sealed)
	return Comment{By: c.by, Text: string(text), At: c.at}, err
}

// commentsFor reads all versions of the comments on a result, oldest comment first.
func (s *Results) commentsFor(ctx context.Context, tx *store.Tx, o access.Opened, d access.Desk, id ids.Resource) ([]StaffComment, error) {
	rows, err := store.List(ctx, tx, scanComment, commentSelect+`
		JOIN record_row r ON r.resource_id = c.resource_id WHERE r.patient_id = $1 AND c.resource_id = $2 ORDER BY c.id, c.version DESC`, o.Patient(), id)
	if err != nil {
		return nil, err
	}
	var out []StaffComment
	for _, r := range rows {
		c, err := r.open(s.Keys)
		if err != nil {
			return nil, err
		}
		if n := len(out); n > 0 && out[n-1].ID == r.id {
			out[n-1].Earlier = append(out[n-1].Earlier, c)
			continue
		}
		out = append(out, StaffComment{ID: r.id, Version: r.version, Comment: c, Mine: r.staff == d.Staff(), resource: r.resource})
	}
	return out, nil
}

// Draft is a comment to be kept.
type Draft struct {
	On      ids.Resource
	Text    string
	ID      ids.Comment // of a comment that is changed, "" for a new one
	Version int64       // of the comment that is changed, as it was read
	Release bool        // show the result at once
	Seen    string      // Case.Seen, for Release
}

// Comment keeps what a clinician writes to the patient about a result, or a new
// version of it, and releases the result in the same transaction if the draft
// says so. Only who wrote a comment changes it. A comment or a release that
// somebody changed meanwhile is a Conflict.
func (s *Results) Comment(ctx context.Context, d access.Desk, c Draft) error {
	o, err := s.forDesk(ctx, d, c.On)
	if err != nil {
		return err
	}
	c.Text = strings.TrimSpace(store.Clean(strings.ReplaceAll(c.Text, "\r\n", "\n")))
	switch {
	case c.Text == "":
		return fault.Bad("text", "results.desk.comment.empty")
	case utf8.RuneCountInString(c.Text) > MostComment:
		return fault.Bad("text", "results.desk.comment.long", MostComment)
	}
	id := c.ID
	if id == "" {
		id = ids.NewComment()
	}
	err = s.DB.Change(ctx, o.Did(audit.ResultCommented, string(c.On)).With(commentDetail(c)), func(tx *store.Tx) error {
		if err := s.keep(ctx, tx, o, d, c, id); err != nil || !c.Release {
			return err
		}
		tx.Log(o.Did(audit.ResultReleased, string(c.On)).With("with_comment"))
		return s.release(ctx, tx, o, d, Opening{On: c.On, Seen: c.Seen})
	})
	return lost(err)
}

func commentDetail(c Draft) string {
	if c.ID != "" {
		return "changed"
	}
	return "new"
}

// keep writes the version. The primary key and the conditional update settle a
// race between two edits.
func (s *Results) keep(ctx context.Context, tx *store.Tx, o access.Opened, d access.Desk, c Draft, id ids.Comment) error {
	version := int64(1)
	if c.ID != "" {
		version = c.Version + 1
		whose, err := store.Get(ctx, tx, store.One[ids.Staff], `SELECT staff_id FROM result_comment WHERE id = $1 AND version = 1 AND resource_id = $2`, c.ID, c.On)
		if errors.Is(err, store.ErrNone) || err == nil && whose != d.Staff() {
			return fault.Missing()
		}
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE result_comment SET replaced_at = $3 WHERE id = $1 AND version = $2 AND replaced_at IS NULL`, c.ID, c.Version, store.Time(tx.Now))
		if err != nil {
			return err
		}
		if n == 0 {
			return record.ErrMoved
		}
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO result_comment (id, version, resource_id, patient_id, staff_id, sealed, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id, version, c.On, o.Patient(), d.Staff(), s.Keys.Seal(commentPlace, sealedAs(id, version), []byte(c.Text)), store.Time(tx.Now))
	return err
}

// lost makes a race that was lost into a sentence.
func lost(err error) error {
	if errors.Is(err, record.ErrMoved) || store.IsUnique(err) {
		return fault.Lost("results.desk.moved")
	}
	return err
}
