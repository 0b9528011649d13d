package chrome

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// axeSource is axe-core, read once.
var axeSource = sync.OnceValues(func() (string, error) {
	_, here, _, _ := runtime.Caller(0)
	b, err := os.ReadFile(filepath.Join(filepath.Dir(here), "..", "axe", "axe.min.js"))
	return string(b), err
})

// axeRun runs the rules of WCAG 2.0, 2.1 and 2.2 at levels A and AA and those
// that axe calls best practice, and gives one line for each element at fault.
const axeRun = `axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
  .then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + " (" + v.impact + "): " + v.help + ": " + n.target.join(" ") + "  " + n.html.slice(0, 160) + (n.any[0] ? "  " + n.any[0].message : ""))))`

// Axe gives what axe-core finds wrong with the page; an empty answer is the goal.
// It runs in a world of its own, so that neither the page's policy nor its
// scripts notice, and works on pages opened without JavaScript.
func (b *Tab) Axe() []string {
	b.T.Helper()
	source, err := axeSource()
	if err != nil {
		b.T.Fatal(err)
	}
	if b.Person.NoScript { // axe needs timers, which rest while scripts are off
		b.scripts(true)
		defer b.scripts(false)
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	tree, err := chromedp.Call(ctx, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		b.T.Fatal(err)
	}
	world, err := chromedp.Call(ctx, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: tree.FrameTree.Frame.ID, WorldName: "axe"})
	if err != nil {
		b.T.Fatal(err)
	}
	var found []string
	if err := b.evalContext(world.ExecutionContextID, source+";0", nil); err != nil {
		b.T.Fatalf("load axe: %v", err)
	}
	if err := b.evalContext(world.ExecutionContextID, axeRun, &found); err != nil {
		b.T.Fatalf("%s at %s: axe: %v", b.Person, b.Path(), err)
	}
	return found
}

func (b *Tab) scripts(on bool) {
	if err := call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}); err != nil {
		b.T.Fatal(err)
	}
}

// state is what a page's own structure says about it.
type state struct {
	Lang, Title, Text string
	Headings, Mains   int
	Wide              []string // elements that stick out of the window
	Summary           bool     // it lists errors
	Astray            []string // its links that lead to nothing that can be seen
	Shape             string   // its elements with their attributes and where words stand, without the words
}

const readState = `(() => {
  const seen = e => e.getClientRects().length;
  const edge = document.documentElement.clientWidth;
  const held = e => { for (let p = e.parentElement; p; p = p.parentElement) if (/auto|scroll|hidden|clip/.test(getComputedStyle(p).overflowX)) return true; return false };
  const wide = document.documentElement.scrollWidth <= edge ? [] :
    [...document.body.querySelectorAll("*")].filter(e => seen(e) && e.getBoundingClientRect().right > edge + 1 && !held(e)).map(e => e.outerHTML.slice(0, 100));
  // What axe judges by, without what differs from one page of a kind to the next: the values of fields,
  // identifiers, addresses, and what is said.
  let shape = "";
  for (const e of document.querySelectorAll("*")) {
    shape += e.localName;
    for (const a of e.attributes) shape += " " + a.name + (/^(class|type|role|tabindex|autocomplete|inputmode|scope|aria-(?!label|describedby|labelledby|controls|owns|valuetext).*)$/.test(a.name) ? "=" + a.value : a.value.trim() ? "" : "!");
    for (const n of e.childNodes) if (n.nodeType === 3 && n.data.trim()) { shape += "."; break }
    shape += (seen(e) ? "" : "-") + "\n";
  }
  return {Shape: shape, Lang: document.documentElement.lang, Title: document.title, Text: document.body.innerText,
    Headings: document.querySelectorAll("h1").length, Mains: document.querySelectorAll("main").length,
    Astray: [...document.querySelectorAll(".errsum a")].filter(a => { const e = document.getElementById(a.getAttribute("href").slice(1)); return !e || !seen(e) }).map(a => a.innerText),
    Wide: wide.slice(0, 3), Summary: !!document.querySelector(".page > .errsum, .welcome-in > .errsum")};
})()`

var (
	leftKey   = regexp.MustCompile(`(?:^|\s)[a-z]+(?:\.[a-z_]+){2,}(?:\s|$)`)
	leftBlank = regexp.MustCompile(`\{\d\}|%!|<nil>|\bundefined\b`)
	oneOff    = regexp.MustCompile(`[a-z]{2,4}_[0-9A-Za-z]{10,}|[0-9A-Fa-f]{16,}|[0-9A-Za-z_-]{20,}|\d+`)
)

// seen are the pages examined so far in this process; the same page in the same
// kind of browser is examined once. judged are the shapes that axe has seen on a
// screen: the same page in the other language, or without scripts, is mostly one.
var seen, judged sync.Map

// examine checks the page shown.
func (b *Tab) examine(heading string) {
	b.T.Helper()
	if b.strict {
		for _, f := range b.watch.faults() {
			b.T.Errorf("%s: %s", b.Person, f)
		}
	}
	path := oneOff.ReplaceAllString(b.Path(), "x")
	key := fmt.Sprintf("%s %s %d %s", b.Person, path, b.Status(), oneOff.ReplaceAllString(heading, "x"))
	if _, again := seen.LoadOrStore(key, true); again {
		return
	}
	var s state
	b.Eval(readState, &s)
	no := func(bad bool, format string, args ...any) {
		if bad {
			b.T.Errorf("%s %s %q: %s", b.Person, b.Path(), heading, fmt.Sprintf(format, args...))
		}
	}
	// A preview shows its reader's language, which is not its maker's.
	lang := b.Person.Lang
	if _, of, ok := strings.Cut(b.Path(), "/preview/"); ok {
		lang, _, _ = strings.Cut(of, "/")
	}
	no(s.Lang != lang, "the page's language is %q", s.Lang)
	no(s.Headings != 1 || s.Mains != 1, "%d headings of the first level, %d main parts", s.Headings, s.Mains)
	no(s.Title == "", "no title")
	no(len(s.Wide) > 0, "sticks out of the window: %s", strings.Join(s.Wide, " | "))
	no(leftBlank.MatchString(s.Text), "a blank was left: %q", leftBlank.FindString(s.Text))
	no(leftKey.MatchString(s.Text), "a text is missing: %q", strings.TrimSpace(leftKey.FindString(s.Text)))
	word := map[string]string{"en": "Error:", "es": "Error:"}[b.Person.Lang]
	no(s.Summary && !strings.HasPrefix(s.Title, word), "the title of a page with errors is %q", s.Title)
	no(len(s.Astray) > 0, "a problem leads to no field that can be seen: %s", strings.Join(s.Astray, " | "))
	width, _ := b.Person.size()
	if _, again := judged.LoadOrStore(fmt.Sprint(path, s.Shape, width, b.Person.Dark), true); !again {
		for _, v := range b.Axe() {
			no(true, "axe: %s", v)
		}
	}
	b.shoot(fileName(path) + "--" + fileName(oneOff.ReplaceAllString(heading, "x")) + "--" + b.Person.String())
}
