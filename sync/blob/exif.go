package blob

import (
	"bytes"
	"encoding/binary"
)

// Markers of JPEG and tags of EXIF.
const (
	startOfScan    = 0xda
	app1           = 0xe1
	tagOrientation = 0x0112
)

// orientation returns what the EXIF of a JPEG says of how it was held, 1 where it says nothing.
func orientation(jpeg []byte) int {
	if !bytes.HasPrefix(jpeg, []byte{0xff, 0xd8}) {
		return 1
	}
	for b := jpeg[2:]; len(b) >= 4 && b[0] == 0xff && b[1] != startOfScan; {
		n := 2 + int(binary.BigEndian.Uint16(b[2:]))
		if n > len(b) {
			break
		}
		if tiff, ok := bytes.CutPrefix(b[4:max(4, n)], []byte("Exif\x00\x00")); ok && b[1] == app1 {
			return orientationOf(tiff)
		}
		b = b[n:]
	}
	return 1
}

// orientationOf looks the tag up in the first directory of a TIFF.
func orientationOf(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if tiff[0] == 'M' {
		order = binary.BigEndian
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 1
	}
	count := int(order.Uint16(tiff[at:]))
	for b := tiff[at+2:]; count > 0 && len(b) >= 12; b, count = b[12:], count-1 {
		if order.Uint16(b) == tagOrientation {
			return int(order.Uint16(b[8:]))
		}
	}
	return 1
}
