package page

import "portico/internal/fault"

func styleShell(s Shell) Shell {
	s.Title, s.Problems, s.Wide = s.T("page.style.title"), nil, true
	return s
}

// styleProblems gives the sample fields something to complain about.
func styleProblems(s Shell) Shell {
	s.Problems = nil
	for _, f := range []string{"w_field", "w_password", "w_birth", "w_list", "w_area", "w_yes", "w_tick"} {
		s.Problems = append(s.Problems, fault.Problem{Field: f, Text: "page.style.problem"})
	}
	return s
}

func styleTable(s Shell, id string) TableSpec {
	return TableSpec{
		ID: id, Caption: s.T("page.style.tables"),
		Columns: []Column{{Text: s.T("page.style.name")}, {Text: s.T("page.style.birth"), Sort: "descending"}, {Text: s.T("page.style.field")}, {Text: s.T("page.style.word"), Number: true}, {Text: s.T("page.style.actions"), Hidden: true}},
		Rows: [][]Cell{
			{{Text: "Thanh Nguyen"}, {Text: "02/14/1949"}, {Text: s.T("page.style.good"), Tone: OK}, {Text: "38 min"}, {Href: "#" + id, Text: s.T("page.change") + " Thanh Nguyen"}},
			{{Text: "José Luis Ortega Ríos"}, {Text: "11/30/1975"}, {Text: s.T("page.style.long")}, {Text: "4 min"}, {Href: "#" + id, Text: s.T("page.change") + " José Luis Ortega Ríos"}},
		},
	}
}
