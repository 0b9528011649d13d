package clinic

import (
	"context"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/store"
)

// wordings are the clinic's own words by language and key.
type wordings map[lang.Lang]map[string]string

// Wording gives the words in force, "" for the shipped ones.
func (w wordings) Wording(l lang.Lang, key string) string { return w[l][key] }

// Wording gives the words in force on this server, "" for the shipped ones.
func (r *Room) Wording(l lang.Lang, key string) string { return r.now.Load().words.Wording(l, key) }

// words reads all words in force. What an upgrade left without its blanks is
// passed over: the shipped text is then said.
func words(ctx context.Context, tx *store.Tx) (wordings, error) {
	rows, err := store.List(ctx, tx, scanWorded, `SELECT `+wordedColumns+`
		WHERE w.rev = (SELECT MAX(rev) FROM clinic_wording n WHERE n.lang = w.lang AND n.name = w.name) ORDER BY w.lang, w.name`)
	out := wordings{}
	for _, v := range rows {
		if v.Words == "" || notify.CheckWording(v.Lang, v.Key, v.Words) != nil {
			continue
		}
		if out[v.Lang] == nil {
			out[v.Lang] = map[string]string{}
		}
		out[v.Lang][v.Key] = v.Words
	}
	return out, err
}

// Worded is one version of a text; Words are "" for the shipped ones.
type Worded struct {
	Lang  lang.Lang
	Key   string
	Rev   int64
	Words string
	By    string
	At    time.Time
}

const wordedColumns = `w.lang, w.name, w.rev, w.words, COALESCE(s.name, w.changed_by), w.changed_at FROM clinic_wording w LEFT JOIN staff s ON s.id = w.changed_by`

func scanWorded(r store.Row) (v Worded, err error) {
	var l string
	var at store.Time
	err = r.Scan(&l, &v.Key, &v.Rev, &v.Words, &v.By, &at)
	v.Lang, v.At = lang.Lang(l), at.Std()
	return v, err
}

// Text is one text of a message as an administrator finds it.
type Text struct {
	notify.Part
	Shipped string
	Words   string // in force
	Rev     int64  // of it, 0 if it was never changed
	By      string
	At      time.Time
	Also    int // in how many other messages it stands
}

// sample finds a message by its name.
func sample(id string) (notify.Sample, error) {
	i := slices.IndexFunc(notify.Samples, func(x notify.Sample) bool { return x.ID == id })
	if i < 0 {
		return notify.Sample{}, fault.Missing()
	}
	return notify.Samples[i], nil
}

func (r *Room) stage(l lang.Lang, w notify.Wording) notify.Stage {
	return notify.Stage{Clinic: r.Now(), Base: r.Base, Lang: l, Words: w}
}

// Texts lists the texts of a message in a language.
func (r *Room) Texts(ctx context.Context, d access.Desk, x notify.Sample, l lang.Lang) ([]Text, error) {
	if err := d.Need(access.ManageClinic); err != nil {
		return nil, err
	}
	parts, err := r.stage(l, nil).Parts(ctx, x)
	if err != nil {
		return nil, err
	}
	var last []Worded
	err = r.DB.View(ctx, func(tx *store.Tx) error {
		last, err = store.List(ctx, tx, scanWorded, `SELECT `+wordedColumns+`
			WHERE w.lang = $1 AND w.rev = (SELECT MAX(rev) FROM clinic_wording n WHERE n.lang = w.lang AND n.name = w.name)`, string(l))
		return err
	})
	var out []Text
	for _, p := range parts {
		t := Text{Part: p, Shipped: l.T(p.Key), Words: l.T(p.Key), Also: usedIn(p.Key) - 1}
		if i := slices.IndexFunc(last, func(v Worded) bool { return v.Key == p.Key }); i >= 0 {
			v := last[i]
			t.Rev, t.By, t.At = v.Rev, v.By, v.At
			if v.Words != "" && notify.CheckWording(l, p.Key, v.Words) == nil {
				t.Words = v.Words
			}
		}
		out = append(out, t)
	}
	return out, err
}

// Rewrite is what was typed for one text, over the version that was shown.
type Rewrite struct {
	Key   string
	Words string // "" or the shipped text: the shipped text
	Over  int64
}

// Reword puts words of a message in force. All are checked before one is kept. A
// text that somebody else changed meanwhile is a Conflict, and nothing is kept.
func (r *Room) Reword(ctx context.Context, d access.Desk, x notify.Sample, l lang.Lang, all []Rewrite) error {
	now, err := r.Texts(ctx, d, x, l)
	if err != nil {
		return err
	}
	var change []Rewrite
	var bad *fault.Fault
	lost := false
	for _, w := range all {
		i := slices.IndexFunc(now, func(t Text) bool { return t.Key == w.Key })
		if i < 0 {
			return fault.Missing()
		}
		if w.Words = oneLine(w.Words); w.Words == now[i].Shipped {
			w.Words = ""
		}
		if w.Words != "" {
			if f, _ := fault.As(notify.CheckWording(l, w.Key, w.Words)); f != nil {
				bad = bad.And(w.Key, f.Problems[0].Text, f.Problems[0].Args...)
			}
		}
		if w.Words != now[i].Words && (w.Words != "" || now[i].Words != now[i].Shipped) {
			change = append(change, w)
			lost = lost || w.Over != now[i].Rev
		}
	}
	if bad == nil && lost {
		return fault.Lost("clinic.words.overtaken")
	}
	if bad != nil || len(change) == 0 {
		return bad.OrNil()
	}
	return r.keepWords(ctx, d, x, l, change)
}

func (r *Room) keepWords(ctx context.Context, d access.Desk, x notify.Sample, l lang.Lang, change []Rewrite) error {
	err := r.DB.Change(ctx, d.Did(audit.ClinicChanged, x.ID).With("worded_"+string(l)), func(tx *store.Tx) error {
		for _, w := range change {
			_, err := tx.Exec(ctx, `INSERT INTO clinic_wording (lang, name, rev, words, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5, $6)`,
				string(l), w.Key, w.Over+1, w.Words, d.Staff(), store.Time(tx.Now))
			if err != nil {
				return err
			}
		}
		return r.Gate.Touch(ctx, tx)
	})
	if store.IsUnique(err) {
		return fault.Lost("clinic.words.overtaken")
	}
	if err != nil {
		return err
	}
	r.load.Lock()
	defer r.load.Unlock()
	return r.read(ctx)
}

// Versions lists who changed which text, newest first.
func (r *Room) Versions(ctx context.Context, d access.Desk) (out []Worded, err error) {
	if err := d.Need(access.ManageClinic); err != nil {
		return nil, err
	}
	err = r.DB.View(ctx, func(tx *store.Tx) error {
		out, err = store.List(ctx, tx, scanWorded, `SELECT `+wordedColumns+` ORDER BY w.changed_at DESC, w.lang, w.name LIMIT $1`, shown)
		return err
	})
	return out, err
}
