package chrome

import (
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// watch collects what happens behind the pages of one tab.
type watch struct {
	base *url.URL

	also string // another host that the person goes to on purpose, "" for none

	mu      sync.Mutex
	loader  cdp.LoaderID // the document shown
	loaded  bool         // its load event came
	moves   int          // how many documents were shown so far
	address string
	status  map[cdp.LoaderID]int64 // HTTP status of documents
	weight  map[cdp.LoaderID]int64 // bytes received for documents and what they load
	request map[network.RequestID]cdp.LoaderID
	wrong   []string
}

func newWatch(base *url.URL) *watch {
	return &watch{base: base, status: map[cdp.LoaderID]int64{}, weight: map[cdp.LoaderID]int64{}, request: map[network.RequestID]cdp.LoaderID{}}
}

// event is called for each event of the tab, in order.
func (w *watch) event(ev any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := ev.(type) {
	case *page.EventFrameNavigated:
		if e.Frame.ParentID == "" {
			w.loader, w.address = e.Frame.LoaderID, e.Frame.URL
			w.loaded = string(e.Type) == "BackForwardCacheRestore" // such a page has loaded long ago
			w.moves++
		}
	case *page.EventLoadEventFired:
		w.loaded = true
	case *network.EventRequestWillBeSent:
		w.asked(e)
	case *network.EventResponseReceived:
		if e.Type == "Document" {
			w.status[e.LoaderID] = e.Response.Status
		} else if e.Response.Status >= 400 {
			w.fault("%s answered %d", e.Response.URL, e.Response.Status)
		}
	case *network.EventLoadingFinished:
		w.weight[w.request[e.RequestID]] += int64(e.EncodedDataLength)
	case *log.EventEntryAdded:
		w.entry(e.Entry)
	case *runtime.EventExceptionThrown:
		w.fault("a script failed: %s", exception(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if kind := string(e.Type); kind == "error" || kind == "warning" || kind == "assert" {
			w.fault("console %s: %s", kind, arguments(e.Args))
		}
	case *audits.EventIssueAdded:
		if d := e.Issue.Details; d != nil && d.ContentSecurityPolicyIssueDetails != nil {
			c := d.ContentSecurityPolicyIssueDetails
			w.fault("the content security policy refused %s %s (%s)", c.ViolatedDirective, c.BlockedURL, c.ContentSecurityPolicyViolationType)
		}
	}
}

// asked notes which document a request belongs to and refuses other origins.
func (w *watch) asked(e *network.EventRequestWillBeSent) {
	w.request[e.RequestID] = e.LoaderID
	u, err := url.Parse(e.Request.URL)
	if err != nil {
		return
	}
	if (u.Scheme == "http" || u.Scheme == "https" || strings.HasPrefix(u.Scheme, "ws")) && u.Host != w.base.Host && u.Host != w.also {
		w.fault("a request left the portal: %s", e.Request.URL)
	}
}

// entry takes an entry of the console. A status such as 422 for the page itself
// is part of the story; failures of what a page loads are counted elsewhere.
func (w *watch) entry(e *log.Entry) {
	level := string(e.Level)
	if (level != "error" && level != "warning") || string(e.Source) == "network" {
		return
	}
	w.fault("console %s (%s): %s", level, e.Source, e.Text)
}

func (w *watch) fault(format string, args ...any) {
	w.wrong = append(w.wrong, fmt.Sprintf(format, args...)+" [on "+w.address+"]")
}

// faults gives what went wrong since the last time it was asked.
func (w *watch) faults() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.wrong
	w.wrong = nil
	return out
}

// at tells how many documents were shown and whether the present one has loaded.
func (w *watch) at() (moves int, loaded bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.moves, w.loaded
}

func exception(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}

func arguments(args []*runtime.RemoteObject) string {
	var words []string
	for _, a := range args {
		if a.Description != "" {
			words = append(words, a.Description)
		} else {
			words = append(words, strings.Trim(string(a.Value), `"`))
		}
	}
	return strings.Join(words, " ")
}
