package screen

import (
	"slices"
	"strings"

	"cantal.fr/buron/assets/reference"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
)

// hits finds what a few words name. Where no record holds all of them, it looks for machines across their
// place, their model and their room: « alla 12 eni » is the interactive display of room 12 at Allanche.
func (s *Shell) hits(text string, most int) ([]replica.Hit, error) {
	found, err := s.r.Search(s.ctx, text, nil, most)
	if err != nil || len(found) > 0 {
		return found, err
	}
	q := replica.Query{Kind: record.Equipment, Limit: most}
	var own []string
	for _, word := range strings.Fields(record.Plain(text)) {
		field, ids := s.named(word)
		if len(ids) == 0 {
			own = append(own, word)
			continue
		}
		q.Where = narrowed(q.Where, field, ids)
	}
	if len(q.Where) == 0 {
		return nil, nil
	}
	q.Text = strings.Join(own, " ")
	machines, err := s.r.List(s.ctx, q)
	for _, m := range machines {
		found = append(found, replica.Hit{Record: m, Title: record.Title(m, s.book()), Subtitle: record.Subtitle(m, s.book())})
	}
	return found, err
}

// narrowed adds a condition, or keeps what two words say of the same field: « salle info » is one room.
func narrowed(where []replica.Cond, field string, ids []any) []replica.Cond {
	for i, c := range where {
		if c.Field == field {
			where[i].Value = slices.DeleteFunc(c.Value.([]any), func(id any) bool { return !slices.Contains(ids, id) })
			return where
		}
	}
	return append(where, replica.Cond{Field: field, Value: ids})
}

// named returns the places, else the rooms, else the models that have a word beginning like this one, with the
// field of a machine that refers to them.
func (s *Shell) named(word string) (field string, ids []any) {
	for _, k := range []struct {
		kind  record.Kind
		field string
	}{{record.Site, "site"}, {record.Room, "room"}, {record.EquipmentType, "type"}} {
		recs, err := s.r.List(s.ctx, replica.Query{Kind: k.kind})
		if err != nil {
			continue
		}
		for _, rec := range recs {
			text := record.Title(rec, nil) + " " + reference.CommuneName(rec.Fields.Text("commune"))
			if slices.ContainsFunc(strings.Fields(record.Plain(text)), func(w string) bool { return strings.HasPrefix(w, word) }) {
				ids = append(ids, rec.ID.String())
			}
		}
		if len(ids) > 0 {
			return k.field, ids
		}
	}
	return "", nil
}
