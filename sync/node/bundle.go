package node

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"cantal.fr/buron/sync/bundle"
	"cantal.fr/buron/sync/say"
)

// Settings of a replica about bundles.
const (
	settingRead  = "bundle.read"  // which ones were read or written here
	settingNotes = "bundle.notes" // what was said of the last sticks
)

// How much is remembered.
const (
	maxRead  = 400
	maxNotes = 5
)

// BundleOptions say for whom a bundle is.
type BundleOptions struct {
	For      []string              // names or keys of devices; none for all
	All      bool                  // the whole history
	Limit    int64                 // bytes of a file; 0 for what a FAT32 stick takes
	Photos   int64                 // bytes of photos and documents; 0 for what one such file takes, less than 0 for none
	Progress func(done, total int) // entries
	Carried  func(done, total int) // photos and documents, after the entries
}

// StickNote is what was said of a stick.
type StickNote struct {
	At       time.Time `json:"at"`
	Place    string    `json:"place"` // name of the folder or drive
	Sentence string    `json:"sentence"`
	Trouble  bool      `json:"trouble,omitempty"` // there is something to do
}

// readBundle is a bundle that is not read again.
type readBundle struct {
	Sum string `json:"sum"`
	Own bool   `json:"own,omitempty"` // it was written here
}

// WriteBundle writes what other devices may lack into a folder or a file, and says what it did.
func (n *Node) WriteBundle(ctx context.Context, dest string, o BundleOptions) (bundle.Written, error) {
	w := bundle.WriteOptions{All: o.All, Limit: o.Limit, Photos: o.Photos, Now: n.r.Now, Progress: o.Progress, Carried: o.Carried}
	for _, text := range o.For {
		d, err := readerNamed(n.r.Roster(), text)
		if err != nil {
			return bundle.Written{}, err
		}
		w.For = append(w.For, d.Key)
	}
	written, err := bundle.Write(ctx, n.r, dest, w)
	if len(written.Sums) == 0 {
		return written, err
	}
	n.sticks.Lock()
	defer n.sticks.Unlock()
	var own []readBundle
	for _, sum := range written.Sums {
		own = append(own, readBundle{hex.EncodeToString(sum[:]), true})
	}
	return written, errors.Join(err, prepend(context.WithoutCancel(ctx), n, settingRead, own, maxRead))
}

// StickRead is what reading one bundle did.
type StickRead struct {
	bundle.Report
	Err error
}

// Sentence says it to people.
func (s StickRead) Sentence() string {
	if s.Err == nil {
		return s.Report.Sentence()
	}
	if text := bundle.Sentence(s.Err); text != "" {
		return text
	}
	text, _ := say.Error(s.Err) // of this device, not of the stick
	return text
}

// tellReads writes what came of each bundle for people, and returns how many could not be read.
func tellReads(w io.Writer, reads []StickRead) (failed int) {
	for _, read := range reads {
		if read.Err != nil {
			failed++
		}
		name := filepath.Base(read.File)
		fmt.Fprintf(w, "%s\u00a0: %s\n", name, read.Sentence())
		for _, refusal := range read.Refused {
			fmt.Fprintf(w, "%s\u00a0: %s\n", name, refusal.Sentence)
		}
	}
	return failed
}

// ReadBundles reads bundles one after the other: files, and those of the folders among the paths. One that
// cannot be read does not keep the others from it. The error is of the paths themselves.
func (n *Node) ReadBundles(ctx context.Context, paths []string, progress func(done, total int64)) ([]StickRead, error) {
	files, err := bundle.Files(paths)
	if err == nil && len(files) == 0 {
		err = ErrNoBundle
	}
	if err != nil {
		return nil, err
	}
	n.sticks.Lock()
	defer n.sticks.Unlock()
	var out []StickRead
	for _, f := range files {
		read, err := n.readBundle(ctx, f, progress)
		if err != nil {
			return out, err
		}
		out = append(out, read)
		if ctx.Err() != nil {
			return out, nil
		}
	}
	return out, nil
}

func (n *Node) readBundle(ctx context.Context, path string, progress func(done, total int64)) (StickRead, error) {
	list, err := listOf[readBundle](ctx, n, settingRead)
	if err != nil {
		return StickRead{}, err
	}
	known := map[string]readBundle{}
	for _, k := range list {
		known[k.Sum] = k
	}
	seen := func(sum [32]byte) bool { _, ok := known[hex.EncodeToString(sum[:])]; return ok }
	r, err := bundle.Read(ctx, n.r, path, bundle.ReadOptions{Seen: seen, Progress: progress})
	sum := hex.EncodeToString(r.Sum[:])
	if r.Again && known[sum].Own {
		r.Again, r.Own = false, true
	}
	// What waits for other entries, or was refused for now, is read again when it is plugged in again.
	if err == nil && !seen(r.Sum) && whole(r) {
		if err := prepend(ctx, n, settingRead, []readBundle{{sum, r.Own}}, maxRead); err != nil {
			return StickRead{}, err
		}
	}
	return StickRead{r, err}, nil
}

// whole reports whether a bundle has given all that it has for this device.
func whole(r bundle.Report) bool {
	return r.Gap == 0 && len(r.Refused) == 0 && r.Unnamed == 0 && r.NoRoom == 0
}

// ErrNoBundle is returned where there is nothing to read.
var ErrNoBundle = errors.New("aucun fichier .buron ici\u00a0: préparez d'abord une clé sur un autre appareil")

// StickError puts what people can act on before what support wants to know.
func StickError(err error) error {
	if text := bundle.Sentence(err); text != "" {
		return fmt.Errorf("%s (%w)", text, err)
	}
	return err
}

// Told sums up for people what reading the bundles of one place did: troubles first, each with its file.
func Told(reads []StickRead) (sentence string, trouble bool) {
	var good []bundle.Report
	var bad []string
	for _, r := range reads {
		if r.Err == nil {
			good = append(good, r.Report)
			trouble = trouble || r.Revoked || r.Gap > 0 || len(r.Refused) > 0 || r.NoRoom > 0
			continue
		}
		bad, trouble = append(bad, filepath.Base(r.File)+"\u00a0: "+r.Sentence()), true
	}
	if len(good) > 0 {
		bad = append(bad, bundle.Summary(good))
	}
	return strings.Join(bad, " "), trouble
}

// listOf reads a list that is kept in a setting. One that cannot be read is empty: what it is for does no
// harm when it is done again.
func listOf[T any](ctx context.Context, n *Node, setting string) ([]T, error) {
	text, err := n.r.Setting(ctx, setting)
	if err != nil || text == "" {
		return nil, err
	}
	var list []T
	if json.Unmarshal([]byte(text), &list) != nil {
		return nil, nil
	}
	return list, nil
}

// prepend puts more in front of a list that is kept in a setting, and forgets the oldest.
func prepend[T any](ctx context.Context, n *Node, setting string, more []T, most int) error {
	list, err := listOf[T](ctx, n, setting)
	if err != nil {
		return err
	}
	list = append(more, list...)
	b, err := json.Marshal(list[:min(len(list), most)])
	if err != nil {
		return err
	}
	return n.r.SetSetting(ctx, setting, string(b))
}
