package dsn

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const ours = "msg_abcdefghijklmnopqrstuvwxyz"

func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
}

func TestFailuresAreRead(t *testing.T) {
	for name, want := range map[string]Report{
		"postfix": {ours + "@riverside.example", "5.1.1"},
		"whole":   {ours + "-2@riverside.example", "4.4.7"},
		"encoded": {ours + "@riverside.example", "5.7.1"},
	} {
		for how, b := range map[string][]byte{"as sent": sample(t, name), "with bare line feeds": bytes.ReplaceAll(sample(t, name), []byte("\r"), nil)} {
			if got, err := Read(bytes.NewReader(b)); err != nil || got != want {
				t.Errorf("%s %s: %+v, %v", name, how, got, err)
			}
		}
	}
}

func TestNothingElseIsAFailure(t *testing.T) {
	for _, name := range []string{"delayed", "away", "opened"} {
		if got, err := Read(bytes.NewReader(sample(t, name))); !errors.Is(err, ErrNone) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	good := string(sample(t, "postfix"))
	for what, s := range map[string]string{
		"nothing": "", "no headers": "\x00\xff", "no body": good[:strings.Index(good, "\r\n\r\n")+4], "no boundary": strings.Replace(good, "boundary=", "border=", 1),
		"not ours to read": strings.Replace(good, "<msg_", "msg_", 1), "two in one": strings.Replace(good, "<msg_", "<a> <msg_", 1),
		"long": strings.Replace(good, "<msg_", "<"+strings.Repeat("x", 300), 1), "cut off": good[:strings.Index(good, "text/rfc822-headers")],
		"beyond the end":  strings.Replace(good, "Content-Description: Delivery report", "X: "+strings.Repeat("x", MaxBytes), 1),
		"too many parts":  strings.Replace(good, "Content-Description: Delivery report", strings.Repeat("Content-Type: text/plain\r\n\r\nx\r\n--3D1C12C0B.1773144004/mail.riverside.example\r\n", maxParts)+"X: y", 1),
		"long said first": strings.Replace(good, "Final-Recipient:", "X: "+strings.Repeat("x", maxPart)+"\r\nFinal-Recipient:", 1),
	} {
		if got, err := Read(strings.NewReader(s)); !errors.Is(err, ErrNone) {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
}

func TestWhatIsCutOffAfterItsHeadersCounts(t *testing.T) {
	good := string(sample(t, "postfix"))
	if got, err := Read(strings.NewReader(good[:strings.Index(good, "Date: Tue, 10 Mar 2026 12")])); err != nil || got.Status != "5.1.1" {
		t.Errorf("%+v, %v", got, err)
	}
	odd := strings.Replace(good, "Status: 5.1.1", "Status: 9.9.9<script>", 1)
	if got, err := Read(strings.NewReader(odd)); err != nil || got.Status != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"postfix", "whole", "encoded", "delayed", "away", "opened"} {
		f.Add(sample(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := Read(bytes.NewReader(b))
		if err == nil && (got.MessageID == "" || len(got.MessageID) > 250 || strings.ContainsAny(got.MessageID, "<> \r\n") || got.Status != "" && !enhanced.MatchString(got.Status)) {
			t.Errorf("%+v", got)
		}
	})
}
