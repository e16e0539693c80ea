package trust

import (
	"bytes"
	"maps"
	"slices"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// Roster says which devices the territory has admitted, with which grants, where those end, and which
// records are erased. It never changes: With returns another.
type Roster struct {
	territory   journal.Territory
	entries     map[journal.Hash]*journal.Entry
	keys        map[journal.Incarnation]Key
	root        Key
	rooted      bool
	name        string
	recovery    string        // age recipient to which devices wrap their data keys, "" where there is none
	roots       map[Key][]Cut // keys with root authority; nil cuts: in force, else up to these entries
	pretenders  map[Key]bool  // roots, and what would be one if another had not taken over from the same root
	delegates   map[Key]bool
	named       map[Key]bool     // delegates, and those whom a pretender has named
	admissions  map[Key][]Device // every admission of a key, the latest last
	revocations map[Key][]*Revocation
	twins       map[Key]statement               // by the new key; of several the latest
	ways        map[journal.Hash][]journal.Hash // wayTo, while it is folded
	heirs       map[Key][]Key                   // by the old key, every one that ever said it goes on from it
	former      map[Key][]Key                   // by the new key, those with admissions that it, or one before it, no longer goes on from
	spoke       map[Key]bool                    // those named, and who ever said they go on from one
	proved      map[vouching]bool               // while it is folded, and for the next
	devices     map[Key]Device
	order       []Device
	erasures    []Erasure
	erased      map[uuid.UUID][]string // record → its scopes
	granted     map[Key][]granted
	voided      map[uuid.UUID][]string // the same, of erasures by who may not, or may no longer, make any
	unadmitted  map[Key][]Device       // admissions by who may not, or may no longer, admit
}

// NewRoster folds control entries, in any order. Entries of other scopes are left aside. Every
// entry must have passed Piece.Verify: the roster judges authority, not signatures.
func NewRoster(t journal.Territory, entries []*journal.Entry) *Roster {
	return (&Roster{territory: t}).With(entries)
}

// With returns the roster of the entries known so far and these.
func (r *Roster) With(entries []*journal.Entry) *Roster {
	n := &Roster{
		territory: r.territory, entries: make(map[journal.Hash]*journal.Entry, len(r.entries)+len(entries)),
		keys: map[journal.Incarnation]Key{}, roots: map[Key][]Cut{}, delegates: map[Key]bool{}, devices: map[Key]Device{},
		admissions: map[Key][]Device{}, revocations: map[Key][]*Revocation{}, twins: map[Key]statement{}, heirs: map[Key][]Key{}, former: map[Key][]Key{}, spoke: map[Key]bool{}, erased: map[uuid.UUID][]string{}, voided: map[uuid.UUID][]string{}, granted: map[Key][]granted{}, proved: maps.Clone(r.proved),
		unadmitted: map[Key][]Device{}, pretenders: map[Key]bool{}, named: map[Key]bool{},
	}
	maps.Copy(n.entries, r.entries)
	for _, e := range entries {
		if e.Scope == Control {
			n.entries[e.Hash] = e
		}
	}
	n.fold()
	return n
}

// fold takes the statements in the order of authority: the roots, what they say of delegates, then what
// those delegates say. Within one rank no statement depends on another, so that their order is nothing.
func (r *Roster) fold() {
	r.ways = map[journal.Hash][]journal.Hash{}
	defer func() { r.ways = nil }()
	said := r.statements()
	r.foldRoots(said)
	byRoot := func(s statement) bool { return r.speaksAsRoot(s) }
	vouched := map[[2]Key]bool{}
	for _, s := range said {
		if s.op.Kind == DelegateKind && r.pretenders[s.author] {
			if k, ok := keyCell(s.op, "key"); ok {
				r.named[k] = true
				r.delegates[k] = r.delegates[k] || byRoot(s)
			}
		}
		if s.op.Kind == TwinKind {
			if from, err := r.provedTwin(s); err == nil {
				r.twins[s.author] = s
				if pair := [2]Key{from, s.author}; !vouched[pair] {
					vouched[pair] = true
					r.heirs[from] = append(r.heirs[from], s.author)
				}
			}
		}
	}
	for _, k := range r.everHeirs(slices.Collect(maps.Keys(r.named))...) {
		r.spoke[k] = true
	}
	r.foldRevocations(said, byRoot, true)
	byDelegate := func(s statement) bool { return byRoot(s) || r.speaksAsDelegate(s) }
	r.foldRevocations(said, byDelegate, false)
	for _, s := range said {
		switch {
		case !byDelegate(s) && !r.everSpoke(s.author):
		case s.op.Kind == DeviceKind:
			// Who heard of one before the end of its author took in what the device wrote.
			noteAdmission(map[bool]map[Key][]Device{true: r.admissions, false: r.unadmitted}[byDelegate(s)], s)
		case s.op.Kind == ErasureKind && byDelegate(s):
			if e, ok := noteErasure(r.erased, s); ok {
				r.erasures = append(r.erasures, e)
			}
		case s.op.Kind == ErasureKind:
			noteErasure(r.voided, s) // who heard of it before the end of its author obeyed it
		}
	}
	r.foldGranted()
	r.foldDevices()
}

// statements returns what was said, in the order of later.
func (r *Roster) statements() []statement {
	for _, e := range r.entries {
		if e.Genesis != nil {
			if k, ok := KeyOf(e.Genesis.Key); ok {
				r.keys[e.Incarnation] = k
			}
		}
	}
	var said []statement
	for _, e := range r.entries {
		author, ok := r.keys[e.Incarnation]
		if !ok || e.Critical {
			continue
		}
		for i := range e.Ops {
			if op, err := e.Op(i); err == nil {
				said = append(said, statement{author, e, op})
			}
		}
	}
	slices.SortFunc(said, later)
	return said
}

func (r *Roster) speaksAsRoot(s statement) bool {
	cuts, ok := r.roots[s.author]
	return ok && (cuts == nil || slices.ContainsFunc(cuts, r.within(s.entry)))
}

// speaksAsDelegate reports whether a statement is a delegate's, made before the root ended it.
func (r *Roster) speaksAsDelegate(s statement) bool {
	line := r.delegation(s.author)
	return len(line) > 0 && r.stands(line, uuid.Nil, r.within(s.entry))
}

// delegation returns the keys whose revocations bear on what a delegate says: its own, and those up to the nearest that
// the root has named; none for no delegate.
func (r *Roster) delegation(k Key) []Key {
	line := r.ancestry(k)
	return line[:slices.IndexFunc(line, func(k Key) bool { return r.delegates[k] })+1]
}

// delegate reports whether the key, or one that it goes on from, was ever made a delegate.
func (r *Roster) delegate(k Key) bool {
	return len(r.delegation(k)) > 0
}

// everSpoke reports whether the key was ever a delegate, or a root, of somebody: what it says may be held, and count for
// nothing.
func (r *Roster) everSpoke(k Key) bool {
	return r.pretenders[k] || r.spoke[k]
}

// maxTwins bounds how often a device may have gone on under another key.
const maxTwins = 16

// ancestry returns a key and those that it goes on from.
func (r *Roster) ancestry(k Key) []Key {
	out := []Key{k}
	for len(out) < maxTwins {
		s, ok := r.twins[k]
		if !ok {
			break
		}
		if k, _ = keyCell(s.op, "from"); slices.Contains(out, k) {
			break
		}
		out = append(out, k)
	}
	return out
}

// everHeirs returns keys, and those that ever said they go on from one of them. Who names another key later goes on from
// that one; but what it wrote before is held by who heard of it then, and must not be refused by the others.
func (r *Roster) everHeirs(of ...Key) []Key {
	out, seen := slices.Clone(of), map[Key]bool{}
	for _, k := range of {
		seen[k] = true
	}
	for i := 0; i < len(out); i++ {
		for _, heir := range r.heirs[out[i]] {
			if !seen[heir] {
				seen[heir] = true
				out = append(out, heir)
			}
		}
	}
	return out
}

// foldFormer says which keys with admissions others have said they go on from, and do not any more.
func (r *Roster) foldFormer() {
	for _, from := range slices.SortedFunc(maps.Keys(r.heirs), func(a, b Key) int { return bytes.Compare(a[:], b[:]) }) {
		if len(r.admissions[from])+len(r.unadmitted[from]) == 0 {
			continue
		}
		for _, heir := range r.everHeirs(from)[1:] {
			if !slices.Contains(r.ancestry(heir), from) {
				r.former[heir] = append(r.former[heir], from)
			}
		}
	}
}

// granted is an admission that a key acts under, with the keys whose revocations bear on it: its own, and those
// up to the one that was admitted.
type granted struct {
	Device
	line   []Key
	behind bool // inherited once, or granted by who may not, and named by no admission of its own: nothing counts under it any more
}

// foldGranted says what each key acts under.
func (r *Roster) foldGranted() {
	r.foldFormer()
	for k := range r.admissions {
		r.granted[k] = r.grantedTo(k)
	}
	for k := range r.twins {
		r.granted[k] = r.grantedTo(k)
	}
	for k := range r.unadmitted {
		r.granted[k] = r.grantedTo(k)
	}
}

// grantedTo returns the admissions that a key acts under: those of the first key that a delegate has admitted
// among it and those that it goes on from. What that one had inherited before counts as far as its admissions
// name it; the rest it was once granted, so that an entry written under it is put aside, not refused: it would stop
// the chain of those who lack it, and of them alone. So it is with what who may not admit has granted, and with what
// was granted to a key that it no longer says it goes on from.
func (r *Roster) grantedTo(k Key) []granted {
	line := r.ancestry(k)
	var out []granted
	var named []uuid.UUID
	i := slices.IndexFunc(line, func(k Key) bool { return len(r.admissions[k]) > 0 })
	if i >= 0 {
		for _, a := range r.admissions[line[i]] {
			out = append(out, granted{Device: a, line: line[:i+1]})
			named = append(named, a.Inherits...)
		}
		for j := i + 1; j < len(line); j++ {
			for _, before := range r.admissions[line[j]] {
				out = append(out, granted{before, line[:j+1], !slices.Contains(named, before.RecordID)})
			}
		}
	}
	for j, k := range line {
		for _, void := range r.unadmitted[k] {
			out = append(out, granted{void, line[:j+1], !slices.Contains(named, void.RecordID)})
		}
	}
	for _, from := range r.former[k] {
		for _, before := range append(slices.Clone(r.admissions[from]), r.unadmitted[from]...) {
			out = append(out, granted{before, []Key{k, from}, !slices.Contains(named, before.RecordID)})
		}
	}
	return out
}

// line returns the keys whose revocations bear on what a key writes.
func (r *Roster) line(k Key) []Key {
	out := []Key{k}
	for _, g := range r.granted[k] {
		if g.behind {
			continue
		}
		for _, l := range g.line {
			if !slices.Contains(out, l) {
				out = append(out, l)
			}
		}
	}
	return out
}

// within returns what tells whether a control entry stands at or before a cut, on the cut's branch.
func (r *Roster) within(e *journal.Entry) func(Cut) bool {
	return func(c Cut) bool {
		if c.Incarnation != e.Incarnation || c.Scope != e.Scope || e.Seq > c.Seq {
			return false
		}
		way, back := r.wayTo(c.Hash), c.Seq-e.Seq
		return back >= uint64(len(way)) || way[back] == e.Hash // else the entries between have not arrived yet
	}
}

// wayTo returns the way back from an entry as far as it is held, with what the last one held follows. Each statement of a
// chain is compared with its end: the way is gone once.
func (r *Roster) wayTo(h journal.Hash) []journal.Hash {
	if way := r.ways[h]; way != nil {
		return way
	}
	way := []journal.Hash{h}
	for on := r.entries[h]; on != nil; on = r.entries[on.Prev] {
		way = append(way, on.Prev)
	}
	r.ways[h] = way
	return way
}

// stands reports whether no revocation of one of the keys ends the admission before the entry that within
// tells about.
func (r *Roster) stands(line []Key, admission uuid.UUID, within func(Cut) bool) bool {
	for _, k := range line {
		for _, v := range r.revocations[k] {
			if (v.Grant == uuid.Nil || v.Grant == admission) && !v.allows(within) {
				return false
			}
		}
	}
	return true
}

// foldRevocations takes the revocations and releases of one rank. A delegate ends no delegate, and takes
// back no revocation of the root's.
func (r *Roster) foldRevocations(said []statement, may func(statement) bool, root bool) {
	made := map[uuid.UUID]*Revocation{}
	add := map[Key][]*Revocation{}
	for _, s := range said {
		if s.op.Kind != RevocationKind || !may(s) || (!root && r.speaksAsRoot(s)) {
			continue
		}
		k, ok := keyCell(s.op, "key")
		_, isRoot := r.roots[k]
		if !ok || (!root && (isRoot || r.delegate(k))) {
			continue
		}
		v := &Revocation{ID: s.op.ID, Key: k, Grant: idCell(s.op, "grant"), By: s.author, At: s.entry.HLC, root: root}
		v.Cuts, _ = cutsCell(s.op)
		v.Reason, _ = cell(s.op, "reason").(string)
		made[v.ID] = v
		add[k] = append(add[k], v)
	}
	for _, s := range said {
		v := made[idCell(s.op, "of")]
		if s.op.Kind != ReleaseKind || v == nil || !may(s) {
			continue
		}
		if cuts, given := cutsCell(s.op); given {
			v.released = append(v.released, cuts...)
		} else {
			v.void = true
		}
	}
	// Only now: while the statements of a rank are judged, none of them may count yet.
	for k, list := range add {
		r.revocations[k] = append(r.revocations[k], list...)
	}
}

func noteAdmission(in map[Key][]Device, s statement) {
	key, ok := keyCell(s.op, "key")
	if !ok {
		return
	}
	d := Device{Key: key, RecordID: s.op.ID}
	d.Age, _ = cell(s.op, "age").(string)
	d.Name = nameCell(s.op)
	role, _ := cell(s.op, "role").(string)
	d.Role = record.Role(role)
	inherits, _ := cell(s.op, "inherits").([]any)
	for _, e := range inherits {
		if b, _ := e.([]byte); len(b) == len(uuid.UUID{}) {
			d.Inherits = append(d.Inherits, uuid.UUID(b))
		}
	}
	places, _ := cell(s.op, "places").([]any)
	for _, p := range places {
		if text, ok := p.(string); ok {
			d.Places = append(d.Places, text)
		}
	}
	d.Grants = record.Grants(d.Role, d.Places)
	in[key] = append(in[key], d)
}

// noteErasure notes the records of an erasure in a map of records to scopes; false for one that is not of the form.
func noteErasure(in map[uuid.UUID][]string, s statement) (Erasure, bool) {
	e := erasureOf(s)
	if _, err := e.Fields(); err != nil {
		return e, false
	}
	for _, id := range e.Records {
		in[id] = append(in[id], e.Scope)
	}
	return e, true
}

// foldDevices says what each device is now: its latest admission that stands.
func (r *Roster) foldDevices() {
	for k := range r.admissions {
		r.devices[k] = r.current(k)
	}
	for k, s := range r.twins {
		if _, confirmed := r.admissions[k]; confirmed {
			continue
		}
		if d := r.current(k); d.Role != "" {
			d.Key, d.Twin = k, true
			d.Age, _ = cell(s.op, "age").(string)
			if name := nameCell(s.op); name != "" {
				d.Name = name
			}
			r.devices[k] = d
		}
	}
	for _, d := range r.devices {
		r.order = append(r.order, d)
	}
	slices.SortFunc(r.order, func(a, b Device) int { return bytes.Compare(a.Key[:], b.Key[:]) })
}

// future is where an entry stands that is still to be written: before no cut.
func future(Cut) bool { return false }

// Inherited returns the admissions that a key acts under without having been admitted itself, and those of them that
// have not ended.
func (r *Roster) Inherited(k Key) (all, open []uuid.UUID) {
	for _, g := range r.granted[k] {
		if g.Key == k || g.behind {
			continue
		}
		all = append(all, g.RecordID)
		if r.stands(g.line, g.RecordID, future) {
			open = append(open, g.RecordID)
		}
	}
	return all, open
}

// LeftBehind returns the admissions that a key had inherited and that its own do not name: what it wrote under
// them is aside.
func (r *Roster) LeftBehind(k Key) []uuid.UUID {
	var out []uuid.UUID
	for _, g := range r.granted[k] {
		if g.behind {
			out = append(out, g.RecordID)
		}
	}
	return out
}

// Heirs returns the keys that act under what a key was granted, itself included, in order.
func (r *Roster) Heirs(k Key) []Key {
	out := []Key{k}
	for x := range r.twins {
		if x != k && slices.Contains(r.line(x), k) {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b Key) int { return bytes.Compare(a[:], b[:]) })
	return out
}

// current returns the latest admission of a device that has not ended; where all have, the latest, revoked.
func (r *Roster) current(k Key) Device {
	var d Device
	i := slices.IndexFunc(r.ancestry(k), func(k Key) bool { return len(r.admissions[k]) > 0 })
	if i < 0 {
		return d
	}
	// What it had inherited is behind it: own admissions are of the first key that was admitted.
	list := slices.Clone(r.granted[k][:len(r.admissions[r.ancestry(k)[i]])])
	d = list[len(list)-1].Device
	d.Revoked = true
	for _, g := range slices.Backward(list) {
		if r.stands(g.line, g.RecordID, future) {
			d = g.Device
			break
		}
	}
	if d.Revoked {
		d.Grants = nil
	}
	d.Delegate = !d.Revoked && r.delegate(k)
	return d
}
