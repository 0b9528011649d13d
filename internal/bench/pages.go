package bench

import (
	"bytes"
	"context"
	"fmt"
	"regexp"

	"github.com/klauspost/compress/gzip"
)

// pages prints what each page asks the database and what it weighs.
func pages(ctx context.Context, r *run) error {
	c, err := open(ctx, opening{dir: r.dir, seed: r.Seed, standing: true})
	if err != nil {
		return err
	}
	defer c.app.Close()
	all, out, err := c.all(ctx)
	if err != nil {
		return err
	}
	var rows []string
	sum, zipped := 0, 0
	for _, p := range all {
		small := zip(p.got.body)
		rows = append(rows, fmt.Sprintf("GET %s\t%s\t%d\t%d\t%d", p.route, p.who, p.got.queries, len(p.got.body), small))
		sum, zipped = sum+len(p.got.body), zipped+small
	}
	for _, path := range out {
		rows = append(rows, fmt.Sprintf("GET %s\tnobody yet\t\t\t", path))
	}
	if err := r.table("page\twho\tqueries\tbytes\tgzip", rows...); err != nil {
		return err
	}
	extra, err := c.dress(all[1].got)
	if err != nil {
		return err
	}
	r.say("")
	r.say("%d pages, on average %d bytes, %d compressed. Style sheet and script, loaded once: %d bytes, %d compressed.",
		len(all), sum/len(all), zipped/len(all), len(extra), zip(extra))
	return nil
}

func zip(b []byte) int {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed) // as the portal does
	if err != nil {
		panic(err) // the level is a valid one
	}
	w.Write(b)
	w.Close()
	return out.Len()
}

var dressed = regexp.MustCompile(`(?:<link rel="stylesheet" href|<script src)="([^"]+)"`)

// dress gives the style sheets and scripts of a page, one after the other.
func (c *clinic) dress(v view) ([]byte, error) {
	var out []byte
	g := c.guest()
	for _, m := range dressed.FindAllSubmatch(v.body, -1) {
		file, err := g.get(string(m[1]))
		if err != nil {
			return nil, err
		}
		if file.status != 200 {
			return nil, fmt.Errorf("%s answered %d", m[1], file.status)
		}
		out = append(out, file.body...)
	}
	return out, nil
}
