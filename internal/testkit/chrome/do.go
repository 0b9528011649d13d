package chrome

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// ptr gives the address of a value, which the protocol wants for options.
func ptr[T any](v T) *T { return &v }

// evalContext runs JavaScript in an execution context of the page (0 for the
// page's own) and reads its value into to. It works with the page's own scripts
// switched off.
func (b *Tab) evalContext(id runtime.ExecutionContextID, code string, to any) error {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	r, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: code, ContextID: id,
		ReturnByValue: ptr(true), AwaitPromise: ptr(true), Silent: ptr(true)})
	if err != nil {
		return err
	}
	if r.ExceptionDetails != nil {
		return errors.New(exception(r.ExceptionDetails))
	}
	if to == nil || len(r.Result.Value) == 0 {
		return nil
	}
	return json.Unmarshal([]byte(r.Result.Value), to)
}

func (b *Tab) eval(code string, to any) error { return b.evalContext(0, code, to) }

// Eval runs JavaScript in the page and reads its value into to, which may be nil.
func (b *Tab) Eval(code string, to any) {
	b.T.Helper()
	if err := b.eval(code, to); err != nil {
		b.T.Fatalf("%s: %.120s: %v", b.Person, code, err)
	}
}

// quote writes a value as JavaScript.
func quote(v any) string {
	t, err := json.Marshal(v)
	if err != nil {
		panic(err) // only strings and numbers come here
	}
	return string(t)
}

// until asks again and again until f says true or patience ends.
func until(f func() bool) bool {
	end := time.Now().Add(patience)
	for !f() {
		if time.Now().After(end) {
			return false
		}
		time.Sleep(25 * time.Millisecond)
	}
	return true
}

// arrive does something that leads to another document and waits for it.
func (b *Tab) arrive(what string, do func() error) {
	b.T.Helper()
	before, _ := b.watch.at()
	if err := do(); err != nil {
		b.T.Fatalf("%s: %s: %v", b.Person, what, err)
	}
	if !until(func() bool { n, loaded := b.watch.at(); return n > before && loaded }) {
		b.T.Fatalf("%s: %s led to no other page; still at %s", b.Person, what, b.Path())
	}
}

// Open goes to a path of the portal, or to a whole address as it stands in a message.
func (b *Tab) Open(path string) *Tab {
	b.T.Helper()
	u, err := b.Base.Parse(path)
	if err != nil {
		b.T.Fatal(err)
	}
	b.arrive("open "+u.Path, func() error {
		ctx, cancel := context.WithTimeout(b.ctx, patience)
		defer cancel()
		r, err := chromedp.Call(ctx, page.Navigate, page.NavigateParams{URL: u.String()})
		if err == nil && r.ErrorText != "" {
			err = errors.New(r.ErrorText)
		}
		return err
	})
	return b
}

// Back goes back by the browser's own button.
func (b *Tab) Back() *Tab {
	b.T.Helper()
	b.arrive("back", func() error {
		ctx, cancel := context.WithTimeout(b.ctx, patience)
		defer cancel()
		h, err := chromedp.Call(ctx, page.GetNavigationHistory, cdp.Empty{})
		if err != nil {
			return err
		}
		if h.CurrentIndex == 0 {
			return errors.New("there is no page to go back to")
		}
		return call(b, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: h.Entries[h.CurrentIndex-1].ID})
	})
	return b
}

// Reload asks for the page again.
func (b *Tab) Reload() *Tab {
	b.T.Helper()
	b.arrive("reload", func() error { return call(b, page.Reload, page.ReloadParams{}) })
	return b
}

// point is where to click on something, or why it cannot be clicked.
type point struct {
	X, Y  float64
	Wrong string
	Again bool // it may come yet
}

// click finds something by a JavaScript expression that gives elements and
// clicks on its middle, as a hand would: what is covered is not clicked.
func (b *Tab) click(what, elements string) error {
	var p point
	var err error
	until(func() bool {
		p = point{}
		err = b.eval(fmt.Sprintf(findPoint, elements), &p)
		return err == nil && !p.Again
	})
	if err != nil {
		return err
	}
	if p.Wrong != "" {
		return errors.New(what + " " + p.Wrong)
	}
	mouse := func(kind input.DispatchMouseEventType, buttons int64) error {
		return call(b, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: p.X, Y: p.Y, Button: "left", Buttons: buttons, ClickCount: 1})
	}
	return errors.Join(mouse("mouseMoved", 0), mouse("mousePressed", 1), mouse("mouseReleased", 0))
}

// Click clicks on the link, button or label with these words and stays on the page.
func (b *Tab) Click(words string) *Tab {
	b.T.Helper()
	if err := b.click(quote(words), byWords(words, "")); err != nil {
		b.T.Fatalf("%s at %s: %v", b.Person, b.Path(), err)
	}
	return b
}

// Follow clicks on the link or button with these words and waits for the page
// it leads to.
func (b *Tab) Follow(words string) *Tab { b.T.Helper(); return b.FollowIn("", words) }

// FollowIn is Follow inside the part of the page that a CSS selector names, for
// pages that have the same words twice.
func (b *Tab) FollowIn(part, words string) *Tab {
	b.T.Helper()
	b.arrive("click "+quote(words)+" at "+b.Path(), func() error { return b.click(quote(words), byWords(words, part)) })
	return b
}

// Send sends the form that a CSS selector names by its first button, whatever the
// browser would say of its fields, and waits for the answer.
func (b *Tab) Send(form string) *Tab {
	b.T.Helper()
	b.arrive("send "+form+" at "+b.Path(), func() error {
		return b.eval(`(() => { const f = document.querySelector(`+quote(form)+`); f.noValidate = true; f.requestSubmit(f.querySelector("button:not([type=button])") ?? undefined) })()`, nil)
	})
	return b
}

// FollowTo clicks on the link that leads to a path.
func (b *Tab) FollowTo(path string) *Tab {
	b.T.Helper()
	b.arrive("click on the link to "+path, func() error {
		return b.click("a link to "+path, `[...document.querySelectorAll("a[href]")].filter(a => a.getAttribute("href") === `+quote(path)+`)`)
	})
	return b
}

func field(name string) string {
	return `[...document.getElementsByName(` + quote(name) + `)].filter(e => e.type !== "hidden")`
}

// Fill types text into the field of that name, in place of what it held.
func (b *Tab) Fill(name, text string) *Tab {
	b.T.Helper()
	ok := false
	b.Eval(`(() => { const e = `+field(name)+`[0]; if (!e || e.disabled) return false; e.scrollIntoView({block: "center", behavior: "instant"}); e.focus(); e.select(); return document.activeElement === e })()`, &ok)
	if !ok {
		b.T.Fatalf("%s at %s: no field %q to type into", b.Person, b.Path(), name)
	}
	err := call(b, input.InsertText, input.InsertTextParams{Text: text})
	if text == "" {
		err = b.press("Delete")
	}
	if err != nil {
		b.T.Fatal(err)
	}
	return b
}

// Attach puts a file into the file field of that name, as choosing it would.
func (b *Tab) Attach(name, file, kind string, content []byte) *Tab {
	b.T.Helper()
	ok := false
	b.Eval(`(() => { const e = `+field(name)+`[0]; if (e?.type !== "file") return false; const d = new DataTransfer();
		d.items.add(new File([Uint8Array.from(atob(`+quote(base64.StdEncoding.EncodeToString(content))+`), c => c.charCodeAt(0))], `+quote(file)+`, {type: `+quote(kind)+`}));
		e.files = d.files; return e.files.length === 1 })()`, &ok)
	if !ok {
		b.T.Fatalf("%s at %s: no field %q for a file", b.Person, b.Path(), name)
	}
	return b
}

// Choose picks an option of a list, or the radio button or checkbox of that
// name, by value; for a checkbox that stands alone any value ticks it.
func (b *Tab) Choose(name, value string) *Tab {
	b.T.Helper()
	kind := ""
	b.Eval(field(name)+`[0]?.type ?? ""`, &kind)
	switch kind {
	case "select-one":
		b.Eval(`(() => { const e = `+field(name)+`[0]; e.focus(); e.value = `+quote(value)+`; e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})) })()`, nil)
	case "radio", "checkbox":
		which := field(name)
		if kind == "radio" {
			which += `.filter(e => e.value === ` + quote(value) + `)`
		} else {
			which += `.filter((e, _, all) => all.length === 1 || e.value === ` + quote(value) + `)`
		}
		// The box itself may be drawn by its label: click there as a person does.
		if err := b.click(name+" "+value, which+`.map(e => e.offsetWidth > 4 && getComputedStyle(e).opacity !== "0" ? e : e.labels[0] ?? e)`); err != nil {
			b.T.Fatalf("%s at %s: %v", b.Person, b.Path(), err)
		}
	default:
		b.T.Fatalf("%s at %s: no choice %q", b.Person, b.Path(), name)
	}
	return b
}

// keys are what a keyboard sends for keys that write nothing.
var keys = map[string]input.DispatchKeyEventParams{
	"Tab":    {Key: "Tab", Code: "Tab", WindowsVirtualKeyCode: 9},
	"Enter":  {Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13, Text: "\r"},
	"Escape": {Key: "Escape", Code: "Escape", WindowsVirtualKeyCode: 27},
	"Space":  {Key: " ", Code: "Space", WindowsVirtualKeyCode: 32, Text: " "},
	"Delete": {Key: "Delete", Code: "Delete", WindowsVirtualKeyCode: 46},
	"Down":   {Key: "ArrowDown", Code: "ArrowDown", WindowsVirtualKeyCode: 40},
}

func (b *Tab) press(name string) error {
	k, ok := keys[name]
	if !ok {
		return fmt.Errorf("no key %q", name)
	}
	down, up := k, k
	down.Type, up.Type, up.Text = "keyDown", "keyUp", ""
	if down.Text == "" {
		down.Type = "rawKeyDown"
	}
	return errors.Join(call(b, input.DispatchKeyEvent, down), call(b, input.DispatchKeyEvent, up))
}

// Press presses keys one after the other: Tab, Enter, Escape, Space, Delete, Down.
func (b *Tab) Press(names ...string) *Tab {
	b.T.Helper()
	for _, n := range names {
		if err := b.press(n); err != nil {
			b.T.Fatal(err)
		}
	}
	return b
}

// PressTo presses a key that leads to another page, such as Enter in a form.
func (b *Tab) PressTo(name string) *Tab {
	b.T.Helper()
	b.arrive("press "+name, func() error { return b.press(name) })
	return b
}

// Later moves the clock that the page shown reads, so that a test need not wait
// for what a page does after a while. The next page reads the machine's again.
func (b *Tab) Later(d time.Duration) *Tab {
	b.T.Helper()
	b.Eval(fmt.Sprintf(`(() => { const now = Date.now.bind(Date); Date.now = () => now() + %d })()`, d.Milliseconds()), nil)
	return b
}

// Awaits waits until something leads the page to another one without a click:
// a page that leaves by itself.
func (b *Tab) Awaits(path string) *Tab {
	b.T.Helper()
	if !until(func() bool { _, loaded := b.watch.at(); return loaded && b.Path() == path }) {
		b.T.Fatalf("%s: still at %s, want %s", b.Person, b.Path(), path)
	}
	return b
}

// Cookies gives the names and values of the portal's cookies.
func (b *Tab) Cookies() map[string]string {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	r, err := chromedp.Call(ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{b.Base.String()}})
	if err != nil {
		b.T.Fatal(err)
	}
	out := map[string]string{}
	for _, c := range r.Cookies {
		out[c.Name] = c.Value
	}
	return out
}

// Downloads lets files that the portal sends be saved into dir.
func (b *Tab) Downloads(dir string) {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	_, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: "allow",
		BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID, DownloadPath: dir})
	if err != nil {
		b.T.Fatal(err)
	}
}

// Path is where the tab is, without the host.
func (b *Tab) Path() string {
	b.watch.mu.Lock()
	defer b.watch.mu.Unlock()
	u, err := url.Parse(b.watch.address)
	if err != nil {
		return ""
	}
	return u.Path
}

// Status is the HTTP status of the page shown.
func (b *Tab) Status() int {
	b.watch.mu.Lock()
	defer b.watch.mu.Unlock()
	return int(b.watch.status[b.watch.loader])
}

// Weight is how many bytes the page and all it loaded took on the wire.
func (b *Tab) Weight() int {
	b.watch.mu.Lock()
	defer b.watch.mu.Unlock()
	return int(b.watch.weight[b.watch.loader])
}
