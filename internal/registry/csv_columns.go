package registry

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// column is what a column of a spreadsheet of patients holds.
type column string

const (
	colNumber   column = "number"
	colGiven    column = "given"
	colMiddle   column = "middle"
	colFamily   column = "family"
	colSecond   column = "second_family"
	colSuffix   column = "suffix"
	colFormer   column = "former"
	colBirth    column = "birth"
	colSex      column = "sex"
	colEmail    column = "email"
	colPhone    column = "phone"
	colMobile   column = "mobile"
	colAddress  column = "address"
	colAddress2 column = "address2"
	colCity     column = "city"
	colState    column = "state"
	colPostal   column = "postal"
	colCountry  column = "country"
	colLanguage column = "language"
	colDeceased column = "deceased"
	colSince    column = "contact_since"
)

// headings are the names a column may go by, without spaces and signs. The
// first is the one the manual uses.
var headings = map[column]string{
	colNumber:   "number mrn patientnumber patientno medicalrecordnumber recordnumber chartnumber patientid externalid medrec mrnumber numero numerodepaciente expediente",
	colGiven:    "first firstname given givenname givennames forename nombre nombres",
	colMiddle:   "middle middlename middleinitial mi segundonombre",
	colFamily:   "last lastname family familyname surname apellido apellidos primerapellido apellidopaterno",
	colSecond:   "secondlastname secondsurname maternalsurname segundoapellido apellidomaterno",
	colSuffix:   "suffix namesuffix generation",
	colFormer:   "formername formerlastname former maiden maidenname previousname previouslastname priorname birthname apellidodesoltera",
	colBirth:    "birthdate dob dateofbirth birth birthday fechadenacimiento nacimiento",
	colSex:      "sex gender birthsex administrativesex sexo genero",
	colEmail:    "email emailaddress mail correo correoelectronico",
	colPhone:    "phone phonenumber homephone telephone tel landline telefono",
	colMobile:   "mobile mobilephone cell cellphone cellular mobilenumber textphone celular movil",
	colAddress:  "address street streetaddress address1 addressline1 addr1 mailingaddress direccion calle",
	colAddress2: "address2 addressline2 addr2 unit apt apartment suite",
	colCity:     "city town ciudad",
	colState:    "state province region estado",
	colPostal:   "zip zipcode postalcode postcode postal codigopostal",
	colCountry:  "country pais",
	colLanguage: "language preferredlanguage lang idioma",
	colDeceased: "deceaseddate deceased dateofdeath deathdate dod deceasedon fechadefallecimiento",
	colSince:    "contactsince contactssince contactonfilesince onfilesince contactdate",
}

var headingOf = func() map[string]column {
	out := map[string]column{}
	for c, names := range headings {
		for n := range strings.FieldsSeq(names) {
			out[n] = c
		}
	}
	return out
}()

// readHeading tells what a column's heading stands for; "" for none of ours.
func readHeading(s string) column {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(norm.NFKD.String(s)))
	return headingOf[plain]
}

// layout says which column stands where.
type layout struct {
	columns []column // by position, "" for those not taken
	unknown []int    // positions, from 1, that are not taken
}

// readLayout reads the first row. Without family name and birth date, or with
// two columns for one thing, nothing can be taken in.
func readLayout(head []string) (layout, *Refusal) {
	var l layout
	for i, h := range head {
		c := readHeading(h)
		if c == "" {
			l.unknown = append(l.unknown, i+1)
		} else if slices.Contains(l.columns, c) {
			return l, &Refusal{Line: 1, Column: i + 1, Heading: c.title(), Key: "registry.csv.column_twice"}
		}
		l.columns = append(l.columns, c)
	}
	for _, need := range []column{colFamily, colGiven, colBirth} {
		if !slices.Contains(l.columns, need) {
			return l, &Refusal{Line: 1, Heading: need.title(), Key: "registry.csv.column_missing", Args: []any{need.title()}}
		}
	}
	return l, nil
}

// title is the heading the manual uses.
func (c column) title() string {
	switch c {
	case colNumber:
		return "patient number"
	case colGiven:
		return "first name"
	case colFamily:
		return "last name"
	case colBirth:
		return "birth date"
	case colFormer:
		return "former name"
	case colPostal:
		return "zip"
	}
	return strings.ReplaceAll(string(c), "_", " ")
}

// silence tells what the spreadsheet has no column for.
func (l layout) silence() Silence {
	without := func(cs ...column) bool {
		return !slices.ContainsFunc(cs, func(c column) bool { return slices.Contains(l.columns, c) })
	}
	return Silence{
		Email: without(colEmail), Phone: without(colPhone, colMobile), Address: without(colAddress, colCity, colPostal),
		Former: without(colFormer), Sex: without(colSex), Language: without(colLanguage), Deceased: without(colDeceased),
	}
}
