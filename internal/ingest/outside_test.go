package ingest_test

import (
	"net"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"portico/internal/ccda"
	"portico/internal/clock"
	"portico/internal/ingest"
	"portico/internal/record"
	"portico/internal/store"
)

// Security test T50: a document that names addresses makes nobody connect to them.
// What reads documents is built without anything that could.
func TestDocumentsMakeNoConnection(t *testing.T) {
	for _, codec := range []string{"portico/internal/ccda", "portico/internal/fhir"} {
		out, err := exec.Command("go", "list", "-deps", codec).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range strings.Fields(string(out)) {
			if p == "net" || strings.HasPrefix(p, "net/") && p != "net/url" && p != "net/netip" || p == "os/exec" || p == "plugin" {
				t.Errorf("%s is built with %s", codec, p)
			}
		}
	}
	each(t, func(t *testing.T, door *ingest.Door, _ *clock.Fake) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		var calls atomic.Int32
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				calls.Add(1)
				c.Close()
			}
		}()
		at := "http://" + l.Addr().String()
		files(t, door, write(t, map[string]string{"p.json": patient("a", "1001")}))
		good := document("1001", "Riveraa", "19800201", "5")
		for name, text := range map[string]string{
			"a style sheet":        strings.Replace(good, `?>`, `?><?xml-stylesheet type="text/xsl" href="`+at+`/x.xsl"?>`, 1),
			"a schema":             strings.Replace(good, `<ClinicalDocument `, `<ClinicalDocument xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:hl7-org:v3 `+at+`/x.xsd" `, 1),
			"an outside type":      strings.Replace(good, `?>`, `?><!DOCTYPE x SYSTEM "`+at+`/x.dtd">`, 1),
			"an outside entity":    strings.Replace(strings.Replace(good, `?>`, `?><!DOCTYPE x [<!ENTITY a SYSTEM "`+at+`/a">]>`, 1), "None known", "&a;", 1),
			"a parameter entity":   strings.Replace(good, `?>`, `?><!DOCTYPE x [<!ENTITY % a SYSTEM "`+at+`/a">%a;]>`, 1),
			"an inclusion":         strings.Replace(good, "None known", `<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="`+at+`/x"/>`, 1),
			"pictures and scripts": strings.Replace(good, "None known", `<img src="`+at+`/i"/><script src="`+at+`/s"/><linkHtml href="`+at+`/l">Look</linkHtml><renderMultiMedia referencedObject="m"/>`, 1),
			"a file elsewhere":     strings.Replace(good, "<entry", `<entry><observationMedia ID="m"><value><reference value="`+at+`/m"/></value></observationMedia></entry><entry`, 1),
			"the whole elsewhere":  good[:strings.Index(good, "<component>")] + `<component><nonXMLBody><text><reference value="` + at + `/m"/></text></nonXMLBody></component></ClinicalDocument>`,
		} {
			documents(t, door, write(t, map[string]string{"d.xml": text}))
			if d, err := ccda.Read("d.xml", strings.NewReader(text), ccda.Usual); err == nil && strings.Contains(d.Title, "&a;") {
				t.Errorf("%s was expanded", name)
			}
		}
		files(t, door, write(t, map[string]string{"o.json": bundle("collection", patient("a", "1001"), `{"resourceType":"DocumentReference","id":"d","status":"current","type":{"text":"Note"},"subject":{"reference":"Patient/a"},
			"content":[{"attachment":{"contentType":"text/html","url":"`+at+`/note"}}]}`, strings.Replace(observation("o", "Patient/a", "1"), `"Patient/a"`, `"`+at+`/Patient/a"`, 1))}))
		err = door.DB.View(ctx, func(tx *store.Tx) error {
			for _, r := range rows(t, door, patientOf(t, door, "1001")) {
				d, err := record.Document(ctx, tx, duty.For(patientOf(t, door, "1001")), r.ID)
				if err != nil {
					return err
				}
				if _, err := record.Files(ctx, tx, duty.For(d.Patient), d); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := calls.Load(); n != 0 {
			t.Errorf("%d connections were made", n)
		}
	})
}
