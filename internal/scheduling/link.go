package scheduling

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/limit"
	"portico/internal/secret"
	"portico/internal/store"
)

// Answer is what a patient says about coming to a visit.
type Answer string

// Answers.
const (
	WillCome   Answer = "coming"
	CannotCome Answer = "cannot"
)

func (a Answer) valid() bool { return a == WillCome || a == CannotCome }

// linkRule bounds how often links are tried from one address. A token cannot be
// guessed; this keeps whoever tries off the database. A family behind one address
// does not come near it.
var linkRule = limit.Rule{Name: "visit.link", Max: 60, Per: 10 * time.Minute}

// Invite makes a link by which the patient answers without signing in, in the
// caller's transaction. It holds for the visit at this time and until it begins.
func (s *Scheduling) Invite(ctx context.Context, tx *store.Tx, id ids.Appointment, start time.Time) (path string, err error) {
	token := secret.Token()
	return "/v/" + token, keepLink(ctx, tx, token, id, start)
}

func keepLink(ctx context.Context, tx *store.Tx, token string, id ids.Appointment, start time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO visit_link (token_hash, appointment_id, starts_at, made_at) VALUES ($1, $2, $3, $4)`,
		secret.TokenHash(token), id, store.Time(start), store.Time(tx.Now))
	return err
}

// endLinks makes the links of a visit that was moved or cancelled worth nothing.
func endLinks(ctx context.Context, tx *store.Tx, id ids.Appointment) error {
	_, err := tx.Exec(ctx, `DELETE FROM visit_link WHERE appointment_id = $1`, id)
	return err
}

// Invited is what a link shows: when, and how it stands. Not who, with whom, where
// or why: an inbox is read over shoulders, and a phone is lent.
type Invited struct {
	Start  time.Time
	Answer Answer // "" for none yet
	Gone   bool   // cancelled by this link
	Late   bool   // too late to cancel: "I can't come" tells the desk
}

// invited finds the visit behind a link. Whatever is wrong with the link, it is
// Missing.
func (s *Scheduling) invited(ctx context.Context, tx *store.Tx, token string) (v Visit, in Invited, err error) {
	var start time.Time
	id, err := store.Get(ctx, tx, func(r store.Row) (id ids.Appointment, err error) {
		err = r.Scan(&id, (*store.Time)(&start))
		return id, err
	}, `
		SELECT l.appointment_id, l.starts_at FROM visit_link l JOIN appointment a ON a.id = l.appointment_id AND a.starts_at = l.starts_at
		WHERE l.token_hash = $1 AND l.starts_at > $2`, secret.TokenHash(token), store.Time(tx.Now))
	if errors.Is(err, store.ErrNone) {
		err = fault.Missing()
	}
	if err != nil {
		return v, in, err
	}
	if v, err = s.visitByID(ctx, tx, id); err != nil {
		return v, in, err
	}
	if !v.Start.Equal(start) { // moved between the two questions
		return v, in, fault.Missing()
	}
	t, err := typeByID(ctx, tx, v.Type)
	if err != nil {
		return v, in, err
	}
	if in.Answer, err = answerOf(ctx, tx, v); err != nil {
		return v, in, err
	}
	why := v.canChange(t, tx.Now)
	in.Start, in.Gone, in.Late = v.Start, v.State == Cancelled, why == WhyCutOff
	if why != "" && !in.Late && !in.Gone {
		err = fault.Missing()
	}
	return v, in, err
}

// answerOf is what the patient said of a visit at its present time.
func answerOf(ctx context.Context, tx *store.Tx, v Visit) (Answer, error) {
	a, err := store.Get(ctx, tx, store.One[Answer], `SELECT answer FROM visit_answer WHERE appointment_id = $1 AND starts_at = $2`, v.ID, store.Time(v.Start))
	if errors.Is(err, store.ErrNone) {
		return "", nil
	}
	return a, err
}

// answersOn are the answers about the visits of some days.
func answersOn(ctx context.Context, tx *store.Tx, from, until Day) (map[ids.Appointment]Answer, error) {
	out := map[ids.Appointment]Answer{}
	_, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
		var id ids.Appointment
		var a Answer
		err := r.Scan(&id, &a)
		out[id] = a
		return struct{}{}, err
	}, `SELECT a.id, n.answer FROM appointment a JOIN visit_answer n ON n.appointment_id = a.id AND n.starts_at = a.starts_at WHERE a.day >= $1 AND a.day <= $2`, string(from), string(until))
	return out, err
}

// Invitation opens a link. It changes nothing: mail programs open links by
// themselves.
func (s *Scheduling) Invitation(ctx context.Context, v access.Visitor, token string) (in Invited, err error) {
	if err := s.Limits.Check(ctx, linkRule, "scheduling.link.slow", v.Source().Narrow()); err != nil {
		return in, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		_, in, err = s.invited(ctx, tx, token)
		return err
	})
	return in, err
}

// errSaid ends a transaction in which there is nothing to do: it was said before.
var errSaid = errors.New("said before")

// byLink stands in a visit's history where a link was used.
const byLink = "link"

// Reply takes the answer of whoever holds a link. Sent again it does nothing; a link
// of which the visit was cancelled says so until the visit would have begun, and can
// do no more.
func (s *Scheduling) Reply(ctx context.Context, v access.Visitor, token string, a Answer) error {
	if !a.valid() {
		return fault.Missing()
	}
	if err := s.Limits.Check(ctx, linkRule, "scheduling.link.slow", v.Source().Narrow()); err != nil {
		return err
	}
	err := s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		visit, in, err := s.invited(ctx, tx, token)
		if err != nil {
			return audit.Entry{}, err
		}
		if in.Gone {
			return audit.Entry{}, errSaid
		}
		visit, err = s.answer(ctx, tx, visit, a, byLink)
		if err == nil && visit.State == Cancelled {
			err = keepLink(ctx, tx, token, visit.ID, visit.Start)
		}
		act, code := visit.answered(a)
		return v.Did(act, string(visit.ID)).On(string(visit.Patient)).With(code), err
	})
	return said(err)
}

func said(err error) error {
	if errors.Is(err, errSaid) {
		return nil
	}
	return err
}

// AnswerMine takes the answer of a patient who is signed in.
func (s *Scheduling) AnswerMine(ctx context.Context, c access.Chart, id ids.Appointment, a Answer) error {
	if err := c.Need(access.BookVisits); err != nil {
		return err
	}
	return said(s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		v, err := s.visitOf(ctx, tx, c.Patient(), id)
		if err == nil && !a.valid() {
			err = fault.Bad("answer", "scheduling.choose")
		}
		if err != nil {
			return audit.Entry{}, err
		}
		v, err = s.answer(ctx, tx, v, a, string(c.Account()))
		act, code := v.answered(a)
		return c.Did(act, string(id)).With(code), err
	}))
}

// answered is what the audit log says of an answer: one that gave the time back is a
// cancellation like any other.
func (v Visit) answered(a Answer) (audit.Action, string) {
	if v.State == Cancelled {
		return audit.VisitCancelled, "answer"
	}
	return audit.VisitAnswered, string(a)
}

// answer keeps what was said of a visit. Who cannot come gives the time back while
// that is allowed; after the cut-off the visit stands until the desk has spoken with
// them. It gives the visit as it is then.
func (s *Scheduling) answer(ctx context.Context, tx *store.Tx, v Visit, a Answer, actor string) (Visit, error) {
	if err := alone(ctx, tx, v.Patient, v.ID); err != nil {
		return v, err
	}
	was := v.Start
	v, err := s.visitOf(ctx, tx, v.Patient, v.ID) // as it stands now that nobody else can change it
	if err != nil {
		return v, err
	}
	if !v.Start.Equal(was) {
		return v, fault.Lost("scheduling.moved_on")
	}
	t, err := typeByID(ctx, tx, v.Type)
	if err != nil {
		return v, err
	}
	why := v.canChange(t, tx.Now)
	switch {
	case why != "" && why != WhyCutOff:
		return v, refuse(why)
	case a == CannotCome && why == "":
		if err := s.cancel(ctx, tx, v, byPatient, actor, ""); err != nil {
			return v, err
		}
		v.State = Cancelled
		return v, nil
	}
	now, err := answerOf(ctx, tx, v)
	if err == nil && now == a {
		err = errSaid
	}
	if err != nil {
		return v, err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO visit_answer (appointment_id, starts_at, answer, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (appointment_id, starts_at) DO UPDATE SET answer = excluded.answer, at = excluded.at`, v.ID, store.Time(v.Start), string(a), store.Time(tx.Now)); err != nil {
		return v, err
	}
	return v, event(ctx, tx, v.ID, string(a), actor, v.Start, v.Clinician)
}

// cannotStand are visits, still to be, whose patients say that they cannot come.
const cannotStand = ` FROM visit_answer n JOIN appointment a ON a.id = n.appointment_id AND a.starts_at = n.starts_at
	WHERE n.answer = 'cannot' AND a.state IN ('booked', 'checked_in') AND n.starts_at > `

// cannotCount is the query of how many they are.
func cannotCount(a *store.Args, now time.Time) string {
	return `SELECT COUNT(*)` + cannotStand + a.Time(now)
}

// cannot lists the visits, still to be, whose patients say that they cannot come:
// too late to cancel by themselves, so that the desk decides.
func (s *Scheduling) cannot(ctx context.Context, tx *store.Tx) ([]Visit, error) {
	return store.List(ctx, tx, s.scanVisit, `SELECT `+bareColumns+cannotStand+`$1 ORDER BY a.starts_at, a.id LIMIT 100`, store.Time(tx.Now))
}

// SweepLinks forgets links to visits that have begun.
func (s *Scheduling) SweepLinks(ctx context.Context, _ access.Duty) error {
	return s.DB.Housekeep(ctx, "scheduling", func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM visit_link WHERE starts_at <= $1`, store.Time(tx.Now))
		return err
	})
}
