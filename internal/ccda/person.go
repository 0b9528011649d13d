package ccda

import "strings"

func readID(n *node) ID {
	return ID{Root: clean(n.attr("root")), Extension: clean(n.attr("extension")), Authority: collapse(n.attr("assigningAuthorityName"))}
}

// readIDs leaves out identifiers that only say that there is none.
func readIDs(nodes []*node) []ID {
	var out []ID
	for _, n := range nodes {
		if id := readID(n); id.Root != "" || id.Extension != "" {
			out = append(out, id)
		}
	}
	return out
}

func clean(s string) string { return strings.TrimSpace(s) }

// readCode falls back on the words of the sender's own text, where there is no
// display name.
func readCode(n *node) Code {
	c := Code{Code: clean(n.attr("code")), System: clean(n.attr("codeSystem")), Display: collapse(n.attr("displayName"))}
	if c.Display == "" {
		c.Display = n.child("originalText").words()
	}
	return c
}

func readPatient(role *node) Patient {
	person := role.child("patient")
	p := Patient{
		IDs: readIDs(role.all("id")), Names: readNames(person.all("name")), Addresses: readAddresses(role.all("addr")),
		Telecoms: readTelecoms(role.all("telecom")), Birth: parseTime(person.child("birthTime").attr("value")),
		Sex:        clean(person.child("administrativeGenderCode").attr("code")),
		Race:       readCode(person.child("raceCode")),
		Ethnicity:  readCode(person.child("ethnicGroupCode")),
		DeceasedAt: parseTime(person.child("sdtc:deceasedTime").attr("value")),
	}
	p.Deceased = person.child("sdtc:deceasedInd").attr("value") == "true" || p.DeceasedAt.Known()
	p.Languages = readLanguages(person.all("languageCommunication"))
	return p
}

func readLanguages(nodes []*node) []string {
	var first, then []string
	for _, n := range nodes {
		code := clean(n.child("languageCode").attr("code"))
		switch {
		case code == "":
		case n.child("preferenceInd").attr("value") == "true":
			first = append(first, code)
		default:
			then = append(then, code)
		}
	}
	return append(first, then...)
}

func readNames(nodes []*node) []Name {
	var out []Name
	for _, n := range nodes {
		if name := readName(n); name.String() != "" {
			out = append(out, name)
		}
	}
	return out
}

func readName(n *node) Name {
	name := Name{Use: clean(n.attr("use"))}
	var family []string
	for _, k := range n.kids {
		word := k.words()
		if word == "" {
			continue
		}
		switch k.name {
		case "prefix":
			name.Prefix = append(name.Prefix, word)
		case "given":
			name.Given = append(name.Given, word)
		case "family":
			family = append(family, word)
		case "suffix":
			name.Suffix = append(name.Suffix, word)
		}
	}
	if name.Family = strings.Join(family, " "); len(name.Given) == 0 && name.Family == "" {
		name.Text = n.words()
	}
	return name
}

// String is the name as one writes it.
func (n Name) String() string {
	if n.Text != "" {
		return n.Text
	}
	words := append(append([]string{}, n.Prefix...), n.Given...)
	if n.Family != "" {
		words = append(words, n.Family)
	}
	return strings.Join(append(words, n.Suffix...), " ")
}

func readTelecoms(nodes []*node) []Telecom {
	var out []Telecom
	for _, n := range nodes {
		value := clean(n.attr("value"))
		if value == "" {
			continue
		}
		t := Telecom{System: "other", Value: value, Use: clean(n.attr("use"))}
		scheme, rest, found := strings.Cut(value, ":")
		switch scheme = strings.ToLower(scheme); {
		case !found && strings.Trim(value, "0123456789+-(). ") == "":
			t.System = "phone"
		case scheme == "tel" || scheme == "fax" || scheme == "mailto":
			t.System, t.Value = map[string]string{"tel": "phone", "fax": "fax", "mailto": "email"}[scheme], clean(rest)
		case scheme == "http" || scheme == "https":
			t.System = "url"
		}
		out = append(out, t)
	}
	return out
}

func readAddresses(nodes []*node) []Address {
	var out []Address
	for _, n := range nodes {
		a := Address{
			Use: clean(n.attr("use")), City: n.child("city").words(), State: n.child("state").words(),
			PostalCode: n.child("postalCode").words(), Country: n.child("country").words(),
		}
		for _, line := range n.all("streetAddressLine") {
			if text := line.words(); text != "" {
				a.Lines = append(a.Lines, text)
			}
		}
		if len(a.Lines) > 0 || a.City+a.State+a.PostalCode+a.Country != "" {
			out = append(out, a)
		}
	}
	return out
}

func readOrganization(n *node) Organization {
	return Organization{
		IDs: readIDs(n.all("id")), Name: n.child("name").words(),
		Telecoms: readTelecoms(n.all("telecom")), Addresses: readAddresses(n.all("addr")),
	}
}

func readAuthor(n *node) Author {
	who := n.child("assignedAuthor")
	a := Author{
		IDs: readIDs(who.all("id")), Name: readName(who.child("assignedPerson", "name")), At: parseTime(n.child("time").attr("value")),
		Organization: who.child("representedOrganization", "name").words(),
	}
	device := who.child("assignedAuthoringDevice")
	if a.Software = device.child("softwareName").words(); a.Software == "" {
		a.Software = device.child("manufacturerModelName").words()
	}
	return a
}
