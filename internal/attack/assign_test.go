package attack

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"portico/internal/store"
	"portico/internal/web"
)

// Values that nobody else writes, one for each type a column can have.
const (
	planted     = "planted-by-force"
	plantedNum  = "918273645"
	plantedTime = "2031-02-03T04:05:06.000000000Z"
)

// every names each column of the schema once, with a value of its type. A yes
// shows by the shape of what was written, the others by themselves.
func every() url.Values {
	v := url.Values{}
	for _, t := range store.Tables() {
		for _, c := range t.Columns {
			value := map[string]string{"BIGINT": plantedNum, "BOOLEAN": "true", "TIMESTAMPTZ": plantedTime}[c.Type]
			if value == "" {
				value = planted
			}
			v[c.Name] = []string{value}
		}
	}
	for _, name := range []string{"role", "admin", "is_admin", "patient", "account", "staff", "level", "permission", "user", "staff_id", "patient_id", "account_id"} {
		v[name] = []string{planted}
	}
	return v
}

// crowd puts around the fields of a form what does not belong there: a field for
// each column, every name in other cases, each field a second time, and all of
// it in the address too. The fields of the form itself stay first.
func crowd(f form, fields url.Values, own []string) (crowded url.Values, query string) {
	out := url.Values{}
	for name, values := range every() {
		if !slices.Contains(own, name) {
			out[name] = values
		}
		out[strings.ToUpper(name)] = values
	}
	for name, values := range fields {
		out[name] = values
		for _, other := range []string{strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:], name + "[]", "form[" + name + "]", name + ".", " " + name} {
			out[other] = []string{planted}
		}
		if !slices.Contains(f.many, name) {
			out[name] = append(slices.Clone(values), planted)
		}
	}
	// The worst names only: an address has a length.
	address := url.Values{"role": {planted}, "roles": {planted}, "state": {planted}, "patient_id": {planted}}
	for name := range fields {
		if name != "_form" {
			address[name] = []string{planted}
		}
	}
	return out, address.Encode()
}

// T36: whatever else is sent with a form, it writes the columns it writes
// without, and nothing of what was planted.
func TestFormsWriteOnlyWhatTheyAskFor(t *testing.T) {
	w := lite(t)
	for _, r := range w.app.Router.Routes() {
		f, ok := forms[r.Method+" "+r.Path]
		if !r.Form || !ok {
			continue
		}
		if f.sweeps {
			w.written(r, f, false)
		}
		clean, code := w.written(r, f, false)
		crowded, crowdedCode := w.written(r, f, true)
		if clean != crowded || code != crowdedCode {
			t.Errorf("%s %s: with more fields it answered %d, not %d, and wrote otherwise: %s", r.Method, r.Path, crowdedCode, code, parting(crowded, clean))
		}
	}
	d := w.dump()
	for _, value := range []string{planted, plantedNum, plantedTime[:19]} {
		if where, found := d.holds(value); found {
			t.Errorf("what was planted with a form stands in %s", where)
		}
	}
}

// written sends a form and gives the shape of what it wrote.
func (w *world) written(r web.Route, f form, more bool) (shape string, code int) {
	w.t.Helper()
	path, fields, c := w.ready(r, f)
	sent := with(fields, w.keyFor(r, c))
	if more {
		own := slices.Collect(keys(fields))
		var query string
		if sent, query = crowd(f, sent, own); query != "" {
			path += "?" + query
		}
	}
	before := w.dump()
	got := w.do(ask{method: "POST", path: path, cookies: c, form: sent})
	return w.dump().shape(before), got.Code
}

func keys(v url.Values) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range v {
			if !yield(k) {
				return
			}
		}
	}
}

// A form that takes more than it asks for is noticed: the check can fail.
func TestPlantedValuesAreNoticed(t *testing.T) {
	w := lite(t)
	who := w.at("front_desk").id
	before := w.dump()
	w.change(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE staff SET roles = 'administrator', name = $1 WHERE id = $2`, planted, who)
		return err
	})
	now := w.dump()
	if _, found := now.holds(planted); !found || now.shape(before) == "" {
		t.Error("not noticed")
	}
}
