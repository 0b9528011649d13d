package checkin

import (
	"context"
	"errors"
	"slices"
	"strings"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/store"

	_ "embed" // the PHQ-9
)

// PHQ9 is the depression questionnaire PHQ-9 in English and Spanish. Pfizer lets
// everybody use it without asking.
//
//go:embed phq9.json
var PHQ9 []byte

// Kinds of what a kind of visit asks for.
const (
	needForm    = "form"
	needConsent = "consent"
)

// Need is what a kind of visit asks its patients for before it.
type Need struct {
	Kind  string
	ID    string
	Title Words
}

// part is the step in which it is done.
func (n Need) part() string { return n.Kind + ":" + n.ID }

// needs reads what kinds of visit ask for, of one kind or with "" of all:
// questionnaires first, by name.
func needs(ctx context.Context, tx *store.Tx, kind ids.VisitType) (map[ids.VisitType][]Need, error) {
	out := map[ids.VisitType][]Need{}
	_, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
		var of ids.VisitType
		n, err := scanNeed(r, &of)
		out[of] = append(out[of], n)
		return struct{}{}, err
	}, `
		SELECT n.type_id, n.kind, n.item_id, COALESCE(f.title_en, c.title_en), COALESCE(f.title_es, c.title_es)
		FROM checkin_need n LEFT JOIN checkin_form f ON f.id = n.item_id LEFT JOIN checkin_consent c ON c.id = n.item_id
		WHERE ($1 = '' OR n.type_id = $1) AND (f.active OR c.active) ORDER BY n.kind DESC, 4, n.item_id`, kind)
	return out, err
}

// offered are all questionnaires and consents that kinds of visit can ask for.
func offered(ctx context.Context, tx *store.Tx) ([]Need, error) {
	return store.List(ctx, tx, func(r store.Row) (Need, error) { return scanNeed(r) }, `
		SELECT 'form', id, title_en, title_es FROM checkin_form WHERE active
		UNION ALL SELECT 'consent', id, title_en, title_es FROM checkin_consent WHERE active ORDER BY 1 DESC, 3, 2`)
}

// scanNeed reads a Need behind other columns.
func scanNeed(r store.Row, before ...any) (n Need, err error) {
	var en, es string
	err = r.Scan(append(before, &n.Kind, &n.ID, &en, &es)...)
	n.Title = Words{lang.En: en, lang.Es: es}
	return n, err
}

// formByID reads a questionnaire, also one that another has replaced.
func formByID(ctx context.Context, tx *store.Tx, id ids.Form) (Form, error) {
	body, err := store.Get(ctx, tx, store.One[string], `SELECT body FROM checkin_form WHERE id = $1`, id)
	if errors.Is(err, store.ErrNone) {
		return Form{}, fault.Missing()
	}
	if err != nil {
		return Form{}, err
	}
	f, err := ReadForm([]byte(body))
	f.ID = id
	return f, err
}

// Setup is what kinds of visit ask for and can ask for.
type Setup struct {
	Offered []Need
	Kinds   []Kind
	Needs   map[ids.VisitType][]Need
}

// Setup gives what kinds of visit ask for.
func (s *CheckIns) Setup(ctx context.Context, d access.Desk) (u Setup, err error) {
	if err := d.Need(access.SetForms); err != nil {
		return u, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if u.Offered, err = offered(ctx, tx); err != nil {
			return err
		}
		if u.Kinds, err = s.Visits.Kinds(ctx, tx); err != nil {
			return err
		}
		u.Needs, err = needs(ctx, tx, "")
		return err
	})
	return u, err
}

// Form gives a questionnaire to look at.
func (s *CheckIns) Form(ctx context.Context, d access.Desk, id ids.Form) (f Form, err error) {
	if err := d.Need(access.SetForms); err != nil {
		return f, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		f, err = formByID(ctx, tx, id)
		return err
	})
	return f, err
}

// AddForm takes a questionnaire in. One of the same canonical address takes the
// place of the one before, wherever that was asked for; what was answered in that
// stays with it.
func (s *CheckIns) AddForm(ctx context.Context, d access.Desk, raw []byte) (ids.Form, error) {
	if err := d.Need(access.SetForms); err != nil {
		return "", err
	}
	f, err := ReadForm(raw)
	if err != nil {
		return "", err
	}
	id := ids.NewForm()
	return id, s.DB.Change(ctx, d.Did(audit.FormsChanged, string(id)), func(tx *store.Tx) error {
		var was ids.Form
		if f.URL != "" {
			if was, err = store.Get(ctx, tx, store.One[ids.Form], `UPDATE checkin_form SET active = FALSE WHERE url = $1 AND active RETURNING id`, f.URL); err != nil && !errors.Is(err, store.ErrNone) {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO checkin_form (id, url, title_en, title_es, body, active, made_at) VALUES ($1, $2, $3, $4, $5, TRUE, $6)`,
			id, f.URL, f.Title.In(lang.En), f.Title.In(lang.Es), string(raw), store.Time(tx.Now)); err != nil {
			return err
		}
		return inPlace(ctx, tx, needForm, string(was), string(id))
	})
}

// inPlace asks for one thing wherever another was asked for.
func inPlace(ctx context.Context, tx *store.Tx, kind, was, id string) error {
	_, err := tx.Exec(ctx, `UPDATE checkin_need SET item_id = $3 WHERE kind = $1 AND item_id = $2`, kind, was, id)
	return err
}

// Choose sets what a kind of visit asks for, as "form:…" and "consent:…". Who has
// begun to check in is asked for what is new as well.
func (s *CheckIns) Choose(ctx context.Context, d access.Desk, kind ids.VisitType, parts []string) error {
	if err := d.Need(access.SetForms); err != nil {
		return err
	}
	return s.DB.Change(ctx, d.Did(audit.FormsChanged, string(kind)), func(tx *store.Tx) error {
		kinds, err := s.Visits.Kinds(ctx, tx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(kinds, func(k Kind) bool { return k.ID == kind }) {
			return fault.Missing()
		}
		can, err := offered(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM checkin_need WHERE type_id = $1`, kind); err != nil {
			return err
		}
		for _, n := range can {
			if !slices.Contains(parts, n.part()) {
				continue
			}
			if _, err := tx.Exec(ctx, `INSERT INTO checkin_need (type_id, kind, item_id) VALUES ($1, $2, $3) ON CONFLICT (type_id, item_id) DO NOTHING`, kind, n.Kind, n.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// Consent is one version of a text that patients sign.
type Consent struct {
	ID      ids.Consent
	Title   Words
	Body    Words
	Version int
}

const (
	maxTitle   = 120
	maxConsent = 20_000
)

// AddConsent publishes a text in both languages; of is the one it replaces, "" for
// none. A text that was published is never changed: what was signed stays.
func (s *CheckIns) AddConsent(ctx context.Context, d access.Desk, of ids.Consent, c Consent) (ids.Consent, error) {
	if err := d.Need(access.SetForms); err != nil {
		return "", err
	}
	var bad *fault.Fault
	for _, l := range lang.All {
		for _, f := range []struct {
			name, text string
			most       int
		}{{"title_", c.Title[l], maxTitle}, {"body_", c.Body[l], maxConsent}} {
			if n := len([]rune(strings.TrimSpace(f.text))); n == 0 {
				bad = bad.And(f.name+string(l), "checkin.consent.empty")
			} else if n > f.most {
				bad = bad.And(f.name+string(l), "checkin.long", f.most)
			}
		}
	}
	if bad != nil {
		return "", bad
	}
	id := ids.NewConsent()
	return id, s.DB.Change(ctx, d.Did(audit.FormsChanged, string(id)), func(tx *store.Tx) error {
		version := 1
		if of != "" {
			was, err := store.Get(ctx, tx, store.One[int], `UPDATE checkin_consent SET active = FALSE WHERE id = $1 AND active RETURNING version`, of)
			if errors.Is(err, store.ErrNone) {
				return fault.Bad("", "checkin.consent.moved")
			}
			if err != nil {
				return err
			}
			version = was + 1
		}
		if _, err := tx.Exec(ctx, `INSERT INTO checkin_consent (id, version, title_en, title_es, body_en, body_es, active, made_at) VALUES ($1, $2, $3, $4, $5, $6, TRUE, $7)`,
			id, version, c.Title[lang.En], c.Title[lang.Es], c.Body[lang.En], c.Body[lang.Es], store.Time(tx.Now)); err != nil {
			return err
		}
		return inPlace(ctx, tx, needConsent, string(of), string(id))
	})
}

func consentByID(ctx context.Context, tx *store.Tx, id ids.Consent) (Consent, error) {
	c, err := store.Get(ctx, tx, func(r store.Row) (Consent, error) {
		c := Consent{ID: id}
		var te, ts, be, bs string
		err := r.Scan(&c.Version, &te, &ts, &be, &bs)
		c.Title, c.Body = Words{lang.En: te, lang.Es: ts}, Words{lang.En: be, lang.Es: bs}
		return c, err
	}, `SELECT version, title_en, title_es, body_en, body_es FROM checkin_consent WHERE id = $1`, id)
	if errors.Is(err, store.ErrNone) {
		err = fault.Missing()
	}
	return c, err
}

// Text gives a consent's version to look at, or to make the next of.
func (s *CheckIns) Text(ctx context.Context, d access.Desk, id ids.Consent) (c Consent, err error) {
	if err := d.Need(access.SetForms); err != nil {
		return c, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		c, err = consentByID(ctx, tx, id)
		return err
	})
	return c, err
}
