package clinic_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image/png"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/internal/clinic"
	"portico/internal/fault"
	"portico/internal/lang"
)

var brook = clinic.Profile{Name: "Brook Clinic", Phone: "312-555-0199", Colour: "#1f3bd6", Address: " 2 Brook Lane \n\nSpringfield, IL 62701",
	Hours: map[lang.Lang]string{lang.En: "Every day"}, NumberLabel: map[lang.Lang]string{lang.Es: "Número de Brook"}}

func TestAChangeIsLookedAtThenHoldsOnEveryServer(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ada, other := d.admin("Ada"), server(t, d.DB)
		if err := d.proposes(ada, 0, brook); err != nil {
			t.Fatal(err)
		}
		if e := d.editing(ada); !e.Own || e.Draft.Name != "Brook Clinic" || d.Now().Name != "Riverside Family Clinic" {
			t.Errorf("a draft: %+v, in force %s", e, d.Now().Name)
		}
		if e := d.editing(d.admin("Ben")); e.Own || e.Draft.Name != "" {
			t.Errorf("another administrator has the draft: %+v", e)
		}
		d.clock.Move(2 * time.Second)
		other.Glance()
		if err := d.Publish(ctx, ada); err != nil {
			t.Fatal(err)
		}
		now := d.Now()
		if now.Name != "Brook Clinic" || now.PhoneLink != "+13125550199" || now.Brand == "" || !strings.HasPrefix(now.ThemeCSS, "/clinic/theme.") ||
			!slices.Equal(now.Address, []string{"2 Brook Lane", "Springfield, IL 62701"}) || now.Hours[lang.En] != "Every day" || now.Hours[lang.Es] != "Lunes a viernes" ||
			now.NumberLabel[lang.En] != "Riverside number" || now.NumberLabel[lang.Es] != "Número de Brook" {
			t.Errorf("in force: %+v", now)
		}
		other.Glance()
		if other.Now().Name == "Brook Clinic" {
			t.Error("the other server asks the database for each visitor")
		}
		d.clock.Move(time.Second)
		other.Glance()
		if !reflect.DeepEqual(other.Now(), now) {
			t.Errorf("the other server has %+v", other.Now())
		}
		if err := d.Publish(ctx, ada); !fault.Is(err, fault.Conflict) {
			t.Errorf("published twice: %v", err)
		}
		past, err := d.History(ctx, ada)
		if err != nil || len(past) != 1 || past[0].By != "Ada" || !slices.Equal(past[0].Fields, []string{"name", "phone", "address", "colour", "hours", "label"}) {
			t.Errorf("history: %+v %v", past, err)
		}
		if err := d.Again(ctx, ada, 0); err != nil {
			t.Fatal(err)
		}
		if err := d.Publish(ctx, ada); err != nil {
			t.Fatal(err)
		}
		if d.Now().Name != "Riverside Family Clinic" || d.Now().ThemeCSS != "" {
			t.Errorf("the settings are not back: %+v", d.Now())
		}
		if err := d.Again(ctx, ada, 9); !fault.Is(err, fault.NotFound) {
			t.Errorf("a change that never was: %v", err)
		}
		if n := d.count(`SELECT COUNT(*) FROM audit_entry WHERE action = 'clinic.changed' AND actor = 'staff'`); n != 4 {
			t.Errorf("%d lines in the audit log", n)
		}
	})
}

// A server that just started has what was changed, and a session's stamp tells of
// a change at once, without waiting for the clock.
func TestSignedInPeopleSeeAChangeAtOnce(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		other := server(t, d.DB)
		d.puts(d.admin("Ada"), 0, brook)
		other.Seen(1)
		if other.Now().Name != "Brook Clinic" || server(t, d.DB).Now().Name != "Brook Clinic" {
			t.Error("another server shows what was")
		}
	})
}

func TestWhatCannotBeTheClinic(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ada := d.admin("Ada")
		both := func(s string) map[lang.Lang]string { return map[lang.Lang]string{lang.En: s, lang.Es: s} }
		for field, p := range map[string]clinic.Profile{
			"name":       {Name: `<script src="//evil.example">`},
			"phone":      {Phone: "call me"},
			"emergency":  {Emergency: "<b>911"},
			"address":    {Address: strings.Repeat("A line\n", 7)},
			"colour":     {Colour: "#FFD166"},
			"hours-en":   {Hours: both(strings.Repeat("long ", 40))},
			"label-es":   {NumberLabel: map[lang.Lang]string{lang.Es: "<img onerror=x>"}},
			"welcome-es": {Welcome: map[lang.Lang]string{lang.En: "Welcome"}},
		} {
			f, _ := fault.As(d.proposes(ada, 0, p))
			if f == nil || f.Kind != fault.Invalid || f.Problems[0].Field != field {
				t.Errorf("%s: %+v", field, f)
			}
		}
		for _, bad := range []string{"red", "#12345", "#12345g", `#000"}body{`, "url(x)"} {
			if err := d.proposes(ada, 0, clinic.Profile{Colour: bad}); !fault.Is(err, fault.Invalid) {
				t.Errorf("colour %s: %v", bad, err)
			}
		}
		d.Defaults.Phone = ""
		if err := d.proposes(ada, 0, clinic.Profile{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("no phone in the settings nor here: %v", err)
		}
		if n := d.count(`SELECT COUNT(*) FROM clinic_draft`); n != 0 {
			t.Errorf("%d drafts were kept", n)
		}
		d.Defaults.Phone = "312-555-0123"
		d.puts(ada, 0, clinic.Profile{Name: "Brook\r\nBcc: all@example.org\u202e Clinic"})
		if d.Now().Name != "Brook Bcc: all@example.org Clinic" {
			t.Errorf("the name is %q", d.Now().Name)
		}
		if _, err := d.as("Cleo"); err == nil {
			t.Error("the front desk changes the clinic")
		}
	})
}

func TestAPictureIsDrawnAnew(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ada := d.admin("Ada")
		for name, b := range map[string][]byte{
			"svg":       []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`),
			"cut off":   drawing(t, "png", 200, 100, "")[:60],
			"page":      []byte("\x89PNG\r\n\x1a\n<html>"),
			"bomb":      claims(drawing(t, "png", 2, 2, ""), 60000, 60000),
			"jpeg bomb": drawing(t, "jpeg", 4000, 2200, ""),
		} {
			if f, _ := fault.As(d.proposes(ada, 0, clinic.Profile{}, b...)); f == nil || f.Problems[0].Field != "logo" {
				t.Errorf("%s: %v", name, f)
			}
		}
		for i, b := range [][]byte{drawing(t, "png", 900, 300, "GPS 41.88"), drawing(t, "jpeg", 300, 900, "GPS 41.88")} {
			d.puts(ada, int64(i), clinic.Profile{}, b...)
			kept := d.Now().LogoPNG
			img, err := png.Decode(bytes.NewReader(kept))
			if err != nil || img.Bounds().Dy() > 96 || img.Bounds().Dx() > 384 || bytes.Contains(kept, []byte("GPS")) || len(kept) > 12<<10 {
				t.Errorf("kept %d bytes, %v, %v", len(kept), img.Bounds(), err)
			}
		}
		// A draft without a picture keeps the one in force; taken away, it is gone.
		logo := d.Now().Logo
		d.puts(ada, 2, brook)
		if d.Now().Logo != logo {
			t.Error("the picture went with another change")
		}
		if err := d.Propose(ctx, ada, clinic.Proposal{Draft: clinic.Draft{Profile: brook, Over: 3}, NoLogo: true}); err != nil {
			t.Fatal(err)
		}
		if err := d.Publish(ctx, ada); err != nil || d.Now().Logo != "" {
			t.Errorf("the picture stays: %s %v", d.Now().Logo, err)
		}
	})
}

// claims makes a PNG say that it is of another size.
func claims(b []byte, w, h uint32) []byte {
	b = slices.Clone(b)
	head := b[12:29] // "IHDR" and its 13 bytes (PNG, 11.2.2)
	binary.BigEndian.PutUint32(head[4:], w)
	binary.BigEndian.PutUint32(head[8:], h)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(head))
	return b
}

// Two administrators change different things at the same time: neither is lost,
// and the second is told. Where both changed the same, the second decides.
func TestTwoAdministratorsLoseNothing(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ada, ben := d.admin("Ada"), d.admin("Ben")
		for _, err := range []error{d.proposes(ada, 0, clinic.Profile{Name: "Ada's Clinic", Phone: "312-555-0111"}),
			d.proposes(ben, 0, clinic.Profile{Name: "Ben's Clinic", Colour: "#1F3BD6"}), d.Publish(ctx, ada)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Publish(ctx, ben); !fault.Is(err, fault.Conflict) {
			t.Fatalf("Ada's change was overwritten: %v", err)
		}
		e := d.editing(ben)
		want := clinic.Profile{Name: "Ben's Clinic", Phone: "312-555-0111", Colour: "#1F3BD6"}
		if !e.Overrun || e.Force.By != "Ada" || !slices.Equal(e.Others, []string{"name", "phone"}) || !slices.Equal(e.Both, []clinic.Both{{Key: "name", Now: "Ada's Clinic"}}) ||
			e.Draft.Name != want.Name || e.Draft.Phone != want.Phone || e.Draft.Colour != want.Colour {
			t.Errorf("Ben is told %+v", e)
		}
		d.puts(ben, e.Force.Rev, e.Draft.Profile)
		if now := d.Now(); now.Name != want.Name || now.Phone != want.Phone {
			t.Errorf("in force: %+v", now)
		}
	})
}

func TestOneOfManyIsFirst(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ada, ben := d.admin("Ada"), d.admin("Ben")
		for _, err := range []error{d.proposes(ada, 0, clinic.Profile{Name: "Ada's Clinic"}), d.proposes(ben, 0, clinic.Profile{Name: "Ben's Clinic"})} {
			if err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() {
				by := ada
				if i%2 == 1 {
					by = ben
				}
				errs[i] = d.Publish(ctx, by)
			})
		}
		wg.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if !fault.Is(err, fault.Conflict) {
				t.Error(err)
			}
		}
		if n := d.count(`SELECT COUNT(*) FROM clinic_profile`); done != 1 || n != 1 {
			t.Errorf("%d were told so, %d changes", done, n)
		}
	})
}
