package registry

import (
	"slices"
	"testing"
	"time"

	"portico/internal/lang"

	"pgregory.net/rapid"
)

var now = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// robert is whom the tests compare with.
func robert() Patient {
	return Patient{
		ID: "pat_robert", Given: "Robert James", Family: "Smith", Birth: "1962-04-09", Sex: "male", Active: true,
		Names:     []Name{{Current, "Robert James", "Smith", ""}, {Former, "Robert", "Kowalski", ""}},
		Numbers:   []Number{{Value: "0012-345", Usage: Current}},
		Contacts:  []Contact{{ID: "c1", Kind: Email, Value: "Bob.Smith@example.org", Since: now.AddDate(-1, 0, 0)}, {ID: "c2", Kind: Phone, Value: "+15551862275", Since: now.AddDate(-1, 0, 0)}},
		Addresses: []Address{{Usage: Current, Lines: []string{"616 Daugherty Arcade"}, City: "Worcester", PostalCode: "01545"}},
	}
}

func claim(change func(*Details)) Details {
	d := Details{Given: "Robert", Family: "Smith", Birth: "1962-04-09", Sex: "male", Email: "bob.smith@EXAMPLE.org", Phone: "(555) 186-2275",
		Address: Address{Lines: []string{"616 Daugherty Arc."}, PostalCode: "01545-1234"}}
	if change != nil {
		change(&d)
	}
	return d
}

func keysOf(m Match) []string {
	var out []string
	for _, r := range m.Reasons {
		out = append(out, r.Key)
	}
	return out
}

func TestCompare(t *testing.T) {
	tests := []struct {
		name   string
		d      Details
		p      func(*Patient)
		lo, hi int
		strict bool
		key    string // a reason that must be among them
	}{
		{"all agrees", claim(nil), nil, 95, 100, true, "registry.match.birth"},
		{"name and birth date alone", claim(func(d *Details) { d.Email, d.Phone, d.Address, d.Sex = "", "", Address{}, "" }), nil, 70, 75, false, "registry.match.given"},
		{"one contact is enough", claim(func(d *Details) { d.Email = "new@example.org" }), nil, 90, 100, true, "registry.match.email_differs"},
		{"no contact agrees", claim(func(d *Details) { d.Email, d.Phone = "new@example.org", "555 000 1111" }), nil, 75, 90, false, "registry.match.phone_differs"},
		{"a nickname is for staff", claim(func(d *Details) { d.Given = "Bob" }), nil, 90, 100, false, "registry.match.given_nickname"},
		{"former name", claim(func(d *Details) { d.Family = "Kowalski" }), nil, 90, 100, true, "registry.match.family_former"},
		{"a name changed by marriage, the old one given", claim(func(d *Details) { d.Family, d.Former = "Nguyen", "Smith" }), nil, 90, 100, true, "registry.match.family_former"},
		{"a name changed by marriage, nothing said", claim(func(d *Details) { d.Family = "Nguyen" }), nil, 50, 75, false, "registry.match.family_differs"},
		{"day and month swapped", claim(func(d *Details) { d.Birth = "1962-09-04" }), nil, 80, 100, false, "registry.match.birth_swapped"},
		{"a digit off", claim(func(d *Details) { d.Birth = "1963-04-09" }), nil, 75, 95, false, "registry.match.birth_digit"},
		{"two digits exchanged", claim(func(d *Details) { d.Birth = "1926-04-09" }), nil, 75, 95, false, "registry.match.birth_digit"},
		{"names in each other's place", claim(func(d *Details) { d.Given, d.Family = "Smith", "Robert" }), nil, 85, 100, true, "registry.match.order"},
		{"the number agrees", claim(func(d *Details) { d.Number = "0012345" }), nil, 100, 100, true, "registry.match.number"},
		{"the number is another's", claim(func(d *Details) { d.Number = "999" }), nil, 80, 95, false, "registry.match.number_differs"},
		{"a contact put on file yesterday", claim(func(d *Details) { d.Phone = "" }), func(p *Patient) { p.Contacts[0].Since = now.AddDate(0, 0, -1) }, 80, 95, false, "registry.match.email_new"},
		{"a contact put on file 7 days ago", claim(func(d *Details) { d.Phone = "" }), func(p *Patient) { p.Contacts[0].Since = now.Add(-ContactAge) }, 90, 100, true, "registry.match.email"},
		{"deceased", claim(nil), func(p *Patient) { p.Deceased = now }, 95, 100, false, "registry.match.deceased"},
		{"restricted", claim(nil), func(p *Patient) { p.Restricted = true }, 95, 100, false, "registry.match.restricted"},
		{"no longer in use", claim(nil), func(p *Patient) { p.Active = false }, 95, 100, false, "registry.match.inactive"},
		{"replaced", claim(nil), func(p *Patient) { p.MergedInto = "pat_x" }, 95, 100, false, "registry.match.birth"},
		{"nothing on file to write to", claim(nil), func(p *Patient) { p.Contacts = nil }, 75, 90, false, "registry.match.contact_unsaid"},
		{"a number that cannot be called is compared all the same", claim(func(d *Details) { d.Email, d.Phone = "", "45 678" }),
			func(p *Patient) {
				p.Contacts = []Contact{{ID: "c", Kind: Phone, Value: "45678", Since: now.AddDate(-1, 0, 0)}}
			}, 85, 100, true, "registry.match.phone"},

		// Those who share much and are somebody else.
		{"his twin", claim(func(d *Details) { d.Given = "Thomas" }), nil, 0, 50, false, "registry.match.given_differs"},
		{"his twin sister with nearly his name", claim(func(d *Details) { d.Given, d.Sex = "Roberta", "female" }), nil, 0, 50, false, "registry.match.given_weak"},
		{"his father of the same name", claim(func(d *Details) { d.Birth = "1935-11-20" }), nil, 0, 45, false, "registry.match.birth_differs"},
		{"his son, Jr.", claim(func(d *Details) { d.Birth, d.Suffix = "1988-01-30", "Jr." }), nil, 0, 45, false, "registry.match.birth_differs"},
		{"his sister in the same house", claim(func(d *Details) { d.Given, d.Birth, d.Sex, d.Email, d.Phone = "Emma", "1965-12-01", "female", "", "" }), nil, 0, 20, false, "registry.match.sex_differs"},
		{"a namesake", claim(func(d *Details) {
			d.Birth, d.Email, d.Phone, d.Address = "1971-07-23", "x@y.example", "", Address{Lines: []string{"9 Elm"}, PostalCode: "90210"}
		}), nil, 0, 20, false, "registry.match.address_differs"},
		{"a neighbour born the same day", claim(func(d *Details) { d.Given, d.Family, d.Email, d.Phone = "Emma", "Jones", "", "" }), nil, 0, 20, false, "registry.match.family_differs"},
		{"a further name that contradicts", claim(func(d *Details) { d.Given = "Robert Allan" }), nil, 75, 95, false, "registry.match.middle"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := robert()
			if tt.p != nil {
				tt.p(&p)
			}
			m := Compare(tt.d, p, "US", now)
			if m.Score < tt.lo || m.Score > tt.hi || m.Strict != tt.strict || !slices.Contains(keysOf(m), tt.key) {
				t.Errorf("score %d, strict %v, %q", m.Score, m.Strict, keysOf(m))
			}
			for _, r := range m.Reasons {
				for _, l := range lang.All {
					if s := l.T(r.Key, r.Args...); s == r.Key || s == "" {
						t.Errorf("%s has no text in %s", r.Key, l)
					}
				}
			}
		})
	}
}

// A father and a son of one name, one birth date typed wrong: Jr. tells.
func TestSuffixTellsGenerations(t *testing.T) {
	p := robert()
	p.Names[0].Suffix = "Sr."
	m := Compare(claim(func(d *Details) { d.Suffix = "Jr" }), p, "US", now)
	if m.Strict || m.Score > 95 || !slices.Contains(keysOf(m), "registry.match.suffix") {
		t.Errorf("%d %v", m.Score, keysOf(m))
	}
}

func TestOnlyStrict(t *testing.T) {
	strict := Match{Patient: robert(), Strict: true, Score: 100}
	twin := Match{Patient: robert(), Score: 50}
	twin.Patient.ID, twin.Patient.Given = "pat_thomas", "Thomas"
	other := twin
	other.Patient.Birth = "1990-01-01"
	double := strict
	double.Patient.ID = "pat_again"
	for _, tt := range []struct {
		name string
		in   []Match
		want bool
	}{{"one", []Match{strict, other}, true}, {"none", []Match{twin}, false}, {"a twin is known", []Match{strict, twin}, false}, {"two", []Match{strict, double}, false}} {
		if _, got := OnlyStrict(tt.in); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestFitBirth(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want birthFit
	}{
		{"1962-04-09", "1962-04-09", birthSame}, {"1962-04-09", "1962-09-04", birthSwapped}, {"1962-04-04", "1962-04-05", birthDigit},
		{"1962-04-19", "1962-04-91", birthDigit}, {"1962-12-30", "1962-30-12", birthApart}, {"1962-04-09", "1982-04-19", birthApart}, {"1962-04-13", "1962-04-31", birthDigit},
	} {
		if got := fitBirth(tt.a, tt.b); got != tt.want {
			t.Errorf("%s %s: %d", tt.a, tt.b, got)
		}
	}
}

// Whatever is claimed: the score stays within bounds, saying less never makes a
// match strict, and a strict match agrees in name, birth date and contact.
func TestMatchProperties(t *testing.T) {
	some := func(t *rapid.T, name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }
	rapid.Check(t, func(t *rapid.T) {
		d := Details{
			Given:  some(t, "given", "", "Robert", "robert james", "Bob", "Thomas", "R", "Smith", "Róbert", "Roberta"),
			Family: some(t, "family", "", "Smith", "SMITH-Jones", "Smyth", "Kowalski", "Jones", "Robert"),
			Former: some(t, "former", "", "Smith", "Robert Smith", "Li"),
			Suffix: some(t, "suffix", "", "Jr", "Sr"),
			Birth:  some(t, "birth", "", "1962-04-09", "1962-09-04", "1963-04-09", "1980-01-01"),
			Sex:    some(t, "sex", "", "male", "female", "other"),
			Email:  some(t, "email", "", "bob.smith@example.org", "x@example.org", "none"),
			Phone:  some(t, "phone", "", "5551862275", "+1 555 186 2275", "555 111 2222"),
			Number: some(t, "number", "", "0012345", "12345"),
		}
		p := robert()
		p.Contacts[0].Since = now.AddDate(0, 0, -rapid.IntRange(0, 14).Draw(t, "age"))
		m := Compare(d, p, "US", now)
		if m.Score < 0 || m.Score > 100 {
			t.Fatalf("score %d", m.Score)
		}
		if again := Compare(d, p, "US", now); again.Score != m.Score || again.Strict != m.Strict {
			t.Fatal("compared twice, judged differently")
		}
		if !m.Strict {
			return
		}
		if d.Birth != p.Birth || m.Contact == "" || m.Score < 70 {
			t.Fatalf("strict with birth %q, contact %q, score %d", d.Birth, m.Contact, m.Score)
		}
		for _, bad := range []string{"Bob", "Thomas", "R", "Roberta", ""} {
			if d.Given == bad {
				t.Fatalf("strict as %q", bad)
			}
		}
		if i := slices.IndexFunc(p.Contacts, func(c Contact) bool { return c.ID == m.Contact }); now.Sub(p.Contacts[i].Since) < ContactAge {
			t.Fatal("strict by a contact that is too new")
		}
	})
}

// Order of given names and accents, hyphens and case do not matter.
func TestMatchIgnoresSpelling(t *testing.T) {
	p := Patient{ID: "p", Active: true, Birth: "1980-05-06", Names: []Name{{Current, "José Ángel", "Muñoz de la Peña", ""}}}
	want := Compare(Details{Given: "José Ángel", Family: "Muñoz de la Peña", Birth: "1980-05-06"}, p, "MX", now).Score
	for _, d := range []Details{{Given: "JOSE ANGEL", Family: "MUNOZ DE LA PENA"}, {Given: "jose-angel", Family: "munoz-pena"}, {Given: "José Ángel", Family: "MUÑOZ PEÑA"}} {
		d.Birth = "1980-05-06"
		if got := Compare(d, p, "MX", now).Score; got != want {
			t.Errorf("%s %s: %d, want %d", d.Given, d.Family, got, want)
		}
	}
}
