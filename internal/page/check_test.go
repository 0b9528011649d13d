package page

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// checkPage looks for what the content policy forbids and what assistive
// technology needs, without a browser.
func checkPage(t *testing.T, doc *html.Node) {
	t.Helper()
	ids, labels, headings := map[string]int{}, map[string]bool{}, 0
	each(doc, func(n *html.Node) {
		if id := attr(n, "id"); id != "" {
			ids[id]++
		}
		if n.Data == "label" {
			labels[attr(n, "for")] = true
		}
		if n.Data == "h1" {
			headings++
		}
		checkPolicy(t, n)
	})
	if headings != 1 {
		t.Errorf("%d h1 on the page", headings)
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("id %q stands %d times", id, n)
		}
	}
	each(doc, func(n *html.Node) { checkNames(t, n, ids, labels) })
}

func checkPolicy(t *testing.T, n *html.Node) {
	t.Helper()
	for _, a := range n.Attr {
		if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
			t.Errorf("<%s> has %s=%q", n.Data, a.Key, a.Val)
		}
		if (a.Key == "href" || a.Key == "src") && (strings.Contains(a.Val, "//") || strings.HasPrefix(a.Val, "data:")) {
			t.Errorf("<%s> reaches outside: %s", n.Data, a.Val)
		}
	}
	switch {
	case n.Data == "style":
		t.Error("an inline style sheet")
	case n.Data == "script" && (attr(n, "src") == "" || n.FirstChild != nil):
		t.Error("an inline script")
	case n.Data == "img" && !has(n, "alt"):
		t.Error("a picture without alt")
	}
}

func checkNames(t *testing.T, n *html.Node, ids map[string]int, labels map[string]bool) {
	t.Helper()
	switch n.Data {
	case "input", "select", "textarea":
		if attr(n, "type") != "hidden" && !labels[attr(n, "id")] {
			t.Errorf("<%s name=%q> has no label", n.Data, attr(n, "name"))
		}
	case "button", "a", "h1", "h2", "h3", "legend", "caption", "summary":
		if strings.TrimSpace(words(n)) == "" && attr(n, "aria-label") == "" {
			t.Errorf("an empty <%s>", n.Data)
		}
	}
	for _, key := range []string{"aria-describedby", "aria-labelledby", "for", "aria-controls"} {
		for _, id := range strings.Fields(attr(n, key)) {
			if ids[id] == 0 {
				t.Errorf("<%s %s=%q> points at nothing", n.Data, key, id)
			}
		}
	}
	if h := attr(n, "href"); n.Data == "a" && len(h) > 1 && h[0] == '#' && ids[h[1:]] == 0 {
		t.Errorf("a link to %s, which is not on the page", h)
	}
}

func each(n *html.Node, f func(*html.Node)) {
	if n.Type == html.ElementNode {
		f(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		each(c, f)
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

func words(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(words(c))
	}
	return b.String()
}
