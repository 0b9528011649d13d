package sharing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/record"
	"portico/internal/store"
)

// Gap is a section that is not in a copy, and why.
type Gap struct {
	Section record.Section
	Why     Why
}

// Why is a reason that something is missing.
type Why string

const (
	Broken  Why = "broken"  // it could not be read
	NoPlace Why = "noplace" // the format has no place for it
)

// making is one copy being made.
type making struct {
	*Sharing
	words
	Order
	who    access.Reading
	person Person
	now    time.Time
	step   func(done int) error
	gaps   []Gap

	attached, files int // bytes and number of files in a PDF
}

// Write writes a copy of what who may see to a file. step is told how many
// sections are done, and its error ends the work; nil if nobody asks. A section
// that cannot be read is left out and named in the gaps; the copy says so too.
func (s *Sharing) Write(ctx context.Context, who access.Reading, o Order, to io.Writer, step func(done int) error) ([]Gap, error) {
	if who.Patient() == "" {
		return nil, fault.Refused()
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	if step == nil {
		step = func(int) error { return nil }
	}
	m := &making{Sharing: s, words: words{o.Lang, s.zone()}, Order: o, who: who, step: step}
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		m.now = tx.Now
		m.person, err = s.People.Person(ctx, tx, who.Patient())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("person: %w", err)
	}
	switch o.Format {
	case FHIR:
		err = m.bundle(ctx, to)
	case CCD:
		err = m.ccd(ctx, to)
	case Text:
		err = m.text(ctx, to)
	default:
		err = m.pdf(ctx, to)
	}
	return m.gaps, err
}

// errStopped is what a step answers when somebody else makes the copy now.
var errStopped = errors.New("another worker makes this copy")

// chapters reads the sections one after the other and hands each to use. What
// cannot be read becomes a gap, unless the time is up or the work is stopped.
func (m *making) chapters(ctx context.Context, use func(chapter) error) error {
	for n, section := range m.Sections {
		items, err := m.items(ctx, m.who, m.Selection, section)
		if err == nil {
			err = use(m.chapter(section, items))
		}
		if err := m.settle(ctx, n, section, err); err != nil {
			return err
		}
	}
	return nil
}

// settle ends the work on a section.
func (m *making) settle(ctx context.Context, n int, section record.Section, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		m.gaps = append(m.gaps, Gap{section, Broken})
	}
	return m.step(n + 1)
}

// missing is a sentence for each reason why sections are missing.
func (w words) missing(gaps []Gap) []string {
	var out []string
	for _, why := range []Why{Broken, NoPlace} {
		var of []record.Section
		for _, g := range gaps {
			if g.Why == why {
				of = append(of, g.Section)
			}
		}
		if len(of) > 0 {
			out = append(out, w.t("sharing.missing."+string(why), w.sections(of)))
		}
	}
	return out
}

// fact is a line of the first page.
type fact struct{ Label, Text string }

// facts say whose record this is, what of it, and when it was copied.
func (m *making) facts() []fact {
	f := []fact{{m.t("sharing.fact.name"), m.person.name()}, {m.t("sharing.fact.birth"), m.day(m.person.Birth)}}
	if n := m.person.number(); n != "" {
		label := m.Clinic.Now().NumberLabel[m.l]
		if label == "" {
			label = m.t("sharing.fact.number")
		}
		f = append(f, fact{label, n})
	}
	return append(f, fact{m.t("sharing.fact.clinic"), joined(", ", m.Clinic.Now().Name, m.Clinic.Now().Phone)},
		fact{m.t("sharing.fact.made"), m.l.Moment(m.now.In(m.words.zone))}, fact{m.t("sharing.fact.period"), m.period(m.Selection)},
		fact{m.t("sharing.fact.sections"), m.sections(m.Sections)})
}

// remarks are what a reader of the copy must know about it.
func (m *making) remarks() []string {
	out := []string{m.t("sharing.remark.copy"), m.t("sharing.remark.held")}
	if m.Sensitive {
		out = append(out, m.t("sharing.remark.sensitive"))
	} else {
		out = append(out, m.t("sharing.remark.plain"))
	}
	return append(out, m.t("sharing.remark.files"))
}
