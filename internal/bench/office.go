package bench

import (
	"context"
	"errors"
	"regexp"
)

var draftLink = regexp.MustCompile(`href="(/staff/terms/drafts/[^"/]+)"`)

// draftPage is a draft of the terms of use, begun if there is none.
func draftPage(_ context.Context, w *walk) (string, error) {
	g, err := w.person(administrator)
	if err != nil {
		return "", err
	}
	v, err := g.get("/staff/terms")
	if err != nil {
		return "", err
	}
	m := draftLink.FindSubmatch(v.body)
	if m == nil {
		if err := g.post("/staff/terms", "/staff/terms/drafts", "kind", "terms"); err != nil {
			return "", err
		}
		if v, err = g.get("/staff/terms"); err != nil {
			return "", err
		}
		if m = draftLink.FindSubmatch(v.body); m == nil {
			return "", errors.New("there is no draft")
		}
	}
	return string(m[1]), nil
}

// under is a page below another one.
func under(at func(context.Context, *walk) (string, error), rest string) func(context.Context, *walk) (string, error) {
	return func(ctx context.Context, w *walk) (string, error) {
		path, err := at(ctx, w)
		return path + rest, err
	}
}
