package terms

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/page"
)

// State is what became of a draft.
type State string

const (
	Open      State = "open"
	Published State = "published"
	Dropped   State = "dropped"
)

// Draft is a version that is still being written.
type Draft struct {
	ID      ids.Draft
	Kind    Kind
	State   State
	BegunBy ids.Staff
	Begun   time.Time
	Text    map[lang.Lang]Saved // the present text in each language
}

// Saved is a draft's text in one language as somebody saved it.
type Saved struct {
	Text
	Rev int64  // counts the saves; 0 for what the draft began with
	By  string // name of whoever saved it
	At  time.Time
}

// Longest texts, in characters. A notice of privacy practices has 4 to 20 pages;
// the body must fit into one form with room for its encoding.
const (
	longestTitle  = 120
	longestChange = 600
	longestBody   = 16_000
)

// tidy makes typed text the text that is kept: one kind of line end, no blanks
// at line ends, no more than one empty line. What is hashed is what is shown.
func (t Text) tidy() Text {
	body := strings.ReplaceAll(strings.ReplaceAll(t.Body, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(body, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t\u00a0")
	}
	body = manyBreaks.ReplaceAllString(strings.Join(lines, "\n"), "\n\n")
	return Text{Title: oneLine(t.Title), Body: strings.TrimSpace(body), Change: oneLine(t.Change)}
}

var manyBreaks = regexp.MustCompile(`\n{3,}`)

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// fits finds what cannot even be saved.
func (t Text) fits() error {
	var bad *fault.Fault
	for _, x := range []struct {
		field, text string
		most        int
	}{{"title", t.Title, longestTitle}, {"change", t.Change, longestChange}, {"body", t.Body, longestBody}} {
		if n := utf8.RuneCountInString(x.text); n > x.most {
			bad = bad.And(x.field, "terms.draft.long", n, x.most)
		}
	}
	return bad.OrNil()
}

// blank is a place that publishing fills in; known are those there are.
var (
	blank = regexp.MustCompile(`\{[^{}\n]*\}`)
	known = map[string]bool{"{clinic}": true, "{phone}": true, "{emergency}": true}
)

// lacks lists what a text still lacks to be published, as keys with arguments.
func (t Text) lacks() []fault.Problem {
	var out []fault.Problem
	for _, x := range []struct{ text, key string }{{t.Title, "terms.lacks.title"}, {t.Body, "terms.lacks.body"}, {t.Change, "terms.lacks.change"}} {
		if x.text == "" {
			out = append(out, fault.Problem{Text: x.key})
		}
	}
	for _, b := range blank.FindAllString(t.Title+"\n"+t.Body+"\n"+t.Change, -1) {
		if !known[b] {
			out = append(out, fault.Problem{Text: "terms.lacks.blank", Args: []any{b}})
		}
	}
	return out
}

// fill puts the clinic's name and numbers in the blanks. Publishing does it once:
// published words do not change with the clinic's profile.
func (t Text) fill(c *page.Clinic) Text {
	emergency := c.Emergency
	if emergency == "" {
		emergency = "911"
	}
	r := strings.NewReplacer("{clinic}", c.Name, "{phone}", c.Phone, "{emergency}", emergency)
	return Text{Title: r.Replace(t.Title), Body: r.Replace(t.Body), Change: r.Replace(t.Change)}
}

// shape counts headings, paragraphs and list items, so that two languages can be
// compared: where they differ, something was probably left out of one.
func shape(body string) [3]int {
	var n [3]int
	for _, b := range Blocks(body) {
		switch {
		case b.Heading != "":
			n[0]++
		case b.Items != nil:
			n[2] += len(b.Items)
		default:
			n[1]++
		}
	}
	return n
}

// next is the version number after last: "2.0" after "1.4" for a material change,
// "1.5" for any other.
func next(last string, material bool) string {
	major, minor, _ := strings.Cut(last, ".")
	a, err := strconv.Atoi(major)
	if err != nil {
		return last + ".1"
	}
	b, _ := strconv.Atoi(minor)
	if material {
		return strconv.Itoa(a+1) + ".0"
	}
	return strconv.Itoa(a) + "." + strconv.Itoa(b+1)
}

// highest is the greatest version number of a kind that was ever published.
func highest(all []Document, k Kind) string {
	best, ba, bb := "1.0", -1, -1
	for _, d := range all {
		if d.Kind != k {
			continue
		}
		major, minor, _ := strings.Cut(d.Version, ".")
		a, _ := strconv.Atoi(major)
		b, _ := strconv.Atoi(minor)
		if a > ba || a == ba && b > bb {
			best, ba, bb = d.Version, a, b
		}
	}
	return best
}
