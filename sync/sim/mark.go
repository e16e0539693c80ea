package sim

import (
	"bytes"
	"fmt"

	"github.com/google/uuid"
)

// mark is a word that stands in one value and nowhere else, so that it can be looked for in bytes.
type mark string

const (
	markPrefix = "zqx"
	markLen    = len(markPrefix) + 10
)

// newMark draws the next mark.
func (l *life) newMark() mark {
	l.next++
	return mark(fmt.Sprintf("%s%05x%05x", markPrefix, l.seed&0xfffff, l.next))
}

// marksIn finds every mark in the bytes of a disk.
func marksIn(d *disk) (map[mark]bool, error) {
	b, err := d.image()
	if err != nil {
		return nil, err
	}
	out := map[mark]bool{}
	for {
		i := bytes.Index(b, []byte(markPrefix))
		if i < 0 {
			return out, nil
		}
		b = b[i:]
		// A full-text index also keeps the first letters of words alone.
		if len(b) >= markLen && isHex(b[len(markPrefix):markLen]) {
			out[mark(b[:markLen])] = true
		}
		b = b[len(markPrefix):]
	}
}

func isHex(b []byte) bool {
	return len(bytes.Trim(b, "0123456789abcdef")) == 0
}

// write is one field that a person set, as the simulator knows it from outside.
type write struct {
	by        *node
	author    *member
	mark      mark
	scope     string
	id        uuid.UUID
	fields    []string
	seen      map[string][]dot // by field: the versions that its author had before their eyes; nil when not known
	action    [8]byte          // shared by the writes of one action
	confirmed bool             // the device said that it was recorded
	gone      bool             // the disks that held it were destroyed or set back before it was passed on
	forbidden bool             // it must be taken in nowhere
	late      bool             // its record was erased elsewhere before it was written
}
