package page

import (
	"strings"
	"unicode/utf8"

	"portico/internal/fhir"
	"portico/internal/lang"
)

// fullTitle is the window's title: what went wrong, the page, the clinic.
func (s Shell) fullTitle() string {
	parts := make([]string, 0, 3)
	if s.Title != "" {
		parts = append(parts, s.Title)
	}
	if s.Audience == Staff {
		parts = append(parts, s.T("page.staff"))
	}
	if n := s.clinicName(); n != "" {
		parts = append(parts, n)
	}
	t := strings.Join(parts, " – ")
	if len(s.Problems) > 0 {
		return s.T("page.error.prefix", t)
	}
	return t
}

func (s Shell) clinicName() string {
	if s.Clinic == nil {
		return ""
	}
	return s.Clinic.Name
}

func (s Shell) emergency() string {
	if s.Clinic == nil || s.Clinic.Emergency == "" {
		return "911"
	}
	return s.Clinic.Emergency
}

func (s Shell) bodyClass() string {
	switch {
	case s.Audience == Staff:
		return "for-staff"
	case s.Audience == Patient && len(s.Nav) > 0:
		return "has-nav"
	}
	return "plain"
}

// owner says whose record a printed page is of.
func (s Shell) owner() string {
	if born := s.When(fhir.At(s.OwnerBirth)); born != "" {
		return s.T("page.owner.born", s.Owner, born)
	}
	return s.T("page.owner", s.Owner)
}

func (s Shell) homePath() string {
	if s.Audience == Staff {
		return "/staff"
	}
	return "/"
}

func (s Shell) otherLang() lang.Lang {
	if s.Lang == lang.Es {
		return lang.En
	}
	return lang.Es
}

// in tells whether the page belongs to a place of the navigation.
func (s Shell) in(n NavItem) bool { return s.at(n.Path) || n.Also != "" && s.at(n.Also) }

// at tells whether the page is at path or below it.
func (s Shell) at(path string) bool {
	if s.Path == path {
		return true
	}
	return path != "/" && path != "/staff" && strings.HasPrefix(s.Path, path+"/")
}

// current is "page" for the page itself and "true" for the section it is in.
func (s Shell) current(path string) string {
	if s.Path == path {
		return "page"
	}
	return "true"
}

// initial is the first letter of a name, for the round badge in the header.
func initial(name string) string {
	r, _ := utf8.DecodeRuneInString(strings.TrimSpace(name))
	if r == utf8.RuneError {
		return "·"
	}
	return strings.ToUpper(string(r))
}
