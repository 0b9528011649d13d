// Package pdf writes documents that can be read aloud: tagged PDF.
//
// It owns the fonts, the structure tree and the few drawing calls the portal's
// documents need. Drawing goes through codeberg.org/go-pdf/fpdf, which knows no
// tags; every call here wraps what it draws in marked content, remembers the
// element it belongs to, and Doc.Write adds the tree, the languages and the
// metadata of PDF/UA-1 (ISO 14289-1) to the finished file.
//
// Units are points (1/72 inch), the origin is the top left corner, y grows
// downwards. The same calls give the same bytes: nothing is taken from the
// clock or from chance.
//
// It refuses to draw anything untagged: what is not text or a figure with a
// description is marked as decoration (an artifact). It knows no room, does no
// I/O and holds no sentence of its own.
package pdf
