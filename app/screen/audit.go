package screen

import (
	"fmt"
	"slices"
	"strings"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"github.com/google/uuid"
)

// auditPage is the tour of one room with a scanner: what is expected, found, foreign and unknown, live, and
// shared by everybody who is in that room.
type auditPage struct {
	room, audit, visit uuid.UUID
	name               string
	said               string             // what the last scan did, in words
	shape              record.Shape       // and as a mark
	last               uuid.UUID          // machine of the last scan
	scan               uuid.UUID          // act of the last scan, to be taken back
	cue                *look.Cue          // how it sounds, until it is told
	absents            map[uuid.UUID]bool // looked for, and not here
	ending             bool               // the list of what would be missing is shown
	side               int                // list that is shown where there is room for one
	entry              *look.Entry
}

func (p *auditPage) Title() string {
	if p.name == "" {
		return "Salle"
	}
	return p.name
}

func (p *auditPage) Primary(s *Shell) *Action {
	p.find(s)
	if p.name = s.titleOf(p.room); p.audit == uuid.Nil {
		if !s.mayCreate(record.RoomAudit) {
			return nil
		}
		return &Action{"Commencer le tour", "barcode", s.signed(func() { p.begin(s) })}
	}
	if p.open(s) && !p.ending {
		return &Action{"Terminer la salle", "check", func() { p.ending = true; s.draw() }}
	}
	return nil
}

// find picks up the tour of this room that is not ended, if there is one.
func (p *auditPage) find(s *Shell) {
	if p.audit != uuid.Nil {
		return
	}
	open, err := s.r.List(s.ctx, replica.Query{Kind: record.RoomAudit, Where: []replica.Cond{{Field: "room", Value: p.room.String()}, {Field: "ended"}}, Order: []string{"-begun"}, Limit: 1})
	if err == nil && len(open) > 0 {
		p.audit = open[0].ID
	}
}

func (p *auditPage) open(s *Shell) bool {
	a, ok, err := s.book().Get(p.audit)
	return err == nil && ok && !a.Fields.Has("ended")
}

func (p *auditPage) begin(s *Shell) bool {
	set := record.Default(record.RoomAudit, s.r.Now())
	set["room"] = p.room.String()
	if p.visit == uuid.Nil {
		p.visit = s.visitHere(uuid.Nil, p.room)
	}
	if p.visit != uuid.Nil {
		set["visit"] = p.visit.String()
	}
	saved, err := s.save(replica.Change{Kind: record.RoomAudit, Set: set})
	if err != nil {
		return false
	}
	p.audit = saved.IDs[0]
	s.draw()
	return true
}

// result derives the tour from its scans, whichever device made them.
func (p *auditPage) result(s *Shell) (record.Audit, []record.Record, error) {
	expected, err := s.r.List(s.ctx, replica.Query{Kind: record.Equipment, Where: []replica.Cond{{Field: "room", Value: p.room.String()}}, Order: []string{"tag"}})
	if err != nil {
		return record.Audit{}, nil, err
	}
	var scans []record.Record
	audit := record.Record{Fields: record.Fields{}}
	if p.audit != uuid.Nil {
		if scans, err = s.r.List(s.ctx, replica.Query{Kind: record.Scan, Where: []replica.Cond{{Field: "audit", Value: p.audit.String()}}, Order: []string{"at"}}); err != nil {
			return record.Audit{}, nil, err
		}
		if a, ok, err := s.book().Get(p.audit); err == nil && ok {
			audit = a
		}
	}
	p.absents = map[uuid.UUID]bool{}
	for _, a := range scans {
		if a.Fields.Bool("absent") {
			p.absents[a.Fields.ID("equipment")] = true
		}
	}
	return record.AuditResult(audit, expected, scans, func(id uuid.UUID) (record.Record, bool) {
		rec, ok, err := s.book().Get(id)
		return rec, ok && err == nil
	}), expected, nil
}

func (p *auditPage) Content(s *Shell) fyne.CanvasObject {
	p.find(s)
	p.name = s.titleOf(p.room)
	res, expected, err := p.result(s)
	if err != nil {
		return look.Problem(sentence(err))
	}
	if p.ending {
		p.entry = nil
		return p.confirm(s, res)
	}
	open := p.audit != uuid.Nil && p.open(s)
	if !open {
		p.entry = nil
	}
	seen, roof := look.Muted(look.Count(len(res.Found), "vu", "vus")+" sur "+look.Number(len(expected))), look.Roof(len(res.Found), len(expected))
	head := container.NewVBox(seen, roof)
	if s.large() {
		head = container.NewVBox(container.NewBorder(nil, nil, seen, nil, roof)) // the lists need the room
	}
	if open {
		head.Add(p.field(s))
		if p.said != "" {
			head.Add(p.told(s))
		}
	}
	if len(expected) == 0 && len(res.Foreign) == 0 {
		head.Add(look.Body("Aucun appareil attendu ici. Scannez pour en ajouter."))
	}
	columns := p.columns(s, res)
	var foot fyne.CanvasObject
	if len(res.Unknown) > 0 {
		foot = p.unknown(s, res.Unknown)
	}
	if open && !s.large() {
		keys := look.Wrapped(look.Caption("Entrée\u00a0: suivant · F4\u00a0: créer d'après le dernier · F6\u00a0: absent · Échap\u00a0: pause"))
		foot = container.NewVBox(append(objects(foot), keys)...)
	}
	return container.NewBorder(head, foot, nil, nil, columns)
}

func objects(o fyne.CanvasObject) []fyne.CanvasObject {
	if o == nil {
		return nil
	}
	return []fyne.CanvasObject{o}
}

// told shows what the last scan did, large; what is new sounds and flashes once, for eyes on the shelf.
func (p *auditPage) told(s *Shell) fyne.CanvasObject {
	flash := look.NewFlash(container.NewBorder(nil, nil, look.NewMark(p.shape, "", true), nil, look.Wrapped(look.Title(p.said))))
	if p.cue != nil {
		flash.Cue(*p.cue)
		s.sounds.Play(*p.cue)
		p.cue = nil
	}
	return flash
}

// tell says what a scan did.
func (p *auditPage) tell(said string, shape record.Shape, cue look.Cue) {
	p.said, p.shape, p.cue = said, shape, &cue
}

// Focus goes back to the field after everything: nothing but the scanner need be touched.
func (p *auditPage) Focus(s *Shell) {
	if p.entry != nil {
		s.win.Canvas().Focus(p.entry)
	}
}

// Arrived shows at once what another tablet has seen in this room; half a code stays in the field.
func (p *auditPage) Arrived(s *Shell) { s.draw() }

// field is where codes are scanned; the focus returns to it after everything.
func (p *auditPage) field(s *Shell) fyne.CanvasObject {
	e := look.NewEntry()
	e.OnKey = func(k *fyne.KeyEvent) bool {
		return (k.Name == fyne.KeyEscape || k.Name == fyne.KeyF4 || k.Name == fyne.KeyF6) && p.Key(s, k.Name)
	}
	e.SetPlaceHolder("Scanner ou taper un code")
	if p.entry != nil {
		e.SetText(p.entry.Text)
		e.CursorColumn = len([]rune(e.Text))
	}
	e.OnSubmitted = func(text string) {
		e.SetText("")
		p.Scanned(s, text)
	}
	p.entry = e
	row := container.NewBorder(nil, nil, nil, button("Annuler le dernier", "arrow-u-up-left", look.Plain, s.signed(func() { p.undo(s) })), middle(e))
	return row
}

// side is one list of a tour.
type side struct {
	title string
	shape record.Shape
	list  []record.Record
	move  bool // what is in it can be moved here
}

// columns shows what is expected, found and foreign side by side; where text is large one of them at a time, with how
// many are in each.
func (p *auditPage) columns(s *Shell, res record.Audit) fyne.CanvasObject {
	sides := []side{{"Attendus", record.NotBegun, append(res.Waiting, res.Missing...), false}, {"Trouvés", record.Good, res.Found, false},
		{"Étrangers", record.Elsewhere, res.Foreign, true}}
	if !s.large() {
		grid := container.NewGridWithColumns(len(sides))
		for _, c := range sides {
			grid.Add(container.NewBorder(look.Title(fmt.Sprintf("%s (%d)", c.title, len(c.list))), nil, nil, nil, p.column(s, c)))
		}
		return grid
	}
	var chips []*look.Button
	for i, c := range sides {
		chips = append(chips, look.NewChip(c.title, len(c.list), i == p.side, func() { p.side = i; s.draw() }))
	}
	return container.NewBorder(look.Chips(chips...), nil, nil, nil, p.column(s, sides[p.side]))
}

func (p *auditPage) column(s *Shell, c side) fyne.CanvasObject {
	box := container.NewVBox()
	for _, e := range c.list {
		mark, word := c.shape, ""
		if p.absents[e.ID] && c.shape == record.NotBegun {
			mark, word = record.Wrong, "absent"
		}
		row := look.NewRowTap(mark, record.Title(e, nil), s.titleOf(e.Fields.ID("type")), word, func() { s.open(e) })
		if !c.move {
			box.Add(row)
			continue
		}
		box.Add(container.NewBorder(nil, nil, nil, button("Déplacer ici", "map-pin", look.Plain, s.signed(func() {
			if _, err := s.save(replica.Change{ID: e.ID, Set: record.Fields{"room": p.room.String()}}); err == nil {
				s.draw()
			}
		})), row))
	}
	return container.NewVScroll(box)
}

func (p *auditPage) unknown(s *Shell, codes []string) fyne.CanvasObject {
	row := container.NewHBox(container.NewCenter(look.Bold("Codes inconnus")))
	for _, c := range codes {
		row.Add(button(c, "plus", look.Plain, func() { p.create(s, c) }))
	}
	return container.NewHScroll(row)
}

// create opens a form for a new machine of this room.
func (p *auditPage) create(s *Shell, code string) {
	set := record.Fields{"room": p.room.String(), "tag": code}
	if last, ok, err := s.book().Get(p.last); err == nil && ok {
		for _, f := range []string{"type", "level", "brand", "model", "network", "bought", "price"} {
			if v := last.Fields[f]; v != nil {
				set[f] = v
			}
		}
	}
	if room, ok, err := s.book().Get(p.room); err == nil && ok {
		set["site"] = room.Fields["site"]
	}
	s.Push(newForm(record.Equipment, set))
}

// Scanned takes one code: it proves that the machine is here, and moves nothing.
func (p *auditPage) Scanned(s *Shell, code string) bool {
	if code == "" {
		return true
	}
	if p.audit == uuid.Nil && !s.mayCreate(record.RoomAudit) {
		return false
	}
	repaired, changed := look.Repair(code)
	shown := repaired
	if changed {
		shown = fmt.Sprintf("%s (lu %s)", repaired, code)
	}
	found, err := s.r.Scan(s.ctx, repaired)
	if err != nil {
		s.say(sentence(err))
		return true
	}
	if len(found) == 1 && found[0].Kind != record.Equipment {
		s.open(found[0])
		return true
	}
	at := s.r.Now().UnixMilli()
	s.sign(func() {
		if p.audit == uuid.Nil && !p.begin(s) {
			return
		}
		set := record.Fields{"audit": p.audit.String(), "room": p.room.String(), "at": at, "code": repaired}
		if len(found) == 1 {
			if p.repeated(s, found[0]) {
				s.draw()
				return
			}
			set["equipment"] = found[0].ID.String()
		}
		p.record(s, set, shown, found)
		s.draw()
	})
	return true
}

// repeated says when a machine was seen already.
func (p *auditPage) repeated(s *Shell, e record.Record) bool {
	res, _, err := p.result(s)
	if err != nil {
		return false
	}
	first, seen := res.Seen[e.ID]
	if seen {
		p.tell(record.Title(e, nil)+" · déjà vu à "+look.Clock(msTime(first.Fields.Int("at"))), record.Waiting, look.Repeated)
		p.last = e.ID
	}
	return seen
}

func (p *auditPage) record(s *Shell, set record.Fields, shown string, found []record.Record) {
	saved, err := s.r.Save(s.ctx, s.operator(), replica.Change{Kind: record.Scan, Set: set})
	if err != nil {
		p.tell(sentence(err), record.Wrong, look.Unknown)
		return
	}
	p.scan = saved.IDs[0]
	if len(found) != 1 {
		p.tell("Inconnu · "+shown, record.Wrong, look.Unknown)
		return
	}
	p.last = found[0].ID
	if name := record.Title(found[0], nil); !strings.HasPrefix(shown, name) {
		shown = name + " (lu " + strings.Replace(shown, "(lu", "pour", 1) + ")"
	}
	if found[0].Fields.ID("room") == p.room {
		p.tell("Trouvé · "+shown, record.Good, look.Found)
		return
	}
	p.tell(join("Étranger", shown, "attendu "+elsewhere(s, found[0])), record.Elsewhere, look.Found)
}

// elsewhere says where a foreign machine is expected: its room, with its place where that is another one.
func elsewhere(s *Shell, e record.Record) string {
	room := e.Fields.ID("room")
	if room == uuid.Nil {
		return "nulle part"
	}
	return s.titleOf(room)
}

// undo takes the last scan back, and nothing else.
func (p *auditPage) undo(s *Shell) {
	if p.scan == uuid.Nil {
		return
	}
	if _, err := s.save(replica.Change{ID: p.scan, Set: record.Fields{"archived": true}}); err == nil {
		p.scan, p.said = uuid.Nil, "Dernier pointage annulé"
		p.shape = record.Closed
	}
	s.draw()
}

func (p *auditPage) Key(s *Shell, k fyne.KeyName) bool {
	switch k {
	case fyne.KeyF4:
		p.create(s, "")
	case fyne.KeyF6:
		s.sign(func() { p.absent(s) })
	case fyne.KeyF9:
		if p.audit == uuid.Nil {
			s.sign(func() { p.begin(s) })
		}
	case fyne.KeyEscape:
		if p.ending {
			p.ending = false
			s.draw()
			return true
		}
		s.Back()
	default:
		return false
	}
	return true
}

// absent notes that the first machine still awaited was looked for and is not here.
func (p *auditPage) absent(s *Shell) {
	res, _, err := p.result(s)
	if err != nil || p.audit == uuid.Nil {
		return
	}
	i := slices.IndexFunc(res.Waiting, func(e record.Record) bool { return !p.absents[e.ID] })
	if i < 0 {
		return
	}
	e := res.Waiting[i]
	if _, err := s.save(replica.Change{Kind: record.Scan, Set: record.Fields{"audit": p.audit.String(), "room": p.room.String(),
		"at": s.r.Now().UnixMilli(), "equipment": e.ID.String(), "absent": true}}); err == nil {
		p.said, p.shape = "Absent · "+record.Title(e, nil), record.Wrong
	}
	s.draw()
}

// confirm lists what ending the tour makes missing.
func (p *auditPage) confirm(s *Shell, res record.Audit) fyne.CanvasObject {
	text := "Tout ce qui était attendu a été vu."
	if n := len(res.Waiting); n > 0 {
		text = look.Count(n, "appareil sera noté manquant", "appareils seront notés manquants") + "\u00a0:"
	}
	box := container.NewVBox(look.Body(text))
	for _, e := range res.Waiting {
		box.Add(look.NewRowTap(record.Wrong, record.Title(e, nil), s.titleOf(e.Fields.ID("type")), "manquant", nil))
	}
	foot := container.NewHBox(button("Terminer la salle", "check", look.Primary, s.signed(func() {
		set := record.Fields{"ended": s.r.Now().UnixMilli()}
		if op := s.operator(); op != uuid.Nil {
			set["ended_by"] = op.String()
		}
		if _, err := s.save(replica.Change{ID: p.audit, Set: set}); err == nil {
			p.ending = false
			s.draw()
		}
	})), button("Continuer le tour", "caret-left", look.Plain, func() { p.ending = false; s.draw() }))
	return container.NewBorder(nil, foot, nil, nil, container.NewVScroll(look.Card(theme.ColorNameWarning, box)))
}
