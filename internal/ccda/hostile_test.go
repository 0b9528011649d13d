package ccda

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// endless gives head and then part, for ever, n times over.
type endless struct {
	head, part string
	n          int
	rest       string
}

func (e *endless) Read(p []byte) (int, error) {
	if e.head != "" {
		e.rest, e.head = e.head, ""
	}
	if e.rest == "" {
		if e.n == 0 {
			return 0, io.EOF
		}
		e.n--
		e.rest = e.part
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func cut(s string) string { return s[:strings.Index(s, "</text>")] }

func TestHostileDocuments(t *testing.T) {
	laughs := `<!DOCTYPE lolz [<!ENTITY a "ha">` + strings.Repeat(`<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">`, 10) + `]>` + prose("&b;")
	var bomb bytes.Buffer
	z, _ := flate.NewWriter(&bomb, 9)
	z.Write(make([]byte, 1<<20))
	z.Close()
	picture := `<entry><observationMedia ID="a"><value representation="B64" compression="DF">` + base64.StdEncoding.EncodeToString(bomb.Bytes()) + `</value></observationMedia></entry>`
	const kib = 1 << 10
	tests := []struct {
		name string
		in   io.Reader
		want Reason // "" if it can be read
	}{
		{"billion laughs", strings.NewReader(laughs), Doctype},
		{"an outside entity", strings.NewReader(`<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + prose("&x;")), Doctype},
		{"an outside document type", strings.NewReader(`<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd">` + prose("")), Doctype},
		{"a document type without end", &endless{"<!DOCTYPE r [", strings.Repeat("<!ENTITY x 'y'>", kib), 70_000, ""}, TooLarge},
		{"depth 100,000", &endless{cut(prose("")), "<list><item>", 50_000, ""}, TooDeep},
		{"an attribute of 1 GiB", &endless{cut(prose("")) + `<content ID="`, strings.Repeat("x", kib), 1 << 20, ""}, TooLarge},
		{"a million attributes", &endless{cut(prose("")) + `<content`, ` a=">"`, 1 << 20, ""}, TooLarge},
		{"a name of 1 GiB", &endless{cut(prose("")) + `<`, strings.Repeat("x", kib), 1 << 20, ""}, TooLarge},
		{"a text of 1 GiB", &endless{cut(prose("")), strings.Repeat("x", kib), 1 << 20, ""}, TooLarge},
		{"a comment without end", &endless{cut(prose("")) + "<!--", strings.Repeat("x", kib), 1 << 20, ""}, TooLarge},
		{"raw text without end", &endless{cut(prose("")) + "<![CDATA[", strings.Repeat("x", kib), 1 << 20, ""}, TooLarge},
		{"an instruction without end", &endless{cut(prose("")) + "<?x ", strings.Repeat("x", kib), 1 << 20, ""}, TooLarge},
		{"white space before it", &endless{"", strings.Repeat(" ", kib), 1 << 20, ""}, TooLarge},
		{"a million comments", &endless{cut(prose("")), "x<!---->", 1 << 20, ""}, Truncated},
		{"elements without end", &endless{cut(prose("")), "<x>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</x>", 1 << 20, ""}, TooMany},
		{"as many elements as may be", &endless{cut(prose("")), "<x>" + strings.Repeat("a", 60) + "</x>", 199_000, ""}, Truncated},
		{"elements full of attributes", &endless{cut(prose("")), "<x root='' code='' value='' use='' ID='' href='' scope=''/>", 199_000, ""}, Truncated},
		{"files that unpack to 17 MiB", strings.NewReader(doc(`<structuredBody><component><section>` + strings.Repeat(picture, 17) + `</section></component></structuredBody>`)), TooLarge},
		{"a name of many names", io.MultiReader(&endless{`<ClinicalDocument xmlns="urn:hl7-org:v3"><recordTarget><patientRole><patient><name>`, "<family>" + strings.Repeat("a", 50) + "</family>", 190_000, ""},
			strings.NewReader("</name></patient></patientRole></recordTarget></ClinicalDocument>")), ""},
		{"a text of many pieces", io.MultiReader(&endless{cut(prose("")), "<x>" + strings.Repeat("a", 60) + "</x>", 190_000, ""}, strings.NewReader("</text></section></component></structuredBody></component></ClinicalDocument>")), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := work(t)
			_, err := Read("a", tt.in, Usual)
			took := work(t) - start
			runtime.ReadMemStats(&after)
			e, _ := errors.AsType[*Error](err)
			if (err != nil || tt.want != "") && (e == nil || e.Reason != tt.want) {
				t.Errorf("got %v", err)
			}
			// All that was ever allocated, so that the peak is surely less.
			mib := (after.TotalAlloc - before.TotalAlloc) >> 20
			t.Logf("%v, %d MiB allocated", took.Round(time.Millisecond), mib)
			if took > 2*time.Second && !testing.Short() || mib > 300 { // short: the race detector's own work would be measured
				t.Errorf("took %v and %d MiB", took, mib)
			}
		})
	}
}

// work is the processor time spent so far: other programs on the machine do not
// count.
func work(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkRead(b *testing.B) {
	for _, path := range sampleFiles(b) {
		if !strings.Contains(path, "Eloy929") {
			continue
		}
		f, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		plain, err := io.ReadAll(unpack(bytes.NewReader(f), Usual).r)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(plain)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Read("a", bytes.NewReader(plain), Usual); err != nil {
				b.Fatal(err)
			}
		}
	}
}
