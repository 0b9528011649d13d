package terms

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/page"
)

// Kind is what a document is about.
type Kind string

const (
	Use     Kind = "terms"
	Privacy Kind = "privacy"
)

// Kinds lists them in the order they are read and accepted.
var Kinds = []Kind{Use, Privacy}

// Document is one published version in one language.
type Document struct {
	ID        ids.Document
	Kind      Kind
	Version   string // "1.0"
	Lang      lang.Lang
	Title     string
	Body      string // see Blocks
	SHA256    string // of title and body, hex
	Change    string // what is new against the version before, one sentence
	Material  bool
	Published time.Time // from when on it is in force
	Signed    time.Time // when that was decided
	SignedBy  ids.Staff // "" for a text that came with the program
}

// Edition is a version about to be published, in every language.
type Edition struct {
	Kind     Kind
	Version  string
	Material bool
	Text     map[lang.Lang]Text
}

// Text is what a version says in one language.
type Text struct{ Title, Body, Change string }

// Hash is the SHA-256 that a document is kept and accepted under.
func (t Text) Hash() string {
	h := sha256.Sum256([]byte(t.Title + "\n\n" + t.Body))
	return hex.EncodeToString(h[:])
}

// Block is a piece of a document: a heading, a paragraph or a list.
type Block struct {
	Heading string
	Para    string
	Items   []string
}

// Blocks reads a body: pieces stand apart by an empty line; "## " begins a
// heading, lines that all begin with "- " are a list, anything else is a
// paragraph. There is no other markup, and nothing in it is ever HTML.
func Blocks(body string) []Block {
	var out []Block
	for piece := range strings.SplitSeq(strings.TrimSpace(body), "\n\n") {
		piece = strings.TrimSpace(piece)
		if h, ok := strings.CutPrefix(piece, "## "); ok {
			out = append(out, Block{Heading: h})
		} else if items, ok := list(piece); ok {
			out = append(out, Block{Items: items})
		} else if piece != "" {
			out = append(out, Block{Para: strings.Join(strings.Fields(piece), " ")})
		}
	}
	return out
}

func list(piece string) ([]string, bool) {
	var items []string
	for line := range strings.SplitSeq(piece, "\n") {
		item, ok := strings.CutPrefix(line, "- ")
		if !ok {
			return nil, false
		}
		items = append(items, strings.TrimSpace(item))
	}
	return items, true
}

//go:embed documents/*.md
var documents embed.FS

// BuiltIn gives version 1.0 of both documents with what the clinic is called
// and how it is reached.
func BuiltIn(c *page.Clinic) ([]Edition, error) {
	var out []Edition
	for _, k := range Kinds {
		d := Edition{Kind: k, Version: "1.0", Material: true, Text: map[lang.Lang]Text{}}
		for _, l := range lang.All {
			raw, err := documents.ReadFile(fmt.Sprintf("documents/%s.%s.md", k, l))
			if err != nil {
				return nil, err
			}
			title, body, _ := strings.Cut(string(raw), "\n")
			d.Text[l] = Text{Title: title, Body: strings.TrimSpace(body)}.fill(c)
		}
		out = append(out, d)
	}
	return out, nil
}
