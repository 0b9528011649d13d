package enroll_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/lang"
	"portico/internal/testkit"
)

// clocked measures the portal with people of its own.
type clocked struct {
	*portal
	people  int    // how many there are, with the numbers T-0, T-1 and so on
	live    string // an activation code
	calls   int
	waiting map[string][]access.Applicant // asked for the code that was sent, by what they typed before
}

// T23, by time: three ways in, the code that follows the first, and asking for it
// again. 5,000 pairs of each in a long run, on an idle portal and beside other work.
func TestTimeTellsNothing(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		c := &clocked{portal: p, people: size(60, 2500), waiting: map[string][]access.Applicant{}}
		for i := range c.people {
			p.add(patient{Number: fmt.Sprint("T-", i), Given: "Tim", Family: "Time", Birth: "1970-01-01", Email: fmt.Sprintf("t%d@example.com", i)})
		}
		c.live = p.give(p.add(maria), enroll.ByHand).Text
		for _, a := range []testkit.Alike{
			{Surface: "number and birth date", Kinds: []string{"nobody", "another birth date", "somebody"}, Try: c.number},
			{Surface: "the code sent for it, and that again", Kinds: []string{"nobody", "somebody"}, Try: c.confirm},
			{Surface: "activation code", Kinds: []string{"no such code", "half a code", "another birth date"}, Try: c.code},
			{Surface: "request for a code", Kinds: []string{"nobody", "somebody"}, Try: c.request},
		} {
			if a.Pairs = size(60, 5000); long {
				a.Load = c.other
			}
			a.Check(t)
		}
	})
}

// visitor is a client nobody has seen, in a neighbourhood of 32 of them.
func (c *clocked) visitor(n int) access.Visitor {
	return visitor(fmt.Sprintf("%d.%d.%d.%d", 10+n>>21, n>>13&255, n>>5&255, n&31))
}

func (c *clocked) next() access.Visitor {
	c.calls++
	return c.visitor(c.calls)
}

// other is what others do meanwhile.
func (c *clocked) other(n int) {
	c.TryNumber(ctx, c.visitor(100<<21+n), enroll.NumberTry{Number: fmt.Sprint("L-", n), Birth: "1970-01-01", Lang: lang.En})
}

// typed is a number and a birth date of a kind.
func (c *clocked) typed(i int, kind string) enroll.NumberTry {
	t := enroll.NumberTry{Number: fmt.Sprint("T-", i%c.people), Birth: "1970-01-01", Lang: lang.En}
	switch kind {
	case "nobody":
		t.Number = fmt.Sprint("N-", i%c.people)
	case "another birth date":
		t.Birth = "1970-01-02"
	}
	return t
}

func (c *clocked) number(i int, kind string) time.Duration {
	v, t := c.next(), c.typed(i, kind)
	began := time.Now()
	_, err := c.TryNumber(ctx, v, t)
	took := time.Since(began)
	if err != nil {
		c.t.Fatal(err)
	}
	return took
}

// hold gives somebody of a kind who waits for a code. They are made by the dozen, and
// what follows from each is done before they are asked anything.
func (c *clocked) hold(i int, kind string) access.Applicant {
	if len(c.waiting[kind]) == 0 {
		c.c.Move(25 * time.Hour)
		for _, kind := range []string{"nobody", "somebody"} {
			c.waiting[kind] = nil
			for n := range 12 {
				v := c.next()
				token, err := c.TryNumber(ctx, v, c.typed(i+n, kind))
				if err != nil {
					c.t.Fatal(err)
				}
				a, err := c.Gate.Applicant(ctx, token, v)
				if err != nil {
					c.t.Fatal(err)
				}
				c.waiting[kind] = append(c.waiting[kind], a)
			}
		}
		c.work()
		c.c.Move(61 * time.Second)
	}
	a := c.waiting[kind][0]
	c.waiting[kind] = c.waiting[kind][1:]
	return a
}

// confirm types a wrong code for a number and asks for another one.
func (c *clocked) confirm(i int, kind string) time.Duration {
	a := c.hold(i, kind)
	began := time.Now()
	_, wrong := c.Confirm(ctx, a, "000000")
	err := c.AskAgain(ctx, a)
	took := time.Since(began)
	if !fault.Fixable(wrong) || err != nil {
		c.t.Fatalf("%s: %v, then %v", kind, wrong, err)
	}
	return took
}

func (c *clocked) code(i int, kind string) time.Duration {
	t := enroll.CodeTry{Code: c.live, Birth: maria.Birth}
	switch kind {
	case "no such code":
		t.Code = "00000-00000-00000"
	case "half a code":
		t.Code = c.live[:6] + "00000-00000"
	case "another birth date":
		t.Birth = "1962-04-08"
	}
	v := c.next()
	began := time.Now()
	_, err := c.OpenCode(ctx, v, t)
	took := time.Since(began)
	if !fault.Fixable(err) {
		c.t.Fatal(err)
	}
	if i%2 == 0 {
		c.reset() // or the fifth try would suspend it
	}
	return took
}

func (c *clocked) request(i int, kind string) time.Duration {
	x := patient{Given: "Tim", Family: "Time", Birth: "1970-01-01", Email: fmt.Sprintf("t%d@example.com", i%c.people)}
	if kind == "nobody" {
		x.Birth, x.Family = fmt.Sprintf("19%02d-02-03", i%90), fmt.Sprint("Nobody", i)
	}
	claim := claimOf(x)
	claim.Given = fmt.Sprint("Tim", strings.Repeat("i", i%30), string(rune('a'+i%26)))
	v := c.next()
	began := time.Now()
	_, err := c.Ask(ctx, v, claim, lang.En)
	took := time.Since(began)
	if err != nil {
		c.t.Fatal(err)
	}
	return took
}
