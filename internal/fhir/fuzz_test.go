package fhir

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzRead: whatever comes, what is handed on is valid JSON in UTF-8 within the
// limits, has a type, and an error has no resource beside it.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		`{"resourceType":"Patient","id":"1","birthDate":"1962-04-09","name":[{"family":"A"}]}`,
		`{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"u","resource":{"resourceType":"Patient"}},null,3]}`,
		"{\"entry\":[{\"item\":1}],\"resourceType\":\"List\"}\n{\"a\":\"\\u00e9\",\"A\":-1.5e+3}\n[]", "\xef\xbb\xbf{}", "\x1f\x8b\x08", "{\"a\":\"\xff\x00\"}",
	} {
		f.Add("a.ndjson", s)
		f.Add("a.json", s)
	}
	l := Limits{Depth: 8, Resource: 500, Entries: 20, Bytes: 1 << 16}
	f.Fuzz(func(t *testing.T, name, in string) {
		n := 0
		for r, err := range Read(name, strings.NewReader(in), l) {
			if err != nil {
				if _, ok := errors.AsType[*Error](err); !ok || r.Raw != nil {
					t.Fatalf("%T beside %q", err, r.Raw)
				}
				continue
			}
			n++
			if r.Type == "" || !json.Valid(r.Raw) || !utf8.Valid(r.Raw) || strings.ContainsRune(r.ID+r.Type+r.FullURL, 0) {
				t.Fatalf("%q handed on", r.Raw)
			}
			if len(r.Raw) > 3*l.Resource { // U+FFFD is three bytes for one
				t.Fatalf("%d bytes", len(r.Raw))
			}
			ParsePatient(r.Raw)
		}
		if n > l.Entries {
			t.Fatalf("%d resources", n)
		}
	})
}

// FuzzScan: our scanner and encoding/json agree on what is JSON, but for what
// we clean or refuse on purpose.
func FuzzScan(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":[1,2.5e-3,"x\n",true,false,null,{}]}`, `{"a":01}`, `{"a":"\ud800"}`, `{"a" : {"b":[ ]} }`, `{"":-0}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if strings.ContainsAny(in, "\x00") || !strings.HasPrefix(in, "{") {
			return
		}
		s := newScanner(strings.NewReader(in), ForHTTP)
		err := s.value(0)
		if err == nil {
			if _, more, perr := s.peek(); more || perr != nil {
				err = errStop
			}
		}
		if s.fault == "" && (err == nil) != json.Valid([]byte(in)) {
			t.Fatalf("%q: %v", in, err)
		}
	})
}
