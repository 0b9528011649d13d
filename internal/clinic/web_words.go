package clinic

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/web"
)

const wordsPath = deskPath + "/messages"

// usedIn counts the messages a text stands in.
func usedIn(key string) int { return used[key] }

// used is the same in each language: the texts are chosen before they are said.
var used = func() map[string]int {
	out := map[string]int{}
	s := notify.Stage{Clinic: &page.Clinic{Name: "-"}, Base: &url.URL{Host: "-"}, Lang: lang.En}
	for _, x := range notify.Samples {
		parts, err := s.Parts(context.Background(), x)
		if err != nil {
			panic(err)
		}
		for _, p := range parts {
			out[p.Key]++
		}
	}
	return out
}()

func (r *Room) mountWords(show, form func(string, web.StaffFunc)) {
	show("GET /staff/clinic/messages", r.showMessages)
	show("GET /staff/clinic/messages/history", r.showVersions)
	show("GET /staff/clinic/messages/letter.pdf", r.letter)
	// Written out: the language is a page of its own, not an identifier.
	show("GET /staff/clinic/messages/{id}/en", func(q *web.Request, d access.Desk) (web.Reply, error) { return r.showMessage(q, d, lang.En) })
	show("GET /staff/clinic/messages/{id}/es", func(q *web.Request, d access.Desk) (web.Reply, error) { return r.showMessage(q, d, lang.Es) })
	form("POST /staff/clinic/messages/{id}/en", func(q *web.Request, d access.Desk) (web.Reply, error) { return r.reword(q, d, lang.En) })
	form("POST /staff/clinic/messages/{id}/es", func(q *web.Request, d access.Desk) (web.Reply, error) { return r.reword(q, d, lang.Es) })
}

func (r *Room) showMessages(q *web.Request, d access.Desk) (web.Reply, error) {
	if err := d.Need(access.ManageClinic); err != nil {
		return web.Reply{}, err
	}
	var p MessagesPage
	now := r.now.Load().words
	for _, x := range notify.Samples {
		m := Message{ID: x.ID, Title: x.Title(r.stage(q.Lang, nil), q.Lang)}
		for _, l := range lang.All {
			parts, err := r.stage(l, nil).Parts(q.Context(), x)
			if err != nil {
				return web.Reply{}, err
			}
			if slices.ContainsFunc(parts, func(t notify.Part) bool { return now.Wording(l, t.Key) != "" }) {
				m.Own = append(m.Own, l)
			}
		}
		p.Messages = append(p.Messages, m)
	}
	return staffPage(q, "clinic.words.title", func(s page.Shell) templ.Component { return messagesView(s.BackTo(deskPath), p) }), nil
}

func (r *Room) showVersions(q *web.Request, d access.Desk) (web.Reply, error) {
	all, err := r.Versions(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	return staffPage(q, "clinic.history.title", func(s page.Shell) templ.Component {
		return versionsView(s.BackTo(wordsPath), VersionsPage{all})
	}), nil
}

// letter draws the letter with the words in force.
func (r *Room) letter(q *web.Request, d access.Desk) (web.Reply, error) {
	if err := d.Need(access.ManageClinic); err != nil {
		return web.Reply{}, err
	}
	l, ok := lang.Parse(q.Ask("in"))
	if !ok {
		l = q.Lang
	}
	var b bytes.Buffer
	if err := r.stage(l, r).SampleLetter(&b); err != nil {
		return web.Reply{}, err
	}
	return web.Bytes("application/pdf", "letter.pdf", b.Bytes()), nil
}

// typed are words in force with what is typed over them.
type typed struct {
	under notify.Wording
	words map[string]string
}

func (t typed) Wording(l lang.Lang, key string) string {
	if w, ok := t.words[key]; ok {
		return w
	}
	return t.under.Wording(l, key)
}

// showMessage shows a message's texts; with words in the address, as the script
// asks while somebody types, with those.
func (r *Room) showMessage(q *web.Request, d access.Desk, l lang.Lang) (web.Reply, error) {
	x, err := sample(q.PathValue("id"))
	if err != nil {
		return web.Reply{}, err
	}
	return r.messagePage(q, d, x, l, q.Ask, nil)
}

// messagePage shows a message with what value gives for each text, "" for what
// is in force.
func (r *Room) messagePage(q *web.Request, d access.Desk, x notify.Sample, l lang.Lang, value func(string) string, wrong error) (web.Reply, error) {
	texts, err := r.Texts(q.Context(), d, x, l)
	if err != nil {
		return web.Reply{}, err
	}
	over := typed{r, map[string]string{}}
	p := MessagePage{ID: x.ID, In: l, Letter: x.Notice == nil, Title: x.Title(r.stage(q.Lang, nil), q.Lang)}
	for _, t := range texts {
		v := oneLine(value(t.Key))
		if v == "" {
			v = t.Words
		}
		over.words[t.Key] = v
		p.Texts = append(p.Texts, TextField{t, v})
	}
	if p.Forms, err = r.stage(l, over).Forms(q.Context(), x); err != nil {
		return web.Reply{}, err
	}
	return staffPage(q, "clinic.words.title", func(s page.Shell) templ.Component {
		s.Title = p.Title
		return messageView(s.BackTo(wordsPath), p)
	}).Fix(wrong), nil
}

func (r *Room) reword(q *web.Request, d access.Desk, l lang.Lang) (web.Reply, error) {
	x, err := sample(q.PathValue("id"))
	if err != nil {
		return web.Reply{}, err
	}
	texts, err := r.Texts(q.Context(), d, x, l)
	if err != nil {
		return web.Reply{}, err
	}
	do := q.Text("do")
	if do == "look" {
		return r.messagePage(q, d, x, l, q.Text, nil)
	}
	var all []Rewrite
	for _, t := range texts {
		w := Rewrite{Key: t.Key, Words: q.Text(t.Key), Over: number(q.Text("over-" + t.Key))}
		if do == "reset" {
			w.Words = ""
		}
		all = append(all, w)
	}
	err = lost(r.Reword(q.Context(), d, x, l, all))
	if f, ok := errors.AsType[*fault.Fault](err); ok && fault.Fixable(f) {
		return r.messagePage(q, d, x, l, q.Text, f)
	}
	return web.Redirect(wordsPath + "/" + x.ID + "/" + string(l) + "?done=worded"), err
}
