package enroll

import (
	"context"

	"portico/internal/access"
)

// AppKey gives the authenticator's secret in an applicant's draft, as the page
// shows it.
func (e *Room) AppKey(a access.Applicant) []byte {
	p, err := e.read(context.Background(), a)
	if err != nil {
		panic(err)
	}
	return p.Draft.Secret
}

// Solve does the proof of work.
func Solve(key string, bits int) string { return solve(key, bits) }
