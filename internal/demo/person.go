package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
	"unicode"
)

// Person is one synthetic patient.
type Person struct {
	Number   string // patient number
	Given    string
	Family   string
	Former   string    // earlier family name, "" for none
	Birth    string    // YYYY-MM-DD
	Sex      string    // female or male
	Email    string    // "" for none on file
	Phone    string    // "" for none on file
	Since    time.Time // since when the contacts are on file
	Line     string
	City     string
	State    string
	Zip      string
	Language string // en or es
	Died     string // YYYY-MM-DD, "" for the living
}

// Name is the whole name.
func (p Person) Name() string { return p.Given + " " + p.Family }

// Base is when the synthetic clinic's data was last touched. It is fixed, so
// that a clinic depends on its seed alone.
var Base = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

// People makes n people from seed. The first few are always the same kind of
// person, so that scripts and stories find what they look for: see Cast.
func People(seed uint64, n int) []Person {
	r := rand.New(rand.NewPCG(seed, 0x706f727469636f))
	out := make([]Person, n)
	for i := range out {
		out[i] = person(r, i)
		if i < len(cast) {
			cast[i](&out[i])
		}
	}
	return out
}

// cast shapes the first people of each clinic.
var cast = []func(*Person){
	func(p *Person) { // has an account with an authenticator app
		*p = with(*p, "Maria", "Alvarez", "female", "1962-04-09", "en")
	},
	func(p *Person) { // has an account in Spanish, codes by e-mail
		*p = with(*p, "José Luis", "Ortega Ríos", "male", "1975-11-30", "es")
	},
	func(p *Person) { // has an account, codes by text
		*p = with(*p, "Thanh", "Nguyen", "female", "1949-02-14", "en")
	},
	func(p *Person) { // holds a letter
		*p = with(*p, "Walter", "Goldberg", "male", "1948-05-21", "en")
	},
	func(p *Person) { // was e-mailed a code
		*p = with(*p, "Guadalupe", "Fernández", "female", "1988-09-02", "es")
	},
	func(p *Person) { // knows only the number
		*p = with(*p, "Priya", "Patel", "female", "1991-12-03", "en")
	},
	func(p *Person) { // has no contact on file
		*p = with(*p, "Ruth", "Kowalski", "female", "1941-07-19", "en")
		p.Email, p.Phone = "", ""
	},
	func(p *Person) { // two people share this name and birth date
		*p = with(*p, "Destiny", "Brown", "female", "1998-07-03", "en")
	},
	func(p *Person) {
		*p = with(*p, "Destiny", "Brown", "female", "1998-07-03", "en")
		p.Email, p.Line, p.Zip = "destiny.brown2@example.org", "8 Mill Road", "01506"
	},
	func(p *Person) { // died
		*p = with(*p, "Arthur", "Miller", "male", "1935-03-28", "en")
		p.Died = "2025-10-02"
	},
	func(p *Person) { // too young for an account of her own
		*p = with(*p, "Sofía", "Alvarez", "female", "2019-06-11", "en")
	},
	func(p *Person) { // married, known by an earlier name too
		*p = with(*p, "Eleanor", "MacDonald", "female", "1979-01-25", "en")
		p.Former = "Carter"
	},
}

func with(p Person, given, family, sex, birth, language string) Person {
	p.Given, p.Family, p.Sex, p.Birth, p.Language, p.Former, p.Died = given, family, sex, birth, language, "", ""
	p.Since = Base.AddDate(-1, 0, 0)
	p.Email = mailbox(given, family) + "@example.org"
	if p.Phone == "" {
		p.Phone = fmt.Sprintf("+1413555%04d", len(given)*613%10000)
	}
	return p
}

func person(r *rand.Rand, i int) Person {
	p := Person{Number: fmt.Sprintf("RV-%06d", 104000+i*7+r.IntN(7)), Language: "en", Since: Base.AddDate(0, 0, -30-r.IntN(1500))}
	if p.Sex = "female"; r.IntN(2) == 0 {
		p.Sex = "male"
	}
	if p.Given = women[r.IntN(len(women))]; p.Sex == "male" {
		p.Given = men[r.IntN(len(men))]
	}
	p.Family = families[r.IntN(len(families))]
	if p.Sex == "female" && r.IntN(12) == 0 {
		p.Former = families[r.IntN(len(families))]
	}
	p.Birth = Base.AddDate(-1-r.IntN(94), -r.IntN(12), -r.IntN(28)).Format(time.DateOnly)
	if r.IntN(5) == 0 {
		p.Language = "es"
	}
	if r.IntN(50) == 0 {
		p.Died = Base.AddDate(0, -r.IntN(36), -r.IntN(28)).Format(time.DateOnly)
	}
	if r.IntN(100) < 82 {
		p.Email = fmt.Sprintf("%s%d@example.org", mailbox(p.Given, p.Family), i)
	}
	if r.IntN(100) < 90 {
		p.Phone = fmt.Sprintf("+1413555%04d", r.IntN(10000))
	}
	t := towns[r.IntN(len(towns))]
	p.Line, p.City, p.State, p.Zip = fmt.Sprintf("%d %s", 1+r.IntN(400), streets[r.IntN(len(streets))]), t.city, t.state, t.zip
	return p
}

// mailbox makes the local part of an e-mail address of a name.
func mailbox(given, family string) string {
	plain, _, _ := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), given+"."+family)
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c == '.':
			return c
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		}
		return -1
	}, plain)
}

type object = map[string]any

// FHIR gives the person as a Patient resource.
func (p Person) FHIR() object {
	names := []object{{"use": "official", "family": p.Family, "given": strings.Fields(p.Given)}}
	if p.Former != "" {
		names = append(names, object{"use": "maiden", "family": p.Former, "given": strings.Fields(p.Given)})
	}
	since := object{"start": p.Since.Format(time.DateOnly)}
	var telecom []object
	if p.Email != "" {
		telecom = append(telecom, object{"system": "email", "value": p.Email, "use": "home", "period": since})
	}
	if p.Phone != "" {
		telecom = append(telecom, object{"system": "phone", "value": p.Phone, "use": "mobile", "period": since})
	}
	out := object{
		"resourceType": "Patient", "id": strings.ToLower(p.Number), "active": true,
		"identifier": []object{{"type": object{"coding": []object{{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}}},
			"system": "urn:portico:demo", "value": p.Number}},
		"name": names, "telecom": telecom, "gender": p.Sex, "birthDate": p.Birth,
		"address":       []object{{"use": "home", "line": []string{p.Line}, "city": p.City, "state": p.State, "postalCode": p.Zip, "country": "US"}},
		"communication": []object{{"language": object{"coding": []object{{"system": "urn:ietf:bcp:47", "code": p.Language}}}, "preferred": true}},
	}
	if p.Died != "" {
		out["deceasedDateTime"] = p.Died
	}
	return out
}

// WriteNDJSON writes people as FHIR NDJSON, the form `portico import fhir` takes.
func WriteNDJSON(w io.Writer, people []Person) error {
	enc := json.NewEncoder(w)
	for _, p := range people {
		if err := enc.Encode(p.FHIR()); err != nil {
			return err
		}
	}
	return nil
}
