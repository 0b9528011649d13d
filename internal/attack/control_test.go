package attack

import (
	"regexp"
	"testing"

	"portico/internal/access"
	"portico/internal/web"
)

var mainPart = regexp.MustCompile(`(?s)<main.*</main>`)

// What is refused, what is absent and what is no page at all read the same.
func TestRefusedAndAbsentReadTheSame(t *testing.T) {
	w := lite(t)
	id := string(w.newcomer().id)
	see := func(role, path string) string {
		got := w.do(ask{method: "GET", path: path, cookies: w.role(role)})
		if got.Code != 404 {
			t.Errorf("%s as %s answered %d", path, role, got.Code)
		}
		return mainPart.FindString(got.Body.String())
	}
	refused := see("auditor", "/staff/patients/"+id)
	if refused == "" || refused != see("front_desk", "/staff/patients/"+absent(id)) || refused != see("auditor", "/staff/patients/"+absent(id)) {
		t.Error("refused and absent can be told apart")
	}
}

// watched counts errors in place of failing, to show that a check can fail.
type watched struct {
	testing.TB
	errors int
}

func (w *watched) Helper()               {}
func (w *watched) Errorf(string, ...any) { w.errors++ }

// The matrix finds a page that opens to a role it is not for, and one whose
// answer tells that something is there.
func TestTheMatrixCanFail(t *testing.T) {
	w := lite(t)
	watch := &watched{TB: t}
	w.t = watch
	w.knock(web.Route{Method: "GET", Path: "/staff/codes/{id}", Audience: "staff", Need: string(access.ReadAudit)}, "front_desk")
	if watch.errors == 0 {
		t.Error("a page that opens to everybody was not noticed")
	}
	watch.errors = 0
	w.other.id = w.newcomer().id
	samples["/staff/patients/{id}"] = func(w *world, of person) string { return string(of.account) }
	defer func() {
		samples["/staff/patients/{id}"] = func(w *world, _ person) string { return string(w.newcomer().id) }
	}()
	w.knock(web.Route{Method: "GET", Path: "/staff/patients/{id}", Audience: "staff", Need: string(access.FindPatients)}, "front_desk")
	if watch.errors == 0 {
		t.Error("an identifier that answers otherwise was not noticed")
	}
}
