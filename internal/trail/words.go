package trail

import (
	"cmp"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/explain"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/web"
)

// Words says events in a language, for the person whose session it is.
type Words struct {
	Lang    lang.Lang
	Zone    *time.Location
	Session string // of the reader, to tell this device from others
}

// who did it. Where nobody was signed in, who it was is not known, and the words
// do not pretend it.
func (w Words) who(e Event) string {
	switch {
	case e.Mine:
		return w.Lang.T("trail.who.me")
	case e.Actor == audit.ByAccount:
		return w.Lang.T("trail.who.account")
	case e.Actor == audit.ByStaff:
		return w.staff(e)
	case e.Actor == audit.ByDuty && strings.Contains(e.ActorID, "."):
		return w.Lang.T("trail.who.portal") // jobs have a dot in their name, commands and feeds none
	case e.Actor == audit.ByDuty:
		return w.Lang.T("trail.who.system")
	case e.Action == audit.ShareOpened && e.For != "":
		return e.For
	case e.Action == audit.ShareOpened:
		return w.Lang.T("trail.who.link")
	case signing(e):
		return w.Lang.T("trail.who.signin")
	case e.Actor == audit.ByApplicant:
		return w.Lang.T("trail.who.applicant")
	}
	return w.Lang.T("trail.who.visitor")
}

func (w Words) staff(e Event) string {
	if e.Name == "" {
		return w.Lang.T("trail.who.staff")
	}
	all := []string{e.Name}
	for _, r := range e.Roles {
		all = append(all, strings.ToLower(w.Lang.T("console.role."+string(r))))
	}
	return strings.Join(all, ", ")
}

// what was done: a sentence for the action, a closer one where it went wrong or
// the detail says more, and after a colon the thing it was done with.
func (w Words) what(e Event) string {
	if e.Times > 1 && lang.Has("trail.many."+string(e.Action)) {
		return w.Lang.T("trail.many."+string(e.Action), e.Times)
	}
	base := "trail.did." + string(e.Action)
	text := w.Lang.T(base)
	for _, closer := range []string{base + "." + string(e.Outcome), base + "." + e.Detail} {
		if lang.Has(closer) {
			text = w.Lang.T(closer)
			break
		}
	}
	if thing := w.thing(e); thing != "" {
		text += ": " + thing
	}
	return text
}

// thing names what it was done with, "" for nothing that helps. An identifier is
// never shown: it may be another person's.
func (w Words) thing(e Event) string {
	switch {
	case e.Part && e.Title != "":
		return w.called(e)
	case e.Part:
		return w.Lang.T("trail.part")
	case e.For != "" && e.Action != audit.ShareOpened:
		return w.Lang.T("trail.for", e.For)
	case e.Action == audit.RecordsTaken && e.From != page.UnnamedSender:
		return e.From
	case e.Action == audit.NoticeSent:
		kind, channel, _ := strings.Cut(e.Detail, ".")
		return strings.TrimSpace(w.named("desk.kind."+kind) + " " + w.named("trail.by."+channel))
	}
	return ""
}

// called is the part's everyday name, by which its own page calls it, else its title.
func (w Words) called(e Event) string {
	return cmp.Or(explain.Named(e.Code, string(w.Lang)), e.Title)
}

func (w Words) named(key string) string {
	if lang.Has(key) {
		return w.Lang.T(key)
	}
	return ""
}

// from says where it was done. Addresses of the clinic's own machines are not a
// patient's concern; that it was in the staff pages is.
func (w Words) from(e Event) string {
	switch {
	case e.Actor == audit.ByStaff:
		return w.Lang.T("trail.from.desk")
	case e.Actor == audit.ByDuty:
		return w.Lang.T("trail.from.portal")
	case e.Source == "" || e.Source == "unknown":
		return w.Lang.T("trail.from.unknown")
	case e.Mine && e.Times == 1 && e.Session == w.Session:
		return w.Lang.T("trail.from.here", e.Source)
	}
	return w.Lang.T("trail.from.address", e.Source)
}

func (w Words) day(e Event) string { return w.Lang.Date(e.At.In(w.Zone)) }

func (w Words) when(e Event) string {
	last := w.Lang.Clock(e.At.In(w.Zone))
	if first := w.Lang.Clock(e.First.In(w.Zone)); first != last {
		return w.Lang.T("trail.between", first, last)
	}
	return last
}

func (w Words) csv(events []Event) ([]byte, error) {
	heads := []string{w.Lang.T("trail.col.when"), w.Lang.T("trail.col.who"), w.Lang.T("trail.col.what"), w.Lang.T("trail.col.kind"), w.Lang.T("trail.col.from")}
	var rows [][]string
	for _, e := range events {
		rows = append(rows, []string{e.At.In(w.Zone).Format("2006-01-02 15:04:05 -07:00"), w.who(e), w.what(e), w.Lang.T("trail.topic." + string(shown[e.Action].topic)), w.from(e)})
	}
	return web.Sheet(heads, rows)
}

// stranger tells whether an event is one to look at twice: somebody who was not
// signed in, or another sign-in than the reader's.
func stranger(e Event) bool {
	if signing(e) || shown[e.Action].topic == TopicShared {
		return false
	}
	return e.Actor == audit.ByVisitor || e.Actor == audit.ByApplicant || e.Actor == audit.ByAccount && !e.Mine
}

// signing tells whether an event is a step of signing in that went well. Each
// needs the right password, and happens whenever the patient signs in.
func signing(e Event) bool {
	switch e.Action {
	case audit.PasswordPassed, audit.OneTimeSent, audit.SecondStep, audit.SignedIn:
		return e.Outcome == audit.Done && e.Actor == audit.ByVisitor
	}
	return false
}

// wordsFor are the words for whoever looks at a chart.
func (t *Trail) wordsFor(l lang.Lang, c access.Chart) Words {
	return Words{Lang: l, Zone: t.zone(), Session: string(c.Session())}
}

// zone is the clinic's.
func (t *Trail) zone() *time.Location { return page.ZoneOf(t.Clinic) }
