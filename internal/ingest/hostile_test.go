package ingest_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"portico/internal/clock"
	"portico/internal/testkit"
)

// endless gives the same bytes again and again, n in all.
type endless struct {
	what string
	n    int64
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.n <= 0 {
		return 0, io.EOF
	}
	k := 0
	for k < len(p) && e.n > 0 {
		c := copy(p[k:min(len(p), k+int(e.n))], e.what[e.at:])
		k, e.n, e.at = k+c, e.n-int64(c), (e.at+c)%len(e.what)
	}
	return k, nil
}

func zipped(r io.Reader) io.Reader {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.Copy(w, r)
	w.Close()
	return &b
}

// cost is what a piece of work took: processor time, and memory beyond before.
func cost(work func()) (cpu time.Duration, memory uint64) {
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse
	}
	used := func() time.Duration {
		var u syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	runtime.GC()
	before, began := heap(), used()
	var peak atomic.Uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				peak.Store(max(peak.Load(), heap()))
			}
		}
	}()
	work()
	cpu = used() - began
	close(stop)
	<-done
	if p := peak.Load(); p > before {
		memory = p - before
	}
	return cpu, memory
}

// What security test T49 and T50 allow: a second, and 64 MiB.
const (
	mostTime   = time.Second * slower
	mostMemory = 64 << 20 * slower
)

// hostile are messages that only cost.
var hostile = map[string]struct {
	kind   string
	body   func() io.Reader
	want   int
	issues string
}{
	"nested 100,000 deep": {"application/fhir+json", func() io.Reader {
		return strings.NewReader(`{"resourceType":"Observation","extension":` + strings.Repeat(`[`, 100_000) + strings.Repeat(`]`, 100_000) + `}`)
	}, 422, "too-costly"},
	"nested objects": {"application/fhir+json", func() io.Reader {
		return strings.NewReader(`{"resourceType":"Observation","a":` + strings.Repeat(`{"a":`, 100_000) + `1` + strings.Repeat(`}`, 100_001))
	}, 422, "too-costly"},
	"a gibibyte": {"application/fhir+json", func() io.Reader { return &endless{what: `[{"resourceType":`, n: 1 << 30} }, 413, "too-long"},
	"a gibibyte in gzip": {"application/fhir+json", func() io.Reader {
		return zipped(io.MultiReader(strings.NewReader(`{"resourceType":"Observation","note":"`), &endless{what: "x", n: 256 << 20}))
	}, 413, "too-costly"},
	"a million entries": {"application/fhir+json", func() io.Reader {
		return zipped(io.MultiReader(strings.NewReader(`{"resourceType":"Bundle","type":"batch","entry":[`), &endless{what: `{"resource":{"resourceType":"Basic"}},`, n: 38_000_000}))
	}, 413, "too-costly"},
	"a million empty entries": {"application/fhir+json", func() io.Reader {
		return strings.NewReader(`{"resourceType":"Bundle","type":"batch","entry":[` + strings.Repeat(`{},`, 1_000_000) + `{}]}`)
	}, 200, ""},
	"a million lines": {"application/fhir+ndjson", func() io.Reader { return &endless{what: "{\"a\":1}\n", n: 8_000_000} }, 422, ""},
	"a huge number": {"application/fhir+json", func() io.Reader {
		return strings.NewReader(bundle("collection", patient("a", "1001"), observation("o", "Patient/a", strings.Repeat("9", 4<<20))))
	}, 422, "invalid"},
	"a huge exponent": {"application/fhir+json", func() io.Reader {
		return strings.NewReader(bundle("collection", patient("a", "1001"), observation("o", "Patient/a", "1e999999999")))
	}, 422, "invalid"},
	"the same key twice": {"application/fhir+json", func() io.Reader {
		return strings.NewReader(bundle("collection", patient("a", "1001"), strings.Replace(observation("o", "Patient/a", "1"), `"status"`, `"STATUS":"final","status"`, 1)))
	}, 422, "invalid"},
	"references in a circle": {"application/fhir+json", func() io.Reader {
		member := func(id, of string) string {
			return strings.Replace(observation(id, "Patient/a", "1"), `"status"`, `"hasMember":[{"reference":"Observation/`+of+`"}],"status"`, 1)
		}
		return strings.NewReader(bundle("collection", patient("a", "1001"), member("o1", "o2"), member("o2", "o1"), member("o3", "o3")))
	}, 200, ""},
	"cut off": {"application/fhir+json", func() io.Reader {
		return strings.NewReader(bundle("collection", patient("a", "1001"), observation("o", "Patient/a", "1"))[:400])
	}, 422, "invalid"},
	"entities that grow": {"application/xml", func() io.Reader {
		return strings.NewReader(`<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><ClinicalDocument xmlns="urn:hl7-org:v3">&b;</ClinicalDocument>`)
	}, 422, "invalid"},
	"an outside entity": {"application/xml", func() io.Reader {
		return strings.NewReader(`<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><ClinicalDocument xmlns="urn:hl7-org:v3">&a;</ClinicalDocument>`)
	}, 422, "invalid"},
	"nested elements": {"application/xml", func() io.Reader {
		return strings.NewReader(`<ClinicalDocument xmlns="urn:hl7-org:v3">` + strings.Repeat(`<a>`, 100_000))
	}, 422, "too-costly"},
	"a gibibyte of XML in gzip": {"application/xml", func() io.Reader {
		return zipped(io.MultiReader(strings.NewReader(`<ClinicalDocument xmlns="urn:hl7-org:v3"><title>`), &endless{what: "x", n: 256 << 20}))
	}, 413, "too-costly"},
}

func TestHostileMessagesCostNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("with the race detector its own cost would be measured")
	}
	eachPortal(t, func(t *testing.T, p *portal, _ *clock.Fake) {
		for name, c := range hostile {
			token := p.token(name) // each a sender of its own: its Patient/a is another
			body := c.body()
			cpu, memory := cost(func() {
				rec := p.send(token, c.kind, body)
				if codes := issues(t, rec); rec.Code != c.want || c.issues != "" && (len(codes) == 0 || codes[0] != c.issues) {
					t.Errorf("%s: %d %v %.300s", name, rec.Code, codes, rec.Body)
				}
			})
			if cpu > mostTime || memory > mostMemory {
				t.Errorf("%s took %v and %d MiB", name, cpu, memory>>20)
			}
		}
	})
}

// One visible result, whatever the order and however often messages come.
func TestMessagesInAnyOrderMakeOneResult(t *testing.T) {
	stages := []string{
		strings.Replace(observation("o", "Patient/a", "6.0"), `"final"`, `"preliminary"`, 1),
		observation("o", "Patient/a", "6.4"),
		strings.Replace(observation("o", "Patient/a", "6.9"), `"final"`, `"corrected"`, 1),
	}
	issued := func(i int) string {
		return strings.Replace(stages[i], `"status"`, `"issued":"2026-01-0`+string(rune('5'+i))+`T10:00:00Z","status"`, 1)
	}
	eachPortal(t, func(t *testing.T, p *portal, _ *clock.Fake) {
		for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2, 1, 0}, {2, 2, 0, 1, 2}, {0, 2, 1, 1}} {
			token := p.token("Lab " + strings.Trim(strings.Join(strings.Fields(string(rune('a'+len(order)+order[0]*10+order[1]*3))), ""), " "))
			p.fhir(token, patient("a", "1001"))
			for _, i := range order {
				if rec := p.fhir(token, issued(i)); rec.Code != 200 {
					t.Fatalf("%v: %d %s", order, rec.Code, rec.Body)
				}
			}
			got := rows(t, p.door, patientOf(t, p.door, "1001"))
			last := got[0]
			for _, r := range got {
				if r.Received.After(last.Received) {
					last = r
				}
			}
			if last.Value != "6.9" {
				t.Errorf("%v: %+v", order, last)
			}
		}
		if n := len(rows(t, p.door, patientOf(t, p.door, "1001"))); n != 5 {
			t.Errorf("%d results from five senders", n)
		}
		if n := count(t, p.door.DB, "record_row WHERE value <> '6.9'"); n != 0 {
			t.Errorf("%d results are not the corrected one", n)
		}
		if n := count(t, p.door.DB, "resource_version"); n != 10 {
			t.Errorf("%d versions in the history, not ten", n)
		}
	})
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte(bundle("collection", patient("a", "1001"), observation("o", "Patient/a", "6.1"))), true)
	f.Add([]byte(patient("a", "1001")+"\n"+observation("o", "Patient/a", "6.1")), true)
	f.Add([]byte(document("1001", "Riveraa", "19800201", "5")), false)
	f.Add([]byte(`{"resourceType":"Bundle","type":"searchset","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Provenance","target":[{"reference":"urn:uuid:1"}]}}]}`), true)
	db, _ := testkit.SQLite(f)
	p := &portal{t: f, door: newDoor(f, db)}
	token := p.token("Fuzz")
	f.Fuzz(func(t *testing.T, body []byte, fhir bool) {
		kind := "application/xml"
		if fhir {
			kind = "application/fhir+ndjson"
		}
		f, err := p.door.Message(ctx, token, kind, body)
		if err != nil {
			t.Fatal(err)
		}
		again, err := p.door.Message(ctx, token, kind, body)
		if err != nil || again.Wrote() {
			t.Errorf("the same again: %+v after %+v, %v", again.Records.Tally, f.Records.Tally, err)
		}
	})
}
