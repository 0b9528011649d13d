package registry

import (
	"strings"
	"time"

	"portico/internal/ids"
)

// Kind is what sort of contact a contact is.
type Kind string

const (
	Email  Kind = "email"
	Phone  Kind = "phone"  // a line that may not take texts
	Mobile Kind = "mobile" // a phone that takes texts
)

// Usage is when a name, number or address held.
type Usage string

const (
	Current Usage = "current"
	Former  Usage = "former"
	Alias   Usage = "alias" // a nickname, or a name used beside the official one
)

// Name is a name a person has or had, as it was sent.
type Name struct {
	Usage  Usage
	Given  string // all given names, as written
	Family string // all family names, as written
	Suffix string // Jr., III
}

// Full writes the name in the order given, family.
func (n Name) Full() string {
	return strings.Join(strings.Fields(n.Given+" "+n.Family+" "+n.Suffix), " ")
}

// Number is a patient number.
type Number struct {
	System string // who gives it, as a URI; "" for the clinic's own
	Value  string // as written
	Usage  Usage
}

// Contact is a way to reach a person.
type Contact struct {
	ID    string
	Kind  Kind
	Value string    // e-mail address, or phone number as +15551862275 where it can be one
	Use   string    // home, work, …; "" if not said
	Rank  int       // 1 is preferred; 0 if not said
	Since time.Time // since when it has been on file, UTC
}

// Address is a postal address.
type Address struct {
	Usage      Usage
	Lines      []string
	City       string
	State      string
	PostalCode string
	Country    string
}

// empty tells whether nothing of the address is known.
func (a Address) empty() bool {
	return len(a.Lines) == 0 && a.City == "" && a.State == "" && a.PostalCode == ""
}

// Patient is one person of the index. A person whose records were joined has
// the numbers and names of all of them.
type Patient struct {
	ID         ids.Patient
	Given      string // of the name in use
	Family     string
	Birth      string // YYYY-MM-DD; "" only for a record that was replaced
	Sex        string // female, male, other, unknown or ""
	Language   string // BCP 47 tag as sent, "" if unknown
	Deceased   time.Time
	MergedInto ids.Patient // the record that took this one's place
	Restricted bool        // asks for a second person at the desk
	Active     bool
	MultiBirth bool // one of twins or more

	Names     []Name
	Numbers   []Number
	Contacts  []Contact
	Addresses []Address
}

// Dead tells whether the person has died, as far as the clinic knows.
func (p Patient) Dead() bool { return !p.Deceased.IsZero() }

// Number gives the number to print on letters: the clinic's current one.
func (p Patient) Number() string {
	for _, n := range p.Numbers {
		if n.Usage == Current {
			return n.Value
		}
	}
	return ""
}
