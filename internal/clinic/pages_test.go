package clinic_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"portico/internal/testkit"
	"portico/internal/web"
)

// sends sends a page's form as a browser does when a file is chosen.
func sends(t *testing.T, b *testkit.Browser, p *testkit.Page, form string, file []byte, pairs ...string) *http.Response {
	t.Helper()
	action, fields := p.Fields(form)
	for i := 0; i < len(pairs); i += 2 {
		fields.Set(pairs[i], pairs[i+1])
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name := range fields {
		if name != "logo" {
			w.WriteField(name, fields.Get(name))
		}
	}
	f, err := w.CreateFormFile("logo", "../../logo.svg")
	if err != nil {
		t.Fatal(err)
	}
	f.Write(file)
	w.Close()
	req, err := http.NewRequest("POST", b.Base+action, &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	res, err := b.Client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res
}

const form = "form[enctype='multipart/form-data']"

func TestThePagesOfTheClinic(t *testing.T) {
	db, c := testkit.SQLite(t)
	d := newDesk(t, db, c)
	ada := d.serve()
	ben, visitor, clerk := ada.Other(), ada.Other(), ada.Other()
	ada.SetCookie(web.StaffCookie, d.token("Ada"))
	ben.SetCookie(web.StaffCookie, d.token("Ben"))
	clerk.SetCookie(web.StaffCookie, d.token("Cleo"))
	visitor.Get("/signin") // kept
	p := ada.Get("/staff/clinic").Want(200, "The clinic")
	if got := p.Submit(form, "colour", "#FFD166", "name", "Brook & Sons").Want(422, "The clinic"); !strings.Contains(got.Text("#colour-error"), "#") ||
		got.Attr("#name", "value") != "Brook & Sons" {
		t.Errorf("a pale colour: %s, name %s", got.Text("#colour-error"), got.Attr("#name", "value"))
	}
	if live := ada.Get("/staff/clinic/sample?name=Brook+Clinic&phone=555&colour=%23FFD166"); !strings.Contains(live.Text("[data-live]"), "Brook Clinic") || !strings.Contains(live.Text("[data-live]"), "4.5") {
		t.Errorf("while typing: %s", live.Text("[data-live]"))
	}
	if res := sends(t, ada, ada.Get("/staff/clinic"), form, bytes.Repeat([]byte("x"), 4<<20)); res.StatusCode != 413 && res.StatusCode != 422 {
		t.Errorf("a file of 4 MB: %d", res.StatusCode)
	}
	if res := sends(t, ada, ada.Get("/staff/clinic"), form, drawing(t, "png", 400, 200, ""), "name", "Brook & Sons", "colour", "#1f3bd6"); res.Request.URL.Path != "/staff/clinic/preview" {
		t.Fatalf("led to %s (%d)", res.Request.URL.Path, res.StatusCode)
	}
	p = ada.Get("/staff/clinic/preview?look=dark&in=es")
	if !strings.Contains(p.Body, "Brook &amp; Sons") || p.Attr("html", "data-theme") != "dark" || p.Attr("html", "lang") != "es" {
		t.Errorf("preview: %.400s", p.Body)
	}
	for _, file := range []string{"/staff/clinic/preview.css", "/staff/clinic/preview.png"} {
		if got := ada.Get(file); got.Status != 200 {
			t.Errorf("%s: %d", file, got.Status)
		}
		if got := clerk.Get(file); got.Status != 404 {
			t.Errorf("a clerk gets %s: %d", file, got.Status)
		}
	}
	if strings.Contains(visitor.Get("/signin").Body, "Brook") {
		t.Error("a draft is shown to everybody")
	}
	ben.Get("/staff/clinic").Submit(form, "name", "Ben's Clinic")
	if p = p.Submit("form[action='/staff/clinic/publish']"); p.Path != "/staff/clinic" || !strings.Contains(p.Text("main"), "Published") {
		t.Fatalf("published: %s %d", p.Path, p.Status)
	}
	p = ben.Get("/staff/clinic/preview").Submit("form[action='/staff/clinic/publish']").Want(409, "The clinic")
	if got := p.Text("main"); !strings.Contains(got, "Ada changed the clinic") || !strings.Contains(got, "Name of the clinic: Brook & Sons") {
		t.Errorf("the second is told %s", got)
	}
	c.Move(time.Second)
	p = visitor.Get("/signin")
	logo := p.Attr("header img", "src")
	if !strings.Contains(p.Body, "Brook &amp; Sons") || !strings.HasPrefix(logo, "/clinic/logo.") {
		t.Errorf("the kept page shows %s, logo %s", p.Text("header"), logo)
	}
	for path, status := range map[string]int{logo: 200, d.Now().ThemeCSS: 200, "/clinic/logo.00000000000000000000.png": 404, "/clinic/x": 404, "/staff/clinic/history": 404} {
		if got := visitor.Get(path); got.Status != status && !strings.HasPrefix(got.Path, "/staff/signin") {
			t.Errorf("%s: %d", path, got.Status)
		}
	}
	p = ada.Get("/staff/clinic/history").Want(200, "Changes so far")
	if got := p.Text("main"); !strings.Contains(got, "Ada") || !strings.Contains(got, "Logo") {
		t.Errorf("history: %s", got)
	}
	ben.Get("/staff/clinic").Submit("form[action='/staff/clinic/drop']").Want(200, "The clinic")
	if d.count(`SELECT COUNT(*) FROM clinic_draft`) != 0 {
		t.Error("a dropped draft stays")
	}
}
