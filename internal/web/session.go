package web

import (
	"context"
	"errors"
	"net/http"

	"portico/internal/access"
)

// MountSession adds what the session warning in the browser asks for. Neither
// address carries a one-time key: asking to stay signed in changes nothing but
// the idle clock of the asker's own session, and another site's request is
// refused by its origin.
func (r *Router) MountSession() {
	r.System("POST /session/extend", func(q *Request) (Reply, error) {
		return q.sessions(r.gate.Extend, r.gate.ExtendStaff)
	})
	// How long is left, for a page in the background: this must not extend.
	r.System("GET /session/left", func(q *Request) (Reply, error) {
		peek := func(f func(context.Context, string) (access.Live, error)) func(context.Context, string, access.Visitor) (access.Live, error) {
			return func(ctx context.Context, token string, _ access.Visitor) (access.Live, error) { return f(ctx, token) }
		}
		return q.sessions(peek(r.gate.Peek), peek(r.gate.PeekStaff))
	})
}

// left is the answer to both.
type left struct {
	Seconds int `json:"seconds"`
}

type liver = func(context.Context, string, access.Visitor) (access.Live, error)

// sessions asks about the browser's sessions, of which it may have one of each
// kind, and answers for the one that lasts longer; 401 if there is none.
func (q *Request) sessions(patient, staff liver) (Reply, error) {
	longest := -1
	for cookie, ask := range map[string]liver{SessionCookie: patient, StaffCookie: staff} {
		token := q.Cookie(cookie)
		if token == "" {
			continue
		}
		live, err := ask(q.Context(), token, q.visitor)
		if errors.Is(err, access.ErrNoSession) {
			continue
		}
		if err != nil {
			return Reply{}, err
		}
		end := live.Idle
		if live.Expires.Before(end) {
			end = live.Expires
		}
		longest = max(longest, int(end.Sub(q.router.db.Now()).Seconds()))
	}
	if longest < 0 {
		return JSON(left{}).Status(http.StatusUnauthorized), nil
	}
	return JSON(left{longest}), nil
}

// StaffEndedPath says why a staff session ended. Room staff answers it.
const StaffEndedPath = "/staff/ended"

// deskEnded answers a request with a staff session that opens nothing any more.
// Who was only away for too long and asks for a page is asked to sign in; who
// was cut off, or sent a form, is told why, and that nothing was saved.
func (q *Request) deskEnded(token string) (Reply, error) {
	why, err := q.router.gate.StaffEnded(q.Context(), token)
	if err != nil {
		return Reply{}, err
	}
	form := q.Method == http.MethodPost && q.route.Path != "/staff/signout"
	if why == access.EndUnknown || why == access.EndIdle && !form {
		return q.toSignIn("/staff/signin").Cookie(StaffCookie, "", -1), nil
	}
	to := StaffEndedPath + "?why=" + string(why)
	if form {
		to += "&unsaved=1"
	}
	return Redirect(to).Cookie(StaffCookie, "", -1), nil
}
