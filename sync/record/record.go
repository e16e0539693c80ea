// Package record says what people record: one plain struct per kind, its fields with their French
// labels, its rules, the scope it lives in and who may read or write it. It stores nothing and knows
// neither journal nor network. Its invariant: a rule is checked when someone writes, never when a
// record is received.
package record

import "github.com/google/uuid"

// Kind names one kind of record; it is part of the signed format and never changes.
type Kind string

// Kinds of this version.
const (
	Operator        Kind = "operator"
	Site            Kind = "site"
	Event           Kind = "event"
	Workshop        Kind = "workshop"
	Charter         Kind = "charter"
	CharterAdoption Kind = "charter_adoption"
	Room            Kind = "room"
	EquipmentType   Kind = "equipment_type"
	Equipment       Kind = "equipment"
	Visit           Kind = "visit"
	RoomAudit       Kind = "room_audit"
	Scan            Kind = "scan"
	Intervention    Kind = "intervention"
	ClassMember     Kind = "class_member"
	Acknowledgement Kind = "acknowledgement"
	Attendance      Kind = "attendance"
)

// Fields are a record's values by field name. A value is nil, bool, int64, string, []byte, []any or
// map[string]any: references are UUID text, days are days since 1970-01-01, instants are Unix
// milliseconds, money is in cents.
type Fields map[string]any

// Record is one thing recorded, as it stands now.
type Record struct {
	ID     uuid.UUID
	Kind   Kind
	Scope  string
	Fields Fields
}

// Book looks other records up while a rule is checked. The replica has one.
type Book interface {
	// Get returns the record with this id, and false where this device does not hold it.
	Get(id uuid.UUID) (Record, bool, error)
	// Find returns the records of kind k, archived ones left out, whose field has this value.
	Find(k Kind, field string, value any) ([]Record, error)
}
