package ucum

import (
	"errors"
	"maps"
	"math/big"
	"strconv"
	"strings"
)

// Unit is a unit that was understood.
type Unit struct {
	parts []part
	size  *big.Rat       // in base units
	dims  map[string]int // base unit or annotation and its power
}

// part is one factor of a unit: a symbol with its prefix, a number, or an
// annotation alone.
type part struct {
	prefix, atom string // "m", "g"; atom is "" for a number or an annotation
	number       string // "10*3", "6"; "" for none
	note         string // the annotation without its braces
	power        int    // negative below the line
}

// ErrUnknown says that a text is no unit this package knows.
var ErrUnknown = errors.New("unit not known")

const (
	longest  = 60 // the longest unit in the UCUM table of examples has 30 characters
	deepest  = 4
	mostPow  = 12
	mostRoot = 1000 // the largest plain number in a unit: /100{WBC}, 24.h
)

// Parse understands a unit; the error is ErrUnknown for anything else.
func Parse(code string) (Unit, error) {
	code = Tidy(code)
	if code == "" || len(code) > longest {
		return Unit{}, ErrUnknown
	}
	p := parser{text: code}
	parts, err := p.term(1, 0)
	if err != nil || p.at != len(p.text) {
		return Unit{}, ErrUnknown
	}
	u := Unit{parts: parts, size: big.NewRat(1, 1), dims: map[string]int{}}
	for _, part := range parts {
		if err := u.multiply(part); err != nil {
			return Unit{}, err
		}
	}
	maps.DeleteFunc(u.dims, func(_ string, n int) bool { return n == 0 })
	return u, nil
}

func (u *Unit) multiply(p part) error {
	size := big.NewRat(1, 1)
	switch {
	case p.number != "":
		v, ok := numberValue(p.number)
		if !ok {
			return ErrUnknown
		}
		size = v
	case p.atom != "":
		a := atoms[p.atom]
		size.SetString(a.size)
		if p.prefix != "" {
			size.Mul(size, tenTo(prefixes[p.prefix].power))
		}
		for dim, n := range a.dims {
			u.dims[dim] += n * p.power
		}
	}
	if p.note != "" {
		u.dims["{"+p.note+"}"] += p.power
	}
	for range max(p.power, -p.power) {
		if p.power > 0 {
			u.size.Mul(u.size, size)
		} else {
			u.size.Quo(u.size, size)
		}
	}
	return nil
}

// numberValue reads "6", "10*3", "10^-6".
func numberValue(s string) (*big.Rat, bool) {
	if strings.HasPrefix(s, "10*") || strings.HasPrefix(s, "10^") {
		n, err := strconv.Atoi(s[3:])
		return tenTo(n), err == nil && max(n, -n) <= mostPow
	}
	n, err := strconv.Atoi(s)
	return big.NewRat(int64(n), 1), err == nil && n > 0 && n <= mostRoot
}

func tenTo(n int) *big.Rat {
	p := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, -n))), nil)
	if n < 0 {
		return new(big.Rat).SetFrac(big.NewInt(1), p)
	}
	return new(big.Rat).SetInt(p)
}

// comparable tells whether two units measure the same thing.
func (u Unit) comparable(o Unit) bool { return maps.Equal(u.dims, o.dims) }

// Same tells whether a and b are one unit: written alike, or in two ways
// ("10*9/L" and "10*3/uL", "g/L" and "mg/mL").
func Same(a, b string) bool {
	if a == b {
		return true
	}
	x, err := Parse(a)
	if err != nil {
		return false
	}
	y, err := Parse(b)
	return err == nil && x.comparable(y) && x.size.Cmp(y.size) == 0
}

// parser reads terms: components joined by "." and "/", with brackets.
type parser struct {
	text string
	at   int
}

func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *parser) term(sign, depth int) ([]part, error) {
	if depth > deepest {
		return nil, ErrUnknown
	}
	now := sign
	var out []part
	if p.peek() == '/' {
		now, p.at = -sign, p.at+1
	}
	for {
		more, err := p.component(now, depth)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
		switch p.peek() {
		case '.':
			now = sign
		case '/':
			now = -sign
		default:
			return out, nil
		}
		p.at++
	}
}

func (p *parser) component(sign, depth int) ([]part, error) {
	if p.peek() == '(' {
		p.at++
		out, err := p.term(sign, depth+1)
		if err != nil || p.peek() != ')' {
			return nil, ErrUnknown
		}
		p.at++
		return out, nil
	}
	c := part{power: sign}
	if n := p.number(); n != "" {
		c.number = n
	} else if s := p.symbol(); s != "" {
		ok := false
		if c.prefix, c.atom, ok = split(s); !ok {
			return nil, ErrUnknown
		}
		n, ok := p.exponent()
		if !ok {
			return nil, ErrUnknown
		}
		c.power *= n
	}
	note, ok := p.annotation()
	if !ok || c.number == "" && c.atom == "" && note == "" {
		return nil, ErrUnknown
	}
	c.note = note
	return []part{c}, nil
}

// number reads "6" or "10*3"; the power of ten stays with it, as it is written.
func (p *parser) number() string {
	from := p.at
	for p.peek() >= '0' && p.peek() <= '9' {
		p.at++
	}
	if p.text[from:p.at] == "10" && (p.peek() == '*' || p.peek() == '^') {
		p.at++
		if p.peek() == '-' || p.peek() == '+' {
			p.at++
		}
		for p.peek() >= '0' && p.peek() <= '9' {
			p.at++
		}
	}
	return p.text[from:p.at]
}

// symbol reads letters, signs, and what stands in square brackets.
func (p *parser) symbol() string {
	from, inside := p.at, false
	for p.at < len(p.text) {
		c := p.text[p.at]
		switch {
		case c == '[':
			inside = true
		case c == ']':
			inside = false
		case inside:
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '%', c == '\'', c == '"', c == '_':
		default:
			return p.text[from:p.at]
		}
		p.at++
	}
	return p.text[from:p.at]
}

func (p *parser) exponent() (int, bool) {
	from := p.at
	if p.peek() == '-' || p.peek() == '+' {
		p.at++
	}
	for p.peek() >= '0' && p.peek() <= '9' {
		p.at++
	}
	if from == p.at {
		return 1, true
	}
	n, err := strconv.Atoi(p.text[from:p.at])
	return n, err == nil && n != 0 && max(n, -n) <= mostPow
}

func (p *parser) annotation() (string, bool) {
	if p.peek() != '{' {
		return "", true
	}
	end := strings.IndexByte(p.text[p.at:], '}')
	if end < 2 {
		return "", false
	}
	note := p.text[p.at+1 : p.at+end]
	p.at += end + 1
	return note, !strings.ContainsRune(note, '{')
}

// split takes a symbol apart: the whole of it is a unit, or a prefix and a unit
// that takes prefixes.
func split(s string) (prefix, atom string, ok bool) {
	if _, whole := atoms[s]; whole {
		return "", s, true
	}
	for _, n := range []int{1, 2} {
		if len(s) <= n {
			continue
		}
		a, known := atoms[s[n:]]
		if _, isPrefix := prefixes[s[:n]]; isPrefix && known && a.metric {
			return s[:n], s[n:], true
		}
	}
	return "", "", false
}
