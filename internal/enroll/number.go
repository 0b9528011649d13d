package enroll

import (
	"context"
	"errors"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/lang"
	"portico/internal/limit"
	"portico/internal/store"
)

// NumberTry is what somebody typed on the first way.
type NumberTry struct {
	Number string
	Birth  string // YYYY-MM-DD
	Lang   lang.Lang
}

// TryNumber takes a patient number with a birth date. Whatever they are, it
// opens a verification session of the same look and leaves the rest to a job:
// nothing in the answer, nor in the time it takes, depends on who was found.
func (e *Room) TryNumber(ctx context.Context, v access.Visitor, t NumberTry) (token string, err error) {
	if err := e.slow(ctx, v); err != nil {
		return "", err
	}
	number := bare(t.Number)
	if err := e.numberBudget(ctx, v, number); err != nil {
		return "", err
	}
	// Beyond five birth dates a number falls silent: the sixth could be right,
	// and nobody but its owner would know.
	births, err := e.Limit.Distinct(ctx, birthsPerNumber, number, t.Birth)
	if err != nil {
		return "", err
	}
	err = e.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		p, err := e.People.ByNumber(ctx, tx, t.Number, t.Birth)
		if err != nil && !errors.Is(err, store.ErrNone) {
			return audit.Entry{}, err
		}
		if births.Over {
			p = ""
		}
		if err := e.pulse(ctx, tx, p == ""); err != nil {
			return audit.Entry{}, err
		}
		row := progress{Patient: p, Way: byNumber, Draft: draft{Lang: t.Lang}, Asked: tx.Now, Sends: 1}
		level, how := access.Matched, audit.Done
		if p == "" {
			level, how = access.Requested, audit.Failed
		}
		var id = row.ID
		token, id, err = e.begin(ctx, tx, v, row, level)
		if err != nil {
			return audit.Entry{}, err
		}
		return v.Did(audit.NumberTried, string(id)).On(about(p)).As(how), answerJob.Enqueue(ctx, tx, answerArgs{id, 1})
	})
	return token, err
}

// slow counts any try of any way against the client and its neighbourhood.
func (e *Room) slow(ctx context.Context, v access.Visitor) error {
	if err := e.Limit.Check(ctx, triesPerSource, "enroll.limit.tries", v.Source().Narrow()); err != nil {
		return inForm(err)
	}
	return inForm(e.Limit.Check(ctx, triesPerRange, "enroll.limit.tries", v.Source().Wide()))
}

// numberBudget allows a client five patient numbers a day. It may be said
// openly: it tells about the asker, not about any patient.
func (e *Room) numberBudget(ctx context.Context, v access.Visitor, number string) error {
	for _, b := range []struct {
		rule limit.Rule
		key  string
	}{{numbersPerSource, v.Source().Narrow()}, {numbersPerRange, v.Source().Wide()}} {
		c, err := e.Limit.Distinct(ctx, b.rule, b.key, number)
		if err != nil {
			return err
		}
		if c.Over {
			return inForm(fault.Wait("enroll.limit.numbers", c.Retry))
		}
	}
	return nil
}

// inForm makes a fault say its sentence above the form it belongs to.
func inForm(err error) error {
	if f, ok := fault.As(err); ok && f.Kind == fault.TooMany && len(f.Problems) == 0 {
		f.Problems = []fault.Problem{{Text: f.Text}}
	}
	return err
}

// bare is the form in which numbers are counted: no signs but letters and
// digits, in lower case, so that "12-34" and "1234" are one number.
func bare(number string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKC.String(number))
}
