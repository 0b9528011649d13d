package bench

import (
	"context"
	"errors"

	"fmt"

	"strings"

	"portico/internal/access"
	"portico/internal/demo"
	"portico/internal/enroll"
)

// What people do who want back into their account.

// forgetful is a patient who forgot the password.
func (w *walk) forgetful() demo.AccountCard { return w.cards.Accounts[1] }

// lost is a patient who lost everything: before the records of this one are joined.
func (w *walk) lost() demo.AccountCard { return w.cards.Accounts[2] }

// linkTo finds the newest link of a message that leads to a place.
func (w *walk) linkTo(ctx context.Context, place string) (path string, err error) {
	err = w.mailed(ctx, func(_ string, links []string) bool {
		for _, l := range links {
			if strings.Contains(l, place) {
				path, _ = pathOf(l)
			}
		}
		return path != ""
	})
	if err != nil {
		return "", fmt.Errorf("a link to %s: %w", place, err)
	}
	return path, nil
}

func forgetPassword(_ context.Context, w *walk, g *guest) error {
	return g.post("/recover/password", "/recover/password", "username", w.forgetful().UserName)
}

func passwordLink(ctx context.Context, w *walk) (string, error) {
	return w.linkTo(ctx, "/recover/link/")
}

func stopLink(ctx context.Context, w *walk) (string, error) { return w.linkTo(ctx, "/recover/stop/") }

func useLink(ctx context.Context, w *walk, g *guest) error {
	path, err := passwordLink(ctx, w)
	if err != nil {
		return err
	}
	return g.post(path, path)
}

// proveByCode uses a recovery code as the second step.
func proveByCode(_ context.Context, w *walk, g *guest) error {
	v, err := g.get("/recover/prove")
	if err != nil {
		return err
	}
	fields := v.hidden("/recover/prove/send")
	fields.Set("way", "recovery")
	if _, err := g.send("POST", "/recover/prove/send", fields); err != nil {
		return err
	}
	return g.post("/recover/prove", "/recover/prove", "code", w.forgetful().Recovery[0])
}

// startAnew has the desk help the patient who lost everything, and types the code.
func startAnew(ctx context.Context, w *walk, g *guest) error {
	a := w.lost()
	id, err := w.app.Registry.Numbered(ctx, access.NewDuty("bench"), a.Number)
	if err != nil {
		return err
	}
	desk, err := w.person(clerk)
	if err != nil {
		return err
	}
	page := "/staff/recovery/" + string(id)
	if err := desk.post(page, page+"/start", "how", "visit", "seen", "yes"); err != nil {
		return err
	}
	code, err := w.app.Enroll.IssueByDuty(ctx, access.NewDuty("bench"), enroll.Order{Patient: id, By: enroll.ByHand})
	if err != nil {
		return err
	}
	return g.post("/enroll/code", "/enroll/code", append(born(a.PersonCard), "code", code.Text)...)
}

func helpPage(ctx context.Context, w *walk) (string, error) {
	id, err := w.app.Registry.Numbered(ctx, access.NewDuty("bench"), w.lost().Number)
	return "/staff/recovery/" + string(id), err
}

func chooseAnew(_ context.Context, _ *walk, g *guest) error {
	return g.post("/recover/anew", "/recover/anew", "password", newPassword, "again", newPassword)
}

func chooseNewApp(_ context.Context, _ *walk, g *guest) error {
	return g.post("/recover/second", "/recover/second", "how", "totp")
}

func proveNewApp(_ context.Context, w *walk, g *guest) error {
	v, err := g.get("/recover/second/code")
	if err != nil {
		return err
	}
	key := ""
	for _, m := range typed.FindAllSubmatch(v.body, -1) {
		key += string(m[1])
	}
	if key == "" {
		return errors.New("no secret on the page")
	}
	code, err := w.totp(key)
	if err != nil {
		return err
	}
	return g.post("/recover/second/code", "/recover/second/code", "code", code)
}

func beginWait(_ context.Context, _ *walk, g *guest) error {
	return g.post("/recover/codes", "/recover/codes", "saved", "yes")
}
