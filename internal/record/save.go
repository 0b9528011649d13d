package record

import (
	"context"
	"slices"
	"time"

	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/store"
)

// knownDoc is what is known of a resource before its new version.
type knownDoc struct {
	version  int64
	hash     string
	status   string
	source   string
	sent     time.Time
	changed  time.Time
	received time.Time
	patient  ids.Patient
	was      *Release
}

func (t *taking) loadKnown(ctx context.Context, ready []*incoming) error {
	t.known = map[ids.Resource]knownDoc{}
	for part := range slices.Chunk(ready, chunk) {
		args := make([]any, len(part))
		for i, in := range part {
			args[i] = string(in.id)
		}
		if _, err := store.List(ctx, t.tx, t.scanKnown, `
			SELECT d.id, d.version, d.hash, d.status, d.source, d.sent_at, d.changed_at, d.received_at, d.patient_id, r.release_at, r.release_why, r.sensitive
			FROM resource d LEFT JOIN record_row r ON r.resource_id = d.id
			WHERE d.id IN (`+store.In(1, len(part))+`)`, args...); err != nil {
			return err
		}
	}
	return nil
}

// loadPast finds which of the resources came in before in the very same state,
// which another has replaced since.
func (t *taking) loadPast(ctx context.Context, ready []*incoming) error {
	t.past = map[pastDoc]bool{}
	var ask []*incoming
	for _, in := range ready {
		if k, ok := t.known[in.id]; ok && k.hash != in.hash {
			ask = append(ask, in)
		}
	}
	for part := range slices.Chunk(ask, chunk) {
		var args []any
		for _, in := range part {
			args = append(args, string(in.id))
		}
		rows, err := store.List(ctx, t.tx, func(r store.Row) (d pastDoc, err error) {
			err = r.Scan(&d.id, &d.hash)
			return d, err
		}, `SELECT resource_id, hash FROM resource_version WHERE resource_id IN (`+store.In(1, len(part))+`)`, args...)
		if err != nil {
			return err
		}
		for _, d := range rows {
			t.past[d] = true
		}
	}
	return nil
}

type pastDoc struct {
	id   ids.Resource
	hash string
}

// had tells whether nothing is new in a resource: it is what is known, or a
// state that was replaced before. A message that comes again, or late, must not
// bring back what was corrected since.
func (t *taking) had(in *incoming) bool {
	k, found := t.known[in.id]
	return found && (k.hash == in.hash || t.past[pastDoc{in.id, in.hash}])
}

// unfinished tells that a result in the state it was before it was ready came
// after the ready one, and no time says that it is newer.
func unfinished(in *incoming, k knownDoc) bool {
	early := func(s string) bool { return s == "registered" || s == "partial" || s == "preliminary" }
	return (in.sent.IsZero() || k.sent.IsZero()) && early(in.node.Get("status").Text()) && k.status != "" && !early(k.status) && k.status != "unknown"
}

func (t *taking) scanKnown(r store.Row) (struct{}, error) {
	var id ids.Resource
	var k knownDoc
	var sent, changed, received, release store.Time
	var why *string
	var sensitive *bool
	err := r.Scan(&id, &k.version, &k.hash, &k.status, &k.source, &sent, &changed, &received, &k.patient, &release, &why, &sensitive)
	k.sent, k.changed, k.received = sent.Std(), changed.Std(), received.Std()
	if why != nil && sensitive != nil {
		k.was = &Release{At: release.Std(), Why: *why, Sensitive: *sensitive}
	}
	t.known[id] = k
	return struct{}{}, err
}

// one stores one resource: a new one, a new version, or one older than what is
// known, which goes into history.
func (t *taking) one(ctx context.Context, in *incoming) error {
	k, found := t.known[in.id]
	switch {
	case t.had(in):
		t.rep.count(in.in.Type, Tally{Unchanged: 1})
		return nil
	case found && k.patient != in.patient:
		t.rep.refuse(in.in, "subject", "record.refused.taken")
		return nil
	case found && (!in.sent.IsZero() && in.sent.Before(k.sent) || unfinished(in, k)):
		return t.older(ctx, in, k)
	}
	if !found && in.awaited {
		strange, err := store.Get(ctx, t.tx, store.One[int], `SELECT COUNT(*) FROM resource_link WHERE to_id = $1 AND patient_id NOT IN ('', $2)`, in.id, in.patient)
		if err != nil {
			return err
		}
		if strange > 0 && in.patient != "" {
			t.rep.refuse(in.in, "id", "record.refused.taken")
			return nil
		}
	}
	row, parts := project(in.node, in.in.Type)
	row.ID, row.Patient, row.Source, row.Received, row.Changed = in.id, in.patient, t.b.Source, t.tx.Now, t.tx.Now
	var err error
	if found {
		row.Received = k.received
		err = t.replace(ctx, in, row, k)
		t.past[pastDoc{in.id, k.hash}] = true
		t.rep.count(in.in.Type, Tally{Changed: 1})
	} else {
		t.insert(in, row)
		t.rep.count(in.in.Type, Tally{New: 1})
	}
	// A later resource of the same batch with the same name is a newer version.
	t.known[in.id] = knownDoc{version: k.version + 1, hash: in.hash, status: row.Status, source: t.b.Source, sent: in.sent, changed: t.tx.Now,
		received: row.Received, patient: in.patient, was: k.was}
	if err != nil {
		return err
	}
	t.around(in, found)
	t.note(in)
	if in.in.Type == "Appointment" && in.patient != "" { // has no row: the calendar shows it
		t.arrived = append(t.arrived, Arrival{Row: row, New: !found})
	}
	if in.patient == "" || row.Section == "" {
		return nil
	}
	return t.row(ctx, in, row, parts, k.was, found)
}

func (t *taking) insert(in *incoming, row Row) {
	now := store.Time(t.tx.Now)
	t.sheet.docs = append(t.sheet.docs, []any{string(in.id), in.in.Type, string(in.patient), category(in.node), row.Code, row.Status, sortable(row.At.Time), 1,
		in.hash, string(in.body), t.b.Source, store.Time(in.sent), now, now, string(in.home)})
}

// replace keeps the version that was, then writes the new one.
func (t *taking) replace(ctx context.Context, in *incoming, row Row, k knownDoc) error {
	if _, err := t.tx.Exec(ctx, `
		INSERT INTO resource_version (resource_id, version, status, hash, body, source, changed_at, replaced_at)
		SELECT id, version, status, hash, body, source, changed_at, $2 FROM resource WHERE id = $1`, in.id, store.Time(t.tx.Now)); err != nil {
		return err
	}
	n, err := t.tx.Exec(ctx, `
		UPDATE resource SET category = $2, code = $3, status = $4, at = $5, version = version + 1, hash = $6, body = $7, source = $8, sent_at = $9, changed_at = $10, home_id = $12
		WHERE id = $1 AND version = $11`,
		in.id, category(in.node), row.Code, row.Status, sortable(row.At.Time), in.hash, string(in.body), t.b.Source, store.Time(in.sent), store.Time(t.tx.Now), k.version, in.home)
	if err == nil && n == 0 {
		err = errRaced
	}
	return err
}

// older puts a version that came late below the one that is known.
func (t *taking) older(ctx context.Context, in *incoming, k knownDoc) error {
	t.past[pastDoc{in.id, in.hash}] = true
	t.rep.count(in.in.Type, Tally{Older: 1})
	n, err := t.tx.Exec(ctx, `UPDATE resource SET version = version + 1 WHERE id = $1 AND version = $2`, in.id, k.version)
	if err == nil && n == 0 {
		err = errRaced
	}
	if err != nil {
		return err
	}
	k.version++
	t.known[in.id] = k
	_, err = t.tx.Exec(ctx, `
		INSERT INTO resource_version (resource_id, version, status, hash, body, source, changed_at, replaced_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7)`, in.id, k.version-1, in.node.Get("status").Text(), in.hash, string(in.body), t.b.Source, store.Time(t.tx.Now))
	return err
}

// around notes what stands beside a document: tokens, links, a label.
func (t *taking) around(in *incoming, found bool) {
	if found {
		t.sheet.renewed = append(t.sheet.renewed, in.id)
	}
	t.sheet.tokens = append(t.sheet.tokens, tokens(in)...)
	for _, l := range t.links(in) {
		t.sheet.links = append(t.sheet.links, l)
		if l[1] == "result" || l[1] == "hasMember" {
			t.sheet.members = append(t.sheet.members, ids.Resource(l[2].(string)))
		}
	}
	if label := labelOf(in.node, in.in.Type); Shared(in.in.Type) && label != "" {
		t.sheet.labels = append(t.sheet.labels, []any{string(in.id), label})
	}
}

// idList writes identifiers as an IN list from $from on.
func idList(from int, of []ids.Resource) (string, []any) {
	args := make([]any, len(of))
	for i, id := range of {
		args[i] = string(id)
	}
	return store.In(from, len(of)), args
}

// gather puts values under the report or panel that names them, whichever came
// first; a report before a panel, since reports are what was ordered.
func (t *taking) gather(ctx context.Context, members []ids.Resource) error {
	slices.Sort(members)
	for part := range slices.Chunk(slices.Compact(members), chunk) {
		in, args := idList(1, part)
		if _, err := t.tx.Exec(ctx, `
			UPDATE record_row SET parent_id = COALESCE((
				SELECT l.from_id FROM resource_link l JOIN record_row p ON p.resource_id = l.from_id
				WHERE l.to_id = record_row.resource_id AND l.element IN ('result', 'hasMember') AND l.patient_id = record_row.patient_id AND NOT p.gone
				ORDER BY l.element DESC, l.from_id LIMIT 1), '')
			WHERE kind = 'Observation' AND resource_id IN (`+in+`)`, args...); err != nil {
			return err
		}
	}
	return nil
}

func tokens(in *incoming) [][]any {
	var out [][]any
	seen := map[string]bool{}
	add := func(param, system, code string) {
		key := param + "\x00" + system + "\x00" + code
		if code == "" || seen[key] || len(out) >= 200 {
			return
		}
		seen[key] = true
		out = append(out, []any{string(in.id), string(in.patient), param, system, code})
	}
	for _, i := range in.node.Get("identifier").List() {
		add("identifier", i.Get("system").Text(), i.Get("value").Line())
	}
	for _, param := range []string{"code", "category", "type", "vaccineCode"} {
		v := in.node.Get(param)
		for _, c := range listOf(v) {
			for _, k := range c.Concept().Codings {
				add(param, k.System, k.Code)
			}
		}
	}
	return out
}

// listOf gives an array's elements, or the one value that is none.
func listOf(n fhir.Node) []fhir.Node {
	if !n.Exists() {
		return nil
	}
	if n.IsList() {
		return n.List()
	}
	return []fhir.Node{n}
}

// links are a resource's references to others of its chart, less those that say
// whose it is.
func (t *taking) links(in *incoming) [][]any {
	var out [][]any
	for _, f := range in.refs {
		if _, ok := t.b.person(f.value); ok || in.patient == "" || len(out) >= 2000 {
			continue
		}
		name, _ := nameOf(t.b.Source, f.value)
		if name == "" {
			continue
		}
		out = append(out, []any{string(in.id), f.path, string(t.names[name].id), f.place, string(in.patient)})
	}
	return out
}

// refID gives the identifier a reference element of the resource leads to.
func (t *taking) refID(in *incoming, element string) ids.Resource {
	for _, f := range in.refs {
		if f.path == element {
			name, _ := nameOf(t.b.Source, f.value)
			return t.names[name].id
		}
	}
	return ""
}

// row makes the read-model row and asks when it may be seen.
func (t *taking) row(ctx context.Context, in *incoming, row Row, parts []Measure, was *Release, found bool) error {
	row.Visit = t.refID(in, visitElement(in.in.Type))
	row.titleID, row.whoID, row.placeID = string(t.refID(in, "medicationReference")), string(t.firstRef(in, whoElements)), string(t.firstRef(in, placeElements))
	row.Sensitive = labelled(in.node)
	release := Release{At: t.tx.Now, Why: "at_once", Sensitive: row.Sensitive}
	if was != nil {
		release = *was
		release.Sensitive = release.Sensitive || row.Sensitive
	}
	if t.s.Rules != nil {
		var err error
		if release, err = t.s.Rules.Release(ctx, t.tx, row, was); err != nil {
			return err
		}
	}
	row.ReleaseAt, row.ReleaseWhy, row.Sensitive = release.At, release.Why, release.Sensitive
	t.write(row, parts)
	if row.Kind == "Observation" {
		t.sheet.members = append(t.sheet.members, row.ID)
	}
	t.arrived = append(t.arrived, Arrival{Row: row, New: !found})
	return nil
}
