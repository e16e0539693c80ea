package look

import (
	"cantal.fr/buron/assets"
	"cantal.fr/buron/sync/record"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

// Icon returns an icon, by its Phosphor name, in a colour of the theme.
func Icon(name string, c fyne.ThemeColorName) fyne.Resource {
	return theme.NewColoredResource(fyne.NewStaticResource(name+".svg", assets.Icon(name)), c)
}

// IconImage returns an icon as an object of a fixed size.
func IconImage(name string, c fyne.ThemeColorName, size float32) *canvas.Image {
	return picture(Icon(name, c), size, size)
}

func picture(r fyne.Resource, w, h float32) *canvas.Image {
	img := canvas.NewImageFromResource(r)
	img.FillMode = canvas.ImageFillContain
	img.SetMinSize(fyne.NewSize(w, h))
	return img
}

// KindIcon returns the icon of a kind of record: one noun, one icon, everywhere.
func KindIcon(k record.Kind) string {
	switch k {
	case record.Operator:
		return "user"
	case record.Site:
		return "buildings"
	case record.Room:
		return "door"
	case record.EquipmentType:
		return "package"
	case record.Equipment:
		return "desktop"
	case record.Visit:
		return "map-pin"
	case record.RoomAudit:
		return "clipboard-text"
	case record.Scan:
		return "barcode"
	case record.Intervention:
		return "wrench"
	case record.Event:
		return "flag"
	case record.Workshop:
		return "presentation"
	case record.Charter, record.CharterAdoption:
		return "seal-check"
	case record.ClassMember:
		return "student"
	case record.Acknowledgement:
		return "signature"
	case record.Attendance:
		return "pencil-line"
	}
	return "folders"
}
