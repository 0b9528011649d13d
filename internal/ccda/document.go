package ccda

// Document is what Portico understands of a clinical document. The bytes it came
// in remain the truth. All texts are as the sender wrote them, white space
// collapsed.
type Document struct {
	ID              ID
	SetID           ID  // the same in all versions of a document
	Version         int // 0 if not said
	Type            Code
	Templates       []ID // what it claims to conform to
	Title           string
	Effective       Time   // when it was made
	Language        string // "en-US"; "" if not said
	Confidentiality string // N normal, R restricted, V very restricted
	Authors         []Author
	Custodian       Organization
	Encounter       *Encounter // nil if it belongs to none
	Related         []Related
	Patient         Patient
	File            *File // of a document that is a file with a header; nil otherwise
	Sections        []Section
}

// ID is an HL7 instance identifier.
type ID struct {
	Root      string // an OID or UUID
	Extension string // unique within Root; "" if Root says it all
	Authority string // who gives these numbers, for people
}

// Code is a code with its meaning. Display may be there without a code.
type Code struct {
	Code    string
	System  string // OID
	Display string
}

// Author is who, or what program, wrote the document.
type Author struct {
	IDs          []ID
	Name         Name
	Organization string
	Software     string // model or name of a program
	At           Time
}

// Organization is a clinic or whoever else keeps the document.
type Organization struct {
	IDs       []ID
	Name      string
	Telecoms  []Telecom
	Addresses []Address
}

// Encounter is the visit the document tells about.
type Encounter struct {
	IDs      []ID
	Code     Code
	Period   Period
	Location string
}

// Related is another document this one stands beside.
type Related struct {
	Kind  string // RPLC replaces it, APND adds to it, XFRM is made from it
	ID    ID
	SetID ID
}

// Patient is whom the document is about.
type Patient struct {
	IDs        []ID
	Names      []Name
	Birth      Time
	Sex        string // administrative: M, F, UN; "" if not said
	Race       Code
	Ethnicity  Code
	Languages  []string // the preferred one first
	Addresses  []Address
	Telecoms   []Telecom
	Deceased   bool
	DeceasedAt Time
}

// Name is a person's name.
type Name struct {
	Use    string // L legal, C license, P pseudonym, …
	Prefix []string
	Given  []string
	Family string
	Suffix []string
	Text   string // of a name that is not taken apart
}

// Telecom is a way to reach somebody.
type Telecom struct {
	System string // phone, email, fax, url, other
	Value  string // without "tel:"
	Use    string // HP home, WP work, MC mobile, …
}

// Address is a postal address.
type Address struct {
	Use        string // HP home, WP work, …
	Lines      []string
	City       string
	State      string
	PostalCode string
	Country    string
}

// File is the whole content of a document without sections, or a picture. It is
// what the sender says it is: who shows it must look at the bytes first.
type File struct {
	MediaType string
	Data      []byte // nil if it is not inside the document
	Reference string // address of what is not inside; never fetched
}

// Section is a part of a document.
type Section struct {
	ID              string
	Templates       []ID
	Code            Code
	Title           string
	NullFlavor      string // NI, NAV, …: why there is nothing; "" if there is
	Confidentiality string // "" if as the document
	Text            Narrative
	Sections        []Section
}
