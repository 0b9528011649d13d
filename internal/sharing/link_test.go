package sharing

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/record"
	"portico/internal/store"
)

func TestAnOutsideViewerReadsALink(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(a1c("o1", "a", "6.1"), condition("c1", "a", "Diabetes", "2019-05"), a1c("o2", "b", "9.9"))
		o := linkOrder(record.Results, record.Conditions, record.Allergies)
		o.Label = "For the travel clinic"
		made := r.link(r.sharer("acc_ana", ana), o)
		p := held(t, made)
		if p.Flag != "P" || p.V != 1 || p.Label != o.Label || p.Exp != r.clock.Now().Add(time.Hour).Unix() || len(p.URL) > 128 || len(p.address()) != 43 {
			t.Errorf("%+v", p)
		}
		m, err := r.open(p, " kettle 7")
		if err != nil || len(m.Files) != 2 || m.Status != finalized {
			t.Fatal(err, m)
		}
		if f := m.Files[0]; f.Status != finalized || f.FHIRVersion != "4.0.1" || f.LastUpdated != r.clock.Now().UTC().Format(time.RFC3339) {
			t.Errorf("%.60s is said to be %s, %s of %s", f.Embedded, f.Status, f.FHIRVersion, f.LastUpdated)
		}
		bundle := decrypted(t, p, m.Files[0].Embedded)
		first := bundle["entry"].([]any)[0].(map[string]any)["resource"].(map[string]any)
		if bundle["type"] != "document" || first["resourceType"] != "Composition" || len(first["section"].([]any)) != 4 {
			t.Errorf("%v", first)
		}
		raw, _ := json.Marshal(bundle)
		for _, want := range []string{"Hemoglobin A1c", "6.1%", "Diabetes", "unavailable", "Ana"} {
			if !bytes.Contains(raw, []byte(want)) {
				t.Errorf("%s is not in the summary", want)
			}
		}
		if bytes.Contains(raw, []byte("9.9")) {
			t.Error("somebody else's result is in the summary")
		}
		paper := decrypted(t, p, m.Files[1].Embedded)["content"].([]any)[0].(map[string]any)["attachment"].(map[string]any)
		pdf, err := base64.StdEncoding.DecodeString(paper["data"].(string))
		if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
			t.Error("no PDF", err)
		}
		if r.audited(audit.ShareMade) != 1 || r.audited(audit.ShareOpened) != 1 {
			t.Error("audit lines are missing")
		}
		if _, err := r.open(p, "kettle7"); err != nil {
			t.Fatal(err)
		}
		if want := []string{"made " + string(made.ID), "opened " + string(made.ID)}; !slices.Equal(r.out.told, want) {
			t.Errorf("told %v", r.out.told)
		}
		one, list, err := r.links.Opened(ctx, r.sharer("acc_ana", ana), made.ID)
		if err != nil || one.Openings != 2 || one.Wrong != 0 || len(list) != 2 || list[0].Recipient != "Dr. Okafor" || list[0].Source != "192.0.2.1" {
			t.Errorf("%v %+v %+v", err, one, list)
		}
	})
}

func TestALinkHoldsNothingHeldOrSensitive(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(a1c("o1", "a", "6.1"), condition("c1", "a", "Depression", "2019"),
			`{"resourceType":"DiagnosticReport","id":"r","status":"final","category":[{"coding":[{"code":"LAB"}]}],"code":{"text":"Panel"},"subject":{"reference":"Patient/a"},"conclusion":"It is 6.1","result":[{"reference":"Observation/o1"}]}`)
		r.mark(`release_at = '2999-01-01T00:00:00.000000Z' WHERE kind = 'Observation'`)
		r.mark(`sensitive = TRUE WHERE section = 'conditions'`)
		o := linkOrder(record.Results, record.Conditions)
		for _, ticked := range []bool{false, true} {
			o.Sensitive = ticked
			p := held(t, r.link(r.sharer("acc_ana", ana), o))
			m, err := r.open(p, "kettle7")
			if err != nil {
				t.Fatal(err)
			}
			raw, _ := json.Marshal(decrypted(t, p, m.Files[0].Embedded))
			if bytes.Contains(raw, []byte("6.1")) || bytes.Contains(raw, []byte("Depression")) != ticked {
				t.Errorf("sensitive %v: %s", ticked, raw)
			}
		}
	})
}

func TestWrongPasscodesEndALink(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		made := r.link(r.sharer("acc_ana", ana), linkOrder(record.Results))
		p := held(t, made)
		// Sent at once, each counts: none is checked beyond the fifth.
		var wg sync.WaitGroup
		var mu sync.Mutex
		var left []int
		missing := 0
		for range 9 {
			wg.Go(func() {
				_, err := r.open(p, "wrong one")
				mu.Lock()
				defer mu.Unlock()
				var w WrongPasscode
				switch {
				case errors.As(err, &w):
					left = append(left, w.Left)
				case fault.Is(err, fault.NotFound):
					missing++
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		slices.Sort(left)
		if !slices.Equal(left, []int{0, 1, 2, 3, 4}) || missing != 4 {
			t.Errorf("left %v, %d found nothing", left, missing)
		}
		if _, err := r.open(p, "kettle7"); !fault.Is(err, fault.NotFound) {
			t.Errorf("the right passcode after five wrong ones: %v", err)
		}
		if n := r.count(`SELECT COUNT(*) FROM share_file`); n != 0 {
			t.Errorf("%d files are left", n)
		}
		if n := r.count(`SELECT COUNT(*) FROM audit_entry WHERE action = $1 AND outcome = 'refused'`, string(audit.ShareOpened)); n != 4 || r.audited(audit.ShareEnded) != 1 {
			t.Errorf("%d refusals in the log", n)
		}
		one, _, err := r.links.Opened(ctx, r.sharer("acc_ana", ana), made.ID)
		if err != nil || one.State != LinkLocked || one.Wrong != 5 {
			t.Errorf("%v %+v", err, one)
		}
	})
}

// Wrong passcodes count over the link's whole life; a right one takes only itself back.
func TestARightPasscodeForgivesNone(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		p := held(t, r.link(r.sharer("acc_ana", ana), linkOrder(record.Results)))
		for _, want := range []int{4, 3} {
			var w WrongPasscode
			if _, err := r.open(p, "nothing"); !errors.As(err, &w) || w.Left != want {
				t.Errorf("%v, want %d left", err, want)
			}
			if _, err := r.open(p, "kettle7"); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestALinkEndsOnTime(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		made := r.link(r.sharer("acc_ana", ana), linkOrder(record.Results))
		p := held(t, made)
		r.clock.Move((made.Expires.Add(-time.Second)).Sub(r.clock.Now()))
		if _, err := r.open(p, "kettle7"); err != nil {
			t.Fatal(err)
		}
		r.clock.Move((made.Expires).Sub(r.clock.Now()))
		if _, err := r.open(p, "kettle7"); !fault.Is(err, fault.NotFound) {
			t.Errorf("at its end: %v", err)
		}
		r.clock.Move((made.Expires.Add(time.Second)).Sub(r.clock.Now()))
		r.sweepLinks()
		if n := r.count(`SELECT COUNT(*) FROM share_file`); n != 0 || r.audited(audit.ShareEnded) != 1 {
			t.Errorf("%d files are left, %d lines", n, r.audited(audit.ShareEnded))
		}
		one, list, err := r.links.Opened(ctx, r.sharer("acc_ana", ana), made.ID)
		if err != nil || one.State != LinkExpired || len(list) != 1 {
			t.Errorf("%v %+v", err, one)
		}
		r.clock.Move(recalled)
		r.sweepLinks()
		if n := r.count(`SELECT (SELECT COUNT(*) FROM share_link) + (SELECT COUNT(*) FROM share_opening)`); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})
}

func TestAnEndedLinkOpensNoMore(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(a1c("o1", "a", "6.1"))
		c := r.sharer("acc_ana", ana)
		made := r.link(c, linkOrder(record.Results))
		p := held(t, made)
		m, err := r.links.Open(ctx, sofa, Asked{Address: p.address(), Recipient: "Dr. Okafor", Passcode: "kettle7", Embedded: 100})
		if err != nil || m.Files[0].Embedded != "" {
			t.Fatal(err, m)
		}
		ticket := m.Files[0].Location[strings.LastIndexByte(m.Files[0].Location, '/')+1:]
		jwe, err := r.links.Fetch(ctx, sofa, ticket)
		if err != nil {
			t.Fatal(err)
		}
		decrypted(t, p, jwe)
		for _, forged := range []string{"", "a.b.c.d", strings.Replace(ticket, ".0.", ".1.", 1), ticket[:len(ticket)-2] + "AA"} {
			if _, err := r.links.Fetch(ctx, sofa, forged); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", forged, err)
			}
		}
		r.clock.Move(ticketLife)
		if _, err := r.links.Fetch(ctx, sofa, ticket); !fault.Is(err, fault.NotFound) {
			t.Errorf("after its time: %v", err)
		}
		m, err = r.links.Open(ctx, sofa, Asked{Address: p.address(), Recipient: "Dr. Okafor", Passcode: "kettle7", Embedded: 0})
		if err != nil {
			t.Fatal(err)
		}
		ticket = m.Files[0].Location[strings.LastIndexByte(m.Files[0].Location, '/')+1:]
		for range 2 { // ending twice is ending once
			if err := r.links.End(ctx, r.sharer("acc_ana", ana), made.ID); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.links.Fetch(ctx, sofa, ticket); !fault.Is(err, fault.NotFound) {
			t.Errorf("a file of an ended link: %v", err)
		}
		if _, err := r.open(p, "kettle7"); !fault.Is(err, fault.NotFound) {
			t.Errorf("an ended link: %v", err)
		}
	})
}

func TestALinkIsItsOwnersAlone(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		made := r.link(r.sharer("acc_ana", ana), linkOrder(record.Results))
		for name, c := range map[string]access.Chart{"another account": r.sharer("acc_ben", ben), "another record": r.sharer("acc_ana", ben), "another reader": r.sharer("acc_kin", ana)} {
			if list, err := r.links.Made(ctx, c); err != nil || len(list) != 0 {
				t.Errorf("%s lists %v %v", name, list, err)
			}
			_, _, err := r.links.Opened(ctx, c, made.ID)
			if gone := r.links.End(ctx, c, made.ID); !fault.Is(err, fault.NotFound) || !fault.Is(gone, fault.NotFound) {
				t.Errorf("%s: %v %v", name, err, gone)
			}
		}
		if _, err := r.links.Make(ctx, r.chart("acc_ana", ana), linkOrder(record.Results)); !fault.Is(err, fault.Denied) {
			t.Errorf("with a chart for downloads: %v", err)
		}
		if _, err := r.open(held(t, made), "kettle7"); err != nil {
			t.Fatal(err)
		}
		// "This was not me" freezes the account.
		r.out.closed["acc_ana"] = true
		if _, err := r.open(held(t, made), "kettle7"); !fault.Is(err, fault.NotFound) {
			t.Errorf("a frozen account's link: %v", err)
		}
	})
}

func TestLinksThatAreRefused(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		for field, change := range map[string]func(*LinkOrder){
			"section":    func(o *LinkOrder) { o.Sections = nil },
			"life":       func(o *LinkOrder) { o.Life = longestLink + time.Second },
			"passcode":   func(o *LinkOrder) { o.Passcode = "short" },
			"passcode ":  func(o *LinkOrder) { o.Passcode = "123456" },
			"passcode  ": func(o *LinkOrder) { o.Passcode = "aaaaaaa" },
			"label":      func(o *LinkOrder) { o.Label = strings.Repeat("ñ", mostLabel+1) },
		} {
			o := linkOrder(record.Results)
			change(&o)
			_, err := r.links.Make(ctx, r.sharer("acc_ana", ana), o)
			if p := fault.Problems(err); len(p) != 1 || p[0].Field != strings.TrimSpace(field) {
				t.Errorf("%s: %v", field, err)
			}
		}
		o := linkOrder(record.Results)
		o.Passcode = ""
		if made := r.link(r.sharer("acc_ana", ana), o); len(made.Passcode) != 8 {
			t.Errorf("made the passcode %q", made.Passcode)
		}
		if n := r.count(`SELECT COUNT(*) FROM share_link`); n != 1 {
			t.Errorf("%d links", n)
		}
	})
}

// Nothing in the database opens a link or what it leads to.
func TestTheKeyIsNowhere(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(condition("c1", "a", "Diabetes", "2019-05"))
		p := held(t, r.link(r.sharer("acc_ana", ana), linkOrder(record.Conditions)))
		if _, err := r.open(p, "kettle7"); err != nil {
			t.Fatal(err)
		}
		var dump strings.Builder
		if err := r.db.View(ctx, func(tx *store.Tx) error {
			for _, q := range []string{`SELECT id || address_hash || passcode_hash || label || sections FROM share_link`, `SELECT jwe FROM share_file`,
				`SELECT recipient || source FROM share_opening`, `SELECT action || object || detail || source FROM audit_entry`, `SELECT key_hash FROM limit_count`} {
				rows, err := store.List(ctx, tx, store.One[string], q)
				if err != nil {
					return err
				}
				dump.WriteString(strings.Join(rows, "\n"))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		key, _ := base64.RawURLEncoding.DecodeString(p.Key)
		for _, secret := range []string{p.Key, string(key), p.address(), "kettle7", "Diabetes"} {
			if strings.Contains(dump.String(), secret) {
				t.Errorf("%q is in the database", secret)
			}
		}
	})
}
