package command

import (
	"fmt"
	"strings"

	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// names are the fields by which a person may name a record instead of giving its id.
var names = map[record.Kind][]string{
	record.Site:          {"uai", "name"},
	record.Room:          {"name", "label"},
	record.EquipmentType: {"name", "family"},
	record.Equipment:     {"tag", "serial"},
	record.Operator:      {"name"},
	record.Charter:       {"version"},
	record.Event:         {"title"},
	record.Workshop:      {"title"},
}

// schema returns the schema of a kind that was typed.
func schema(kind string) (record.Schema, error) {
	s, ok := record.Of(record.Kind(kind))
	if !ok {
		var known []string
		for _, k := range record.Kinds() {
			known = append(known, string(k))
		}
		return s, usage("sorte inconnue\u00a0: %s (sortes\u00a0: %s)", kind, strings.Join(known, ", "))
	}
	return s, nil
}

// assignment splits "field=value".
func assignment(s record.Schema, text string) (record.Field, string, error) {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return record.Field{}, "", usage("%q\u00a0: écrivez champ=valeur", text)
	}
	f, ok := s.Field(strings.TrimSpace(name))
	if !ok {
		var known []string
		for _, f := range s.Fields {
			known = append(known, f.Name)
		}
		return f, "", usage("%s n'a pas de champ %q (champs\u00a0: %s)", s.Kind, name, strings.Join(known, ", "))
	}
	return f, value, nil
}

// value reads the text that was typed for a field. Siblings are the other values of the same
// command: a room's name is looked for at the site that stands beside it.
func value(f record.Field, text string, siblings record.Fields, b record.Book) (any, error) {
	switch f.Type {
	case record.Ref:
		if strings.TrimSpace(text) == "" {
			return nil, nil
		}
		return reference(f, text, siblings, b)
	case record.Refs:
		var ids []any
		for _, part := range strings.Split(text, "|") {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			id, err := reference(f, part, siblings, b)
			if err != nil {
				return nil, err
			}
			ids = append(ids, id)
		}
		if ids == nil {
			return nil, nil
		}
		return ids, nil
	}
	v, err := f.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s\u00a0: %w", f.Name, err)
	}
	return v, nil
}

// reference finds the record that a text names: by id, else by the names of its kind.
func reference(f record.Field, text string, siblings record.Fields, b record.Book) (string, error) {
	text = strings.TrimSpace(text)
	if id, err := uuid.Parse(text); err == nil {
		return id.String(), nil
	}
	if f.Target == record.Site && strings.EqualFold(text, "bus") {
		return only(f, text, siblings, b, "type", "bus")
	}
	for _, field := range names[f.Target] {
		id, err := only(f, text, siblings, b, field, text)
		if err != nil || id != "" {
			return id, err
		}
		if upper := strings.ToUpper(text); upper != text {
			if id, err := only(f, text, siblings, b, field, upper); err != nil || id != "" {
				return id, err
			}
		}
	}
	return "", fmt.Errorf("%s\u00a0: rien ne s'appelle «\u00a0%s\u00a0» ici. Donnez l'identifiant, ou le nom exact", f.Name, text)
}

// only returns the one record whose field has the value, "" where there is none.
func only(f record.Field, text string, siblings record.Fields, b record.Book, field, value string) (string, error) {
	found, err := b.Find(f.Target, field, value)
	if err != nil {
		return "", err
	}
	site := siblings.Text("site")
	var ids []string
	for _, r := range found {
		if f.Target == record.Room && site != "" && r.Fields.Text("site") != site {
			continue
		}
		ids = append(ids, r.ID.String())
	}
	switch len(ids) {
	case 0:
		return "", nil
	case 1:
		return ids[0], nil
	}
	return "", fmt.Errorf("%s\u00a0: %d enregistrements s'appellent «\u00a0%s\u00a0». Donnez l'identifiant de l'un d'eux\u00a0: %s",
		f.Name, len(ids), text, strings.Join(ids, ", "))
}

// values reads every "field=value" of a command, sites first so that rooms are found there.
func values(s record.Schema, typed []string, before record.Fields, b record.Book) (record.Fields, error) {
	set := record.Fields{}
	beside := record.Fields{}
	for k, v := range before {
		beside[k] = v
	}
	for _, sites := range []bool{true, false} {
		for _, text := range typed {
			f, v, err := assignment(s, text)
			if err != nil {
				return nil, err
			}
			if (f.Target == record.Site) != sites {
				continue
			}
			parsed, err := value(f, v, beside, b)
			if err != nil {
				return nil, err
			}
			set[f.Name], beside[f.Name] = parsed, parsed
		}
	}
	return set, nil
}
