// Package signon lets staff sign in through the clinic's own sign-on, by OpenID
// Connect: the authorization code flow with PKCE.
//
// It owns the conversation with the provider and nothing of the people: whom the
// provider names is for package staff to know.
//
// # What is checked
//
// A sign-on begins with a cookie that holds, sealed, a secret of 256 random bits and
// is good for ten minutes; state, nonce and PKCE verifier are derived from it. What
// comes back must bring that browser's state, and does so once. The code is changed
// into an identity token over TLS, with the client's secret and the verifier. Of the
// token are checked: its signature, with a key the provider publishes and a
// public-key algorithm (never "none", never one whose key would be the client's
// secret); that it is from the configured issuer, for this client and, among several,
// given to this client (azp); that it is neither expired nor older than ten minutes,
// with a minute for clocks that differ; its nonce; and the hash of the access token
// where it has one.
//
// People are known by issuer and subject, never by an e-mail address. The first
// time takes a set-up link from an administrator, or a setting that lets newcomers
// in: they need a role, a name and an e-mail address that the provider says is
// theirs and that is nobody's here. Roles come from one configured claim by a
// configured list; what is not on the list gives nothing, and nobody without a role
// comes in. Whether a second step was asked for is read from acr and amr; where it
// was not, the authenticator here is asked for.
//
// Sensitive work at the desk wants a code of the authenticator here; who has none
// proves anew at the provider who they are (prompt=login, max_age=0). The token must
// then say when they did (auth_time), and that must lie within this sign-on, a minute
// for clocks aside: a provider that lets a session of its own through is refused. It
// must be the person at the desk, with a second step. The staff session is raised for
// ten minutes and gets a new token.
//
// # When a session is over there
//
// The provider tells by OpenID Connect Back-Channel Logout 1.0: a logout token at POST
// /staff/signon/told. It is checked as an identity token is, must have the event, an
// identifier that was not told before and no nonce, and names a session (sid), a
// person (sub), or both. What belongs to it here ends, and the next request finds it
// so. 600 a minute from one address.
//
// # Where it calls
//
// Only the configured issuer's host, and further hosts only if they are configured:
// an address in the provider's own documents that leads elsewhere is refused, as is
// every redirect. Only over TLS, to no link-local address, for ten seconds and a
// quarter of a megabyte at most, 16 conversations at once. What the provider says of
// itself, keys too, is kept for an hour, and for a day while it cannot be asked; a
// key that is not known is asked for at once, but once a minute at most. After a
// failure nobody asks for ten seconds.
//
// Tables: none. Routes: GET /staff/signon, GET /staff/signon/back, GET
// /staff/signon/out, GET /staff/signon/again, POST /staff/signon/told, GET /staff/setup/{token}/signon; without a provider all answer
// like absent pages. Jobs: none. Audit: staff.tried for each refusal, with its reason,
// and what the operations of staff write.
package signon
