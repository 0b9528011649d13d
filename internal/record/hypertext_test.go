package record

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPagesAreReadAsWords(t *testing.T) {
	for in, want := range map[string]string{
		`<p>One <b>two</b>three</p><p>four`:                            "One twothree\nfour",
		`<ul><li>a<li>b <i>c</i></ul>`:                                 "- a\n- b c",
		`<table><tr><th>Dose<td>5&nbsp;mg</tr><tr><td>x`:               "Dose | 5 mg\nx",
		`<script>bad()</script>ok<style>p{}</style><svg>no</svg>!`:     "ok!",
		`<head><title>no</title><body>yes`:                             "yes",
		`<object><script></object>bad()</script></object>`:             "",
		"<pre>a\n  b\n\nc</pre>d":                                      "a\n  b\nc\nd",
		`x<img alt="A heart" src="http://evil.example/">y`:             "x [A heart] y",
		`5 &lt; 6 &amp;&#0; <br/><br>  7`:                              "5 < 6 &\ufffd\n7",
		`<a href="javascript:x">Open</a> this`:                         "Open this",
		strings.Repeat("<div>", 100_000) + "deep":                      "deep",
		`<!doctype html><!-- no --><html><body><div></div><hr></html>`: "",
	} {
		if got := plainWords([]byte(in)); got != want {
			t.Errorf("%.60s gave %q, want %q", in, got, want)
		}
	}
}

func FuzzPagesAreReadAsWords(f *testing.F) {
	for _, s := range []string{"<p>a<b>c", "<script>", "<pre>\n\n", "<td><li>-", "\xff<img alt=\xff>", "</body><head>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := File{Type: unknownType, Data: []byte(s), page: true}.Words()
		if !utf8.ValidString(out) || len(out) > 8*len(s)+8 {
			t.Fatalf("%q", out)
		}
	})
}
