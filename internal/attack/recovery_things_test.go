package attack

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/enroll"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/recovery"
	"portico/internal/secret"
	"portico/internal/web"
)

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// sentTo finds a link to a place in the messages to somebody.
func (w *world) sentTo(to person, place string) string {
	w.t.Helper()
	w.work()
	for _, m := range must(w.app.Sink.List(ctx)) {
		for _, l := range m.Links {
			if _, token, ok := strings.Cut(l, place); ok && m.To == to.mail {
				return token
			}
		}
	}
	w.t.Fatalf("no link to %s", place)
	return ""
}

func (w *world) passwordLink(person) string { return w.linkOf(w.member()) }

func (w *world) linkOf(m person) string {
	if err := w.app.Recovery.Ask(ctx, visitor(), recovery.Ask{Name: m.userName, Lang: lang.En}); err != nil {
		w.t.Fatal(err)
	}
	return w.sentTo(m, "/recover/link/")
}

// helped is a patient whom the desk helps back in.
func (w *world) helped() person {
	m := w.member()
	if err := w.app.Recovery.Start(ctx, w.proof("front_desk", access.HelpRecover), m.id, "visit"); err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *world) stopLink(person) string {
	return w.sentTo(w.helped(), "/recover/stop/")
}

// helpFirst has a colleague start what takes two people: a second time in a month.
func (w *world) helpFirst(id string) url.Values {
	d := w.proof("administrator", access.HelpRecover)
	for range 2 {
		if err := w.app.Recovery.Start(ctx, d, ids.Patient(id), "visit"); err != nil {
			w.t.Fatal(err)
		}
		if w.one(`SELECT state FROM recovery WHERE patient_id = $1 AND ended_at IS NULL`, id) == "first" {
			return nil
		}
		if err := w.app.Recovery.Halt(ctx, d, ids.Patient(id)); err != nil {
			w.t.Fatal(err)
		}
	}
	w.t.Fatal("nobody is asked to agree")
	return nil
}

func (w *world) helpStarted(id string) url.Values {
	if err := w.app.Recovery.Start(ctx, w.proof("front_desk", access.HelpRecover), ids.Patient(id), "visit"); err != nil {
		w.t.Fatal(err)
	}
	return nil
}

func (w *world) onFile(id string) url.Values {
	return say("contact", w.one(`SELECT id FROM patient_contact WHERE patient_id = $1 AND kind = 'mobile'`, id))
}

// getting is somebody who has used a link to a new password.
func (w *world) getting(of person) state {
	browser := must(w.app.Recovery.OpenLink(ctx, visitor(), w.passwordLink(of)))
	return state{cookies: cookies{recovery.Cookie: browser}, send: say("way", "recovery")}
}

// gotten is the same once a second step was given.
func (w *world) gotten(person) state {
	m := w.member()
	browser := must(w.app.Recovery.OpenLink(ctx, visitor(), w.linkOf(m)))
	if err := w.app.Recovery.Choose(ctx, visitor(), browser, w.one(`SELECT id FROM account_factor WHERE account_id = $1 AND kind = 'totp'`, string(m.account))); err != nil {
		w.t.Fatal(err)
	}
	if done, err := w.app.Recovery.Prove(ctx, visitor(), browser, secret.TOTP(m.key, w.c.Now())); !done || err != nil {
		w.t.Fatal(done, err)
	}
	return state{cookies: cookies{recovery.Cookie: browser}}
}

// asking is somebody who was asked for a second step.
func (w *world) asking(of person) state {
	s := w.getting(of)
	if err := w.app.Recovery.Choose(ctx, visitor(), s.cookies[recovery.Cookie], "recovery"); err != nil {
		w.t.Fatal(err)
	}
	return s
}

// loser is half-way in and says which second step is lost.
func (w *world) loser(person) state {
	m := w.member()
	token := must(w.app.Accounts.Enter(ctx, visitor(), account.Entry{UserName: m.userName, Password: password}))
	return state{cookies: cookies{signInCookie: token}, send: say("lost", w.one(`SELECT id FROM account_factor WHERE account_id = $1 AND kind = 'totp'`, string(m.account)))}
}

// anew has typed an activation code that leads back into an account.
func (w *world) anew(person) state {
	m := w.helped()
	r := must(w.app.Enroll.IssueByDuty(ctx, duty, enroll.Order{Patient: m.id, By: enroll.ByHand}))
	o := must(w.app.Enroll.OpenCode(ctx, visitor(), enroll.CodeTry{Code: r.Text, Birth: m.birth, Lang: lang.En}))
	return state{cookies: cookies{web.EnrolCookie: o.Token}}
}

func (w *world) chosen(of person) state {
	a := must(w.app.Gate.Applicant(ctx, w.anew(of).cookies[web.EnrolCookie], visitor()))
	return state{cookies: cookies{recovery.Cookie: must(w.app.Recovery.Anew(ctx, a, visitor(), "brass windmill valley 9", "brass windmill valley 9"))}}
}

func (w *world) second(s state, how, contact string) state {
	if err := w.app.Recovery.ChooseSecond(ctx, visitor(), s.cookies[recovery.Cookie], how, contact); err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) newApp(of person) state { return w.second(w.chosen(of), "totp", "") }

func (w *world) newMail(of person) state {
	s := w.second(w.chosen(of), "email", fmt.Sprintf("second%d@example.com", next()))
	w.c.Move(61e9) // another code may be asked for
	return s
}

// newCodes is somebody who was shown new recovery codes.
func (w *world) newCodes(of person) state {
	mail := fmt.Sprintf("second%d@example.com", next())
	s := w.second(w.chosen(of), "email", mail)
	w.work()
	for _, m := range must(w.app.Sink.List(ctx)) {
		if d := sixDigits.FindString(m.Text); m.To == mail && d != "" {
			must(w.app.Recovery.ProveSecond(ctx, visitor(), s.cookies[recovery.Cookie], d))
			return s
		}
	}
	w.t.Fatal("no code")
	return s
}

// beingReplaced is signed in while the desk helps somebody into the account.
func (w *world) beingReplaced(person) state {
	return state{cookies: cookies{web.SessionCookie: w.signedIn(w.helped())}}
}
