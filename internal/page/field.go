package page

import (
	"cmp"
	"strings"
)

// describe lists the ids of what explains a field: its hint and its problem.
func describe(s Shell, name, hint string) string {
	var ids []string
	if hint != "" {
		ids = append(ids, name+"-hint")
	}
	if s.Error(name) != "" {
		ids = append(ids, name+"-error")
	}
	return strings.Join(ids, " ")
}

func describeArea(s Shell, a AreaSpec) string {
	d := describe(s, a.Name, a.Hint)
	if a.Max > 0 {
		d = strings.TrimSpace(d + " " + a.Name + "-count")
	}
	return d
}

// fieldClass marks a field that has a problem.
func fieldClass(s Shell, names ...string) string {
	for _, n := range names {
		if s.Error(n) != "" {
			return "field field-bad"
		}
	}
	return "field"
}

func (f FieldSpec) email() FieldSpec {
	f.Kind, f.Mode, f.Exact = "email", "email", true
	f.Complete = cmp.Or(f.Complete, "email")
	f.Max = cmp.Or(f.Max, 254) // RFC 5321 section 4.5.3.1.3: a path is at most 256 with its brackets
	return f
}

func (f FieldSpec) phone(s Shell) FieldSpec {
	f.Kind = "tel"
	f.Complete = cmp.Or(f.Complete, "tel-national")
	f.Hint = cmp.Or(f.Hint, s.T("page.phone.hint"))
	f.Width = cmp.Or(f.Width, "medium")
	f.Max = cmp.Or(f.Max, 40)
	return f
}
