package page

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"portico/internal/fault"
	"portico/internal/lang"
)

func testClinic() *Clinic {
	return &Clinic{
		Name: "Riverside Family Clinic", Phone: "555-010-0123", PhoneLink: "+15550100123", Emergency: "911", Zone: time.UTC,
		Hours: map[lang.Lang]string{lang.En: "Monday to Friday, 8 a.m. to 5 p.m.", lang.Es: "Lunes a viernes, de 8 a. m. a 5 p. m."},
	}
}

func testShell(l lang.Lang) Shell {
	return Shell{Lang: l, Other: "/x?lang=other", Clinic: testClinic(), Path: "/x", FormKey: func() string { return "key" }}
}

// in gives a component that draws part inside a page.
func in(s Shell, part templ.Component) templ.Component {
	return withChildren(Layout(s.Called("Test")), Heading("Test", ""), part)
}

func withChildren(frame templ.Component, children ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return frame.Render(templ.WithChildren(ctx, templ.Join(children...)), w)
	})
}

// pages are whole pages in every frame and state.
func pages(l lang.Lang) map[string]templ.Component {
	s := testShell(l)
	patient, staff, wrong, full := s, s, s, s
	nav := []NavItem{{Path: "/x", Icon: "house", TextKey: "page.help"}, {Path: "/y", Icon: "mail", TextKey: "page.account", Group: "page.nav"}}
	patient.Audience, patient.Nav, patient.Idle, patient.Absolute = Patient, nav, 15*time.Minute, time.Unix(1e9, 0)
	patient.Person, patient.Account, patient.SignOut, patient.Acting, patient.Switch = "maria", "/account", "/signout", "Sofia", "/back"
	patient.Counts = map[string]int{"/y": 2}
	staff.Audience, staff.Nav, staff.Counts = Staff, nav, map[string]int{"/x": 3}
	staff.Allowed = func(p string) bool { return p != "/y" }
	wrong.Problems = []fault.Problem{{Field: "", Text: "error.invalid"}, {Field: "a", Text: "page.style.problem"}}
	full.Demo, full.Banner, full.Done, full.Back, full.Theme, full.Text = true, "Notice", "Saved.", "/back", "dark", "large"
	out := map[string]templ.Component{
		"style":         StylePage(s),
		"help":          HelpPage(s),
		"accessibility": AccessibilityPage(s, DisplaySpec{Action: "/display", Return: "/x"}),
		"offline":       OfflinePage(s),
		"maintenance":   MaintenancePage(s, "6"),
		"patient":       in(patient, Callout(CalloutSpec{Tone: OK, Text: "Text"})),
		"staff":         in(staff, staffPart()),
		"wrong":         in(wrong, Field(wrong, FieldSpec{Name: "a", Label: "A"})),
		"full":          in(full, Callout(CalloutSpec{Tone: Bad, Title: "Title", Text: "Text"})),
		"welcome":       withChildren(Welcome(s.Called("Hello"), WelcomeSpec{"Big", "Text"}), Heading("Hello", "")),
		"confirmation":  withChildren(Layout(s.Called("Done")), Confirmation(ConfirmationSpec{Title: "Done", Label: "Number", Number: "7", Text: "Text"})),
		"question":      withChildren(Layout(s.Called("Q")), Field(s, FieldSpec{Name: "q", Label: "Question", Question: true})),
		"question-way":  withChildren(Layout(s.Called("Q")), RadioCards(s, ChoiceSpec{Name: "q", Label: "Question", Question: true, Options: []Choice{{Value: "a", Title: "A"}}})),
	}
	for status := range errorTexts {
		out["error-"+strconv.Itoa(status)] = ErrorPage(s, ErrorSpec{Status: status, Reference: "7K3Q", Wait: "2", Retry: "/x"})
	}
	return out
}

// staffPart stands for what a console page shows.
func staffPart() templ.Component {
	return withChildren(Compare(), Card(CardSpec{ID: "c", Title: "Card", LinkText: "Link", LinkHref: "/y"}))
}

func draw(t *testing.T, c templ.Component) (string, *html.Node) {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	doc, err := html.Parse(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), doc
}

func TestEveryPageInEveryLanguage(t *testing.T) {
	for _, l := range lang.All {
		for name, c := range pages(l) {
			t.Run(string(l)+"/"+name, func(t *testing.T) {
				text, doc := draw(t, c)
				checkPage(t, doc)
				if strings.Contains(text, "TemplFailedSanitizationURL") {
					t.Error("an address was refused")
				}
				if m := bareKey.FindString(text); m != "" {
					t.Errorf("a text is missing: %s", m)
				}
				if !strings.Contains(text, "tel:+15550100123") || !strings.Contains(text, `href="/help"`) || !strings.Contains(text, "911") {
					t.Error("the footer lacks the phone, the help link or the emergency number")
				}
				if !strings.Contains(text, `<html lang="`+string(l)+`"`) {
					t.Error("the page does not say its language")
				}
			})
		}
	}
}

var bareKey = regexp.MustCompile(`>\s*(page|help|error)(\.[a-z0-9]+)+\s*<`)

var usedKey = regexp.MustCompile(`"((?:page|help|error)\.[a-z0-9.]+)"`)

func TestEveryTextExists(t *testing.T) {
	var files []string
	for _, p := range []string{"*.go", "*.templ"} {
		m, err := filepath.Glob(p)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, m...)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_templ.go") || strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range usedKey.FindAllStringSubmatch(string(b), -1) {
			for _, l := range lang.All {
				if _, ok := lang.Keys(l)[m[1]]; !ok {
					t.Errorf("%s: %s has no text in %s", f, m[1], l)
				}
			}
		}
	}
}

func TestTitleSaysErrorFirst(t *testing.T) {
	s := testShell(lang.En).Called("Sign in")
	s.Problems = []fault.Problem{{Field: "a", Text: "error.invalid"}}
	if got, want := s.fullTitle(), "Error: Sign in – Riverside Family Clinic"; got != want {
		t.Errorf("title %q, want %q", got, want)
	}
}

func TestPasswordIsNeverSentBack(t *testing.T) {
	s := testShell(lang.En)
	text, _ := draw(t, Password(s, PasswordSpec{Name: "password", Label: "Password", New: true, Min: 12}))
	if strings.Contains(text, "value=") {
		t.Error("a password box has a value")
	}
}

func TestFormCarriesItsKey(t *testing.T) {
	s := testShell(lang.En)
	for _, c := range []templ.Component{Form(s, FormSpec{Action: "/x"}), Action(s, ActionSpec{Action: "/x"})} {
		text, _ := draw(t, c)
		if !strings.Contains(text, `<input type="hidden" name="_form" value="key">`) || !strings.Contains(text, `method="post"`) {
			t.Errorf("no key or no post in %s", text)
		}
	}
}

// What is printed says whose record it is, and only there: a page of nobody says nothing.
func TestPaperSaysWhoseRecordItIs(t *testing.T) {
	for l, want := range map[lang.Lang]string{lang.En: "Patient: Ana Rivera. Born March 29, 1940.", lang.Es: "Paciente: Ana Rivera. Nació el 29 de marzo de 1940."} {
		s := testShell(l)
		s.Owner, s.OwnerBirth = "Ana Rivera", "1940-03-29"
		_, doc := draw(t, in(s, Heading("Part", "")))
		if got := byClass(doc, "owner"); len(got) != 1 || words(got[0]) != want {
			t.Errorf("%s: %d lines", l, len(got))
		}
		s.OwnerBirth = ""
		_, doc = draw(t, in(s, Heading("Part", "")))
		if got := byClass(doc, "owner"); len(got) != 1 || !strings.HasSuffix(words(got[0]), "Rivera.") {
			t.Errorf("%s without a birth date: %d lines", l, len(got))
		}
	}
	if _, doc := draw(t, in(testShell(lang.En), Heading("Part", ""))); len(byClass(doc, "owner")) != 0 {
		t.Error("a page of nobody names somebody")
	}
	sheet, err := os.ReadFile("../../assets/css/modes.css")
	if err != nil || !strings.Contains(string(sheet), "@media screen { .owner { display: none; } }") {
		t.Error("the name stands on the screen too")
	}
}

// Both parts of the letters say the same range of weights: a browser that is asked for a
// heavier one takes the part that comes nearest for all letters, and finds few there.
func TestLettersHaveOneRangeOfWeights(t *testing.T) {
	sheet, err := os.ReadFile("../../assets/css/base.css")
	if err != nil {
		t.Fatal(err)
	}
	ranges := regexp.MustCompile(`font-family: "Atkinson Hyperlegible Next";[^}]*font-weight: ([^;]+);`).FindAllStringSubmatch(string(sheet), -1)
	if len(ranges) != 2 || ranges[0][1] != ranges[1][1] {
		t.Errorf("the ranges are %q", ranges)
	}
}
