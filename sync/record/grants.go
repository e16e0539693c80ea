package record

import (
	"slices"
	"strings"
)

// Role is what a device is trusted to do.
type Role string

// Roles of devices.
const (
	Coordination Role = "coordination"
	Agent        Role = "agent"
	Facilitator  Role = "facilitator"
	Host         Role = "host"
	Kiosk        Role = "kiosk"
	Central      Role = "central"
)

// Roles returns every role, the widest first.
func Roles() []Role { return []Role{Coordination, Agent, Facilitator, Host, Kiosk, Central} }

// Label returns the French name of the role.
func (r Role) Label() string {
	switch r {
	case Coordination:
		return "Coordination"
	case Agent:
		return "Agent de maintenance"
	case Facilitator:
		return "Animation du bus"
	case Host:
		return "Accueil d'un tiers-lieu"
	case Kiosk:
		return "Borne publique"
	case Central:
		return "Central"
	}
	return string(r)
}

// Grant lets a device read, create or edit records of a scope. A pattern is a scope, or ends with "*".
type Grant struct {
	Scope              string
	Kinds              []Kind // nil for every kind
	Read, Create, Edit bool
}

// everything is the pattern of all scopes but control, which trust guards itself.
const everything = "*"

// Grants returns what a role may do at the given places (PlaceKey of each). Reading staff is for every
// role but the kiosk; the central writes no record of people's.
func Grants(role Role, places []string) []Grant {
	read := func(scopes ...string) []Grant {
		var out []Grant
		for _, s := range scopes {
			out = append(out, Grant{Scope: s, Read: true})
		}
		return out
	}
	at := func(prefix string, g Grant) []Grant {
		var out []Grant
		for _, p := range places {
			g.Scope = prefix + "/" + p
			out = append(out, g)
		}
		return out
	}
	full := Grant{Read: true, Create: true, Edit: true}
	acts := []Kind{Acknowledgement, Attendance}
	switch role {
	case Coordination:
		return []Grant{{Scope: everything, Read: true, Create: true, Edit: true}}
	case Central:
		return read(everything)
	case Agent:
		out := append(read(ScopeStaff, ScopeAgenda, "governance"),
			Grant{Scope: ScopeParc, Read: true, Create: true, Edit: true},
			Grant{Scope: ScopeAgenda, Kinds: []Kind{Event}, Create: true},
			Grant{Scope: "governance", Kinds: []Kind{"need", "designation", "proposal"}, Create: true})
		return append(out, at(scopePeople, full)...)
	case Facilitator:
		return append(read(ScopeStaff, ScopeAgenda, ScopeParc),
			Grant{Scope: ScopeAgenda, Kinds: []Kind{Event, Workshop, "tour", "stop"}, Create: true, Edit: true},
			Grant{Scope: "parc/bus", Read: true, Create: true, Edit: true},
			Grant{Scope: "people/bus", Read: true, Create: true, Edit: true},
			Grant{Scope: scopePeople + "/*", Kinds: []Kind{Acknowledgement}, Create: true})
	case Host:
		out := append(read(ScopeStaff, ScopeAgenda),
			Grant{Scope: ScopeAgenda, Kinds: []Kind{Event, Workshop, "room_booking"}, Create: true, Edit: true})
		return append(append(out, at(ScopeParc, full)...), at(scopePeople, full)...)
	case Kiosk:
		out := append(read(ScopeAgenda), at(scopePeople, Grant{Kinds: acts, Create: true})...)
		// A registration goes to the place of its workshop, which may be another one.
		return append(out, Grant{Scope: scopePeople + "/*", Kinds: []Kind{Attendance}, Create: true})
	}
	return nil
}

// covers reports whether the pattern of the grant names the scope.
func (g Grant) covers(scope string) bool {
	if prefix, ok := strings.CutSuffix(g.Scope, "*"); ok {
		return strings.HasPrefix(scope, prefix) && scope != "control"
	}
	return g.Scope == scope
}

func (g Grant) names(k Kind) bool { return g.Kinds == nil || slices.Contains(g.Kinds, k) }

// MayRead reports whether one of the grants lets its holder hold the records of scope.
func MayRead(grants []Grant, scope string) bool {
	return slices.ContainsFunc(grants, func(g Grant) bool { return g.Read && g.covers(scope) })
}

// MayCreate reports whether one of the grants lets its holder write new records of kind k in scope.
func MayCreate(grants []Grant, scope string, k Kind) bool {
	return slices.ContainsFunc(grants, func(g Grant) bool { return g.Create && g.covers(scope) && g.names(k) })
}

// MayEdit reports whether one of the grants lets its holder change records that others wrote.
func MayEdit(grants []Grant, scope string, k Kind) bool {
	return slices.ContainsFunc(grants, func(g Grant) bool { return g.Edit && g.covers(scope) && g.names(k) })
}

// MayCreateSomewhere reports whether the grants allow new records of kind k in any scope: whether a
// screen offers to make one.
func MayCreateSomewhere(grants []Grant, k Kind) bool {
	return slices.ContainsFunc(grants, func(g Grant) bool { return g.Create && g.names(k) && (g.Kinds != nil || g.suits(k)) })
}

// suits reports whether a grant for every kind of a scope is one where records of kind k live.
func (g Grant) suits(k Kind) bool {
	s, _ := Of(k)
	switch {
	case g.Scope == everything:
		return true
	case s.Personal:
		return strings.HasPrefix(g.Scope, scopePeople)
	}
	scope, err := ScopeOf(k, Fields{}, nil)
	return err == nil && (g.Scope == scope || strings.HasPrefix(g.Scope, scope+"/"))
}
