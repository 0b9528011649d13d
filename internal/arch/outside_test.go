package arch

import (
	"go/ast"
	"slices"
	"testing"
)

// callers may talk to other machines: each has its reason. None of them takes an
// address from a person, a file or a feed.
var callers = map[string]string{
	"../notify/phone.go": "the text and voice service of the settings",
	"../notify/smtp.go":  "the mail server of the settings",
	"../signon/reach.go": "the sign-on provider of the settings, and hosts that the settings name",
	"../bench/guest.go":  "the portal that is measured",
	"../bench/load.go":   "the portal that is measured",
}

// dials are what opens a connection, by package.
var dials = map[string][]string{
	"http": {"Get", "Head", "Post", "PostForm", "Client", "DefaultClient", "NewRequest", "NewRequestWithContext", "DefaultTransport", "Transport"},
	"net":  {"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialUnix", "Dialer", "LookupHost", "LookupIP", "DefaultResolver", "Resolver"},
	"tls":  {"Dial", "DialWithDialer", "Dialer"},
	"smtp": {"Dial", "SendMail"},
}

// T52: what the portal calls is known, and none of it is named by what comes in.
// A test of what is fetched in earnest is in internal/attack.
func TestOutsideCallsAreFew(t *testing.T) {
	used := map[string]bool{}
	for _, f := range files(t) {
		if f.pkg == "testkit" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok || !slices.Contains(dials[text(s.X)], s.Sel.Name) {
				return true
			}
			if used[f.path] = true; callers[f.path] == "" {
				t.Errorf("%s uses %s.%s, which can call other machines: let the address come from the settings alone, and give the reason in arch/outside_test.go", f.at(n), text(s.X), s.Sel.Name)
			}
			return true
		})
		for _, p := range imports(f) {
			if p == "os/exec" && f.pkg != "bench" {
				t.Errorf("%s runs other programs", f.path)
			}
			if p == "github.com/wneessen/go-mail" {
				used[f.path] = true
				if callers[f.path] == "" {
					t.Errorf("%s sends mail by itself", f.path)
				}
			}
		}
	}
	for path := range callers {
		if !used[path] {
			t.Errorf("%s calls nobody any more: take it from the list", path)
		}
	}
}
