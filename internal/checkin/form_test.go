package checkin

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/lang"
)

func read(t *testing.T, items string) Form {
	t.Helper()
	f, err := ReadForm([]byte(`{"resourceType":"Questionnaire","title":"T","status":"active","item":[` + items + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Each operator of enableWhen, on each kind of answer (FHIR R4, value set
// questionnaire-enable-operator).
func TestEnableWhen(t *testing.T) {
	code := func(c string) Answer { return Answer{Kind: "valueCoding", Code: Code{"s", c}} }
	of := func(kind, v string) Answer { return Answer{Kind: "value" + kind, Value: v} }
	for _, c := range []struct {
		w     When
		given []Answer
		want  bool
	}{
		{When{Op: "exists", Kind: "answerBoolean", Value: "true"}, nil, false},
		{When{Op: "exists", Kind: "answerBoolean", Value: "true"}, []Answer{of("String", "x")}, true},
		{When{Op: "exists", Kind: "answerBoolean", Value: "false"}, nil, true},
		{When{Op: "exists", Kind: "answerBoolean", Value: "false"}, []Answer{of("String", "x")}, false},
		{When{Op: "=", Kind: "answerBoolean", Value: "true"}, []Answer{of("Boolean", "true")}, true},
		{When{Op: "=", Kind: "answerBoolean", Value: "true"}, []Answer{of("Boolean", "false")}, false},
		{When{Op: "=", Kind: "answerBoolean", Value: "true"}, nil, false},
		{When{Op: "!=", Kind: "answerBoolean", Value: "true"}, nil, false},
		{When{Op: "!=", Kind: "answerBoolean", Value: "true"}, []Answer{of("Boolean", "false")}, true},
		{When{Op: "=", Kind: "answerInteger", Value: "7"}, []Answer{of("Integer", "7")}, true},
		{When{Op: ">", Kind: "answerInteger", Value: "7"}, []Answer{of("Integer", "10")}, true}, // as numbers, not as texts
		{When{Op: ">", Kind: "answerInteger", Value: "7"}, []Answer{of("Integer", "7")}, false},
		{When{Op: ">=", Kind: "answerInteger", Value: "7"}, []Answer{of("Integer", "7")}, true},
		{When{Op: "<", Kind: "answerDecimal", Value: "37.50"}, []Answer{of("Decimal", "37.5")}, false},
		{When{Op: "<=", Kind: "answerDecimal", Value: "37.50"}, []Answer{of("Decimal", "37.5")}, true},
		{When{Op: "=", Kind: "answerDecimal", Value: "1.0"}, []Answer{of("Integer", "1")}, true},
		{When{Op: "<", Kind: "answerDecimal", Value: "1"}, []Answer{of("String", "0")}, false},
		{When{Op: ">", Kind: "answerDate", Value: "2020-05-01"}, []Answer{of("Date", "2020-05-02")}, true},
		{When{Op: "<", Kind: "answerDate", Value: "2020-05-01"}, []Answer{of("Date", "2020-05-02")}, false},
		{When{Op: "=", Kind: "answerString", Value: "a"}, []Answer{of("String", "b"), of("String", "a")}, true},
		{When{Op: "!=", Kind: "answerString", Value: "a"}, []Answer{of("String", "b"), of("String", "a")}, false},
		{When{Op: "=", Kind: "answerCoding", Code: Code{"s", "y"}}, []Answer{code("y")}, true},
		{When{Op: "=", Kind: "answerCoding", Code: Code{"other", "y"}}, []Answer{code("y")}, false},
		{When{Op: "=", Kind: "answerCoding", Code: Code{"", "y"}}, []Answer{code("n"), code("y")}, true},
		{When{Op: "!=", Kind: "answerCoding", Code: Code{"s", "y"}}, []Answer{code("n")}, true},
		{When{Op: "!=", Kind: "answerCoding", Code: Code{"s", "y"}}, []Answer{code("n"), code("y")}, false},
	} {
		if got := c.w.holds(c.given); got != c.want {
			t.Errorf("%s %s %s%v on %v: %v", c.w.Kind, c.w.Op, c.w.Value, c.w.Code, c.given, got)
		}
	}
}

// Conditions join by enableBehavior; what stands in something that is not asked is
// not asked, and its answers open nothing; items that wait for each other are not
// asked.
func TestWhatIsAsked(t *testing.T) {
	yes := func(q string) string { return `{"question":"` + q + `","operator":"=","answerBoolean":true}` }
	item := func(link, more string) string {
		return `{"linkId":"` + link + `","type":"boolean","text":"` + link + `"` + more + `}`
	}
	f := read(t, strings.Join([]string{item("a", ""), item("b", ""),
		item("all", `,"enableBehavior":"all","enableWhen":[`+yes("a")+`,`+yes("b")+`]`),
		item("any", `,"enableBehavior":"any","enableWhen":[`+yes("a")+`,`+yes("b")+`]`),
		`{"linkId":"g","type":"group","text":"g","enableWhen":[` + yes("a") + `],"item":[` + item("in", "") + `]}`,
		item("chain", `,"enableWhen":[`+yes("in")+`]`),
		item("x", `,"enableWhen":[`+yes("y")+`]`), item("y", `,"enableWhen":[`+yes("x")+`]`)}, ","))
	is := []Answer{{Kind: "valueBoolean", Value: "true"}}
	for _, c := range []struct {
		given Answers
		want  string
	}{
		{Answers{}, "a b"},
		{Answers{"b": is}, "a b any"},
		{Answers{"a": is}, "a b any g in"},
		{Answers{"a": is, "b": is, "in": is}, "a b all any g in chain"},
		{Answers{"in": is}, "a b"}, // answered before a was taken back
		{Answers{"x": is, "y": is}, "a b"},
	} {
		on, got := f.enabled(c.given), []string{}
		f.walk(func(it, _ *Item) {
			if on[it.Link] {
				got = append(got, it.Link)
			}
		})
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v opens %v, want %s", c.given, got, c.want)
		}
	}
}

// What is typed becomes an answer of the item's type or a sentence.
func TestTypedAnswers(t *testing.T) {
	opts := `,"answerOption":[{"valueCoding":{"code":"r","display":"Red"}},{"valueString":"Blue"}]`
	units := `,"extension":[{"url":"` + someUnits + `","valueCoding":{"code":"kg","display":"kg"}},{"url":"` + someUnits + `","valueCoding":{"code":"[lb_av]","display":"pounds"}}]`
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		item  string
		typed Typed
		want  string // "kind=value …", or the sentence
	}{
		{`"integer"`, Typed{"q1": {"+12"}}, "valueInteger=12"},
		{`"integer"`, Typed{"q1": {"1.5"}}, "checkin.form.integer"},
		{`"integer"`, Typed{"q1": {"99999999999"}}, "checkin.form.integer"},
		{`"decimal"`, Typed{"q1": {"037,50"}}, "valueDecimal=37.50"},
		{`"decimal"`, Typed{"q1": {"-0.0"}}, "valueDecimal=0.0"},
		{`"decimal"`, Typed{"q1": {"1e9"}}, "checkin.form.decimal"},
		{`"date"`, Typed{"q1_day": {"29"}, "q1_month": {"02"}, "q1_year": {"2024"}}, "valueDate=2024-02-29"},
		{`"date"`, Typed{"q1_day": {"30"}, "q1_month": {"2"}, "q1_year": {"2024"}}, "checkin.form.date"},
		{`"boolean"`, Typed{"q1": {"no"}}, "valueBoolean=false"},
		{`"boolean"`, Typed{"q1": {"maybe"}}, "checkin.choose"},
		{`"string","maxLength":3`, Typed{"q1": {"four"}}, "checkin.long"},
		{`"string","repeats":true`, Typed{"q1": {"a\n\n b "}}, "valueString=a valueString=b"},
		{`"text"`, Typed{"q1": {"a\nb"}}, "valueString=a\nb"},
		{`"choice"` + opts, Typed{"q1": {"1"}}, "valueCoding=Red"},
		{`"choice"` + opts, Typed{"q1": {"3"}}, "checkin.form.choose"},
		{`"choice"` + opts, Typed{"q1": {"1", "2"}}, "checkin.form.one"},
		{`"choice","repeats":true` + opts, Typed{"q1": {"1", "2"}}, "valueCoding=Red valueString=Blue"},
		{`"open-choice"` + opts, Typed{"q1_other": {"Green"}}, "valueString=Green"},
		{`"open-choice"` + opts, Typed{"q1": {"1"}, "q1_other": {"Green"}}, "checkin.form.one"},
		{`"choice"` + opts, Typed{"q1_other": {"Green"}}, "checkin.form.answer"},
		{`"integer"`, Typed{}, "checkin.form.answer"},
		{`"integer","repeats":true`, Typed{"q1": {"1\n\n2"}}, "valueInteger=1 valueInteger=2"},
		{`"integer","repeats":true`, Typed{"q1": {"1\nx"}}, "checkin.form.integer"},
		{`"open-choice","repeats":true` + opts, Typed{"q1": {"1"}, "q1_other": {"Green"}}, "valueCoding=Red valueString=Green"},
		{`"time"`, Typed{"q1": {"2:30 p.m."}}, "valueTime=14:30:00"},
		{`"time"`, Typed{"q1": {"14:30"}}, "valueTime=14:30:00"},
		{`"time"`, Typed{"q1": {"25:00"}}, "checkin.form.time.wrong"},
		{`"dateTime"`, Typed{"q1_day": {"1"}, "q1_month": {"7"}, "q1_year": {"2026"}, "q1_time": {"09:05"}}, "valueDateTime=2026-07-01T09:05:00-04:00"},
		{`"dateTime"`, Typed{"q1_day": {"1"}, "q1_month": {"7"}, "q1_year": {"2026"}}, "valueDateTime=2026-07-01"},
		{`"dateTime"`, Typed{"q1_time": {"09:05"}}, "checkin.form.date"},
		{`"url"`, Typed{"q1": {"https://example.org/a"}}, "valueUri=https://example.org/a"},
		{`"url"`, Typed{"q1": {"javascript:alert(1)"}}, "checkin.form.url"},
		{`"quantity"`, Typed{"q1": {"70,5"}, "q1_unit": {"kg"}}, "valueQuantity=70.5"},
		{`"quantity"`, Typed{"q1": {"heavy"}}, "checkin.form.decimal"},
		{`"quantity"` + units, Typed{"q1": {"70"}, "q1_unit": {"3"}}, "checkin.form.unit"},
		{`"quantity"` + units, Typed{"q1": {"70"}, "q1_unit": {"2"}}, "valueQuantity=70"},
	} {
		f := read(t, `{"linkId":"x","required":true,"text":"x","type":`+c.item+`}`)
		f.Zone = newYork
		c.typed[shownField] = []string{"q1"}
		a, whole, err := f.read(c.typed)
		var got []string
		for _, g := range a["x"] {
			got = append(got, g.Kind+"="+g.Value)
		}
		if p := fault.Problems(err); len(p) > 0 {
			got = []string{p[0].Text}
		}
		if strings.Join(got, " ") != c.want || !whole {
			t.Errorf("%s %v: %q, want %q", c.item, c.typed, got, c.want)
		}
	}
	// A question that the page did not show is not complained about, but is open.
	if _, whole, err := read(t, `{"linkId":"x","required":true,"text":"x","type":"string"}`).read(Typed{}); err != nil || whole {
		t.Errorf("a question not shown: %v %v", whole, err)
	}
}

// What cannot be drawn is refused with its path.
func TestFormsThatAreRefused(t *testing.T) {
	for items, want := range map[string]string{
		`{"linkId":"a","type":"attachment"}`:                                       "checkin.form.type item[0].type",
		`{"linkId":"g","type":"group","item":[{"linkId":"a","type":"reference"}]}`: "checkin.form.type item[0].item[0].type",
		`{"linkId":"a","type":"string"},{"linkId":"a","type":"string"}`:            "checkin.form.link item[1].linkId",
		`{"type":"string"}`: "checkin.form.link item[0].linkId",
		`{"linkId":"a","type":"choice","answerValueSet":"http://x"}`:                                                                                     "checkin.form.valueset item[0].answerValueSet",
		`{"linkId":"a","type":"choice"}`:                                                                                                                 "checkin.form.options item[0].answerOption",
		`{"linkId":"a","type":"boolean","repeats":true}`:                                                                                                 "checkin.form.repeats item[0].repeats",
		`{"linkId":"a","type":"string","enableWhen":[{"question":"b","operator":"exists","answerBoolean":true}]}`:                                        "checkin.form.when item(linkId=a).enableWhen",
		`{"linkId":"b","type":"string"},{"linkId":"a","type":"string","enableWhen":[{"question":"b","operator":"~","answerString":"x"}]}`:                "checkin.form.when item[1].enableWhen[0].operator",
		`{"linkId":"b","type":"string"},{"linkId":"a","type":"string","enableWhen":[{"question":"b","operator":"=","answerReference":{"display":"x"}}]}`: "checkin.form.when item[1].enableWhen[0]",
		`{"linkId":"a","type":"string","required":"yes"}`:                                                                                                "checkin.form.broken item[0].required",
		``: "checkin.form.missing item",
		strings.Repeat(`{"linkId":"g","type":"group","item":[`, 7) + strings.Repeat(`]}`, 7):                 "checkin.form.link item[0].item[0].linkId",
		`{"linkId":"g","type":"group","repeats":true,"item":[{"linkId":"h","type":"group","repeats":true}]}`: "checkin.form.repeats item[0].item[0].repeats",
		`{"linkId":"a","type":"choice","answerValueSet":"#none"}`:                                            "checkin.form.valueset item[0].answerValueSet",
		`{"linkId":"a","type":"string","answerValueSet":"#none"}`:                                            "checkin.form.options item[0].answerOption",
	} {
		_, err := ReadForm([]byte(`{"resourceType":"Questionnaire","title":"T","item":[` + items + `]}`))
		p := fault.Problems(err)
		if len(p) != 1 || p[0].Text+" "+fmt.Sprint(p[0].Args...) != want {
			t.Errorf("%s: %v, want %s", items, p, want)
		}
	}
	for name, raw := range map[string]string{"no JSON": `{"resourceType":`, "a Patient": `{"resourceType":"Patient"}`, "a key twice": `{"resourceType":"Questionnaire","title":"T","title":"U","item":[]}`,
		"too large": strings.Repeat(" ", mostForm+1), "nothing": ``} {
		if _, err := ReadForm([]byte(raw)); !fault.Fixable(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A group that repeats is asked as often as somebody wants; conditions within a copy
// are about it, those outside about any; what is left blank counts for nothing.
func TestRepeatingGroups(t *testing.T) {
	f := read(t, `{"linkId":"g","type":"group","repeats":true,"text":"Surgery","item":[{"linkId":"what","type":"string","required":true,"text":"What"},
		{"linkId":"bad","type":"boolean","text":"Trouble"},{"linkId":"how","type":"string","text":"Which","enableWhen":[{"question":"bad","operator":"=","answerBoolean":true}]}]},
		{"linkId":"call","type":"string","text":"Number","enableWhen":[{"question":"bad","operator":"=","answerBoolean":true}]},
		{"linkId":"day","type":"date","repeats":true,"text":"Day"}`)
	whole := func(f Form, t Typed) Typed {
		var shown []string
		f.copies(t, true).walk(func(it, _ *Item) { shown = append(shown, it.Name) })
		t[shownField] = []string{strings.Join(shown, " ")}
		return t
	}
	a, done, err := f.copies(whole(f, Typed{}), false).read(whole(f, Typed{}))
	if err != nil || !done || len(a) != 0 {
		t.Errorf("nobody had surgery: %v %v %v", a, done, err)
	}
	in := Typed{"q2": {"Knee"}, "q3": {"no"}, "q1_more": {"yes"}, "q6_more": {"yes"}, "q6_day": {"1"}, "q6_month": {"2"}, "q6_year": {"2020"}}
	if !f.grow(in) || in.Get("q1_count") != "2" || in.Get("q6_count") != "2" || in.Get("q1_more") != "" {
		t.Fatalf("asked for more: %v", in)
	}
	for name, v := range map[string]string{"q2_1": "Hip", "q3_1": "yes", "q4_1": "Bleeding", "q5": "555", "q6_1_day": "3", "q6_1_month": "4", "q6_1_year": "2021"} {
		in[name] = []string{v}
	}
	asked := f.copies(whole(f, in), false)
	a, done, err = asked.read(in)
	if err != nil || !done {
		t.Fatalf("%v %v", done, err)
	}
	on := asked.enabled(a)
	if on["how"+copyMark+"0"] || !on["how"+copyMark+"1"] || !on["call"] {
		t.Errorf("asked are %v", on)
	}
	raw, err := asked.response(a, "pat_x", "apt-1", time.Time{}, lang.En)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{"item":[{"answer":[{"valueString":"Knee"}],"linkId":"what","text":"What"},{"answer":[{"valueBoolean":false}],"linkId":"bad","text":"Trouble"}],"linkId":"g","text":"Surgery"}`,
		`{"answer":[{"valueString":"Bleeding"}],"linkId":"how","text":"Which"}`, `{"answer":[{"valueDate":"2020-02-01"},{"valueDate":"2021-04-03"}],"linkId":"day","text":"Day"}`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("%s is not in %s", want, raw)
		}
	}
	delete(in, "q2_1") // begun, but its name is missing
	if _, _, err := f.copies(in, false).read(in); len(fault.Problems(err)) != 1 || fault.Problems(err)[0].Field != "q2_1" {
		t.Errorf("a copy without what it must have: %v", err)
	}
	for _, end := range []string{"q3_1", "q4_1"} {
		delete(in, end)
	}
	if f.grow(in) || in.Get("q1_count") != "1" {
		t.Errorf("a blank copy stays: %v", in)
	}
	in["q1_count"] = []string{"99999"}
	if n := len(f.copies(in, true).Items); n > mostCopies+1+2 {
		t.Errorf("%d items", n)
	}
}

// Options of a value set that comes with the questionnaire.
func TestContainedValueSet(t *testing.T) {
	sets := `"contained":[{"resourceType":"ValueSet","id":"a","compose":{"include":[{"system":"s","concept":[{"code":"r","display":"Red","designation":[{"language":"es","value":"Rojo"}]},{"code":"b"}]}]}},
		{"resourceType":"ValueSet","id":"e","expansion":{"contains":[{"abstract":true,"code":"x","contains":[{"system":"s","code":"g","display":"Green","extension":[{"url":"` + ordinalValue + `","valueDecimal":2}]}]}]}},
		{"resourceType":"ValueSet","id":"f","compose":{"include":[{"system":"s","filter":[{"property":"p","op":"=","value":"v"}]}]}}],`
	form := func(set string) (Form, error) {
		return ReadForm([]byte(`{"resourceType":"Questionnaire","title":"T",` + sets + `"item":[{"linkId":"c","type":"choice","text":"C","answerValueSet":"` + set + `"}]}`))
	}
	f, err := form("#a")
	if err != nil || len(f.Items[0].Options) != 2 || f.Items[0].Options[0].Words.In(lang.Es) != "Rojo" || f.Items[0].Options[1].Words.In(lang.En) != "b" || f.Items[0].Options[0].Code != (Code{"s", "r"}) {
		t.Errorf("%v %+v", err, f)
	}
	if f, err = form("#e"); err != nil || len(f.Items[0].Options) != 1 || f.Items[0].Options[0].Score != 2 {
		t.Errorf("%v %+v", err, f)
	}
	for _, set := range []string{"#f", "#g", "http://hl7.org/fhir/ValueSet/x"} {
		if _, err = form(set); len(fault.Problems(err)) != 1 || fault.Problems(err)[0].Text != "checkin.form.valueset" {
			t.Errorf("%s: %v", set, err)
		}
	}
}

// The PHQ-9's score, its bands at their limits, and the question about self-harm.
func TestPHQ9(t *testing.T) {
	f, err := ReadForm(PHQ9)
	if err != nil {
		t.Fatal(err)
	}
	if f.Title.In(lang.Es) == f.Title.In(lang.En) {
		t.Error("it is not in Spanish")
	}
	fill := func(values ...int) Typed {
		var shown []string
		out := Typed{}
		f.walk(func(it, _ *Item) { shown = append(shown, it.Name) })
		for i, v := range values {
			out["q"+strconv.Itoa(i+2)] = []string{strconv.Itoa(v + 1)} // q1 is the text on top
		}
		out["q11"], out[shownField] = []string{"1"}, []string{strings.Join(shown, " ")}
		return out
	}
	for _, c := range []struct {
		values []int
		sum    int
		band   string
		alarm  bool
	}{
		{[]int{0, 0, 0, 0, 0, 0, 0, 0, 0}, 0, "minimal", false},
		{[]int{1, 1, 1, 1, 0, 0, 0, 0, 0}, 4, "minimal", false},
		{[]int{1, 1, 1, 1, 1, 0, 0, 0, 0}, 5, "mild", false},
		{[]int{3, 3, 3, 0, 0, 0, 0, 0, 0}, 9, "mild", false},
		{[]int{3, 3, 3, 1, 0, 0, 0, 0, 0}, 10, "moderate", false},
		{[]int{3, 3, 3, 3, 2, 0, 0, 0, 0}, 14, "moderate", false},
		{[]int{3, 3, 3, 3, 3, 0, 0, 0, 0}, 15, "rather", false},
		{[]int{3, 3, 3, 3, 3, 3, 1, 0, 0}, 19, "rather", false},
		{[]int{3, 3, 3, 3, 3, 3, 2, 0, 0}, 20, "severe", false},
		{[]int{3, 3, 3, 3, 3, 3, 3, 3, 3}, 27, "severe", true},
		{[]int{0, 0, 0, 0, 0, 0, 0, 0, 1}, 1, "minimal", true},
	} {
		a, whole, err := f.read(fill(c.values...))
		if err != nil || !whole {
			t.Fatal(err, whole)
		}
		s, ok := f.score(a)
		if !ok || s.Sum != c.sum || s.Most != 27 || s.Band != c.band || !s.Whole || f.alarms(a) != c.alarm {
			t.Errorf("%v: %+v, alarm %v", c.values, s, f.alarms(a))
		}
	}
	if a, _, _ := f.read(fill(1)); func() bool { s, _ := f.score(a); return s.Whole || s.Band != "" }() {
		t.Error("a part of the answers has a band")
	}
}

// The response nests as FHIR wants it and leaves out what was not asked.
func TestResponse(t *testing.T) {
	f := read(t, `{"linkId":"g","type":"group","text":"G","item":[{"linkId":"a","type":"boolean","text":"A","item":[{"linkId":"b","type":"integer","text":"B","enableWhen":[{"question":"a","operator":"=","answerBoolean":true}]}]}]},
		{"linkId":"c","type":"choice","text":"C","answerOption":[{"valueCoding":{"system":"s","code":"r","display":"Red"}}]},{"linkId":"d","type":"decimal","text":"D"}`)
	f.URL, f.Version = "http://x/q", "2"
	a := Answers{"a": {{Kind: "valueBoolean", Value: "true"}}, "b": {{Kind: "valueInteger", Value: "3"}}, "c": {{Kind: "valueCoding", Code: Code{"s", "r"}, At: 1}}, "d": {{Kind: "valueDecimal", Value: "7.0"}}}
	raw, err := f.response(a, "pat_x", "apt-1", time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), lang.En)
	if err != nil || !json.Valid(raw) {
		t.Fatal(err)
	}
	for _, want := range []string{`"questionnaire":"http://x/q|2"`, `"authored":"2026-03-01T12:00:00Z"`, `"valueDecimal":7.0`, `{"code":"r","display":"Red","system":"s"}`,
		`{"answer":[{"item":[{"answer":[{"valueInteger":3}],"linkId":"b","text":"B"}],"valueBoolean":true}],"linkId":"a","text":"A"}`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("%s is not in %s", want, raw)
		}
	}
	a["a"] = []Answer{{Kind: "valueBoolean", Value: "false"}}
	if raw, _ = f.response(a, "pat_x", "apt-1", time.Time{}, lang.En); strings.Contains(string(raw), `"linkId":"b"`) {
		t.Error("what was not asked is in the response")
	}
	if err := fhir.Parse(raw).Err(); err != nil {
		t.Error(err)
	}
}

// Whatever is uploaded is read or refused, and what is read can be drawn.
func FuzzReadForm(f *testing.F) {
	f.Add(PHQ9)
	f.Add([]byte(`{"resourceType":"Questionnaire","title":"T","item":[{"linkId":"a","type":"open-choice","answerOption":[{"valueString":"x"}]}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		q, err := ReadForm(raw)
		if err != nil {
			if !fault.Fixable(err) {
				t.Fatal(err)
			}
			return
		}
		t1 := Typed{"q1": {"1"}, "q1_count": {"3"}, "q1_more": {"yes"}, shownField: {"q1"}}
		q.grow(t1)
		q = q.copies(t1, false)
		a, _, _ := q.read(t1)
		q.score(a)
		q.alarms(a)
		if _, err := q.response(a, "pat_x", "x", time.Time{}, lang.En); err != nil {
			t.Fatal(err)
		}
	})
}
