package record

import (
	"context"
	"slices"
	"strings"
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
	case found && k.hash == in.hash:
		t.rep.Unchanged++
		return nil
	case found && k.patient != in.patient:
		t.rep.refuse(in.in, "subject", "record.refused.taken")
		return nil
	case found && !in.sent.IsZero() && in.sent.Before(k.sent):
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
		t.rep.Changed++
	} else {
		err = t.insert(ctx, in, row)
		t.rep.New++
	}
	// A later resource of the same batch with the same name is a newer version.
	t.known[in.id] = knownDoc{version: k.version + 1, hash: in.hash, status: row.Status, source: t.b.Source, sent: in.sent, changed: t.tx.Now,
		received: row.Received, patient: in.patient, was: k.was}
	if err == nil {
		err = t.around(ctx, in, row, found)
	}
	if err != nil || in.patient == "" || row.Section == "" {
		return err
	}
	return t.row(ctx, in, row, parts, k.was, found)
}

func (t *taking) insert(ctx context.Context, in *incoming, row Row) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO resource (id, type, patient_id, category, code, status, at, version, hash, body, source, sent_at, received_at, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10, $11, $12, $12)`,
		in.id, in.in.Type, in.patient, category(in.node), row.Code, row.Status, sortable(row.At.Time), in.hash, string(in.body), t.b.Source,
		store.Time(in.sent), store.Time(t.tx.Now))
	return err
}

// replace keeps the version that was, then writes the new one.
func (t *taking) replace(ctx context.Context, in *incoming, row Row, k knownDoc) error {
	if _, err := t.tx.Exec(ctx, `
		INSERT INTO resource_version (resource_id, version, status, hash, body, source, changed_at, replaced_at)
		SELECT id, version, status, hash, body, source, changed_at, $2 FROM resource WHERE id = $1`, in.id, store.Time(t.tx.Now)); err != nil {
		return err
	}
	n, err := t.tx.Exec(ctx, `
		UPDATE resource SET category = $2, code = $3, status = $4, at = $5, version = version + 1, hash = $6, body = $7, source = $8, sent_at = $9, changed_at = $10
		WHERE id = $1 AND version = $11`,
		in.id, category(in.node), row.Code, row.Status, sortable(row.At.Time), in.hash, string(in.body), t.b.Source, store.Time(in.sent), store.Time(t.tx.Now), k.version)
	if err == nil && n == 0 {
		err = errRaced
	}
	return err
}

// older puts a version that came late below the one that is known.
func (t *taking) older(ctx context.Context, in *incoming, k knownDoc) error {
	same, err := store.Get(ctx, t.tx, store.One[int], `SELECT COUNT(*) FROM resource_version WHERE resource_id = $1 AND hash = $2`, in.id, in.hash)
	if err != nil {
		return err
	}
	if same > 0 {
		t.rep.Unchanged++
		return nil
	}
	t.rep.Older++
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

// around writes what stands beside a document: tokens, links, a label.
func (t *taking) around(ctx context.Context, in *incoming, row Row, found bool) error {
	if found {
		for _, q := range []string{`DELETE FROM resource_token WHERE resource_id = $1`, `DELETE FROM resource_link WHERE from_id = $1`} {
			if _, err := t.tx.Exec(ctx, q, in.id); err != nil {
				return err
			}
		}
	}
	if err := t.many(ctx, `INSERT INTO resource_token (resource_id, patient_id, param, system, code) VALUES `, 5, tokens(in)); err != nil {
		return err
	}
	if err := t.many(ctx, `INSERT INTO resource_link (from_id, element, to_id, place, patient_id) VALUES `, 5, t.links(in)); err != nil {
		return err
	}
	label := labelOf(in.node, in.in.Type)
	if !Shared(in.in.Type) || label == "" {
		return nil
	}
	_, err := t.tx.Exec(ctx, `INSERT INTO resource_label (resource_id, label) VALUES ($1, $2) ON CONFLICT (resource_id) DO UPDATE SET label = excluded.label`, in.id, label)
	return err
}

// many inserts rows of n columns in one statement.
func (t *taking) many(ctx context.Context, head string, n int, rows [][]any) error {
	for part := range slices.Chunk(rows, 100) {
		var q strings.Builder
		var args []any
		for i, r := range part {
			if i > 0 {
				q.WriteString(", ")
			}
			q.WriteString("(" + store.In(n*i+1, n) + ")")
			args = append(args, r...)
		}
		if _, err := t.tx.Exec(ctx, head+q.String(), args...); err != nil {
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

// row writes the read-model row, asks when it may be seen, and ties panels together.
func (t *taking) row(ctx context.Context, in *incoming, row Row, parts []Measure, was *Release, found bool) error {
	row.Visit = t.refID(in, visitElement(in.in.Type))
	row.titleID, row.whoID, row.placeID = string(t.refID(in, "medicationReference")), string(t.firstRef(in, whoElements)), string(t.firstRef(in, placeElements))
	if err := t.parent(ctx, in, &row); err != nil {
		return err
	}
	release := Release{At: t.tx.Now, Why: "at_once"}
	if was != nil {
		release = *was
	}
	if t.s.Rules != nil {
		var err error
		if release, err = t.s.Rules.Release(ctx, t.tx, row, was); err != nil {
			return err
		}
	}
	row.ReleaseAt, row.ReleaseWhy, row.Sensitive = release.At, release.Why, release.Sensitive
	if err := t.write(ctx, row, parts, found); err != nil {
		return err
	}
	if in.in.Type == "DiagnosticReport" {
		if err := t.adopt(ctx, in, row); err != nil {
			return err
		}
	}
	t.arrived = append(t.arrived, Arrival{Row: row, New: !found})
	return nil
}

// parent finds the report a value that came after it is a member of.
func (t *taking) parent(ctx context.Context, in *incoming, row *Row) error {
	if in.in.Type != "Observation" {
		return nil
	}
	list, err := store.List(ctx, t.tx, store.One[string], `
		SELECT l.from_id FROM resource_link l JOIN record_row r ON r.resource_id = l.from_id
		WHERE l.to_id = $1 AND l.element IN ('result', 'hasMember') AND l.patient_id = $2 AND NOT r.gone ORDER BY l.element DESC, l.from_id LIMIT 1`, in.id, in.patient)
	if err == nil && len(list) > 0 {
		row.Parent = ids.Resource(list[0])
	}
	return err
}

// adopt makes a report's values its members.
func (t *taking) adopt(ctx context.Context, in *incoming, row Row) error {
	if _, err := t.tx.Exec(ctx, `UPDATE record_row SET parent_id = '' WHERE parent_id = $1 AND patient_id = $2`, in.id, in.patient); err != nil || row.Gone {
		return err
	}
	_, err := t.tx.Exec(ctx, `
		UPDATE record_row SET parent_id = $1
		WHERE patient_id = $2 AND section = $3 AND resource_id IN (SELECT to_id FROM resource_link WHERE from_id = $1 AND element = 'result')`,
		in.id, in.patient, string(Results))
	return err
}

const rowInsert = `
	INSERT INTO record_row (resource_id, patient_id, section, kind, grp, system, code, title, title_id, words, value, comparator, num, unit, unit_code,
		low, high, range_text, flag, abnormal, critical, status, state, gone, sort_at, at_text, until_text, who, who_id, place, place_id, visit_id, parent_id,
		source, sensitive, release_at, release_why, received_at, changed_at)
	VALUES `

const rowColumnCount = 39

func (t *taking) write(ctx context.Context, r Row, parts []Measure, found bool) error {
	if found {
		for _, q := range []string{`DELETE FROM record_part WHERE resource_id = $1`, `DELETE FROM record_row WHERE resource_id = $1`} {
			if _, err := t.tx.Exec(ctx, q, r.ID); err != nil {
				return err
			}
		}
	}
	words := strings.ToLower(strings.Join([]string{r.Title, r.Value, r.Who, r.Place, r.State, r.words}, " "))
	if len(words) > maxSearched {
		words = strings.ToValidUTF8(words[:maxSearched], "")
	}
	if err := t.many(ctx, rowInsert, rowColumnCount, [][]any{{string(r.ID), string(r.Patient), string(r.Section), r.Kind, r.Group, r.System, r.Code, r.Title, r.titleID, words,
		r.Value, r.Comparator, r.Num, r.Unit, r.UnitCode, r.Low, r.High, r.Range, r.Flag, r.Abnormal, r.Critical, r.Status, r.State, r.Gone,
		sortable(r.At.Time), r.At.Text, r.Until, r.Who, r.whoID, r.Place, r.placeID, string(r.Visit), string(r.Parent), r.Source, r.Sensitive,
		store.Time(r.ReleaseAt), r.ReleaseWhy, store.Time(r.Received), store.Time(r.Changed)}}); err != nil {
		return err
	}
	var rows [][]any
	for i, p := range parts {
		rows = append(rows, []any{string(r.ID), i, string(r.Patient), p.System, p.Code, p.Title, p.Value, p.Comparator, p.Num, p.Unit, p.UnitCode, p.Low, p.High, p.Range, p.Flag, p.Abnormal})
	}
	return t.many(ctx, `INSERT INTO record_part (resource_id, place, patient_id, system, code, title, value, comparator, num, unit, unit_code, low, high, range_text, flag, abnormal) VALUES `, 16, rows)
}

// maxSearched is how much of a row's words can be searched, in bytes.
const maxSearched = 2000
