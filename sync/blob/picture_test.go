package blob

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
)

// half is an image with a red left half and a blue right half.
func half(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			if x < w/2 {
				img.Set(x, y, color.RGBA{R: 250, A: 255})
			} else {
				img.Set(x, y, color.RGBA{B: 250, A: 255})
			}
		}
	}
	return img
}

// photo is a JPEG as a camera writes it: with how it was held, and where.
func photo(t *testing.T, w, h, turn int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, half(w, h), nil); err != nil {
		t.Fatal(err)
	}
	tiff := []byte("II*\x00\x08\x00\x00\x00\x01\x00")
	tiff = binary.LittleEndian.AppendUint16(tiff, tagOrientation)
	tiff = append(tiff, 3, 0, 1, 0, 0, 0, byte(turn), 0, 0, 0, 0, 0, 0, 0)
	segment := append([]byte("Exif\x00\x00"), append(tiff, "GPS 45.03 2.96 Aurillac"...)...)
	out := append([]byte{0xff, 0xd8, 0xff, app1}, binary.BigEndian.AppendUint16(nil, uint16(len(segment)+2))...)
	return append(append(out, segment...), b.Bytes()[2:]...)
}

func TestAPhotoTravelsWithoutItsPlace(t *testing.T) {
	raw := photo(t, 400, 200, 1)
	p, err := Clean(raw)
	if err != nil || p.MIME != "image/jpeg" || p.Width != 400 {
		t.Fatalf("%s %d, %v", p.MIME, p.Width, err)
	}
	for _, b := range [][]byte{p.Content, p.Thumb} {
		if bytes.Contains(b, []byte("Exif")) || bytes.Contains(b, []byte("GPS")) {
			t.Error("what the camera noted is still there")
		}
	}
	small, _, err := image.DecodeConfig(bytes.NewReader(p.Thumb))
	if err != nil || small.Width != thumbSide || small.Height != thumbSide/2 {
		t.Errorf("%+v, %v", small, err)
	}
}

func TestAPhotoIsTurnedUpright(t *testing.T) {
	// Where the red half of the stored image is once it is upright.
	for turn, red := range map[int]string{1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top", 7: "bottom", 8: "bottom"} {
		p, err := Clean(photo(t, 64, 64, turn))
		if err != nil {
			t.Fatal(err)
		}
		img, err := jpeg.Decode(bytes.NewReader(p.Content))
		if err != nil {
			t.Fatal(err)
		}
		at := map[string]image.Point{"left": {8, 32}, "right": {56, 32}, "top": {32, 8}, "bottom": {32, 56}}[red]
		if r, _, b, _ := img.At(at.X, at.Y).RGBA(); r < b {
			t.Errorf("held as %d: red is not at the %s", turn, red)
		}
	}
}

func TestALargePictureIsMadeSmall(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, half(3000, 300)); err != nil {
		t.Fatal(err)
	}
	p, err := Clean(b.Bytes())
	if err != nil || p.Width != maxSide || p.Height != 300*maxSide/3000 || p.MIME != "image/png" {
		t.Errorf("%d × %d %s, %v", p.Width, p.Height, p.MIME, err)
	}
}

func TestWhatCannotBeCleanedIsRefused(t *testing.T) {
	heic := []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00")
	if mime, picture := TypeOf(heic); !picture || mime != "image/heic" {
		t.Errorf("%s", mime)
	}
	for _, b := range [][]byte{heic, []byte("\x89PNG\r\n\x1a\nrien"), photo(t, 20, 20, 1)[:60]} {
		if _, err := Clean(b); !errors.Is(err, ErrPicture) {
			t.Errorf("%v", err)
		}
	}
	if mime, picture := TypeOf([]byte("%PDF-1.7 facture")); picture || mime != "application/pdf" {
		t.Errorf("%s is taken for a picture", mime)
	}
}

// What came from others is drawn as it travels: a small file may claim any size, and an image of another format, as SVG, any
// amount of work.
func TestOnlyWhatTravelsIsDrawn(t *testing.T) {
	whole, err := Clean(photo(t, 3000, 2000, 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, good := range [][]byte{whole.Content, whole.Thumb} {
		if err := Drawable(good); err != nil {
			t.Error(err)
		}
	}
	var wide bytes.Buffer
	if err := png.Encode(&wide, image.NewGray(image.Rect(0, 0, 40_000, 300))); err != nil {
		t.Fatal(err)
	}
	webp := []byte("RIFF\x1e\x00\x00\x00WEBPVP8L\x11\x00\x00\x00\x2f\x00\x00\x00\x00")
	for name, bad := range map[string][]byte{"too wide": wide.Bytes(), "svg": []byte("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), "webp": webp, "cut": whole.Content[:10], "nothing": nil} {
		if err := Drawable(bad); !errors.Is(err, ErrPicture) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Phones and cameras write one format under many names: none of them may pass for a document, with where and when in it.
func TestNoNameOfAPhotoPassesForADocument(t *testing.T) {
	for _, brand := range []string{"heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "mif2", "msf1", "avif", "avis", "jxl ", "crx "} {
		if _, picture := TypeOf([]byte("\x00\x00\x00\x18ftyp" + brand + "\x00\x00\x00\x00")); !picture {
			t.Errorf("%q is taken for a document", brand)
		}
	}
	for _, jxl := range []string{"\xff\x0a\x00\x00", "\x00\x00\x00\x0cJXL \r\n\x87\n\x00\x00"} {
		if _, picture := TypeOf([]byte(jxl)); !picture {
			t.Errorf("%q is taken for a document", jxl)
		}
	}
	if mime, picture := TypeOf([]byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom")); picture || mime != "video/mp4" {
		t.Errorf("a film is taken for a picture: %s", mime)
	}
}

func FuzzClean(f *testing.F) {
	f.Add([]byte{0xff, 0xd8, 0xff, app1, 0, 4, 'E', 'x'})
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x12Exif\x00\x00II*\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		orientation(b)
		orientationOf(b)
	})
}
