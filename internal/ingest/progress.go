package ingest

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// progress shows how far an import has come: a bar on a terminal, a line every
// five seconds elsewhere.
type progress struct {
	out      io.Writer
	now      func() time.Time
	w        *work
	terminal bool
	total    int64
	done     int64
	told     time.Time
	drawn    bool
}

func newProgress(out io.Writer, now func() time.Time, w *work) *progress {
	return &progress{out: out, now: now, w: w, terminal: isTerminal(out), told: now()}
}

func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	s, err := f.Stat()
	return err == nil && s.Mode()&os.ModeCharDevice != 0
}

// expect adds a file to what is to be read.
func (p *progress) expect(path string) {
	if s, err := os.Stat(path); err == nil {
		p.total += s.Size()
	}
}

// count counts what is read of a file.
func (p *progress) count(r io.Reader) io.Reader { return counting{r, p} }

type counting struct {
	io.Reader
	p *progress
}

func (c counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.p.done += int64(n)
	return n, err
}

// Of a bar's width, and how often it is drawn and a line is written.
const (
	barWidth  = 30
	barEvery  = 200 * time.Millisecond
	lineEvery = 5 * time.Second
)

// step is called after each batch. A nil progress shows nothing.
func (p *progress) step() {
	if p == nil || p.out == nil {
		return
	}
	now := p.now()
	every := lineEvery
	if p.terminal {
		every = barEvery
	}
	if now.Sub(p.told) < every {
		return
	}
	p.told = now
	p.draw()
}

func (p *progress) draw() {
	part := 0.0
	if p.total > 0 {
		part = min(1, float64(p.done)/float64(p.total))
	}
	n := p.w.rep.Records.All()
	if !p.terminal {
		fmt.Fprintf(p.out, "%3.0f %%, %d resources so far, %d refused.\n", 100*part, n, p.w.rep.Records.Refused)
		return
	}
	full := int(part * barWidth)
	fmt.Fprintf(p.out, "\r[%s%s] %3.0f %% %d resources", strings.Repeat("#", full), strings.Repeat(" ", barWidth-full), 100*part, n)
	p.drawn = true
}

// end completes the bar.
func (p *progress) end() {
	if p != nil && p.drawn {
		p.done = p.total
		p.draw()
		fmt.Fprintln(p.out)
	}
}
