// Package chrome drives a real Chromium for tests about pages: it opens them on
// a phone or a desktop, in English or Spanish, with or without JavaScript, and
// does what a person does: read, type, click on words, press keys, go back.
//
// Each page that a test waits for with Want is examined by the way: axe-core
// with the WCAG 2.2 AA rules, violations of the content security policy,
// console errors, requests to another origin, text that runs out of the window,
// text left in the wrong language. What it finds fails the test. With
// PORTICO_SHOTS=DIR each page is also kept there as a picture.
//
// One Chromium serves all tests of a package, one private profile each. A
// package that uses it calls Main from its TestMain. Chromium is looked for in
// PORTICO_TEST_CHROME, then in PATH; without it tests are skipped on a
// developer's machine and fail in CI.
package chrome

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// patience is how long a person waits for a page before the test gives up. It
// is generous because tests share few cores with others.
const patience = 20 * time.Second

// names are the programs that are Chromium, the one named first is preferred.
var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}

// flags keep Chromium to itself: no window, no first-run questions, no traffic
// of its own, nothing shared between runs. Two pages of what drops out of an address
// line that nobody sees would be loaded for each tab.
var flags = map[string]any{
	"headless": true, "disable-gpu": true, "disable-quic": true, "no-first-run": true, "no-default-browser-check": true,
	"disable-background-networking": true, "disable-component-update": true, "disable-sync": true, "disable-default-apps": true,
	"disable-extensions": true, "disable-breakpad": true, "disable-client-side-phishing-detection": true, "disable-domain-reliability": true,
	"disable-dev-shm-usage": true, "disable-renderer-backgrounding": true, "disable-background-timer-throttling": true,
	"disable-backgrounding-occluded-windows": true, "disable-features": "Translate,OptimizationHints,MediaRouter,AutofillServerCommunication,WebUIOmniboxPopup,WebUIOmniboxFullPopup,WebUIOmniboxAimPopup",
	"force-color-profile": "srgb", "hide-scrollbars": true, "mute-audio": true, "password-store": "basic", "metrics-recording-only": true,
	"host-resolver-rules": "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
}

// chromium is the one Chromium of this test process.
var chromium struct {
	sync.Mutex
	ctx  context.Context
	stop func()
	err  error
}

// Main runs a package's tests and then stops the Chromium they used.
func Main(m *testing.M) int {
	code := m.Run()
	chromium.Lock()
	defer chromium.Unlock()
	if chromium.stop != nil {
		chromium.stop()
	}
	return code
}

func find() (string, error) {
	if p := os.Getenv("PORTICO_TEST_CHROME"); p != "" {
		return exec.LookPath(p)
	}
	for _, n := range names {
		if p, err := exec.LookPath(n); err == nil {
			return p, nil
		}
	}
	return "", errors.New("no Chromium: install chromium, or name one in PORTICO_TEST_CHROME (make test does it)")
}

// start gives the running Chromium, starting it for the first who asks.
func start() (context.Context, error) {
	chromium.Lock()
	defer chromium.Unlock()
	if chromium.ctx != nil || chromium.err != nil {
		return chromium.ctx, chromium.err
	}
	path, err := find()
	if err != nil {
		chromium.err = err
		return nil, err
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path)}
	for name, value := range flags {
		options = append(options, chromedp.Flag(name, value))
	}
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses its sandbox to root
	}
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	quiet := func(string, ...any) {} // a Chromium newer than the protocol's description sends events unknown to it
	ctx, stop := chromedp.NewContext(alloc, chromedp.WithLogf(quiet), chromedp.WithErrorf(quiet))
	if err := chromedp.Do(ctx); err != nil {
		stop()
		stopAlloc()
		chromium.err = fmt.Errorf("start %s: %w", path, err)
		return nil, chromium.err
	}
	chromium.ctx, chromium.stop = ctx, func() { stop(); stopAlloc() }
	return ctx, nil
}

// Person is who sits before the browser and with what.
type Person struct {
	Lang     string // "en" or "es"; the browser asks for this language
	Phone    bool   // 390×844 with a touch screen; else a desktop of 1280×900
	Width    int64  // another width in CSS pixels, 0 for the usual one
	NoScript bool   // JavaScript is switched off
	Dark     bool   // the system asks for dark pages
}

// String names the kind of browser, for pictures and messages.
func (p Person) String() string {
	s := p.Lang + "-desktop"
	if p.Phone {
		s = p.Lang + "-phone"
	}
	if p.Width > 0 {
		s = fmt.Sprintf("%s-%d", p.Lang, p.Width)
	}
	if p.NoScript {
		s += "-noscript"
	}
	if p.Dark {
		s += "-dark"
	}
	return s
}

func (p Person) size() (width, height int64) {
	width, height = 1280, 900
	if p.Phone {
		width, height = 390, 844
	}
	if p.Width > 0 {
		width = p.Width
	}
	return width, height
}

// Tab is one person's browser. Its methods end the test when what they are
// asked to do cannot be done.
type Tab struct {
	T      testing.TB
	Base   *url.URL
	Person Person
	ctx    context.Context
	watch  *watch
	strict bool // false while a test expects faults of its own making
}

// New opens an empty browser for one person on the portal at base.
func New(t testing.TB, base string, p Person) *Tab {
	t.Helper()
	root, err := start()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	if p.Lang == "" {
		p.Lang = "en"
	}
	return (&Tab{T: t, Base: u, Person: p}).begin(root, chromedp.WithNewBrowserContext())
}

// Another opens another tab of the same browser: it has the cookies and what
// pages have stored, and nothing of what stands in the first.
func (b *Tab) Another() *Tab {
	b.T.Helper()
	chromium.Lock()
	root := chromium.ctx
	chromium.Unlock()
	return (&Tab{T: b.T, Base: b.Base, Person: b.Person}).begin(root, chromedp.WithExistingBrowserContext(chromedp.FromContext(b.ctx).BrowserContextID))
}

// Leaves says that the person goes to another host on purpose, such as the clinic's
// sign-on, before the first page is opened.
func (b *Tab) Leaves(host string) *Tab {
	b.watch.mu.Lock()
	defer b.watch.mu.Unlock()
	b.watch.also = host
	return b
}

// begin opens the tab's own page in Chromium.
func (b *Tab) begin(root context.Context, in chromedp.ContextOption) *Tab {
	b.T.Helper()
	ctx, closeTab := chromedp.NewContext(root, in)
	b.ctx, b.watch, b.strict = ctx, newWatch(b.Base), true
	b.T.Cleanup(func() {
		b.atEnd()
		closeTab()
	})
	if err := b.prepare(); err != nil {
		b.T.Fatalf("prepare the browser: %v", err)
	}
	return b
}

// prepare makes the tab the person's.
func (b *Tab) prepare() error {
	if err := chromedp.Do(b.ctx); err != nil {
		return err
	}
	if err := chromedp.Listen(b.ctx, b.watch.event); err != nil {
		return err
	}
	width, height := b.Person.size()
	theme := "light"
	if b.Person.Dark {
		theme = "dark"
	}
	agent, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("navigator.userAgent"))
	if err != nil {
		return err
	}
	tags := map[string]string{"en": "en-US,en", "es": "es-MX,es"}[b.Person.Lang]
	return errors.Join(
		call(b, audits.Enable, cdp.Empty{}),
		call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: b.Person.Phone}),
		call(b, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: b.Person.Phone}),
		// Still pages: what is examined and pictured is the page, not a fade.
		call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-reduced-motion", Value: "reduce"}, {Name: "prefers-color-scheme", Value: theme}}}),
		call(b, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: tags}),
		call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: b.Person.NoScript}),
	)
}

func call[P, R any](b *Tab, c cdp.Command[P, R], params P) error {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	_, err := chromedp.Call(ctx, c, params)
	return err
}

// Expect lets the test provoke faults (a blocked script, a console error)
// without failing at once; Faults tells what happened meanwhile.
func (b *Tab) Expect() { b.strict = false }

// Faults gives what went wrong behind the pages since it was last asked.
func (b *Tab) Faults() []string { return b.watch.faults() }

// atEnd fails the test for what went wrong behind the pages, and shows where a
// failed test stood.
func (b *Tab) atEnd() {
	if b.strict {
		for _, f := range b.watch.faults() {
			b.T.Errorf("%s: %s", b.Person, f)
		}
	}
	if b.T.Failed() && b.ctx.Err() == nil {
		var where struct{ Path, Title, Text string }
		if b.eval(`({Path: location.pathname, Title: document.title, Text: document.body ? document.body.innerText.slice(0, 1500) : ""})`, &where) == nil {
			b.T.Logf("%s stood at %s %q:\n%s", b.Person, where.Path, where.Title, where.Text)
		}
		b.shoot("failed-" + fileName(b.T.Name()) + "-" + b.Person.String())
	}
}
