package recovery

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/store"
)

// Rules for the desk: security rules A11 and A3.2.
const (
	// lockAge: nothing is started so soon after a contact was changed.
	lockAge = 7 * 24 * time.Hour
	// callAge is how long a number must be on file to be called.
	callAge = 30 * 24 * time.Hour
	// callGood is how long a call lets its caller start.
	callGood = time.Hour
	// againAge: who was helped so lately needs two people.
	againAge = 30 * 24 * time.Hour
	maxNote  = 500
)

// Outcomes and evidence of a call, and how somebody showed who they are.
var (
	Outcomes = []string{"reached", "no_answer", "wrong_person"}
	Evidence = []string{"number", "visit", "address", "document"}
	hows     = []string{"call", "visit"}
)

// Call is what became of a call to a number on file.
type Call struct {
	Contact  string // OnFile.ID
	Outcome  string
	Evidence string // "" unless reached
	Note     string
}

// Called is a call as it was written down.
type Called struct {
	Call
	Staff ids.Staff
	At    time.Time
}

// Obstacle is why staff cannot start now, "" if they can.
type Obstacle string

const (
	noAccount  Obstacle = "account"
	locked     Obstacle = "locked"  // "this was not me" waits for the desk
	newContact Obstacle = "contact" // a contact was changed within a week
	dead       Obstacle = "dead"
	already    Obstacle = "running"
)

// Help is a patient's way back in as the desk sees it.
type Help struct {
	Person Person
	Why    Obstacle
	Two    bool // a second person must agree
	Now    *Helped
	Past   []Helped
	Calls  []Called
}

// Helped is one way back in for the desk.
type Helped struct {
	ID      ID
	Patient ids.Patient
	Name    string // of the patient, in lists
	Kind    Kind
	State   State
	Staff   ids.Staff
	How     string
	Began   time.Time
	Until   time.Time
	Ended   time.Time
	EndedBy string
}

func (w way) forDesk() Helped {
	return Helped{ID: w.id, Patient: w.patient, Kind: w.kind, State: w.state, Staff: w.staff, How: w.how, Began: w.created, Until: w.until, Ended: w.ended, EndedBy: w.why}
}

// Help gathers what the desk sees of a patient who wants back in.
func (s *Recovery) Help(ctx context.Context, d access.Desk, p ids.Patient) (h Help, err error) {
	if err := d.Need(access.HelpRecover); err != nil {
		return h, err
	}
	err = s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		h = Help{}
		e := d.Did(audit.RecoverySeen, string(p)).On(string(p))
		if h.Person, err = s.People.Person(ctx, tx, p); err != nil {
			return e, err
		}
		if h.Calls, err = s.calls(ctx, tx, p); err != nil {
			return e, err
		}
		all, err := store.List(ctx, tx, s.scanWay, `SELECT `+wayColumns+` FROM recovery WHERE patient_id = $1 ORDER BY created_at DESC, id LIMIT 20`, p)
		if err != nil {
			return e, err
		}
		for _, w := range all {
			v := w.forDesk()
			if w.kind == ForAll && w.ended.IsZero() {
				h.Now = &v
			} else {
				h.Past = append(h.Past, v)
			}
		}
		h.Why, h.Two, err = s.obstacle(ctx, tx, h.Person)
		return e, err
	})
	return h, err
}

// obstacle tells why nothing can be started, and whether it takes two people.
func (s *Recovery) obstacle(ctx context.Context, tx *store.Tx, p Person) (Obstacle, bool, error) {
	if p.Dead || p.Gone {
		return dead, false, nil
	}
	l, err := s.Finder.Of(ctx, tx, p.ID)
	if fault.Is(err, fault.NotFound) {
		return noAccount, false, nil
	}
	if err != nil {
		return "", false, err
	}
	if !l.Active {
		return locked, false, nil
	}
	if _, err := s.running(ctx, tx, l.ID); !errors.Is(err, errGone) {
		return already, false, err
	}
	changed, err := s.Change.Changed(ctx, tx, l.ID, tx.Now.Add(-lockAge))
	if err != nil {
		return "", false, err
	}
	young := slices.ContainsFunc(p.OnFile, func(c OnFile) bool { return tx.Now.Sub(c.Since) < lockAge })
	if changed || young {
		return newContact, false, nil
	}
	n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM recovery WHERE account_id = $1 AND kind = 'all' AND created_at > $2`, l.ID, store.Time(tx.Now.Add(-againAge)))
	return "", p.Two || n > 0, err
}

const callPlace = "recovery_call.sealed"

func (s *Recovery) calls(ctx context.Context, tx *store.Tx, p ids.Patient) ([]Called, error) {
	return store.List(ctx, tx, func(r store.Row) (c Called, err error) {
		var id, sealed string
		var at store.Time
		if err := r.Scan(&id, &c.Staff, &c.Contact, &c.Outcome, &c.Evidence, &sealed, &at); err != nil {
			return c, err
		}
		c.At = at.Std()
		b, err := s.Keys.Open(callPlace, id, sealed)
		c.Note = string(b)
		return c, err
	}, `SELECT id, staff_id, contact_id, outcome, evidence, sealed, at FROM recovery_call WHERE patient_id = $1 ORDER BY at DESC, id LIMIT 20`, p)
}

// LogCall writes down a call. Only a number on file may be called, and not one
// that is new there: the one a caller gives may be anybody's.
func (s *Recovery) LogCall(ctx context.Context, d access.Desk, p ids.Patient, c Call) error {
	if err := d.Need(access.HelpRecover); err != nil {
		return err
	}
	switch {
	case !slices.Contains(Outcomes, c.Outcome):
		return fault.Bad("outcome", "enroll.call.outcome.missing")
	case c.Outcome == "reached" && !slices.Contains(Evidence, c.Evidence):
		return fault.Bad("evidence", "enroll.call.evidence.missing")
	case len(c.Note) > maxNote:
		return fault.Bad("note", "enroll.long", maxNote)
	}
	if c.Outcome != "reached" {
		c.Evidence = ""
	}
	return s.DB.Change(ctx, d.Did(audit.RecoveryCalled, string(p)).On(string(p)).With(c.Outcome), func(tx *store.Tx) error {
		who, err := s.People.Person(ctx, tx, p)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(who.OnFile, func(k OnFile) bool { return k.ID == c.Contact && k.Kind != "email" })
		if i < 0 {
			return fault.Bad("contact", "enroll.call.contact")
		}
		if tx.Now.Sub(who.OnFile[i].Since) < callAge {
			return fault.Bad("contact", "enroll.call.young")
		}
		id := ids.New[string]("rcc")
		_, err = tx.Exec(ctx, `INSERT INTO recovery_call (id, patient_id, staff_id, contact_id, outcome, evidence, sealed, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			id, p, d.Staff(), c.Contact, c.Outcome, c.Evidence, s.Keys.Seal(callPlace, id, []byte(c.Note)), store.Time(tx.Now))
		return err
	})
}

// refusals say in words why nothing can be started.
var refusals = map[Obstacle]string{noAccount: "recovery.desk.account", locked: "recovery.desk.locked", newContact: "recovery.desk.contact", dead: "recovery.desk.dead", already: "recovery.desk.running"}

// Start lets an activation code lead a patient back into their account, once they
// have shown who they are: how is "call" or "visit". Where two people are needed,
// the first one's start waits. Every contact is told, with a link that stops it.
func (s *Recovery) Start(ctx context.Context, d access.Desk, p ids.Patient, how string) error {
	if err := d.Need(access.HelpRecover); err != nil {
		return err
	}
	if !slices.Contains(hows, how) {
		return fault.Bad("how", "recovery.desk.how.missing")
	}
	err := s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		who, err := s.People.Person(ctx, tx, p)
		if err != nil {
			return audit.Entry{}, err
		}
		why, two, err := s.obstacle(ctx, tx, who)
		if err == nil && why != "" {
			err = fault.Lost(refusals[why])
		}
		if err == nil && how == "call" {
			err = s.reached(ctx, tx, d, p)
		}
		if err != nil {
			return audit.Entry{}, err
		}
		l, err := s.Finder.Of(ctx, tx, p)
		if err != nil {
			return audit.Entry{}, err
		}
		w := way{id: ids.New[ID]("rcv"), account: l.ID, patient: l.Person, kind: ForAll, state: Granted, staff: d.Staff(), how: how, expires: tx.Now.Add(GrantLife)}
		e := d.Did(audit.RecoveryStarted, string(w.id)).On(string(l.Person)).With(how)
		if two {
			w.state = First
			return e.With("first"), s.begin(ctx, tx, w, "")
		}
		if err := s.begin(ctx, tx, w, ""); err != nil {
			return e, err
		}
		return e, s.granted(ctx, tx, l, w)
	})
	if store.IsUnique(err) { // a colleague was faster
		err = fault.Lost(refusals[already])
	}
	return err
}

// granted tells the patient that staff help somebody back in.
func (s *Recovery) granted(ctx context.Context, tx *store.Tx, l Login, w way) error {
	if err := s.Change.Happened(ctx, tx, l.ID, notify.RecoveryGranted, false); err != nil {
		return err
	}
	return s.tellStop(ctx, tx, l, w, func(stop, notMe notify.Path) notify.Notice {
		return notify.RecoveryStarted{At: tx.Now, Stop: stop, NotMe: notMe}
	})
}

// reached demands that this person spoke to the patient within the last hour.
func (s *Recovery) reached(ctx context.Context, tx *store.Tx, d access.Desk, p ids.Patient) error {
	n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM recovery_call WHERE patient_id = $1 AND staff_id = $2 AND outcome = 'reached' AND at > $3`,
		p, d.Staff(), store.Time(tx.Now.Add(-callGood)))
	if err == nil && n == 0 {
		return fault.Bad("how", "recovery.desk.call.missing")
	}
	return err
}

// Agree is the second person's yes. It must be somebody else (ASVS 2.3.5).
func (s *Recovery) Agree(ctx context.Context, d access.Desk, p ids.Patient) error {
	if err := d.Need(access.HelpRecover); err != nil {
		return err
	}
	return s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		w, err := s.ofPatient(ctx, tx, p)
		e := d.Did(audit.RecoveryStarted, string(w.id)).On(string(p)).With("second")
		switch {
		case err != nil:
			return e, err
		case w.state != First:
			return e, fault.Lost("recovery.desk.settled")
		case w.staff == d.Staff():
			return e, fault.Lost("enroll.second.same")
		}
		l, err := s.Finder.Login(ctx, tx, w.account)
		if err == nil && !l.Active {
			err = fault.Lost(refusals[locked])
		}
		if err != nil {
			return e, err
		}
		n, err := tx.Exec(ctx, `UPDATE recovery SET state = 'granted', second_id = $2, version = version + 1 WHERE id = $1 AND state = 'first' AND version = $3`, w.id, d.Staff(), w.version)
		if err == nil && n != 1 {
			err = fault.Lost("recovery.desk.settled")
		}
		if err != nil {
			return e, err
		}
		return e, s.granted(ctx, tx, l, w)
	})
}

// ofPatient gives the way by which a patient's everything is being replaced.
func (s *Recovery) ofPatient(ctx context.Context, tx *store.Tx, p ids.Patient) (way, error) {
	w, err := store.Get(ctx, tx, s.scanWay, `SELECT `+wayColumns+` FROM recovery WHERE patient_id = $1 AND `+live, p)
	if errors.Is(err, store.ErrNone) {
		err = fault.Lost("recovery.desk.settled")
	}
	return w, err
}

// Halt is the desk's stop.
func (s *Recovery) Halt(ctx context.Context, d access.Desk, p ids.Patient) error {
	if err := d.Need(access.HelpRecover); err != nil {
		return err
	}
	return s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		w, err := s.ofPatient(ctx, tx, p)
		if err == nil {
			_, err = s.stop(ctx, tx, w.id, "desk")
		}
		if errors.Is(err, errGone) {
			err = fault.Lost("recovery.desk.settled")
		}
		return d.Did(audit.RecoveryStopped, string(w.id)).On(string(p)).With("desk"), err
	})
}

// Everybody lists whose everything is being replaced, oldest first.
func (s *Recovery) Everybody(ctx context.Context, d access.Desk) (out []Helped, err error) {
	if err := d.Need(access.HelpRecover); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		all, err := store.List(ctx, tx, s.scanWay, `SELECT `+wayColumns+` FROM recovery WHERE `+live+` ORDER BY created_at, id LIMIT 200`)
		out = nil
		for _, w := range all {
			out = append(out, w.forDesk())
		}
		if err != nil || len(out) == 0 {
			return err
		}
		return named(ctx, tx, out)
	})
	return out, err
}

// named puts the patients' names beside them; the patient index shares the table.
func named(ctx context.Context, tx *store.Tx, all []Helped) error {
	args := make([]any, len(all))
	for i, w := range all {
		args[i] = w.Patient
	}
	names := map[ids.Patient]string{}
	_, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
		var id ids.Patient
		var given, family string
		err := r.Scan(&id, &given, &family)
		names[id] = strings.TrimSpace(given + " " + family)
		return struct{}{}, err
	}, `SELECT id, given, family FROM patient WHERE id IN (`+store.In(1, len(args))+`)`, args...)
	for i := range all {
		all[i].Name = names[all[i].Patient]
	}
	return err
}
