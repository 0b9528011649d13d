package results

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// Cap is how long a result may be kept from its patient at most, counted from
// its arrival, whatever the rules say: product decision "hard cap 14 days".
const Cap = 14 * 24 * time.Hour

// How is when results of a class open.
type How string

const (
	AtOnce      How = "at_once"
	AfterHours  How = "after_hours"
	AfterReview How = "after_review" // when a clinician releases it; at the cap by itself
)

// Classes that are no group of results.
const (
	NotesClass     = "notes"     // clinical notes
	SensitiveClass = "sensitive" // whatever is sensitive, before the class of its group
)

// Classes are what rules are made for, in the order pages show them.
var Classes = []string{record.Laboratory, record.Imaging, record.Pathology, record.Microbiology, record.OtherResult, NotesClass, SensitiveClass}

// Rule says when something opens. Without a rule it opens at once.
type Rule struct {
	Code      string // the test, "" for a rule about a class
	Class     string
	Title     string // of the test, for people
	How       How
	Hours     int  // for AfterHours
	Sensitive bool // of a test: always ask the patient first
}

// Why something opens when it does: codes kept with the row.
const (
	whyAtOnce   = "at_once"
	whyHours    = "after_hours"
	whyReview   = "after_review"
	whyWait     = "wait" // the patient chose to wait for the clinician's comment
	whyReleased = "released"
	holdPrefix  = "hold_"
)

// Rules decide about the release of rows; record.Records asks them. Make them
// with NewRules.
type Rules struct {
	mu     sync.Mutex
	recent []*loaded
}

// NewRules makes the rules; they stand in the database.
func NewRules() *Rules { return &Rules{} }

// loaded is what one transaction has read: a batch of a thousand rows asks once.
type loaded struct {
	tx     *store.Tx
	rules  ruleSet
	choice map[ids.Patient]bool
}

// mostRecent bounds how many transactions are remembered; one that is forgotten
// while it runs reads its rules again.
const mostRecent = 8

// Release decides when the patient may see r.
func (s *Rules) Release(ctx context.Context, tx *store.Tx, r record.Row, was *record.Release) (record.Release, error) {
	l, err := s.load(ctx, tx)
	if err != nil {
		return record.Release{}, err
	}
	c := question{row: r, was: was, now: tx.Now, rule: l.rules.of(r)}
	if r.Section == record.Results {
		wait, known := l.choice[r.Patient]
		if !known {
			if wait, err = Waits(ctx, tx, r.Patient); err != nil {
				return record.Release{}, err
			}
			l.choice[r.Patient] = wait
		}
		c.wait = wait
	}
	// What staff said about a row counts for its later versions too.
	if was != nil {
		if c.mark, err = lastMark(ctx, tx, r.ID); err != nil {
			return record.Release{}, err
		}
	}
	return c.decide(), nil
}

func (s *Rules) load(ctx context.Context, tx *store.Tx) (*loaded, error) {
	s.mu.Lock()
	for _, l := range s.recent {
		if l.tx == tx {
			s.mu.Unlock()
			return l, nil
		}
	}
	s.mu.Unlock()
	rules, err := readRules(ctx, tx)
	if err != nil {
		return nil, err
	}
	l := &loaded{tx: tx, rules: rules, choice: map[ids.Patient]bool{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.recent = append(s.recent, l); len(s.recent) > mostRecent {
		s.recent = s.recent[1:]
	}
	return l, nil
}

// question is everything a decision hangs on.
type question struct {
	row  record.Row
	was  *record.Release
	now  time.Time
	rule Rule
	wait bool   // the patient waits for a comment
	mark string // staff's last word on whether it is sensitive: "mark", "unmark" or ""
}

// decide is the rule itself. A new version never opens later than the one before
// would have, so that what was visible stays visible; a hold by staff stays.
func (q question) decide() record.Release {
	r := q.opens()
	r.Sensitive = q.row.Sensitive || q.rule.Sensitive || q.was != nil && q.was.Sensitive
	switch q.mark {
	case "mark":
		r.Sensitive = true
	case "unmark":
		r.Sensitive = false
	}
	if q.was == nil {
		return r
	}
	switch {
	case q.was.At.Before(r.At) || strings.HasPrefix(q.was.Why, holdPrefix):
		r.At, r.Why = q.was.At, q.was.Why
	case q.was.At.After(q.now) && r.At.Before(q.now):
		r.At = q.now // it opens with this version, not before
	}
	return r
}

func (q question) opens() record.Release {
	if q.row.Section != record.Results && q.row.Section != record.Notes {
		return record.Release{At: q.now, Why: whyAtOnce}
	}
	last := q.row.Received.Add(Cap)
	r := record.Release{At: q.row.Received, Why: whyAtOnce}
	switch q.rule.How {
	case AfterHours:
		r.At, r.Why = q.row.Received.Add(time.Duration(q.rule.Hours)*time.Hour), whyHours
	case AfterReview:
		r.At, r.Why = last, whyReview
	}
	if q.wait && r.At.Before(last) {
		r.At, r.Why = last, whyWait
	}
	if r.At.After(last) {
		r.At = last
	}
	return r
}

// ruleSet are all rules.
type ruleSet struct {
	class map[string]Rule
	code  map[string]Rule
}

// of finds the rule for a row: for its test, else for sensitive things, else for
// its class.
func (s ruleSet) of(r record.Row) Rule {
	sensitive := r.Sensitive || sensitiveCodes[r.Code]
	rule, found := s.code[r.Code]
	if found && r.Code != "" {
		return rule
	}
	class := r.Group
	if r.Section == record.Notes {
		class = NotesClass
	}
	rule = s.class[class]
	if own, ok := s.class[SensitiveClass]; ok && sensitive {
		rule = own
	}
	rule.Sensitive = sensitive
	return rule
}

// sensitiveCodes are LOINC codes of tests that are sensitive unless a rule for
// the test says otherwise: HIV, sexually transmitted infections, pregnancy,
// inherited cancer risk (loinc.org, read on 2026-01-10).
var sensitiveCodes = map[string]bool{
	"56888-1": true, "7917-8": true, "7918-6": true, "20447-9": true, "24467-3": true, // HIV and CD4 counts
	"20507-0": true, "22587-0": true, "21613-5": true, "24111-7": true, // syphilis, chlamydia, gonorrhea
	"2118-8": true, "2106-3": true, // pregnancy
	"21636-6": true, // BRCA1
}

func readRules(ctx context.Context, tx *store.Tx) (ruleSet, error) {
	set := ruleSet{class: map[string]Rule{}, code: map[string]Rule{}}
	all, err := store.List(ctx, tx, scanRule, `SELECT kind, name, title, how, hours, sensitive FROM result_rule ORDER BY kind, name`)
	for _, r := range all {
		if r.Code != "" {
			set.code[r.Code] = r
		} else {
			set.class[r.Class] = r
		}
	}
	return set, err
}

func scanRule(in store.Row) (Rule, error) {
	var r Rule
	var kind, name string
	err := in.Scan(&kind, &name, &r.Title, &r.How, &r.Hours, &r.Sensitive)
	if kind == "code" {
		r.Code = name
	} else {
		r.Class = name
	}
	return r, err
}

// lastMark gives staff's last word on whether a row is sensitive, "" for none.
func lastMark(ctx context.Context, tx *store.Tx, id ids.Resource) (string, error) {
	mark, err := store.Get(ctx, tx, store.One[string], `
		SELECT what FROM result_decision WHERE resource_id = $1 AND what IN ('mark', 'unmark') ORDER BY at DESC, id DESC LIMIT 1`, id)
	if errors.Is(err, store.ErrNone) {
		err = nil
	}
	return mark, err
}
