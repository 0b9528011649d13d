package notify

import "time"

// TermsChanged tells patients of a new version of a text they accept. By e-mail,
// text.
type TermsChanged struct {
	Privacy  bool // the privacy practices; else the terms of use
	Material bool // it must be accepted
	Ahead    bool // it was not in force when this was written
	From     time.Time
	Read     Path // where the new version stands
}

func (TermsChanged) Kind() string    { return "terms_changed" }
func (n TermsChanged) links() []Path { return []Path{n.Read} }
func init()                          { reader[TermsChanged]() }
func (n TermsChanged) text(w writer) string {
	return w.named(n.key("notify.terms.text."), w.url(n.Read))
}

func (n TermsChanged) key(prefix string) string {
	if n.Privacy {
		return prefix + "privacy"
	}
	return prefix + "terms"
}

func (n TermsChanged) mail(w writer) mail {
	m := mail{Subject: w.t(n.key("notify.terms.subject.")), Title: w.t(n.key("notify.terms.title.")),
		Button: w.t("notify.terms.button"), URL: w.url(n.Read)}
	when, must := w.named("notify.terms.now"), "notify.terms.must"
	if n.Ahead {
		when, must = w.named("notify.terms.ahead", w.moment(n.From)), "notify.terms.must.ahead"
	}
	if !n.Material {
		must = "notify.terms.quiet"
	}
	m.Lead = []string{when, w.t(must)}
	return m
}
