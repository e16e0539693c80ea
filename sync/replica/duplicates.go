package replica

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// Duplicate is several records that look like one thing made twice, for a person to review.
type Duplicate struct {
	Kind    record.Kind
	Scope   string
	Same    []string        // fields in which they are the same
	Records []record.Record // the smallest id, into which the others are merged, first
	Differ  []string        // fields in which they differ, in the order of the kind
	// Late says that they are merged already, and that somebody who did not know of it wrote on a duplicate.
	Late bool
}

// IDs returns the ids of the records, the smallest first.
func (d Duplicate) IDs() []uuid.UUID {
	out := make([]uuid.UUID, len(d.Records))
	for i, r := range d.Records {
		out[i] = r.ID
	}
	return out
}

// ErrMerge is returned for records that cannot be merged.
var ErrMerge = errors.New("ces fiches ne peuvent pas être réunies\u00a0: il en faut au moins deux, de la même sorte et du même espace")

// twins are the fields whose value names one thing: two records of a kind that share it are reviewed. A
// field beside it narrows it down: a room's name is its own at its place only.
var twins = []struct {
	kind          record.Kind
	field, beside string
	same          func(string) string
}{
	{record.Equipment, "serial", "", record.SameCode},
	{record.Equipment, "tag", "", record.SameCode},
	{record.Site, "uai", "", record.SameCode},
	{record.Room, "name", "site", record.Plain},
	{record.EquipmentType, "name", "family", record.Plain},
}

// Duplicates returns what looks like one thing made twice and that this device may merge, what was written
// late on a merged record first.
func (r *Replica) Duplicates(ctx context.Context) ([]Duplicate, error) {
	edges, err := r.edges(ctx, r.read)
	if err != nil {
		return nil, err
	}
	out, err := r.late(ctx, edges)
	if err != nil {
		return nil, err
	}
	for _, k := range []record.Kind{record.Equipment, record.Site, record.Room, record.EquipmentType} {
		found, err := r.duplicatesOf(ctx, k, edges)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	self := r.Self()
	kept := out[:0]
	for _, d := range out {
		left, err := r.leftApart(ctx, d)
		if err != nil {
			return nil, err
		}
		if !left && self.MayWrite(d.Scope, d.Kind, true) {
			kept = append(kept, d)
		}
	}
	return kept, nil
}

// duplicatesOf gathers the records of a kind that any of its telling fields puts together.
func (r *Replica) duplicatesOf(ctx context.Context, k record.Kind, edges map[uuid.UUID]uuid.UUID) ([]Duplicate, error) {
	group := map[uuid.UUID]uuid.UUID{} // record → one of its group
	var root func(uuid.UUID) uuid.UUID
	root = func(id uuid.UUID) uuid.UUID {
		if up, ok := group[id]; ok && up != id {
			return root(up)
		}
		return id
	}
	held, same := map[uuid.UUID]record.Record{}, map[uuid.UUID][]string{}
	for _, t := range twins {
		if t.kind != k {
			continue
		}
		first := map[string]uuid.UUID{}
		found, err := r.shared(ctx, t.kind, t.field, t.beside)
		if err != nil {
			return nil, err
		}
		for _, rec := range found {
			code := t.same(rec.Fields.Text(t.field))
			if code == "" {
				continue
			}
			if t.beside != "" {
				beside, _ := turned(edges, rec.Fields.Text(t.beside))
				if beside == "" {
					beside = rec.Fields.Text(t.beside)
				}
				code += "|" + beside
			}
			code += "|" + rec.Scope
			held[rec.ID] = rec
			other, again := first[code]
			if !again {
				first[code] = rec.ID
				continue
			}
			for _, id := range []uuid.UUID{rec.ID, other} {
				if !slices.Contains(same[id], t.field) {
					same[id] = append(same[id], t.field)
				}
			}
			group[root(rec.ID)] = root(other)
		}
	}
	members := map[uuid.UUID][]record.Record{}
	for id := range same {
		resolve(edges, k, held[id].Fields)
		members[root(id)] = append(members[root(id)], held[id])
	}
	var out []Duplicate
	for _, list := range members {
		d := Duplicate{Kind: k, Scope: list[0].Scope, Records: list}
		for _, rec := range list {
			for _, f := range same[rec.ID] {
				if !slices.Contains(d.Same, f) {
					d.Same = append(d.Same, f)
				}
			}
		}
		d.settle()
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b Duplicate) int { return bytes.Compare(a.Records[0].ID[:], b.Records[0].ID[:]) })
	return out, nil
}

// shared reads the records whose field has, in another writing perhaps, a value that several have. The
// database finds them on the index of the field; what is then the same is judged once more by its caller.
func (r *Replica) shared(ctx context.Context, k record.Kind, field, beside string) ([]record.Record, error) {
	col := column(field)
	form := "upper(" + col + ")"
	for _, c := range []string{"-", ":", ".", " ", "_", "/", "\u00a0"} {
		form = "replace(" + form + ", '" + c + "', '')"
	}
	if beside != "" {
		form = "1" // a few hundred records: judged by whoever asks
	}
	where := fmt.Sprintf(" FROM record INDEXED BY %s_%s WHERE kind = '%s' AND archived = 0 AND %s IS NOT NULL", k, field, k, col)
	query := recordColumns + where + " AND " + col + " IN (SELECT value FROM (SELECT json_group_array(DISTINCT " + col + ") AS list" + where +
		" GROUP BY " + form + " HAVING count(*) > 1), json_each(list))"
	if beside != "" {
		query = recordColumns + where
	}
	return r.records(ctx, r.read, query)
}

// late returns the merged records on which somebody wrote who had not seen it, beside those that are shown.
func (r *Replica) late(ctx context.Context, edges map[uuid.UUID]uuid.UUID) ([]Duplicate, error) {
	var out []Duplicate
	for _, from := range slices.SortedFunc(maps.Keys(edges), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }) {
		s, err := r.stateOf(ctx, from)
		if err != nil {
			return nil, err
		}
		fields := s.unseen()
		if len(fields) == 0 {
			continue
		}
		shown, ok, err := r.Book(ctx).Get(end(edges, from))
		if err != nil {
			return nil, err
		}
		if !ok || shown.ID == from {
			continue
		}
		rec := record.Record{ID: from, Kind: shown.Kind, Scope: s.scope, Fields: s.fields()}
		resolve(edges, rec.Kind, rec.Fields)
		d := Duplicate{Kind: shown.Kind, Scope: s.scope, Late: true, Records: []record.Record{shown, rec}}
		d.settle()
		d.Differ = slices.DeleteFunc(d.Differ, func(f string) bool { return !slices.Contains(fields, f) })
		if len(d.Differ) > 0 {
			out = append(out, d)
		}
	}
	return out, nil
}

// settle orders the records and finds where they differ.
func (d *Duplicate) settle() {
	slices.SortFunc(d.Records, func(a, b record.Record) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	slices.Sort(d.Same)
	s, _ := record.Of(d.Kind)
	for _, f := range s.Fields {
		if slices.ContainsFunc(d.Records, func(r record.Record) bool { return !reflect.DeepEqual(r.Fields[f.Name], d.Records[0].Fields[f.Name]) }) {
			d.Differ = append(d.Differ, f.Name)
		}
	}
}

// apartKey names the choice that records are no duplicates; it stays on this device.
func apartKey(d Duplicate) string {
	var ids []string
	for _, id := range d.IDs() {
		ids = append(ids, id.String())
	}
	return "apart." + strings.Join(ids, ",")
}

// LeaveApart notes on this device that records are not one thing: they are not shown again, unless another
// comes that looks like them.
func (r *Replica) LeaveApart(ctx context.Context, d Duplicate) error {
	return r.SetSetting(ctx, apartKey(d), "1")
}

func (r *Replica) leftApart(ctx context.Context, d Duplicate) (bool, error) {
	if d.Late {
		return false, nil
	}
	text, err := r.Setting(ctx, apartKey(d))
	return text != "", err
}

// MergeDuplicates makes one record of several, in one action: the one with the smallest id stays. It keeps
// what it has, takes from the others what it lacks, and by field what keep names a record for. The others
// are archived and shown by it from then on, their history with its own. The error is ErrMerge where they
// are not of one kind and scope, record.Problems where a rule forbids what was chosen.
func (r *Replica) MergeDuplicates(ctx context.Context, operator uuid.UUID, ids []uuid.UUID, keep map[string]uuid.UUID) (Saved, error) {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	if len(ids) < 2 {
		return Saved{}, ErrMerge
	}
	views := make([]View, len(ids))
	for i, id := range ids {
		v, err := r.view(ctx, id)
		if err != nil {
			return Saved{}, err
		}
		if views[i] = v; v.Kind != views[0].Kind || v.Scope != views[0].Scope {
			return Saved{}, ErrMerge
		}
	}
	if views[0].Fields.Has(MergedInto) {
		return Saved{}, fmt.Errorf("%w (%s est déjà réunie à une autre)", ErrMerge, ids[0])
	}
	schema, _ := record.Of(views[0].Kind)
	set := record.Fields{}
	for _, f := range schema.Fields {
		if f.Name == archived {
			continue // which says where a record was merged, too
		}
		from := views[0]
		for _, v := range views {
			if !from.Fields.Has(f.Name) && v.Fields.Has(f.Name) {
				from = v
			}
		}
		if id, chosen := keep[f.Name]; chosen {
			i := slices.Index(ids, id)
			if i < 0 {
				return Saved{}, fmt.Errorf("%w\u00a0: %s", ErrUnknown, id)
			}
			from = views[i]
		}
		if v := from.Fields[f.Name]; !reflect.DeepEqual(v, views[0].Fields[f.Name]) || slices.Contains(views[0].Conflicts, f.Name) {
			set[f.Name] = v
		}
	}
	if views[0].Fields.Bool(archived) && slices.ContainsFunc(views, func(v View) bool { return !v.Fields.Bool(archived) }) {
		set[archived] = nil // the one that is in use would go with it
	}
	changes := []Change{{ID: ids[0], Set: set, Seen: views[0].Seen}}
	for i, id := range ids[1:] {
		changes = append(changes, Change{ID: id, MergeInto: ids[0], Seen: views[i+1].Seen})
	}
	return r.Save(ctx, operator, changes...)
}
