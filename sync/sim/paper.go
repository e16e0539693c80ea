package sim

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
)

// paper is a photo or a document that a device said it recorded, by the blob that it became.
type paper struct {
	*write
	content []byte // as it was given; nil for the blobs of a photo, which is made anew
	gone    bool   // the disk that alone held it was put back
}

// scratch is where a life has its files: in memory, where the system has a place for that.
func scratch() string {
	const memory = "/dev/shm"
	if about, err := os.Stat(memory); err == nil && about.IsDir() {
		return memory
	}
	return ""
}

// filed is a file of a blob as it stands in a folder.
type filed struct {
	name hash32
	part bool // not whole yet, or of an action that was not confirmed
	path string
	size int64
}

// blobsIn lists the files of a folder of blobs: whole ones under the hash of what they hold, in hexadecimal.
func blobsIn(d *disk) ([]filed, error) {
	var out []filed
	err := filepath.WalkDir(filepath.Join(d.dir, "blobs"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, suffix, _ := strings.Cut(e.Name(), ".")
		b, err := hex.DecodeString(name)
		if err != nil || len(b) != len(hash32{}) {
			return fmt.Errorf("%s is among the blobs", e.Name())
		}
		about, err := e.Info()
		if err != nil {
			return err
		}
		out = append(out, filed{hash32(b), suffix != "", path, about.Size()})
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return out, err
}

// agePapers makes the files of a device old by its own clock, before it starts: what no action has confirmed by
// then was left by a power cut.
func (l *life) agePapers(n *node) error {
	if len(l.papers) == 0 {
		return nil
	}
	list, err := blobsIn(n.disk)
	for _, f := range list {
		at := l.now.Add(n.drift - 2*time.Hour)
		err = errors.Join(err, os.Chtimes(f.path, at, at))
	}
	return err
}

// actAttach has somebody join a document or a photo to a machine.
func (l *life) actAttach() string {
	n := l.one()
	if n == nil {
		return ""
	}
	forms := slices.DeleteFunc(l.forms(n.member), func(f form) bool { return f.kind != record.Equipment })
	if len(forms) == 0 {
		return ""
	}
	if _, err := n.r.Get(l.ctx, l.land.sites["workshop"]); errors.Is(err, replica.ErrUnknown) {
		return ""
	}
	f := pick(l.random, forms)
	w := &write{by: n, author: n.member, mark: l.newMark(), scope: f.scope, fields: []string{f.field}, seen: map[string][]dot{}}
	f.fields[f.field] = string(w.mark)
	c := replica.Change{Kind: f.kind, Set: f.fields}
	size, content := 1+l.random.IntN(3000), []byte(nil)
	if l.random.chance(3) {
		size = exchange.BlobBytes + l.random.IntN(2*exchange.BlobBytes) // in several messages
	}
	if l.random.chance(4) {
		c.Attach = []replica.Attachment{{Name: "photo.png", Content: l.photo()}}
	} else {
		content = make([]byte, size)
		_, _ = l.random.Read(content)
		copy(content, "%PDF-1.7\n")
		c.Attach = []replica.Attachment{{Name: "facture.pdf", Content: content}}
	}
	what := l.save(n, []replica.Change{c}, []*write{w})
	if !w.confirmed {
		return what
	}
	list, err := blobsIn(n.disk)
	l.fail(err)
	for _, f := range list {
		if l.papers[f.name] == nil && !f.part {
			l.papers[f.name], l.named = &paper{write: w, content: content}, append(l.named, f.name)
			what += fmt.Sprintf(", %d bytes", f.size)
		}
	}
	l.fault("photo or document attached")
	return what
}

// photo draws a small picture.
func (l *life) photo() []byte {
	m := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range m.Pix {
		m.SetGray(i%8, i/8, color.Gray{Y: uint8(l.random.IntN(256))})
	}
	var b bytes.Buffer
	l.fail(png.Encode(&b, m))
	return b.Bytes()
}

// holdersOf returns the devices on whose disks a blob stands whole.
func (l *life) holdersOf(name hash32, but *node) ([]*node, string, error) {
	var out []*node
	path := ""
	for _, n := range l.nodes {
		if n == but {
			continue
		}
		list, err := blobsIn(n.disk)
		if err != nil {
			return nil, "", err
		}
		if i := slices.IndexFunc(list, func(f filed) bool { return f.name == name && !f.part }); i >= 0 {
			out, path = append(out, n), list[i].path
		}
	}
	return out, path, nil
}

// forgetPapers marks as gone what only the disk of n holds, which is about to be put back.
func (l *life) forgetPapers(n *node) error {
	for _, name := range l.named {
		holders, _, err := l.holdersOf(name, n)
		if err != nil {
			return err
		}
		if len(holders) == 0 {
			l.papers[name].gone = true
		}
	}
	return nil
}

// actCorruptPart has somebody bring a device a part that it lacks, with some bits changed.
func (l *life) actCorruptPart() string {
	for _, n := range l.up() {
		lacks, err := n.r.MissingBlobs(l.ctx, exchange.Blob{}, 10)
		l.fail(err)
		if len(lacks) == 0 || n.full {
			continue
		}
		b := pick(l.random, lacks)
		_, path, err := l.holdersOf(hash32(b.Hash), n)
		l.fail(err)
		if path == "" {
			continue
		}
		whole, err := os.ReadFile(path)
		l.fail(err)
		part := l.damage(whole[b.Have:min(int64(len(whole)), b.Have+exchange.BlobBytes)])
		l.report.Requests++
		request := encode([]pair{{0, askPutBlobs}, {7, []any{[]any{b.Hash[:], uint64(b.Have), part}}}})
		if _, err := n.server.Serve(l.ctx, l.pens["mule"].id.Public(), nil, request); err != nil {
			l.say("  %s answers %v", n.label, err)
		}
		l.fault("relay corrupts a part of a blob")
		return fmt.Sprintf("%s, %d bytes at %d", n.label, len(part), b.Have)
	}
	return ""
}

// papersOf judges the blobs of a device: each whole one bears its name, none is of a record that was erased, or of a
// scope that is not for it.
func (l *life) papersOf(n *node, law *law) error {
	if len(l.papers) == 0 {
		return nil
	}
	list, err := blobsIn(n.disk)
	if err != nil {
		return err
	}
	for _, f := range list {
		if !f.part {
			b, err := os.ReadFile(f.path)
			if err != nil {
				return err
			}
			if sha256.Sum256(b) != f.name {
				return fmt.Errorf("blob %x is not what its name says", f.name[:4])
			}
		}
		p := l.papers[f.name]
		switch {
		case p == nil:
		case law.erased[name16(p.id)] && !n.full:
			return fmt.Errorf("blob %x is there, and its record %s was erased", f.name[:4], p.id)
		case !n.member.wasEver(p.author) && !mayRead(n.member, p.scope):
			return fmt.Errorf("blob %x of %s is there", f.name[:4], p.scope)
		}
	}
	return nil
}

// cutPapers notes the blobs of which a device holds a part, by the file that each is to become.
func (l *life) cutPapers(nodes ...*node) error {
	for _, n := range nodes {
		if len(l.papers) == 0 {
			return nil
		}
		list, err := blobsIn(n.disk)
		if err != nil {
			return err
		}
		for _, f := range list {
			if f.part && l.papers[f.name] != nil {
				l.cut[strings.TrimSuffix(f.path, filepath.Ext(f.path))] = true
			}
		}
	}
	return nil
}

// resumed counts the blobs that were cut and have come since.
func (l *life) resumed() error {
	for path := range l.cut {
		if _, err := os.Stat(path); err == nil {
			l.fault("blob resumed after a cut")
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// papersEverywhere checks that whoever may hold a blob holds it, the bytes that were given, as far as somebody who may
// pass it on has it; and that nothing but the loss of a disk takes the last one away.
func (l *life) papersEverywhere(all map[hash32]*entry, law *law) error {
	naming := map[hash32]*entry{}
	for _, e := range all {
		for _, op := range e.ops {
			for _, b := range op.blobs {
				if !e.critical && law.counts(all, l.keyOf(e), e) {
					naming[b] = e
				}
			}
		}
	}
	for _, name := range l.named {
		p, e := l.papers[name], naming[name]
		if e == nil || law.erased[name16(p.id)] {
			continue
		}
		holders, _, err := l.holdersOf(name, nil)
		if err != nil {
			return err
		}
		if len(holders) == 0 && !p.gone {
			return fmt.Errorf("blob %x of %s, which %s had confirmed, is on no disk", name[:4], p.mark, p.by.label)
		}
		reader := func(n *node) bool { return law.reads(n.id.Public(), e.scope) }
		if !slices.ContainsFunc(holders, reader) {
			continue
		}
		for _, n := range l.nodes {
			if !reader(n) {
				continue
			}
			if !slices.Contains(holders, n) {
				return fmt.Errorf("after healing, %s lacks blob %x of %s", n.label, name[:4], p.mark)
			}
			if err := l.opens(n, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// opens checks that a device gives a document as it was given.
func (l *life) opens(n *node, p *paper) error {
	v, err := n.r.Get(l.ctx, p.id)
	if err != nil || len(v.Joined) != 1 || p.content == nil {
		if err == nil && len(v.Joined) != 1 {
			err = fmt.Errorf("%s shows %d documents of %s", n.label, len(v.Joined), p.mark)
		}
		return err
	}
	f, err := n.r.OpenBlob(l.ctx, p.id, 0)
	if err != nil {
		return fmt.Errorf("%s does not open the document of %s: %w", n.label, p.mark, err)
	}
	b, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil || !bytes.Equal(b, p.content) {
		return fmt.Errorf("%s opens another document than that of %s: %w", n.label, p.mark, err)
	}
	return nil
}
