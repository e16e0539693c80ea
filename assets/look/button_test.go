package look

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"
)

func TestButtonIsPressedByKeysAndFingers(t *testing.T) {
	desk(t)
	n := 0
	b := NewButton("Enregistrer", "check", Primary, func() { n++ })
	w := window(t, b, 200, 60)
	test.Tap(b)
	w.Canvas().Focus(b)
	press(w, fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter)
	if n != 4 {
		t.Errorf("pressed %d times, want 4", n)
	}
	b.Disable()
	test.Tap(b)
	if n != 4 {
		t.Error("a button that is off was pressed")
	}
}

// TestScanReachesThePageWhateverHasTheFocus: a scanner types letters and Enter; none of it presses the button.
func TestScanReachesThePageWhateverHasTheFocus(t *testing.T) {
	desk(t)
	pressed := 0
	list := NewList(ListOptions{Length: func() int { return 3 }, Make: func() fyne.CanvasObject { return NewRow() }, Fill: func(int, fyne.CanvasObject) {}, Open: func(int) { pressed++ }})
	objects := []fyne.CanvasObject{NewButton("Jeter", "", Danger, func() { pressed++ }), NewTile("door", "Salle 12", "", 60, func() { pressed++ }), list}
	w := window(t, container.NewGridWithRows(3, objects...), 400, 400)
	var typed, code string
	w.Canvas().SetOnTypedRune(func(r rune) { typed += string(r) })
	w.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) {
		if e.Name == fyne.KeyReturn {
			code, typed = typed, ""
		}
	})
	for _, o := range objects {
		code = ""
		w.Canvas().Focus(o.(fyne.Focusable))
		for _, r := range "PC 42" {
			w.Canvas().Focused().TypedRune(r)
			if r == ' ' {
				press(w, fyne.KeySpace)
			}
		}
		press(w, fyne.KeyReturn)
		if code != "PC 42" || pressed != 0 {
			t.Errorf("%T: the page got %q, and %d presses", o, code, pressed)
		}
		press(w, fyne.KeyReturn)
		if pressed != 1 {
			t.Errorf("%T: after the scan Enter presses again: %d presses", o, pressed)
		}
		pressed = 0
	}
}

// TestPageKeysReachThePage from a button and from a field that somebody types in.
func TestPageKeysReachThePage(t *testing.T) {
	desk(t)
	e, b := NewEntry(), NewButton("Jeter", "", Plain, nil)
	w := window(t, container.NewVBox(e, b, NewSelect([]string{"a"}, nil), NewCheck("b", nil)), 300, 300)
	var got []fyne.KeyName
	w.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) { got = append(got, k.Name) })
	for _, f := range []fyne.Focusable{e, b} {
		got = nil
		w.Canvas().Focus(f)
		press(w, fyne.KeyF8, fyne.KeyEscape)
		if len(got) != 2 || got[0] != fyne.KeyF8 || got[1] != fyne.KeyEscape {
			t.Errorf("%T gave the page %v", f, got)
		}
	}
}

// TestShortcutsOfThePageAreTold from those of a field of text. The canvas of the tests' driver hides that it takes
// shortcuts, so that the two halves are tried apart.
func TestShortcutsOfThePageAreTold(t *testing.T) {
	desk(t)
	save := &desktop.CustomShortcut{KeyName: fyne.KeyS, Modifier: fyne.KeyModifierControl}
	if !ours(save) || ours(&desktop.CustomShortcut{KeyName: fyne.KeyLeft, Modifier: fyne.KeyModifierControl}) {
		t.Error("Ctrl+S is the page's, Ctrl+Left moves in the field")
	}
	c, saved := software.NewCanvas(), 0
	c.AddShortcut(save, func(fyne.Shortcut) { saved++ })
	shortcut(c, save)
	if saved != 1 {
		t.Error("the page did not get its shortcut")
	}
}

func TestEntryGivesEscapeToWhoeverAskedForIt(t *testing.T) {
	desk(t)
	e := NewEntry()
	w := window(t, e, 300, 50)
	page, own := 0, 0
	w.Canvas().SetOnTypedKey(func(*fyne.KeyEvent) { page++ })
	e.OnEscape = func() { own++ }
	w.Canvas().Focus(e)
	press(w, fyne.KeyEscape)
	if page != 0 || own != 1 {
		t.Errorf("Escape: page %d, own %d", page, own)
	}
}

func TestTilesAreWalkedByArrows(t *testing.T) {
	desk(t)
	var got string
	tiles := NewTiles(2, []TileOption{{Code: "a", Word: "A"}, {Code: "b", Word: "B"}, {Code: "c", Word: "C"}, {Code: "d", Word: "D"}}, func(c string) { got = c })
	w := window(t, tiles, 400, 300)
	tiles.Focus()
	press(w, fyne.KeyRight, fyne.KeyDown, fyne.KeyLeft, fyne.KeyReturn)
	if got != "c" || tiles.Code() != "c" {
		t.Errorf("arrows led to %q", got)
	}
	press(w, fyne.KeyDown, fyne.KeyReturn)
	if got != "c" {
		t.Errorf("there is nothing under the last row, yet %q", got)
	}
}

func TestRailIsWalkedByArrows(t *testing.T) {
	desk(t)
	opened := ""
	entry := func(s string) RailEntry { return RailEntry{s, "door", func() { opened = s }} }
	w := window(t, Rail([]RailEntry{entry("Lieux"), entry("Parc"), entry("Agenda")}, 0), 110, 400)
	w.Canvas().FocusNext()
	press(w, fyne.KeyUp, fyne.KeyDown, fyne.KeyDown, fyne.KeyDown, fyne.KeyReturn)
	if opened != "Agenda" {
		t.Errorf("Enter opened %q", opened)
	}
}
