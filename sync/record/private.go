package record

import "strings"

// Private reports whether records of kind k in scope hold what is sealed at rest. Of a kind of another
// version only the scope tells.
func Private(k Kind, scope string) bool {
	return strings.HasPrefix(scope, scopePeople+"/") || loaded().clear[k] != nil
}

// Clear reports whether a field of a private record is kept readable at rest, so that it can be looked up:
// one that is nobody's name. A field or a kind of another version may be anything, and is not.
func Clear(k Kind, field string) bool {
	c := loaded()
	if _, known := c.byKind[k]; !known {
		return field == "archived"
	}
	if fields := c.clear[k]; fields != nil {
		return fields[field]
	}
	s, _ := Of(k)
	_, declared := s.Field(field)
	return declared
}

// clearFields returns the fields of a kind that holds personal ones which are not sealed, nil for a kind that
// holds none. What names another record stands open: its id was drawn at random and says nothing to one who
// cannot read what it names, and lists are made by it.
func clearFields(s Schema) map[string]bool {
	personal, out := s.Personal, map[string]bool{}
	for _, f := range s.Fields {
		personal = personal || f.Personal
		out[f.Name] = !f.Personal || f.Type == Ref || f.Type == Refs
	}
	if !personal {
		return nil
	}
	return out
}
