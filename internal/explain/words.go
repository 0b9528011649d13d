package explain

// Level is how far a flag is from what its sender expects. It is what the sender
// said, never our reading of the value.
type Level int

const (
	Unmarked Level = iota // says nothing about a range: "not found", "works on this germ"
	In                    // in range, or as expected
	Out                   // out of range, or not as expected
	Far                   // the sender marked it as critical
)

// Flag is a mark on a result.
type Flag struct {
	Text  string // "High"
	Level Level
}

// levels of the codes that mark one. POS and RR are not among them: whether
// "found" is bad depends on the test (defenses after a shot).
var levels = map[string]Level{
	"N": In, "EXP": In,
	"H": Out, "L": Out, "A": Out, "UNE": Out, "<": Out, ">": Out, "LX": Out, "HX": Out, "EX": Out,
	"HH": Far, "LL": Far, "HU": Far, "LU": Far, "AA": Far,
}

// older are retired codes of the same list that mean what a present one means.
var older = map[string]string{"H>": "HU", "L<": "LU", "MS": "I", "VS": "S"}

// Interpretation gives the words of a code of HL7 ObservationInterpretation.
func Interpretation(code, lang string) (Flag, bool) {
	if now, ok := older[code]; ok {
		code = now
	}
	text, ok := bookOf(lang).texts.Flag[code]
	return Flag{text, levels[code]}, ok
}

// Status gives the word for the state of a FHIR Observation or DiagnosticReport,
// and a sentence that says what it means.
func Status(code, lang string) (word, meaning string, ok bool) {
	s, ok := bookOf(lang).texts.Status[code]
	return s[0], s[1], ok
}
