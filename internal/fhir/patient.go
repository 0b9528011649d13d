package fhir

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Patient is what Portico understands of a Patient resource. The rest stays in
// the raw document.
type Patient struct {
	ID          string // logical id at the sender
	Active      bool   // true unless the sender says otherwise
	Identifiers []Identifier
	Names       []Name
	Telecom     []Telecom
	Addresses   []Address
	Gender      string // administrative: male, female, other, unknown
	BirthSex    string // US Core birthsex: F, M, UNK, …
	Birth       string // YYYY-MM-DD, a day that exists
	MultiBirth  bool   // one of twins or more
	Deceased    bool
	DeceasedAt  time.Time // UTC; zero if unknown or alive
	Languages   []Language
	Links       []Link
	Restricted  bool      // meta.security asks for more than usual care
	Updated     time.Time // meta.lastUpdated, UTC; zero if unknown
}

// Identifier is a number some system gave the person.
type Identifier struct {
	System string
	Value  string
	Use    string // usual, official, old, …
	Type   string // code of HL7 table 0203: MR, SS, DL, …
	Period Period
}

// Name is a name a person has or had.
type Name struct {
	Use    string // official, usual, nickname, old, maiden, …
	Text   string
	Family string
	Given  []string
	Prefix []string
	Suffix []string
	Period Period
}

// Telecom is a way to reach the person.
type Telecom struct {
	System string // phone, email, fax, sms, …
	Value  string
	Use    string // home, work, mobile, old, …
	Rank   int    // 1 is preferred; 0 if not said
	Period Period
}

// Address is a postal address.
type Address struct {
	Use        string
	Lines      []string
	City       string
	State      string
	PostalCode string
	Country    string
	Period     Period
}

// Period bounds when something held; a zero time is open.
type Period struct{ Start, End time.Time }

// Over tells whether the period had ended at t.
func (p Period) Over(t time.Time) bool { return !p.End.IsZero() && p.End.Before(t) }

// Language is one the person can be spoken to in, as a BCP 47 tag.
type Language struct {
	Code      string
	Preferred bool
}

// Link says that another Patient resource is about the same person.
type Link struct {
	Type       string // replaced-by, replaces, refer, seealso
	Reference  string // "Patient/12", "urn:uuid:…"
	Identifier Identifier
}

const birthSexURL = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"

// restricted are the security labels of HL7 v3 Confidentiality and ActCode that
// ask for more than the care every record gets.
var restricted = map[string]bool{"R": true, "V": true, "CEL": true, "VIP": true, "EMP": true}

// ParsePatient reads a Patient resource as Read gives it. A missing or partial
// birth date or a missing name is an error, except in a record that only says
// by which other it was replaced. Errors are *Error without file and entry.
func ParsePatient(raw json.RawMessage) (Patient, error) {
	n, t := decode(raw)
	p := Patient{
		ID:         n.Get("id").Text(),
		Active:     n.Get("active").v == nil || n.Get("active").Truth(),
		Gender:     n.Get("gender").Text(),
		MultiBirth: multiBirth(n),
		Updated:    n.Get("meta").Get("lastUpdated").Moment(),
	}
	for _, e := range n.Get("identifier").List() {
		p.Identifiers = append(p.Identifiers, identifier(e))
	}
	for _, e := range n.Get("name").List() {
		p.Names = append(p.Names, Name{Use: e.Get("use").Text(), Text: e.Get("text").Text(), Family: e.Get("family").Text(),
			Given: e.Get("given").Texts(), Prefix: e.Get("prefix").Texts(), Suffix: e.Get("suffix").Texts(), Period: period(e)})
	}
	for _, e := range n.Get("telecom").List() {
		p.Telecom = append(p.Telecom, Telecom{System: e.Get("system").Text(), Value: e.Get("value").Text(),
			Use: e.Get("use").Text(), Rank: rank(e.Get("rank")), Period: period(e)})
	}
	for _, e := range n.Get("address").List() {
		p.Addresses = append(p.Addresses, Address{Use: e.Get("use").Text(), Lines: e.Get("line").Texts(), City: e.Get("city").Text(),
			State: e.Get("state").Text(), PostalCode: e.Get("postalCode").Text(), Country: e.Get("country").Text(), Period: period(e)})
	}
	for _, e := range n.Get("link").List() {
		other := e.Get("other")
		p.Links = append(p.Links, Link{e.Get("type").Text(), other.Get("reference").Text(), identifier(other.Get("identifier"))})
	}
	p.extras(n)
	p.birth(n)
	return p, t.err()
}

// extras reads what is not a plain element of its own.
func (p *Patient) extras(n Node) {
	for _, e := range n.Get("communication").List() {
		if code := language(e.Get("language")); code != "" {
			p.Languages = append(p.Languages, Language{code, e.Get("preferred").Truth()})
		}
	}
	for _, e := range n.Get("extension").List() {
		if e.Get("url").Text() == birthSexURL {
			p.BirthSex = e.Get("valueCode").Text()
		}
	}
	for _, e := range n.Get("meta").Get("security").List() {
		p.Restricted = p.Restricted || restricted[e.Get("code").Text()]
	}
	p.DeceasedAt = n.Get("deceasedDateTime").Moment()
	p.Deceased = n.Get("deceasedBoolean").Truth() || !p.DeceasedAt.IsZero()
}

// birth reads the birth date and sees that a person can be told by name and day.
func (p *Patient) birth(n Node) {
	b := n.Get("birthDate")
	p.Birth = b.Text()
	replaced := p.ReplacedBy() != nil
	named := false
	for _, m := range p.Names {
		named = named || m.Family != "" || len(m.Given) > 0 || m.Text != ""
	}
	if !named && !replaced {
		n.t.wrong("name", NoName)
	}
	switch len(p.Birth) {
	case 0:
		if !replaced {
			n.t.wrong("birthDate", NoBirth)
		}
		return
	case len("1962"), len("1962-04"):
		if b.Moment(); n.t.fault == nil {
			n.t.wrong("birthDate", PartialBirth)
		}
		return
	}
	if _, err := time.Parse(time.DateOnly, p.Birth); err != nil {
		n.t.wrong("birthDate", BadDate)
	}
}

// ReplacedBy gives the link to the record that took this one's place, nil if
// there is none.
func (p *Patient) ReplacedBy() *Link {
	for i := range p.Links {
		if p.Links[i].Type == "replaced-by" {
			return &p.Links[i]
		}
	}
	return nil
}

func identifier(n Node) Identifier {
	id := Identifier{System: n.Get("system").Text(), Value: n.Get("value").Text(), Use: n.Get("use").Text(), Period: period(n)}
	for _, c := range n.Get("type").Get("coding").List() {
		if id.Type == "" || strings.HasSuffix(c.Get("system").Text(), "v2-0203") {
			id.Type = c.Get("code").Text()
		}
	}
	return id
}

func period(n Node) Period {
	p := n.Get("period")
	return Period{p.Get("start").Moment(), p.Get("end").Moment()}
}

// language takes the first coding; some senders have only the text.
func language(n Node) string {
	for _, c := range n.Get("coding").List() {
		if code := c.Get("code").Text(); code != "" {
			return code
		}
	}
	return n.Get("text").Text()
}

func multiBirth(n Node) bool {
	return n.Get("multipleBirthBoolean").Truth() || n.Get("multipleBirthInteger").v != nil
}

// rank reads a positive integer; anything else counts as not said.
func rank(n Node) int {
	num, ok := n.v.(json.Number)
	if !ok {
		return 0
	}
	r, err := strconv.Atoi(num.String())
	if err != nil || r < 1 {
		return 0
	}
	return r
}
