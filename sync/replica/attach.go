package replica

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"cantal.fr/buron/sync/blob"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
)

// Attachment is a photo or a document to be joined to a record.
type Attachment struct {
	Path    string // of a file, where Content is nil
	Content []byte
	Name    string // shown; the last part of Path where it is ""
}

// Joined is a photo or a document of a record.
type Joined struct {
	Field         string // that it is taken off by, when cleared
	Name          string
	MIME          string
	Size          int64 // bytes of ciphertext
	Have          int64 // how many of them are held
	Width, Height int   // pixels, 0 for a document
	ref           journal.BlobRef
	thumb         journal.BlobRef // zero without
}

// Held reports whether it can be opened on this device.
func (j Joined) Held() bool { return j.Have == j.Size }

// Picture reports whether it is a photo.
func (j Joined) Picture() bool { return j.Width > 0 }

// JoinedName returns what history shows of a field that joins a photo or a document; false for any other value.
func JoinedName(value any) (string, bool) {
	about, ok := value.(map[string]any)
	name, isText := about["name"].(string)
	return name, ok && isText
}

// Errors of blobs.
var (
	ErrMissing = errors.New("pas encore arrivée sur cet appareil\u00a0: échangez avec un appareil qui l'a")
	ErrTooBig  = errors.New("ce fichier est trop gros\u00a0: 20 Mo au plus")
)

// Names of the fields under which blobs are joined to a record: one field each, since what people share is never one
// list to overwrite. The rest of the name is the beginning of the blob's own.
const (
	photoField = "photo."
	fileField  = "file."
	shortHash  = 12
)

// joins reports whether a field joins a photo or a document.
func joins(field string) bool {
	return strings.HasPrefix(field, photoField) || strings.HasPrefix(field, fileField)
}

// prepareBlobs seals what changes bring along and puts it on the disk, under names that do not count yet. It returns
// the changes with the fields and references that stand for it.
func (r *Replica) prepareBlobs(changes []Change) ([]Change, []journal.Hash, error) {
	if !slices.ContainsFunc(changes, func(c Change) bool { return len(c.Attach) > 0 }) {
		return changes, nil, nil
	}
	out := slices.Clone(changes)
	var made []journal.Hash
	for i := range out {
		c := &out[i]
		if len(c.Attach) == 0 {
			continue
		}
		c.refs = nil
		if c.Set = maps.Clone(c.Set); c.Set == nil {
			c.Set = record.Fields{}
		}
		for _, a := range c.Attach {
			refs, err := r.prepareBlob(c, a)
			for _, ref := range refs {
				made = append(made, ref.Hash)
			}
			if err != nil {
				return nil, made, err
			}
			c.refs = append(c.refs, refs...)
		}
	}
	return out, made, nil
}

func (r *Replica) prepareBlob(c *Change, a Attachment) ([]journal.BlobRef, error) {
	if a.Name == "" {
		a.Name = filepath.Base(a.Path)
	}
	if !utf8.ValidString(a.Name) || strings.ContainsRune(a.Name, 0) || len(a.Name) > 255 {
		a.Name = "document"
	}
	content, err := a.read()
	if err != nil {
		return nil, err
	}
	mime, picture := blob.TypeOf(content)
	if !picture {
		ref, err := r.sealBlob(content, mime)
		if err == nil {
			c.Set[fileField+ref.Hash.String()[:shortHash]] = map[string]any{"name": a.Name}
		}
		return []journal.BlobRef{ref}, err
	}
	p, err := blob.Clean(content)
	if err != nil {
		return nil, fmt.Errorf("%s\u00a0: %w", a.Name, err)
	}
	thumb, err := r.sealBlob(p.Thumb, "image/jpeg")
	if err != nil {
		return []journal.BlobRef{thumb}, err
	}
	full, err := r.sealBlob(p.Content, p.MIME)
	c.Set[photoField+full.Hash.String()[:shortHash]] = map[string]any{"name": a.Name, "w": int64(p.Width), "h": int64(p.Height), "thumb": thumb.Hash.String()}
	return []journal.BlobRef{thumb, full}, err
}

// maxSource is the most bytes of a file that are read: a photo becomes smaller.
const maxSource = 3 * journal.MaxBlob

func (a Attachment) read() ([]byte, error) {
	if a.Content != nil {
		return a.Content, nil
	}
	f, err := os.Open(a.Path)
	if err != nil {
		return nil, fmt.Errorf("replica: read %s: %w", a.Path, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSource+1))
	if err == nil && len(b) > maxSource {
		err = fmt.Errorf("%s\u00a0: %w", a.Name, ErrTooBig)
	}
	return b, err
}

func (r *Replica) sealBlob(content []byte, mime string) (ref journal.BlobRef, err error) {
	ref.Size, ref.MIME = int64(blob.SealedSize(len(content))), mime
	if ref.Size > journal.MaxBlob {
		return ref, ErrTooBig
	}
	if _, err := io.ReadFull(r.o.Random, ref.Key[:]); err != nil {
		return ref, fmt.Errorf("replica: draw a key: %w", err)
	}
	sealed, err := blob.Seal(ref.Key, content)
	if err != nil {
		return ref, err
	}
	ref.Hash = sha256.Sum256(sealed)
	return ref, translate(r.blobFiles().prepare(ref.Hash, sealed))
}

// settleBlobs gives the files of an action their names, just before it is written.
func (b *batch) settleBlobs(made []journal.Hash) error {
	b.blobs.fresh = map[journal.Hash]bool{}
	for _, h := range made {
		if err := b.blobFiles().settle(h, newSuffix); err != nil {
			return err
		}
		b.blobs.fresh[h] = true
	}
	return nil
}

// nameBlobs makes an operation name blobs.
func nameBlobs(op *journal.Op, refs []journal.BlobRef) {
	if op.Blobs = refs; len(refs) > 0 {
		op.Flags |= journal.Blobs
	}
}

// joined returns what is joined to a record, in the order in which it was; others are those that it is shown in place
// of, whose photos are its own as long as nothing was said of them on the record itself.
func (r *Replica) joined(ctx context.Context, s *state, written []writing, others ...*state) ([]Joined, error) {
	refs := refsOf(written)
	if len(refs) == 0 {
		return nil, nil
	}
	type placed struct {
		Joined
		at journal.HLC
	}
	var list []placed
	settled := map[string]bool{}
	for _, s := range append([]*state{s}, others...) {
		for i := range s.cells {
			c := &s.cells[i]
			short, photo := strings.CutPrefix(c.field, photoField)
			if !photo {
				var file bool
				if short, file = strings.CutPrefix(c.field, fileField); !file {
					continue
				}
			}
			v, ok := c.shown()
			if !ok || settled[c.field] {
				continue
			}
			settled[c.field] = true
			about, isMap := v.value.(map[string]any)
			ref, named := refs[short]
			if !isMap || !named {
				continue // taken off again
			}
			f := record.Fields(about)
			j := Joined{Field: c.field, Name: f.Text("name"), MIME: ref.MIME, Size: ref.Size, Width: int(f.Int("w")), Height: int(f.Int("h")), ref: ref, thumb: refs[f.Text("thumb")]}
			var err error
			if j.Have, err = r.blobHave(ctx, ref.Hash); err != nil {
				return nil, err
			}
			list = append(list, placed{j, v.hlc})
		}
	}
	slices.SortFunc(list, func(a, b placed) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.Field, b.Field)) })
	out := make([]Joined, len(list))
	for i := range list {
		out[i] = list[i].Joined
	}
	return out, nil
}

// refsOf finds the blobs that operations name, by their names and by what begins them.
func refsOf(written []writing) map[string]journal.BlobRef {
	refs := map[string]journal.BlobRef{}
	for _, w := range written {
		if w.entry.Ops[w.op].Flags&journal.Blobs == 0 {
			continue
		}
		if op, err := w.entry.Op(w.op); err == nil {
			for _, b := range op.Blobs {
				refs[b.Hash.String()] = b
				refs[b.Hash.String()[:shortHash]] = b
			}
		}
	}
	return refs
}

// joinedOfAll is joined of a record that is shown in place of duplicates, theirs included.
func (r *Replica) joinedOfAll(ctx context.Context, id uuid.UUID, merged []uuid.UUID) ([]Joined, error) {
	var states []*state
	var written []writing
	for _, one := range append([]uuid.UUID{id}, merged...) {
		s, err := r.stateOf(ctx, one)
		if err != nil && !errors.Is(err, ErrSealed) {
			return nil, err
		}
		w, err := r.writings(ctx, s)
		if err != nil {
			return nil, err
		}
		states, written = append(states, s), append(written, w...)
	}
	return r.joined(ctx, states[0], written, states[1:]...)
}

func (r *Replica) blobHave(ctx context.Context, h journal.Hash) (have int64, err error) {
	err = r.read.QueryRowContext(ctx, "SELECT coalesce((SELECT have FROM blob WHERE hash = ?), 0)", h[:]).Scan(&have)
	return have, translate(err)
}

// OpenBlob opens the n-th of what View.Joined lists. The error is ErrMissing where it has not arrived yet.
func (r *Replica) OpenBlob(ctx context.Context, id uuid.UUID, n int) (io.ReadCloser, error) {
	return r.openJoined(ctx, id, n, func(j Joined) journal.BlobRef { return j.ref })
}

// OpenThumb opens the small picture of the n-th of what View.Joined lists: the errors are those of OpenBlob.
func (r *Replica) OpenThumb(ctx context.Context, id uuid.UUID, n int) (io.ReadCloser, error) {
	return r.openJoined(ctx, id, n, func(j Joined) journal.BlobRef { return j.thumb })
}

func (r *Replica) openJoined(ctx context.Context, id uuid.UUID, n int, which func(Joined) journal.BlobRef) (io.ReadCloser, error) {
	view, err := r.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if n < 0 || n >= len(view.Joined) {
		return nil, ErrUnknown
	}
	return r.openRef(ctx, which(view.Joined[n]))
}

func (r *Replica) openRef(ctx context.Context, ref journal.BlobRef) (io.ReadCloser, error) {
	have, err := r.blobHave(ctx, ref.Hash)
	if err != nil {
		return nil, err
	}
	if have < ref.Size || ref.Size == 0 {
		return nil, ErrMissing
	}
	f, err := os.Open(r.blobFiles().path(ref.Hash))
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrMissing, err)
	}
	plain, err := blob.NewReader(ref.Key, f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{plain, f}, nil
}
