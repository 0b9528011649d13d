package results

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/store"
)

// RuleList is what the clinic has decided about when results open.
type RuleList struct {
	Classes []Rule // one for each of Classes, in that order
	Codes   []Rule // of single tests, by title
}

// ReleaseRules reads the rules.
func (s *Results) ReleaseRules(ctx context.Context, d access.Desk) (RuleList, error) {
	if err := d.Need(access.SetReleaseRules); err != nil {
		return RuleList{}, err
	}
	var set ruleSet
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		set, err = readRules(ctx, tx)
		return err
	})
	var out RuleList
	for _, c := range Classes {
		r, ok := set.class[c]
		if !ok {
			r = Rule{Class: c, How: AtOnce}
		}
		out.Classes = append(out.Classes, r)
	}
	for _, r := range set.code {
		out.Codes = append(out.Codes, r)
	}
	slices.SortFunc(out.Codes, func(a, b Rule) int { return strings.Compare(a.Title+a.Code, b.Title+b.Code) })
	return out, err
}

// mostRules bounds the rules for single tests.
const mostRules = 500

// SetRule keeps a rule. It counts for what comes in from now on. What is wrong
// with it is Invalid at its field.
func (s *Results) SetRule(ctx context.Context, d access.Desk, r Rule) error {
	if err := d.Need(access.SetReleaseRules); err != nil {
		return err
	}
	r.Code, r.Title = strings.TrimSpace(store.Clean(r.Code)), strings.TrimSpace(store.Clean(r.Title))
	if err := r.check(); err != nil {
		return err
	}
	kind, name := "class", r.Class
	if r.Code != "" {
		kind, name = "code", r.Code
	}
	if r.How != AfterHours {
		r.Hours = 0
	}
	return s.DB.Change(ctx, d.Did(audit.ResultRules, name).With(string(r.How)), func(tx *store.Tx) error {
		n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM result_rule WHERE kind = 'code' AND name <> $1`, name)
		if err == nil && kind == "code" && n >= mostRules {
			err = fault.Bad("code", "results.desk.rule.many")
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO result_rule (kind, name, title, how, hours, sensitive, staff_id, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (kind, name) DO UPDATE SET title = excluded.title, how = excluded.how, hours = excluded.hours, sensitive = excluded.sensitive,
				staff_id = excluded.staff_id, changed_at = excluded.changed_at`,
			kind, name, r.Title, string(r.How), r.Hours, r.Sensitive, d.Staff(), store.Time(tx.Now))
		return err
	})
}

func (r Rule) check() error {
	var bad *fault.Fault
	if r.Code == "" && !slices.Contains(Classes, r.Class) {
		bad = bad.And("code", "results.desk.rule.code.bad")
	}
	if r.Code != "" && (len(r.Code) > 40 || strings.ContainsAny(r.Code, " \t\n")) {
		bad = bad.And("code", "results.desk.rule.code.bad")
	}
	if r.Code != "" && (r.Title == "" || utf8.RuneCountInString(r.Title) > 200) {
		bad = bad.And("title", "results.desk.rule.title.bad")
	}
	if r.How != AtOnce && r.How != AfterHours && r.How != AfterReview {
		bad = bad.And("how", "results.desk.rule.how.bad")
	}
	if r.How == AfterHours && (r.Hours < 1 || time.Duration(r.Hours)*time.Hour > Cap) {
		bad = bad.And("hours", "results.desk.rule.hours.bad", int(Cap/time.Hour))
	}
	return bad.OrNil()
}

// DropRule takes the rule for a single test away. NotFound if there is none.
func (s *Results) DropRule(ctx context.Context, d access.Desk, code string) error {
	if err := d.Need(access.SetReleaseRules); err != nil {
		return err
	}
	return s.DB.Change(ctx, d.Did(audit.ResultRules, code).With("dropped"), func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM result_rule WHERE kind = 'code' AND name = $1`, code)
		if err == nil && n == 0 {
			err = fault.Missing()
		}
		return err
	})
}
