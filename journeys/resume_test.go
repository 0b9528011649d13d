package journeys

import (
	"testing"
	"time"

	"portico/internal/enroll"
	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// Somebody closes the tab in the middle of opening an account. Within half an
// hour another tab goes on where they were; after that they begin anew, and what
// they had typed is gone.
func TestComeBackLater(t *testing.T) {
	c := open(t, false)
	for _, p := range []chrome.Person{{Lang: "en", Phone: true}, {Lang: "es", NoScript: true}} {
		t.Run(p.String(), func(t *testing.T) {
			l, who := lang.Lang(p.Lang), c.someone()
			code := c.issue(who, enroll.ByLetter)
			b := chrome.New(t, c.base, p)
			try(b, l, code.Text, who.Birth)
			b.Want(l.T("enroll.user.title")).Fill("username", "come.back."+p.Lang).Fill("password", "orchard kettle seven 42").Fill("again", "orchard kettle seven 42")
			b.Follow(l.T("enroll.continue"))
			b.Want(l.T("enroll.second.title")).Open("about:blank")

			c.clock.move(29 * time.Minute)
			b = b.Another()
			b.Open("/enroll/terms").Want(l.T("enroll.second.title")).Choose("how", "totp").Follow(l.T("enroll.continue"))
			b.Want(l.T("enroll.app.title")).Open("about:blank")

			c.clock.move(31 * time.Minute)
			b = b.Another()
			b.Open("/enroll/second/app").Want(l.T("enroll.choice.title")).Says(l.T("enroll.ended.title"))
			for _, path := range []string{"/enroll/user", "/enroll/recovery", "/home"} {
				if b.Open(path); b.Path() == path {
					t.Errorf("%s opened half an hour too late", path)
				}
			}
			// The code was not used up: the way is open from its beginning.
			try(b, l, code.Text, who.Birth)
			b.Want(l.T("enroll.user.title"))
			if b.Value("username") != "" {
				t.Error("the user name of the ended session is shown")
			}
		})
	}
}
