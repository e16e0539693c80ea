package blob

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"
	"strings"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // phones and browsers write it
)

// Limits of pictures.
const (
	maxSide     = 2048     // pixels, of what travels
	thumbSide   = 320      // pixels, of what a list shows
	maxPixels   = 80 << 20 // of what is decoded: a small file may claim any size
	quality     = 85       // of JPEG
	thumbnails  = 75
	pictureType = "image/jpeg"
)

// ErrPicture says that an image cannot be read, and so cannot be freed of where and when it was taken.
var ErrPicture = errors.New("cette image ne se lit pas ici\u00a0: enregistrez-la en JPEG ou en PNG, puis ajoutez-la de nouveau")

// Picture is an image that may travel: JPEG or PNG, written afresh.
type Picture struct {
	Content       []byte
	MIME          string
	Width, Height int
	Thumb         []byte // JPEG of at most 320 pixels
}

// TypeOf returns the MIME type of a file's content, and whether it is to be treated as a picture.
func TypeOf(content []byte) (mime string, picture bool) {
	mime = http.DetectContentType(content)
	// The photos of some phones: the standard library knows neither their name nor how to read them.
	if len(content) > 12 && string(content[4:8]) == "ftyp" {
		switch string(content[8:12]) {
		case "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "mif2", "msf1", "avif", "avis", "jxl ", "crx ":
			return "image/heic", true
		}
	}
	if bytes.HasPrefix(content, []byte("\xff\x0a")) || bytes.HasPrefix(content, []byte("\x00\x00\x00\x0cJXL ")) {
		return "image/jxl", true
	}
	if bytes.HasPrefix(content, []byte("II*\x00")) || bytes.HasPrefix(content, []byte("MM\x00*")) {
		return "image/tiff", true
	}
	mime, _, _ = strings.Cut(mime, ";")
	return mime, strings.HasPrefix(mime, "image/")
}

// Clean decodes a picture, turns it upright, makes it small, and writes it afresh: nothing that the camera
// noted beside the image is left.
func Clean(content []byte) (Picture, error) {
	var p Picture
	about, _, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil || about.Width*about.Height > maxPixels || about.Width*about.Height <= 0 {
		return p, fmt.Errorf("%w (%d × %d, %w)", ErrPicture, about.Width, about.Height, errors.Join(err, image.ErrFormat))
	}
	img, format, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return p, fmt.Errorf("%w (%w)", ErrPicture, err)
	}
	img = upright(scaled(img, maxSide), orientation(content))
	p.Width, p.Height = img.Bounds().Dx(), img.Bounds().Dy()
	var b bytes.Buffer
	if p.MIME = pictureType; format == "png" {
		p.MIME = "image/png"
		err = png.Encode(&b, img)
	} else {
		err = jpeg.Encode(&b, img, &jpeg.Options{Quality: quality})
	}
	if err != nil {
		return p, fmt.Errorf("blob: write a picture: %w", err)
	}
	p.Content = b.Bytes()
	var small bytes.Buffer
	if err := jpeg.Encode(&small, onWhite(scaled(img, thumbSide)), &jpeg.Options{Quality: thumbnails}); err != nil {
		return p, fmt.Errorf("blob: write a thumbnail: %w", err)
	}
	p.Thumb = small.Bytes()
	return p, nil
}

// Drawable reports whether a picture that came from others is as it travels, and so can be drawn at no great cost: a small
// file may claim any size. The error is ErrPicture.
func Drawable(content []byte) error {
	about, format, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil || format != "jpeg" && format != "png" || max(about.Width, about.Height) > maxSide {
		return fmt.Errorf("%w (%s, %d × %d, %w)", ErrPicture, format, about.Width, about.Height, errors.Join(err, image.ErrFormat))
	}
	return nil
}

// scaled returns the image at most side pixels wide and high.
func scaled(img image.Image, side int) image.Image {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	long := max(w, h)
	if long <= side {
		return img
	}
	out := image.NewRGBA(image.Rect(0, 0, max(1, w*side/long), max(1, h*side/long)))
	draw.CatmullRom.Scale(out, out.Bounds(), img, img.Bounds(), draw.Src, nil)
	return out
}

// onWhite gives a picture that may be transparent the ground that JPEG lacks.
func onWhite(img image.Image) image.Image {
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Over)
	return out
}

// upright turns an image as EXIF's orientation says, 1 for as it is.
func upright(img image.Image, turn int) image.Image {
	if turn < 2 || turn > 8 {
		return img
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	size := image.Rect(0, 0, w, h)
	if turn >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			c := img.At(b.Min.X+x, b.Min.Y+y)
			switch turn {
			case 2:
				out.Set(w-1-x, y, c)
			case 3:
				out.Set(w-1-x, h-1-y, c)
			case 4:
				out.Set(x, h-1-y, c)
			case 5:
				out.Set(y, x, c)
			case 6:
				out.Set(h-1-y, x, c)
			case 7:
				out.Set(h-1-y, w-1-x, c)
			case 8:
				out.Set(y, w-1-x, c)
			}
		}
	}
	return out
}
