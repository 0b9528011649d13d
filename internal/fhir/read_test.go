package fhir

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// told writes what Read gives, one word per resource or error.
func told(name, in string, l Limits) []string {
	var out []string
	for r, err := range Read(name, strings.NewReader(in), l) {
		if err != nil {
			out = append(out, err.Error())
			continue
		}
		out = append(out, fmt.Sprintf("%s/%s@%d.%d", r.Type, r.ID, r.Line, r.Entry))
	}
	return out
}

func TestRead(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 80) + "1" + strings.Repeat("}", 80)
	many := `{"resourceType":"Patient","id":"1"`
	for i := range 50 {
		many += fmt.Sprintf(`,"k%d":1`, i)
	}
	tests := []struct {
		name, file, in string
		want           []string
	}{
		{"a single resource", "a.json", `{"resourceType":"Patient","id":"1"}`, []string{"Patient/1@1.0"}},
		{"a byte order mark and white space", "a.json", "\xef\xbb\xbf \n {\"resourceType\":\"Patient\",\"id\":\"1\"}\n", []string{"Patient/1@2.0"}},
		{"a bundle", "a.json", `{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:x","resource":{"resourceType":"Patient","id":"1"}},{"request":{"method":"DELETE"}},{"resource":{"id":"2","resourceType":"Group"}}]}`,
			[]string{"Patient/1@1.1", "Group/2@1.3"}},
		{"the type of a bundle at its end", "a.json", "{\"entry\":[\n{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"1\"}}\n],\"type\":\"searchset\",\"resourceType\":\"Bundle\"}",
			[]string{"Patient/1@2.1"}},
		{"a list has entries too", "a.json", `{"entry":[{"item":{"reference":"x"}}],"resourceType":"List","id":"l"}`, []string{"List/l@1.0"}},
		{"an empty bundle", "a.json", `{"resourceType":"Bundle","type":"batch"}`, nil},
		{"a history has old versions", "a.json", `{"resourceType":"Bundle","type":"history","entry":[{"resource":{"resourceType":"Patient"}}]}`,
			[]string{"a.json: line 1: a bundle of this type cannot be taken in"}},
		{"lines", "a.ndjson", "{\"resourceType\":\"Patient\",\"id\":\"1\"}\n\n{\"resourceType\":\"Patient\",\"id\":\"2\"}\n", []string{"Patient/1@1.0", "Patient/2@3.0"}},
		{"a bad line among good ones", "a.ndjson", "{\"resourceType\":\"Patient\",\"id\":\"1\"}\n{\"resourceType\":\"Pat\n{\"resourceType\":\"Patient\",\"id\":\"3\"}",
			[]string{"Patient/1@1.0", "a.ndjson: line 2: resourceType: it ends in the middle of a resource", "Patient/3@3.0"}},
		{"a line that opens and does not close", "x", "{\"resourceType\":\"Patient\",\"id\":\"1\"}\n{\"name\":[\n{\"resourceType\":\"Patient\",\"id\":\"3\"}",
			[]string{"Patient/1@1.0", "x: line 2: name: it ends in the middle of a resource", "Patient/3@3.0"}},
		{"a line of something else", "a.ndjson", "[1]\n{\"resourceType\":\"Patient\",\"id\":\"3\"}", []string{"a.ndjson: line 1: this is not a FHIR resource", "Patient/3@2.0"}},
		{"two bundles in one file", "a.json", `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"1"}}]}` + "\n" + `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"2"}}]}`,
			[]string{"Patient/1@1.1", "Patient/2@2.1"}},
		{"a key twice spoils its entry only", "a.json", `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","name":[{"family":"A","family":"B"}]}},{"resource":{"resourceType":"Patient","id":"2"}}]}`,
			[]string{"a.json: line 1: entry 1: name[0].family: the same key stands there twice", "Patient/2@1.2"}},
		{"a key twice in two spellings", "a.json", `{"resourceType":"Patient","id":"1","ID":"2"}`, []string{"a.json: line 1: ID: the same key stands there twice"}},
		{"a key twice by escape", "a.json", `{"resourceType":"Patient","id":"1","\u0069d":"2"}`, []string{"a.json: line 1: id: the same key stands there twice"}},
		{"a key twice by the long s", "a.json", `{"resourceType":"Patient","uſe":"1","use":"2"}`, []string{"a.json: line 1: use: the same key stands there twice"}},
		{"a key twice among many", "a.json", many + `,"K49":2}`, []string{"a.json: line 1: K49: the same key stands there twice"}},
		{"a resource twice in an entry", "a.json", `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient"},"resource":{"resourceType":"Patient"}}]}`,
			[]string{"a.json: line 1: entry 1: resource: the same key stands there twice"}},
		{"entries twice", "a.json", `{"resourceType":"Bundle","entry":[],"entry":[{"resource":{"resourceType":"Patient"}}]}`,
			[]string{"a.json: line 1: entry: the same key stands there twice"}},
		{"too deep", "a.json", `{"resourceType":"Bundle","entry":[{"resource":` + deep + `},{"resource":{"resourceType":"Patient","id":"2"}}]}`,
			[]string{"a.json: line 1: entry 1: " + strings.TrimSuffix(strings.Repeat("a.", 64), ".") + ": it is nested too deeply", "Patient/2@1.2"}},
		{"a name as a key is not repeated", "a.json", `{"resourceType":"Patient","John Smith":tru}`, []string{"a.json: line 1: ?: this is not valid JSON"}},
		{"nothing", "a.json", " \n", []string{"a.json: line 2: there is nothing in it"}},
		{"an array", "a.json", "[\n]", []string{"a.json: line 1: this is not a FHIR resource"}},
		{"cut off in entry 2", "a.json", `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"1"}},{"resource":{"id":`,
			[]string{"Patient/1@1.1", "a.json: line 1: entry 2: id: it ends in the middle of a resource"}},
		{"no resource type", "a.json", `{"id":"1"}`, []string{"a.json: line 1: this is not a FHIR resource"}},
		{"a resource that is no object", "a.json", `{"entry":[{"resource":3},{"resource":{"resourceType":"Patient"}},null],"resourceType":"Bundle"}`,
			[]string{"a.json: line 1: entry 1: resource: this is not the kind of value FHIR asks for", "Patient/@1.2", "a.json: line 1: entry 3: this is not the kind of value FHIR asks for"}},
		{"UTF-16", "a.json", "\xff\xfe{\x00", []string{"a.json: it is not UTF-8 text"}},
		{"trailing comma", "a.json", `{"resourceType":"Patient",}`, []string{"a.json: line 1: this is not valid JSON"}},
		{"bare control character", "a.json", "{\"resourceType\":\"Patient\",\"id\":\"a\tb\"}", []string{"a.json: line 1: id: this is not valid JSON"}},
		{"leading zero", "a.json", `{"resourceType":"Patient","x":01}`, []string{"a.json: line 1: this is not valid JSON"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, told(tt.file, tt.in, ForHTTP)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is handed on is what came: spaces, order, long numbers, unknown keys.
func TestRawIsKeptAsItCame(t *testing.T) {
	raw := "{ \"id\" : \"1\",\n \"z\":1.100e-999999, \"resourceType\":\"Patient\" , \"u\":\"\\u00e9\\/\" }"
	for r, err := range Read("a", strings.NewReader(`{"entry":[{"resource": `+raw+` }]}`), ForHTTP) {
		if err != nil || string(r.Raw) != raw {
			t.Errorf("%v %s", err, r.Raw)
		}
	}
	for r, err := range Read("a", strings.NewReader("{\"resourceType\":\"Patient\",\"id\":\"a\x00b\xff\"}"), ForHTTP) {
		if want := "{\"resourceType\":\"Patient\",\"id\":\"ab\uFFFD\"}"; err != nil || string(r.Raw) != want || r.ID != "ab\uFFFD" {
			t.Errorf("%v %q", err, r.Raw)
		}
	}
}

func TestLimits(t *testing.T) {
	small := Limits{Depth: 64, Resource: 100, Entries: 2, Bytes: 1 << 20}
	one := `{"resource":{"resourceType":"Patient","id":"1"}}`
	big := `{"resource":{"resourceType":"Patient","id":"` + strings.Repeat("x", 200) + `"}}`
	bundle := func(e ...string) string {
		return `{"resourceType":"Bundle","entry":[` + strings.Join(e, ",") + `]}`
	}
	tests := []struct {
		name, in string
		want     []string
	}{
		{"one too large", bundle(one, big, one), []string{"Patient/1@1.1", "a: line 1: entry 2: id: it is too large", "Patient/1@1.3"}},
		{"too many", bundle(one, one, one), []string{"Patient/1@1.1", "Patient/1@1.2", "a: line 1: entry 3: it holds too many things"}},
		{"many envelopes without resources", bundle(strings.Repeat(`{"x":1},`, 100) + one), []string{"Patient/1@1.101"}},
		{"a huge list that never says what it is", `{"entry":[` + strings.Repeat(`{"item":1},`, 100) + `1]}`, []string{"a: line 1: it is too large"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, told("a", tt.in, small)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	got := told("a", bundle(strings.Repeat(one+",", 40000)+one), small)
	if len(got) != 3 {
		t.Errorf("read on after too many: %d", len(got))
	}
	small.Entries, small.Bytes = 1e6, 70000
	got = told("a", bundle(strings.Repeat(one+",", 40000)+one), small)
	if !strings.HasSuffix(got[len(got)-1], "it is too large") {
		t.Error("an endless input is read on")
	}
}

// Sizes of an attack: none may take much memory or long.
func TestBombs(t *testing.T) {
	bombs := map[string]io.Reader{
		"depth 100,000":     strings.NewReader(`{"resourceType":"Patient","a":` + strings.Repeat("[", 100_000)),
		"a million keys":    &repeat{head: `{"resourceType":"Patient"`, part: `,"a%d":1`, n: 1_000_000},
		"a long string":     &repeat{head: `{"resourceType":"Patient","a":"`, part: `xxxxxxxxxxxxxxxx`, n: 6_000_000},
		"a long number":     &repeat{head: `{"resourceType":"Patient","a":1`, part: `0000000000000000`, n: 1_000_000},
		"a long key":        &repeat{head: `{"resourceType":"Patient","`, part: `kkkkkkkkkkkkkkkk`, n: 1_000_000},
		"a million entries": &repeat{head: `{"entry":[{}`, part: `,{"resource":{"resourceType":"Patient"}}`, n: 1_000_000},
		"gzip of zeros":     zeros(t),
	}
	for name, r := range bombs {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		failed := false
		for _, err := range Read("bomb", r, ForHTTP) {
			failed = failed || err != nil
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; !failed || used > 64<<20 {
			t.Errorf("%s: refused %v, %d MiB", name, failed, used>>20)
		}
	}
}

// repeat is a long input that takes no memory.
type repeat struct {
	head, part string
	n, i       int
	rest       []byte
}

func (r *repeat) Read(p []byte) (int, error) {
	if r.head != "" {
		r.rest, r.head = []byte(r.head), ""
	}
	for len(r.rest) < len(p) && r.i < r.n {
		part := r.part
		if strings.Contains(part, "%d") {
			part = fmt.Sprintf(part, r.i)
		}
		r.rest = append(r.rest, part...)
		r.i++
	}
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = append(r.rest[:0], r.rest[n:]...)
	return n, nil
}

func zeros(t *testing.T) io.Reader {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(`{"resourceType":"Patient","a":"`))
	z.Write(bytes.Repeat([]byte{'0'}, 100<<20))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

// Reading must not depend on how the bytes arrive.
func TestArrivalByteByByte(t *testing.T) {
	in := "\xef\xbb\xbf" + `{"entry":[{"fullUrl":"a","resource":{"resourceType":"Patient","id":"é\u0041","x":[1.5e3,true,null,false]}}],"resourceType":"Bundle"}`
	for r, err := range Read("a", iotest.OneByteReader(strings.NewReader(in)), ForHTTP) {
		if err != nil || r.ID != "éA" || r.FullURL != "a" {
			t.Errorf("%v %+v", err, r)
		}
	}
}

func TestCompressed(t *testing.T) {
	var b bytes.Buffer
	for _, id := range []string{"1", "2"} { // two members, as concatenated files have
		z := gzip.NewWriter(&b)
		fmt.Fprintf(z, `{"resourceType":"Patient","id":"%s"}`+"\n", id)
		z.Close()
	}
	if diff := cmp.Diff([]string{"Patient/1@1.0", "Patient/2@2.0"}, told("a", b.String(), ForHTTP)); diff != "" {
		t.Error(diff)
	}
	got := told("a", b.String()[:b.Len()-12], ForHTTP)
	if len(got) == 0 || !strings.Contains(got[len(got)-1], "middle of a resource") && !strings.Contains(got[len(got)-1], "cannot be read") {
		t.Errorf("a cut-off archive: %q", got)
	}
}

func TestSystemErrorIsKept(t *testing.T) {
	for _, err := range Read("a", iotest.ErrReader(io.ErrClosedPipe), ForHTTP) {
		if !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("got %v", err)
		}
	}
}

func TestStopEarly(t *testing.T) {
	n := 0
	for range Read("a", strings.NewReader(strings.Repeat(`{"resourceType":"Patient"}`+"\n", 9)), ForHTTP) {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Error(n)
	}
}

// sampleFiles lists the sample bundles, which are not part of the repository.
func sampleFiles(t testing.TB) []string {
	var out []string
	for _, dir := range []string{"fhir-synthea/*.gz", "fhir-uscore/*.json"} {
		f, err := filepath.Glob("../../../shared/data/" + dir)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f...)
	}
	if len(out) == 0 {
		t.Skip("the sample data is not here")
	}
	return out
}

func TestSampleFiles(t *testing.T) {
	kinds := map[string]int{}
	births := 0
	for _, path := range sampleFiles(t) {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		for r, err := range Read(filepath.Base(path), f, ForFiles) {
			if err != nil {
				t.Error(err)
				continue
			}
			kinds[r.Type]++
			if r.Type != "Patient" {
				continue
			}
			p, err := ParsePatient(r.Raw)
			if err != nil || len(p.Names) == 0 || len(p.Identifiers) == 0 {
				t.Error(r.At(err.(*Error)))
			}
			if p.Birth != "" {
				births++
			}
		}
		f.Close()
	}
	t.Log(kinds)
	if kinds["Patient"] != 131 || births != 131 {
		t.Errorf("%d patients, %d birth dates", kinds["Patient"], births)
	}
}

func BenchmarkRead(b *testing.B) {
	data, err := os.ReadFile("../../../shared/data/fhir-uscore/uscore_bundle_patient_85.json")
	if err != nil {
		b.Skip("the sample data is not here")
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		for range Read("a", bytes.NewReader(data), ForFiles) {
		}
	}
}
