package attack

import "strings"

// Attack is one attack of the list that the portal is built against, with what
// proves that it fails. docs/attacks.md is made from these.
type Attack struct {
	Number   string // "T7"
	Title    string
	Here     string // why it fails here, or what is still to come
	Tests    []Test
	Controls []Control
	Short    string // size in each run of the tests
	Long     string // size in make attack; "" if it is always run whole
	Figures  string // of the last long run, "" for none
}

// Later tells whether the attack is about something that does not exist yet.
func (a Attack) Later() bool { return len(a.Tests) == 0 }

// Test names a test: "enroll.TestBreaker", "journeys.TestPaperCode".
type Test string

// dir is where the test is, from the root of the project.
func (t Test) dir() string {
	pkg := string(t[:strings.LastIndexByte(string(t), '.')])
	if pkg == "journeys" {
		return pkg
	}
	return "internal/" + pkg
}

// Name is the test's function.
func (t Test) Name() string { return string(t[strings.LastIndexByte(string(t), '.')+1:]) }

// Control is a negative control: the program built with one defence switched off,
// in which the test must fail. Were it to pass, it would prove nothing. The
// shipped program has no switch for this: the build reads the changed text in
// place of the file (go test -overlay).
type Control struct {
	Off   string // the defence that is switched off
	Edits []Edit
	Fails Test
}

// Edit changes a file under internal: Old must stand in it exactly once.
type Edit struct{ File, Old, New string }

// off is a control with one edit.
func off(what string, fails Test, file, was, is string) Control {
	return Control{Off: what, Fails: fails, Edits: []Edit{{file, was, is}}}
}

// and adds an edit, for a defence that stands in two places.
func (c Control) and(file, was, is string) Control {
	c.Edits = append(c.Edits, Edit{file, was, is})
	return c
}

// Suite lists all attacks by number.
func Suite() []Attack {
	var all []Attack
	for _, part := range [][]Attack{opening, entering, asking, inputs, machinery} {
		all = append(all, part...)
	}
	return all
}
