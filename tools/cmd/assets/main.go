// Command assets turns the sources in assets/ into the files the server sends:
// one style sheet, one script, an icon sprite, fonts and pictures, each named
// after its own content, with gzip and brotli copies and a manifest.
//
// Two runs over the same sources give the same bytes, so the output is
// committed and a check can rebuild and compare. Run it from the tools folder:
//
//	go run ./cmd/assets -from ../assets -to ../internal/page/static
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	from := flag.String("from", "../assets", "folder of sources")
	to := flag.String("to", "../internal/page/static", "folder to write; it is emptied first")
	flag.Parse()
	b := &builder{from: *from, to: *to, names: map[string]string{}}
	if err := b.run(); err != nil {
		fmt.Fprintln(os.Stderr, "assets:", err)
		os.Exit(1)
	}
	for _, l := range b.report {
		fmt.Println(l)
	}
}
