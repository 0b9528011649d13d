package notify

import "time"

// Wish tells of a request for a visit or of the waiting list, and nothing of what
// the visit is for, with whom or when. By e-mail, text.
type Wish struct {
	What  WishNews
	Until time.Time // when the times run out, zero for none
}

// WishNews is what happened to a wish.
type WishNews string

const (
	WishProposed WishNews = "proposed"
	WishDeclined WishNews = "declined"
	WishLapsed   WishNews = "lapsed"
	WishOffered  WishNews = "offered"
	WishLost     WishNews = "lost"
	WishEnded    WishNews = "ended"
)

func (Wish) Kind() string { return "wish" }

func (Wish) links() []Path { return []Path{signInPath} }

func init() { reader[Wish]() }

// key spells the keys out, so that the test of texts finds them.
func (v Wish) key(part string) string {
	return map[WishNews]map[string]string{
		WishProposed: {"title": "notify.wish.proposed.title", "lead": "notify.wish.proposed.lead", "text": "notify.wish.proposed.text"},
		WishDeclined: {"title": "notify.wish.declined.title", "lead": "notify.wish.declined.lead", "text": "notify.wish.declined.text"},
		WishLapsed:   {"title": "notify.wish.lapsed.title", "lead": "notify.wish.lapsed.lead", "text": "notify.wish.lapsed.text"},
		WishOffered:  {"title": "notify.wish.offered.title", "lead": "notify.wish.offered.lead", "text": "notify.wish.offered.text"},
		WishLost:     {"title": "notify.wish.lost.title", "lead": "notify.wish.lost.lead", "text": "notify.wish.lost.text"},
		WishEnded:    {"title": "notify.wish.ended.title", "lead": "notify.wish.ended.lead", "text": "notify.wish.ended.text"},
	}[v.What][part]
}

func (v Wish) mail(w writer) mail {
	return mail{Subject: w.named("notify.visit.subject"), Title: w.t(v.key("title")),
		Lead:   []string{w.named(v.key("lead"), w.moment(v.Until)), w.t("notify.visit.private")},
		Button: w.t("notify.news.button"), URL: w.url(signInPath)}
}

func (v Wish) text(w writer) string {
	return w.named(v.key("text"), w.moment(v.Until), w.url(signInPath))
}
