package sharing

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/record"
)

// sharer is a raised chart opened for sharing.
func (r *rig) sharer(a ids.Account, p ids.Patient) access.Chart {
	r.t.Helper()
	c, _, err := r.gate.RaisedChart(ctx, r.session(a, p, true), access.ShareRecords, "test", sofa)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func (r *rig) sweepLinks() {
	r.t.Helper()
	if err := r.links.sweep(ctx, duty, struct{}{}); err != nil {
		r.t.Fatal(err)
	}
}

func linkOrder(sections ...record.Section) LinkOrder {
	return LinkOrder{Selection: Selection{Sections: sections}, Lang: lang.En, Passcode: "kettle7", Life: time.Hour}
}

func (r *rig) link(c access.Chart, o LinkOrder) NewLink {
	r.t.Helper()
	made, err := r.links.Make(ctx, c, o)
	if err != nil {
		r.t.Fatal(err)
	}
	return made
}

// held reads a link as an outside viewer does.
func held(t testing.TB, n NewLink) payload {
	t.Helper()
	_, text, ok := strings.Cut(n.Link, "shlink:/")
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if !ok || err != nil {
		t.Fatal(n.Link, err)
	}
	var p payload
	if err := json.Unmarshal(raw, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p payload) address() string { return p.URL[strings.LastIndexByte(p.URL, '/')+1:] }

func (r *rig) open(p payload, passcode string) (Manifest, error) {
	return r.links.Open(ctx, sofa, Asked{Address: p.address(), Recipient: "Dr. Okafor", Passcode: passcode, Embedded: -1})
}

// decrypted opens a file with the key of the link.
func decrypted(t testing.TB, p payload, jwe string) map[string]any {
	t.Helper()
	key, err := base64.RawURLEncoding.DecodeString(p.Key)
	if err != nil || len(key) != 32 {
		t.Fatalf("key of %d bytes: %v", len(key), err)
	}
	e, err := jose.ParseEncrypted(jwe, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		t.Fatal(err)
	}
	if e.Header.ExtraHeaders["cty"] != fhirJSON {
		t.Errorf("content type %v", e.Header.ExtraHeaders["cty"])
	}
	plain, err := e.Decrypt(key)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(plain, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
