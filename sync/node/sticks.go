package node

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"cantal.fr/buron/sync/bundle"
)

// Folders of the data folder that people, or other programs, drop files into.
const (
	inboxFolder = "inbox"
	doneFolder  = "fait" // inside the inbox: what was read or imported from it
)

// Inbox returns the folder into which bundles and inventories can be dropped.
func (n *Node) Inbox() string { return filepath.Join(n.r.Dir(), inboxFolder) }

// Drives returns where a bundle can be written: the sticks that are plugged in.
func (n *Node) Drives() []bundle.Drive { return bundle.Drives() }

// watchSticks reads bundles as they turn up, until ctx is done.
func (n *Node) watchSticks(ctx context.Context) {
	w := bundle.Watch{
		Inbox: n.Inbox(), Folders: n.o.Folders, USB: n.o.USB, Log: n.log,
		Bundles: n.stickFound,
		Dropped: func(files []string) { n.dropped(ctx, files) },
		Plugged: func([]bundle.Drive) { n.publish(ctx) },
	}
	w.Run(ctx)
}

// stickFound reads the bundles of one place and says how it went.
func (n *Node) stickFound(ctx context.Context, files []string) {
	n.begin()
	reads, err := n.ReadBundles(ctx, files, nil)
	n.mu.Lock()
	n.busy--
	n.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		n.log.Warn("read a stick", "err", err)
		return
	}
	place := filepath.Dir(files[0])
	if place == n.Inbox() {
		for _, r := range reads {
			if r.Err == nil && r.Gap == 0 && r.Unnamed == 0 && r.NoRoom == 0 {
				n.Shelve(r.File)
			}
		}
	}
	if mute(reads) {
		return
	}
	sentence, trouble := Told(reads)
	n.logStick(filepath.Base(place), sentence, trouble, reads)
	note := StickNote{n.r.Now(), filepath.Base(place), sentence, trouble}
	if err := prepend(ctx, n, settingNotes, []StickNote{note}, maxNotes); err != nil {
		n.log.Warn("remember a stick", "err", err)
	}
	n.publish(ctx)
}

// logStick writes what people are told into the log, where hard spaces would be escaped.
func (n *Node) logStick(place, sentence string, trouble bool, reads []StickRead) {
	level, soft := slog.LevelInfo, strings.NewReplacer("\u00a0", " ", "\u202f", " ")
	if trouble {
		level = slog.LevelWarn
	}
	n.log.Log(context.Background(), level, soft.Replace(sentence), "place", place)
	for _, r := range reads {
		for _, refusal := range r.Refused {
			n.log.Warn(soft.Replace(refusal.Sentence), "place", place, "file", filepath.Base(r.File))
		}
	}
}

// mute reports whether there is nothing to say: a stick that this device has just prepared.
func mute(reads []StickRead) bool {
	for _, r := range reads {
		if r.Err != nil || !r.Own {
			return false
		}
	}
	return true
}

// dropped keeps those files of the inbox that the program can import: never without being asked.
func (n *Node) dropped(ctx context.Context, files []string) {
	var good []string
	for _, f := range files {
		if n.o.Importable == nil {
			n.log.Warn("left in the inbox: nothing here reads it", "file", filepath.Base(f))
		}
		if n.o.Importable != nil && n.o.Importable(f) {
			good = append(good, f)
		}
	}
	n.mu.Lock()
	n.importable = good
	n.mu.Unlock()
	n.publish(ctx)
}

// Shelve puts a file of the inbox that was dealt with aside, so that it is not offered again. A file that
// lies elsewhere stays.
func (n *Node) Shelve(path string) {
	if filepath.Dir(path) != n.Inbox() {
		return
	}
	aside := filepath.Join(n.Inbox(), doneFolder)
	err := os.MkdirAll(aside, 0o700)
	if err == nil {
		err = os.Rename(path, unused(aside, filepath.Base(path)))
	}
	if err != nil {
		n.log.Warn("put aside", "err", err) // it is offered again, which does no harm
	}
}

// unused returns where a file of this name can lie in a folder without replacing another.
func unused(dir, name string) string {
	ext := filepath.Ext(name)
	path := filepath.Join(dir, name)
	for n := 2; ; n++ {
		if _, err := os.Lstat(path); err != nil {
			return path
		}
		path = filepath.Join(dir, fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), n, ext))
	}
}
