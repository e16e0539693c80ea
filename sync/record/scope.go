package record

import (
	"errors"

	"github.com/google/uuid"
)

// Scopes of the records that people write. People and the parc of a place add "/" and its PlaceKey.
const (
	ScopeStaff  = "staff"
	ScopeAgenda = "agenda"
	ScopeParc   = "parc"
	scopePeople = "people"
)

// ErrScope is returned where the fields do not say to which place a record belongs.
var ErrScope = errors.New("record: the place of the record is not known here")

// PlaceKey names a place in scopes: the UAI of a collège, "bus" for the bus, else the site's id.
func PlaceKey(site Record) string {
	switch {
	case site.Fields.Text("type") == "bus":
		return "bus"
	case site.Fields.Has("uai"):
		return site.Fields.Text("uai")
	}
	return site.ID.String()
}

// ScopeOf returns the scope of a new record of kind k with these fields.
func ScopeOf(k Kind, f Fields, b Book) (string, error) {
	m, ok := loaded().byKind[k]
	if !ok {
		return "", ErrScope
	}
	return m.scope(f, lookup(b))
}

func inScope(scope string) func(Fields, Book) (string, error) {
	return func(Fields, Book) (string, error) { return scope, nil }
}

// siteOf follows the fields, from the nearest to the farthest, to the site they lead to.
func siteOf(f Fields, b Book, via ...string) (Record, bool, error) {
	for _, field := range via {
		id := f.ID(field)
		if id == uuid.Nil {
			continue
		}
		r, ok, err := b.Get(id)
		if err != nil {
			return r, false, err
		}
		if !ok {
			continue
		}
		if r.Kind == Site {
			return r, true, nil
		}
		if site, ok, err := siteOf(r.Fields, b, "site", "place", "room", "audit", "equipment"); ok || err != nil {
			return site, ok, err
		}
	}
	return Record{}, false, nil
}

// parcScope keeps the equipment of the collèges together, and that of the bus or a tiers-lieu apart.
func parcScope(f Fields, b Book) (string, error) {
	site, ok, err := siteOf(f, b, "site", "room", "audit", "equipment", "visit")
	if err != nil {
		return "", err
	}
	if !ok {
		return ScopeParc, nil
	}
	switch site.Fields.Text("type") {
	case "bus", "tiers_lieu", "halte", "campus_connecte":
		return ScopeParc + "/" + PlaceKey(site), nil
	}
	return ScopeParc, nil
}

// peopleScope is that of the place where the person was.
func peopleScope(via ...string) func(Fields, Book) (string, error) {
	return func(f Fields, b Book) (string, error) {
		site, ok, err := siteOf(f, b, via...)
		if err != nil {
			return "", err
		}
		if !ok {
			return "", ErrScope
		}
		return scopePeople + "/" + PlaceKey(site), nil
	}
}
