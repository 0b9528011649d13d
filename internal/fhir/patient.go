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
		ID:         n.get("id").text(),
		Active:     n.get("active").v == nil || n.get("active").truth(),
		Gender:     n.get("gender").text(),
		MultiBirth: multiBirth(n),
		Updated:    n.get("meta").get("lastUpdated").moment(),
	}
	for _, e := range n.get("identifier").list() {
		p.Identifiers = append(p.Identifiers, identifier(e))
	}
	for _, e := range n.get("name").list() {
		p.Names = append(p.Names, Name{Use: e.get("use").text(), Text: e.get("text").text(), Family: e.get("family").text(),
			Given: e.get("given").texts(), Prefix: e.get("prefix").texts(), Suffix: e.get("suffix").texts(), Period: period(e)})
	}
	for _, e := range n.get("telecom").list() {
		p.Telecom = append(p.Telecom, Telecom{System: e.get("system").text(), Value: e.get("value").text(),
			Use: e.get("use").text(), Rank: rank(e.get("rank")), Period: period(e)})
	}
	for _, e := range n.get("address").list() {
		p.Addresses = append(p.Addresses, Address{Use: e.get("use").text(), Lines: e.get("line").texts(), City: e.get("city").text(),
			State: e.get("state").text(), PostalCode: e.get("postalCode").text(), Country: e.get("country").text(), Period: period(e)})
	}
	for _, e := range n.get("link").list() {
		other := e.get("other")
		p.Links = append(p.Links, Link{e.get("type").text(), other.get("reference").text(), identifier(other.get("identifier"))})
	}
	p.extras(n)
	p.birth(n)
	return p, t.err()
}

// extras reads what is not a plain element of its own.
func (p *Patient) extras(n node) {
	for _, e := range n.get("communication").list() {
		if code := language(e.get("language")); code != "" {
			p.Languages = append(p.Languages, Language{code, e.get("preferred").truth()})
		}
	}
	for _, e := range n.get("extension").list() {
		if e.get("url").text() == birthSexURL {
			p.BirthSex = e.get("valueCode").text()
		}
	}
	for _, e := range n.get("meta").get("security").list() {
		p.Restricted = p.Restricted || restricted[e.get("code").text()]
	}
	p.DeceasedAt = n.get("deceasedDateTime").moment()
	p.Deceased = n.get("deceasedBoolean").truth() || !p.DeceasedAt.IsZero()
}

// birth reads the birth date and sees that a person can be told by name and day.
func (p *Patient) birth(n node) {
	b := n.get("birthDate")
	p.Birth = b.text()
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
		if b.moment(); n.t.fault == nil {
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

func identifier(n node) Identifier {
	id := Identifier{System: n.get("system").text(), Value: n.get("value").text(), Use: n.get("use").text(), Period: period(n)}
	for _, c := range n.get("type").get("coding").list() {
		if id.Type == "" || strings.HasSuffix(c.get("system").text(), "v2-0203") {
			id.Type = c.get("code").text()
		}
	}
	return id
}

func period(n node) Period {
	p := n.get("period")
	return Period{p.get("start").moment(), p.get("end").moment()}
}

// language takes the first coding; some senders have only the text.
func language(n node) string {
	for _, c := range n.get("coding").list() {
		if code := c.get("code").text(); code != "" {
			return code
		}
	}
	return n.get("text").text()
}

func multiBirth(n node) bool {
	return n.get("multipleBirthBoolean").truth() || n.get("multipleBirthInteger").v != nil
}

// rank reads a positive integer; anything else counts as not said.
func rank(n node) int {
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
