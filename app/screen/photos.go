package screen

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"

	"cantal.fr/buron/assets/look"
	"cantal.fr/buron/sync/blob"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"
	"github.com/google/uuid"
)

// thumbHeight is the height of a small picture on a card.
const thumbHeight = 120

// joined shows the photos and documents of a record, and lets more be added.
func (p *cardPage) joined(s *Shell, v replica.View) fyne.CanvasObject {
	box := container.NewVBox()
	for i, j := range v.Joined {
		box.Add(joinedTap(s, v.ID, i, j))
	}
	if s.mayEdit(v.Record) {
		box.Add(button("Ajouter une photo", "camera", look.Plain, func() { p.pick(s, v.ID, storage.NewExtensionFileFilter([]string{".jpg", ".jpeg", ".png", ".webp"})) }))
		box.Add(button("Joindre un document", "file-text", look.Quiet, func() { p.pick(s, v.ID, nil) }))
	}
	return box
}

func joinedTap(s *Shell, id uuid.UUID, n int, j replica.Joined) fyne.CanvasObject {
	open := func() { s.Push(&joinedPage{id: id, n: n, name: j.Name}) }
	if !j.Picture() {
		return look.NewTap(container.NewVBox(look.Wrapped(look.Body(j.Name)), look.Muted(arrival(j))), open)
	}
	img, err := picture(s.r.OpenThumb(s.ctx, id, n))
	if err != nil {
		why := "Pas encore arrivée"
		if errors.Is(err, blob.ErrPicture) {
			why = "Ne se lit pas"
		}
		return look.NewTap(container.NewVBox(look.Wrapped(look.Body(j.Name)), look.Muted(why)), open)
	}
	img.SetMinSize(fyne.NewSize(thumbHeight, thumbHeight))
	return look.NewTap(img, open)
}

// arrival says how much of a document is here.
func arrival(j replica.Joined) string {
	switch {
	case j.Held():
		return look.Size(j.Size)
	case j.Have > 0:
		return fmt.Sprintf("Arrivé à %d\u00a0%%", j.Have*100/j.Size)
	}
	return "Pas encore arrivé"
}

// picture reads an image to be drawn, where it is one that travels: whoever wrote the record may have named anything a photo.
func picture(f io.ReadCloser, err error) (*canvas.Image, error) {
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if err := blob.Drawable(b); err != nil {
		return nil, err
	}
	img := canvas.NewImageFromResource(fyne.NewStaticResource("photo", b))
	img.FillMode = canvas.ImageFillContain
	return img, nil
}

func (p *cardPage) pick(s *Shell, id uuid.UUID, only storage.FileFilter) {
	d := dialog.NewFileOpen(func(f fyne.URIReadCloser, err error) {
		if err != nil || f == nil {
			return
		}
		_ = f.Close()
		p.attach(s, id, f.URI().Path())
	}, s.win)
	d.SetFilter(only)
	d.Show()
}

// Dropped joins the files that were dropped onto the window while the record is shown.
func (p *cardPage) Dropped(s *Shell, paths []string) {
	if rec, ok, err := s.book().Get(p.id); err != nil || !ok || !s.mayEdit(rec) {
		s.say("Le rôle de cet appareil ne permet pas cela. Demandez à la coordination.")
		return
	}
	p.attach(s, p.id, paths...)
}

// dropped hands files that were dropped onto the window to the page that is shown.
func (s *Shell) dropped(_ fyne.Position, files []fyne.URI) {
	var paths []string
	for _, f := range files {
		if f.Scheme() == "file" {
			paths = append(paths, f.Path())
		}
	}
	page, takes := s.page().(dropper)
	switch {
	case len(paths) == 0:
	case takes:
		page.Dropped(s, paths)
	default:
		s.say("Ouvrez d'abord la fiche à laquelle joindre ce fichier, puis déposez-le de nouveau.")
	}
}

// attach joins files beside the window: a large photo takes a moment to be made small.
func (p *cardPage) attach(s *Shell, id uuid.UUID, paths ...string) {
	s.sign(func() { p.join(s, id, paths) })
}

func (p *cardPage) join(s *Shell, id uuid.UUID, paths []string) {
	operator := s.operator()
	change := replica.Change{ID: id}
	for _, path := range paths {
		change.Attach = append(change.Attach, replica.Attachment{Path: path})
	}
	load(s.live, func() (replica.Saved, error) { return s.r.Save(s.ctx, operator, change) }, func(_ replica.Saved, err error) {
		if err != nil {
			s.say(look.Capital(sentence(err)))
		} else {
			s.say("Enregistré")
		}
		s.draw()
	})
}

// joinedField returns what history calls the field under which something is joined.
func joinedField(name string) string {
	switch {
	case strings.HasPrefix(name, "photo."):
		return "Photo"
	case strings.HasPrefix(name, "file."):
		return "Document"
	}
	return name
}

// dropJoined takes out of the fields of a record what is joined to it: a copy of it has photos of its own.
func dropJoined(set record.Fields) {
	maps.DeleteFunc(set, func(name string, _ any) bool { return joinedField(name) != name })
}

// joinedPage shows one photo whole, or what a document is.
type joinedPage struct {
	id   uuid.UUID
	n    int
	name string
}

func (p *joinedPage) Title() string { return p.name }

func (p *joinedPage) Content(s *Shell) fyne.CanvasObject {
	v, err := s.r.Get(s.ctx, p.id)
	if err != nil {
		return look.Problem(sentence(err))
	}
	if p.n >= len(v.Joined) {
		return look.Empty("Cette photo a été retirée.")
	}
	j := v.Joined[p.n]
	actions := container.NewHBox()
	if j.Held() {
		actions.Add(button("Enregistrer une copie", "floppy-disk", look.Plain, func() { p.keep(s) }))
	}
	if s.mayEdit(v.Record) {
		actions.Add(button("Retirer", "trash", look.Quiet, s.signed(func() {
			if _, err := s.save(replica.Change{ID: p.id, Set: record.Fields{j.Field: nil}, Seen: v.Seen}); err == nil {
				s.Back()
			}
		})))
	}
	if !j.Picture() {
		return container.NewVBox(look.Title(j.Name), look.Muted(arrival(j)), actions)
	}
	img, err := picture(s.r.OpenBlob(s.ctx, p.id, p.n))
	if errors.Is(err, replica.ErrMissing) {
		return container.NewVBox(look.Empty("Cette photo n'est pas encore arrivée sur cet appareil. Elle viendra avec un échange, dès qu'un appareil qui l'a sera joint."), actions)
	}
	if err != nil {
		return container.NewVBox(look.Problem(sentence(err)), actions)
	}
	return container.NewBorder(nil, actions, nil, nil, img)
}

// keep writes a copy where the person says.
func (p *joinedPage) keep(s *Shell) {
	d := dialog.NewFileSave(func(w fyne.URIWriteCloser, err error) {
		if err != nil || w == nil {
			return
		}
		src, err := s.r.OpenBlob(s.ctx, p.id, p.n)
		if err == nil {
			_, err = io.Copy(w, src)
			err = errors.Join(err, src.Close())
		}
		if err = errors.Join(err, w.Close()); err != nil {
			s.say(sentence(err))
		}
	}, s.win)
	d.SetFileName(p.name)
	d.Show()
}

// blobChoice lets a device on a network that costs money leave photos for later.
func (s *Shell) blobChoice() fyne.CanvasObject {
	later := s.r.FactsOnly(s.ctx)
	chip := func(label, value string, chosen bool) *look.Button {
		return look.NewChip(label, -1, chosen, func() {
			if err := s.r.SetSetting(s.ctx, replica.SettingFactsOnly, value); err != nil {
				s.say(sentence(err))
			}
			s.draw()
		})
	}
	return container.NewHBox(chip("Les échanger toujours", "", !later), chip("Attendre un réseau gratuit", "1", later))
}
