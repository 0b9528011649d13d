package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/store"
)

// taking is one batch in its transaction.
type taking struct {
	s       *Records
	tx      *store.Tx
	d       access.Duty
	b       Batch
	rep     *Report
	names   map[string]named
	persons map[ids.Patient]ids.Patient // in whose charts what comes for records stands
	made    []string                    // names that are new with this batch
	claimed []string                    // names that were nobody's so far
	fresh   int
	known   map[ids.Resource]knownDoc
	past    map[pastDoc]bool // states that were replaced
	arrived []Arrival
	papers  []paper // reports and documents
	sheet   sheet
}

// named is what a name leads to. patient is the record it came for: "" for what
// belongs to nobody, or for a name that came before its resource.
type named struct {
	id      ids.Resource
	patient ids.Patient
	made    bool
}

// resolve finds what the names of a batch and of its references lead to, and
// makes identifiers for those that lead nowhere yet.
func (t *taking) resolve(ctx context.Context, ready []*incoming, hold bool) error {
	t.names, t.made, t.claimed, t.fresh = map[string]named{}, nil, nil, 0
	var all []string
	for _, in := range ready {
		all = append(all, in.names...)
		for _, f := range in.refs {
			if n, _ := nameOf(t.b.Source, f.value); n != "" {
				all = append(all, n)
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if err := t.load(ctx, all); err != nil {
		return err
	}
	for ref, id := range t.b.Known {
		home, err := store.Get(ctx, t.tx, store.One[ids.Patient], `SELECT home_id FROM resource WHERE id = $1`, id)
		if err != nil {
			return err
		}
		n, _ := nameOf(t.b.Source, ref)
		t.names[n] = named{id: id, patient: home}
	}
	if err := t.settle(ctx, ready, hold); err != nil {
		return err
	}
	// A resource's own names first: they belong together.
	for _, in := range ready {
		t.bind(in)
	}
	for _, in := range ready {
		for _, f := range in.refs {
			t.await(in, f)
		}
	}
	return nil
}

// await makes an identifier for what a reference names and nobody has sent yet.
// Unless it is of a kind that belongs to nobody, it must turn out to be about the
// same patient.
func (t *taking) await(in *incoming, f found) {
	name, kind := nameOf(t.b.Source, f.value)
	if name == "" {
		return
	}
	if _, ok := t.names[name]; ok {
		return
	}
	if _, ok := t.b.person(f.value); ok {
		return
	}
	if kind == "" {
		kind = t.kindOf(f)
	}
	k := named{id: ids.NewResource(), made: true}
	if !Shared(kind) && kind != "Resource" {
		k.patient = in.home
	}
	t.names[name] = k
	t.made = append(t.made, name)
	t.fresh++
}

// bind gives a resource the identifier one of its names leads to, or a new one,
// and makes its other names lead there too.
func (t *taking) bind(in *incoming) {
	in.id = ""
	for _, n := range in.names {
		if k, ok := t.names[n]; ok {
			in.id = k.id
			break
		}
	}
	if in.id == "" {
		in.id = ids.NewResource()
	}
	for _, n := range in.names {
		k, ok := t.names[n]
		switch {
		case !ok:
			t.made = append(t.made, n)
			t.fresh++
			t.names[n] = named{id: in.id, patient: in.home, made: true}
		case k.patient == "" && in.home != "":
			if !k.made {
				t.claimed = append(t.claimed, n)
			}
			t.names[n] = named{id: k.id, patient: in.home, made: k.made}
		}
		in.awaited = in.awaited || ok && !k.made
	}
}

// chunk is how many values one IN list has.
const chunk = 250

func (t *taking) load(ctx context.Context, all []string) error {
	for part := range slices.Chunk(all, chunk) {
		args := make([]any, len(part))
		for i, n := range part {
			args[i] = n
		}
		if _, err := store.List(ctx, t.tx, func(r store.Row) (struct{}, error) {
			var name string
			var k named
			err := r.Scan(&name, &k.id, &k.patient)
			t.names[name] = k
			return struct{}{}, err
		}, `SELECT name, resource_id, patient_id FROM resource_name WHERE name IN (`+store.In(1, len(part))+`)`, args...); err != nil {
			return err
		}
	}
	return nil
}

// register writes new names. One that somebody else wrote meanwhile breaks the
// primary key, and the batch is done again.
func (t *taking) register(ctx context.Context) error {
	slices.Sort(t.made) // the same order in every batch, so that two do not wait for each other
	rows := make([][]any, len(t.made))
	for i, n := range t.made {
		k := t.names[n]
		rows[i] = []any{n, string(k.id), string(k.patient)}
	}
	if err := t.tx.Insert(ctx, `INSERT INTO resource_name (name, resource_id, patient_id) VALUES `, rows, ""); err != nil {
		return err
	}
	for _, n := range t.claimed {
		if _, err := t.tx.Exec(ctx, `UPDATE resource_name SET patient_id = $2 WHERE name = $1 AND patient_id = ''`, n, string(t.names[n].patient)); err != nil {
			return err
		}
	}
	return nil
}

// trespass tells that a resource refers into another patient's record, or takes
// the place of another patient's resource.
func (t *taking) trespass(in *incoming) (path, key string) {
	for _, n := range in.names {
		if k := t.names[n]; k.patient != "" && t.person(k.patient) != in.patient {
			return "id", "record.refused.taken"
		}
	}
	for _, f := range in.refs {
		if p, ok := t.b.person(f.value); ok {
			if in.patient != "" && t.person(p) != in.patient && !strings.HasPrefix(f.path, "participant") {
				return f.path, "record.refused.other_patient"
			}
			continue
		}
		n, _ := nameOf(t.b.Source, f.value)
		if k := t.names[n]; n != "" && k.patient != "" && t.person(k.patient) != in.patient {
			return f.path, "record.refused.other_patient"
		}
	}
	return "", ""
}

// finish makes the document as it is kept.
func (t *taking) finish(in *incoming) {
	in.body = rewrite(in.in.Raw, in.id, in.own, in.refs, func(f found) string { return t.means(in, f) })
	sum := sha256.Sum256(in.body)
	in.hash = hex.EncodeToString(sum[:])
}

// means is the reference that stands in the kept document, "" to leave what is there.
func (t *taking) means(in *incoming, f found) string {
	if p, ok := t.b.person(f.value); ok {
		return "Patient/" + p.Logical()
	}
	name, kind := nameOf(t.b.Source, f.value)
	if name == "" {
		return ""
	}
	k := t.names[name]
	if kind == "" {
		kind = t.kindOf(f)
	}
	return kind + "/" + string(k.id)
}

// kindOf tells what type a bundle's own name stands for: of a resource of this
// batch, else what the element it stands in usually refers to.
func (t *taking) kindOf(f found) string {
	for _, r := range t.b.Resources {
		if r.FullURL == f.value {
			return r.Type
		}
	}
	if k := t.b.Kinds[f.value]; k != "" {
		return k
	}
	last := f.path[strings.LastIndexByte(f.path, '.')+1:]
	if k, ok := usualKinds[last]; ok {
		return k
	}
	return "Resource"
}

// usualKinds are the types elements refer to, for targets that have not come in.
var usualKinds = map[string]string{"encounter": "Encounter", "context": "Encounter", "result": "Observation", "hasMember": "Observation",
	"derivedFrom": "Observation", "specimen": "Specimen", "serviceProvider": "Organization", "managingOrganization": "Organization",
	"custodian": "Organization", "organization": "Organization", "insurer": "Organization", "payor": "Organization", "location": "Location",
	"requester": "Practitioner", "performer": "Practitioner", "individual": "Practitioner", "author": "Practitioner", "recorder": "Practitioner",
	"asserter": "Practitioner", "provider": "Practitioner", "actor": "Practitioner", "medicationReference": "Medication", "goal": "Goal",
	"careTeam": "CareTeam", "addresses": "Condition", "reasonReference": "Condition", "attachment": "Binary", "claim": "Claim"}
