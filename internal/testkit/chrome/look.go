package chrome

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Want waits until the page's heading holds these words, examines the page, and
// ends the test if it does not come.
func (b *Tab) Want(heading string) *Tab {
	b.T.Helper()
	got := ""
	ok := until(func() bool {
		err := b.eval(`document.readyState === "complete" && document.querySelector("h1") ? document.querySelector("h1").innerText.replace(/\s+/g, " ").trim() : ""`, &got)
		return err == nil && got != "" && strings.Contains(got, heading)
	})
	if !ok {
		b.T.Fatalf("%s at %s: the heading is %q, want %q", b.Person, b.Path(), got, heading)
	}
	b.examine(got)
	return b
}

// Heading is what the page's heading says.
func (b *Tab) Heading() string { b.T.Helper(); return b.Text("h1") }

// Text gives the words that can be seen in the first element of a CSS selector,
// "" if there is none.
func (b *Tab) Text(selector string) string {
	b.T.Helper()
	s := ""
	b.Eval(`(document.querySelector(`+quote(selector)+`)?.innerText ?? "").replace(/\s+/g, " ").trim()`, &s)
	return s
}

// Value gives what the field of that name holds.
func (b *Tab) Value(name string) string {
	b.T.Helper()
	s := ""
	b.Eval(field(name)+`[0]?.value ?? ""`, &s)
	return s
}

// Attr gives an attribute of the first element of a CSS selector.
func (b *Tab) Attr(selector, name string) string {
	b.T.Helper()
	s := ""
	b.Eval(`document.querySelector(`+quote(selector)+`)?.getAttribute(`+quote(name)+`) ?? ""`, &s)
	return s
}

// Has tells whether anything matches a CSS selector.
func (b *Tab) Has(selector string) bool { b.T.Helper(); return b.Count(selector) > 0 }

// Count tells how many elements match a CSS selector.
func (b *Tab) Count(selector string) int {
	b.T.Helper()
	n := 0
	b.Eval(`document.querySelectorAll(`+quote(selector)+`).length`, &n)
	return n
}

// Says waits until the page shows these words somewhere.
func (b *Tab) Says(words string) *Tab {
	b.T.Helper()
	if !until(func() bool { return b.Shows(words) }) {
		b.T.Fatalf("%s at %s: the page does not say %q", b.Person, b.Path(), words)
	}
	return b
}

// Shows tells whether the page shows these words now.
func (b *Tab) Shows(words string) bool {
	found := false
	err := b.eval(`(document.body?.innerText ?? "").replace(/\s+/g, " ").includes(`+quote(strings.Join(strings.Fields(words), " "))+`)`, &found)
	return err == nil && found
}

// Screenshot keeps a picture of the whole page in $PORTICO_SHOTS, if that is set.
func (b *Tab) Screenshot(name string) *Tab {
	b.T.Helper()
	b.shoot(fileName(name) + "-" + b.Person.String())
	return b
}

func (b *Tab) shoot(name string) {
	dir := os.Getenv("PORTICO_SHOTS")
	if dir == "" {
		return
	}
	b.T.Helper()
	picture, err := b.picture()
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644)
	}
	if err != nil {
		b.T.Logf("no picture %s: %v", name, err)
	}
}

func (b *Tab) picture() ([]byte, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	var size struct{ W, H float64 }
	if err := b.eval(`scrollTo(0, 0), ({W: innerWidth, H: document.documentElement.scrollHeight})`, &size); err != nil {
		return nil, err
	}
	r, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: "png", CaptureBeyondViewport: ptr(true),
		Clip: &page.Viewport{Width: size.W, Height: min(size.H, 8000), Scale: 1}})
	return r.Data, err
}

// Print gives the page as a printer would get it, as a PDF on letter paper.
func (b *Tab) Print() []byte {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	r, err := chromedp.Call(ctx, page.PrintToPDF, page.PrintToPDFParams{})
	if err != nil {
		b.T.Fatalf("%s at %s: print: %v", b.Person, b.Path(), err)
	}
	return r.Data
}

// fileName makes a file name of anything.
func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, s)
	return strings.Trim(s, "-")
}
