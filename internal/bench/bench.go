package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"portico/internal/app"
	"portico/internal/store"
)

// Options are those of `portico bench`.
type Options struct {
	Name     string        // of a figure, "" for all short ones
	Patients int           // size of the clinic of figures start, record and keep
	Seed     uint64        // the same seed makes the same clinic
	Database string        // postgres://…, "" to measure SQLite only
	Data     string        // folder that keeps the clinic of figures start and keep (SQLite) for the next time, "" for none
	For      time.Duration // how long each thing is measured
	In       io.Reader     // for the client process
	Out      io.Writer
}

// figure is one thing that can be measured.
type figure struct {
	name, what string
	long       bool // not among those that are run without a name
	run        func(context.Context, *run) error
}

var figures = []figure{
	{name: "speed", what: "Sign-in page and home page, beside a bare net/http server", run: speed},
	{name: "signin", what: "A password beside its hash, and forty people at once", run: signIn},
	{name: "steady", what: "Thirty people signing in each second, and pages meanwhile", long: true, run: steady},
	{name: "codes", what: "Activation codes redeemed in a second", run: codes},
	{name: "start", what: "From the start to the first answer, and memory", long: true, run: start},
	{name: "record", what: "Records taken in and read, and a chart with very many values", run: records},
	{name: "visits", what: "Times found and booked, races, reminders among 100,000 visits", long: true, run: bookings},
	{name: "keep", what: "The key changed under load, a backup made and restored", long: true, run: keep},
	{name: "pages", what: "Queries and weight of each page", run: pages},
}

// Names lists the figures with what they are, one a line.
func Names() string {
	var b strings.Builder
	for _, f := range figures {
		long := ""
		if f.long {
			long = " (only by name)"
		}
		fmt.Fprintf(&b, "  %-10s %s%s\n", f.name, f.what, long)
	}
	return b.String()
}

// run is one figure being measured.
type run struct {
	Options
	dir      string // empty, and gone afterwards
	standing bool   // on a clinic whose clock stands still
	keyFile  bool   // whose key can be changed
	home     string // of the clinic on SQLite, "" for an empty folder
}

// Run measures. An unknown name is wrong use.
func Run(ctx context.Context, o Options) error {
	switch o.Name { // the program starting itself
	case loadName:
		return load(ctx, o.In, o.Out)
	case portalName:
		return portal(ctx, o.In, o.Out)
	}
	var todo []figure
	for _, f := range figures {
		if f.name == o.Name || (o.Name == "" && !f.long) {
			todo = append(todo, f)
		}
	}
	if len(todo) == 0 {
		return fmt.Errorf("%w: there is no figure %q; there are:\n%s", app.ErrUse, o.Name, Names())
	}
	if o.Database != "" && !strings.HasPrefix(o.Database, "postgres") {
		return fmt.Errorf("%w: --database is postgres://…", app.ErrUse)
	}
	fmt.Fprintf(o.Out, "%s, %s/%s, %d CPUs, seed %d\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), o.Seed)
	for _, f := range todo {
		if err := one(ctx, f, o); err != nil {
			return fmt.Errorf("measure %s: %w", f.name, err)
		}
	}
	return nil
}

func one(ctx context.Context, f figure, o Options) error {
	dir, err := os.MkdirTemp("", "portico-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Fprintf(o.Out, "\n%s: %s\n\n", f.name, f.what)
	return f.run(ctx, &run{Options: o, dir: dir})
}

// databases lists the databases to measure: "" is SQLite.
func (r *run) databases() []string {
	if r.Database == "" {
		return []string{""}
	}
	return []string{"", r.Database}
}

// each measures on a clinic of its own on each database and collects the rows.
func (r *run) each(ctx context.Context, f func(context.Context, *clinic) ([]string, error)) (rows []string, err error) {
	for _, database := range r.databases() {
		more, err := r.on(ctx, database, f)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

func (r *run) on(ctx context.Context, database string, f func(context.Context, *clinic) ([]string, error)) (rows []string, err error) {
	o := opening{seed: r.Seed, standing: r.standing, keyFile: r.keyFile}
	if o.dir = r.home; o.dir == "" || database != "" {
		if o.dir, err = os.MkdirTemp(r.dir, "clinic"); err != nil {
			return nil, err
		}
	}
	if database != "" {
		own, drop, err := store.Scratch(ctx, database)
		if err != nil {
			return nil, err
		}
		defer drop()
		o.database = own
	}
	c, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	defer c.app.Close()
	return f(ctx, c)
}

// table prints rows of cells under a head, the first column to the left and
// numbers to the right.
func (r *run) table(head string, rows ...string) error {
	w := tabwriter.NewWriter(r.Out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range append([]string{head}, rows...) {
		first, rest, _ := strings.Cut(row, "\t")
		fmt.Fprintf(w, "  %-*s\t%s\t\n", longest(append(rows, head)), first, rest)
	}
	return w.Flush()
}

func longest(rows []string) (n int) {
	for _, r := range rows {
		first, _, _ := strings.Cut(r, "\t")
		n = max(n, len([]rune(first)))
	}
	return n
}

// say prints a sentence under a table.
func (r *run) say(format string, args ...any) { fmt.Fprintf(r.Out, "  "+format+"\n", args...) }
