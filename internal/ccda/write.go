package ccda

import (
	"cmp"
	"io"
	"strconv"
)

// US English names and OIDs below: HL7 C-CDA Release 2.1, volume 2.

// Write writes a Continuity of Care Document (CCD, template
// 2.16.840.1.113883.10.20.22.1.2 of C-CDA R2.1). The same input gives the same
// bytes. The error is what to says.
func Write(to io.Writer, c CCD) error {
	w := newWriter(to)
	w.in("ClinicalDocument", attrs{"xmlns", spaceCDA, "xmlns:xsi", spaceXSI, "xmlns:sdtc", spaceSDTC}, func() {
		w.header(c)
		w.patient(c.Patient)
		if !c.Author.At.Known() {
			c.Author.At = Exactly(c.Created)
		}
		w.author(c.Author, c.Custodian)
		w.in("custodian", nil, func() {
			w.in("assignedCustodian", nil, func() { w.organization("representedCustodianOrganization", c.Custodian) })
		})
		w.care(c)
		w.in("component", nil, func() {
			w.in("structuredBody", nil, func() { w.parts(c) })
		})
	})
	w.b.WriteByte('\n')
	return w.b.Flush()
}

func (w *writer) header(c CCD) {
	w.empty("realmCode", attrs{"code", "US"})
	w.empty("typeId", attrs{"root", "2.16.840.1.113883.1.3", "extension", "POCD_HD000040"})
	w.template("2.16.840.1.113883.10.20.22.1.1", "2015-08-01")
	w.template("2.16.840.1.113883.10.20.22.1.2", "2015-08-01")
	w.id(c.ID)
	w.code("code", "", Code{"34133-9", "2.16.840.1.113883.6.1", "Summarization of Episode Note"})
	w.say("title", cmp.Or(c.Title, "Continuity of Care Document"))
	w.at("effectiveTime", Exactly(c.Created))
	w.empty("confidentialityCode", attrs{"code", cmp.Or(c.Confidentiality, "N"), "codeSystem", "2.16.840.1.113883.5.25"})
	w.empty("languageCode", attrs{"code", cmp.Or(c.Language, "en-US")})
	if c.SetID.Root != "" && c.Version > 0 { // one without the other is not allowed
		w.empty("setId", attrs{"root", c.SetID.Root, "extension", c.SetID.Extension})
		w.empty("versionNumber", attrs{"value", strconv.Itoa(c.Version)})
	}
}

func (w *writer) patient(p Patient) {
	w.in("recordTarget", nil, func() {
		w.in("patientRole", nil, func() {
			w.ids(p.IDs)
			w.addresses(p.Addresses)
			w.telecoms(p.Telecoms)
			w.in("patient", nil, func() { w.person(p) })
		})
	})
}

func (w *writer) person(p Patient) {
	if len(p.Names) == 0 {
		w.empty("name", attrs{"nullFlavor", "UNK"})
	}
	for _, n := range p.Names {
		w.name(n)
	}
	if p.Sex == "" {
		w.empty("administrativeGenderCode", attrs{"nullFlavor", "UNK"})
	} else {
		w.empty("administrativeGenderCode", attrs{"code", p.Sex, "codeSystem", "2.16.840.1.113883.5.1"})
	}
	w.at("birthTime", p.Birth)
	if p.Deceased {
		w.empty("sdtc:deceasedInd", attrs{"value", "true"})
		if p.DeceasedAt.Known() {
			w.at("sdtc:deceasedTime", p.DeceasedAt)
		}
	}
	w.code("raceCode", "", p.Race)
	w.code("ethnicGroupCode", "", p.Ethnicity)
	for i, l := range p.Languages {
		w.in("languageCommunication", nil, func() {
			w.empty("languageCode", attrs{"code", l})
			w.empty("preferenceInd", attrs{"value", strconv.FormatBool(i == 0)})
		})
	}
}

func (w *writer) name(n Name) {
	if n.Family == "" && len(n.Given) == 0 {
		if n.Text == "" {
			w.empty("name", attrs{"nullFlavor", "UNK"})
		}
		w.tell("name", attrs{"use", n.Use}, n.Text)
		return
	}
	w.in("name", attrs{"use", n.Use}, func() {
		for _, p := range n.Prefix {
			w.say("prefix", p)
		}
		for _, g := range n.Given {
			w.say("given", g)
		}
		w.say("family", n.Family)
		for _, s := range n.Suffix {
			w.say("suffix", s)
		}
	})
}

func (w *writer) addresses(all []Address) {
	if len(all) == 0 {
		w.empty("addr", attrs{"nullFlavor", "UNK"})
	}
	for _, a := range all {
		w.in("addr", attrs{"use", a.Use}, func() {
			for _, line := range a.Lines {
				w.say("streetAddressLine", line)
			}
			w.say("city", a.City)
			w.say("state", a.State)
			w.say("postalCode", a.PostalCode)
			w.say("country", a.Country)
		})
	}
}

var schemes = map[string]string{"phone": "tel:", "fax": "fax:", "email": "mailto:"}

func (w *writer) telecoms(all []Telecom) {
	if len(all) == 0 {
		w.empty("telecom", attrs{"nullFlavor", "UNK"})
	}
	for _, t := range all {
		w.empty("telecom", attrs{"use", t.Use, "value", schemes[t.System] + t.Value})
	}
}

func (w *writer) organization(name string, o Organization) {
	w.in(name, nil, func() {
		w.ids(o.IDs)
		w.say("name", o.Name)
		w.telecoms(o.Telecoms)
		w.addresses(o.Addresses)
	})
}

// author is a person, or a program of the clinic.
func (w *writer) author(a Author, clinic Organization) {
	w.in("author", nil, func() {
		w.at("time", a.At)
		w.in("assignedAuthor", nil, func() {
			w.ids(a.IDs)
			w.addresses(clinic.Addresses)
			w.telecoms(clinic.Telecoms)
			if a.Name.String() != "" {
				w.in("assignedPerson", nil, func() { w.name(a.Name) })
			} else {
				w.in("assignedAuthoringDevice", nil, func() {
					w.say("manufacturerModelName", cmp.Or(a.Software, "Portico"))
					w.say("softwareName", cmp.Or(a.Software, "Portico"))
				})
			}
			clinic.Name = cmp.Or(a.Organization, clinic.Name)
			w.organization("representedOrganization", clinic)
		})
	})
}

// care says which time the document is about; a CCD must.
func (w *writer) care(c CCD) {
	if !c.Care.High.Known() {
		c.Care.High = Exactly(c.Created)
	}
	w.in("documentationOf", nil, func() {
		w.in("serviceEvent", attrs{"classCode", "PCPR"}, func() {
			w.in("effectiveTime", nil, func() {
				w.at("low", c.Care.Low)
				w.at("high", c.Care.High)
			})
		})
	})
}
