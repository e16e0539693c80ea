package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Timing of the watcher.
const (
	pollEvery = 3 * time.Second        // fsnotify loses a watch silently at unmount: drives are looked at too
	settle    = 500 * time.Millisecond // a file whose size has not changed for so long is read
)

// Watch looks for bundles on sticks and in folders, and for other files that are dropped into the inbox.
type Watch struct {
	Inbox   string   // made if need be; "" for none
	Folders []string // looked at like sticks
	USB     bool     // drives are looked at
	// Bundles is called with the bundles of one folder that are new there, or new again after the stick was
	// away, in the order of their parts.
	Bundles func(ctx context.Context, files []string)
	// Dropped is called with the other files of the inbox, each time they change; the list may be empty.
	Dropped func(files []string)
	// Plugged is called with the drives when one came or went; nil for nobody.
	Plugged func(drives []Drive)
	Log     *slog.Logger

	seen    map[string]sight
	dropped []string
	drives  []Drive
	notify  *fsnotify.Watcher
}

// sight is how a file looked when it was seen last.
type sight struct {
	size   int64
	at     time.Time // modified
	since  time.Time // looks like this since
	handed bool
}

// Run watches until ctx is done. Without the system's notices, which may have run out, it polls alone.
func (w *Watch) Run(ctx context.Context) {
	w.seen = map[string]sight{}
	if w.Inbox != "" {
		if err := os.MkdirAll(w.Inbox, 0o700); err != nil {
			w.Log.Warn("inbox", "err", err)
		}
	}
	var events chan fsnotify.Event
	var errs chan error
	if n, err := fsnotify.NewWatcher(); err == nil {
		w.notify, events, errs = n, n.Events, n.Errors
		defer n.Close()
	} else {
		w.Log.Warn("folders are polled alone", "err", err)
	}
	timer, soon := time.NewTimer(0), false
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			soon = false
			timer.Reset(w.look(ctx, time.Now()))
		case _, open := <-events:
			if !open {
				events = nil
			}
			// Not put off by the next one: a disk that is always written to would never be looked at.
			if !soon {
				soon = true
				timer.Reset(settle / 4)
			}
		case err, open := <-errs:
			if !open {
				errs = nil
			}
			w.Log.Info("watch", "err", err)
		}
	}
}

// look goes through all folders once and returns when to look again.
func (w *Watch) look(ctx context.Context, now time.Time) time.Duration {
	folders := slices.Clone(w.Folders)
	if w.USB {
		for _, d := range w.plugged() {
			folders = append(folders, d.Path)
		}
	}
	w.follow(folders)
	present, unsettled := map[string]bool{}, false
	for _, dir := range folders {
		fresh, wait := w.fresh(dir, present, now, isBundle)
		unsettled = unsettled || wait
		w.hand(ctx, fresh)
	}
	if w.Inbox != "" {
		fresh, wait := w.fresh(w.Inbox, present, now, func(string) bool { return true })
		unsettled = unsettled || wait
		w.hand(ctx, slices.DeleteFunc(fresh, func(f string) bool { return !isBundle(f) }))
		w.tellDropped()
	}
	for path := range w.seen {
		if !present[path] {
			delete(w.seen, path)
		}
	}
	if unsettled {
		return settle
	}
	return pollEvery
}

// plugged returns the drives, and tells when they are others than before.
func (w *Watch) plugged() []Drive {
	now := Drives()
	if !slices.EqualFunc(now, w.drives, func(a, b Drive) bool { return a.Path == b.Path && a.ReadOnly == b.ReadOnly }) {
		w.drives = now
		if w.Plugged != nil {
			w.Plugged(now)
		}
	}
	return now
}

func (w *Watch) hand(ctx context.Context, files []string) {
	if len(files) > 0 && ctx.Err() == nil {
		slices.SortFunc(files, byPart)
		w.Bundles(ctx, files)
	}
}

// follow asks to be told of changes. Asking again for a folder is free, and takes up one whose watch was lost.
func (w *Watch) follow(folders []string) {
	if w.notify == nil {
		return
	}
	if w.Inbox != "" {
		folders = append(folders, w.Inbox)
	}
	if w.USB {
		folders = append(folders, places()...)
	}
	for _, dir := range folders {
		_ = w.notify.Add(dir) // one that cannot be watched is polled
	}
}

// fresh returns the files of a folder that look the same for some time and were not handed on yet. A file
// under a temporary name is nobody's yet.
func (w *Watch) fresh(dir string, present map[string]bool, now time.Time, want func(name string) bool) (files []string, unsettled bool) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, false // the stick is gone, or not ready yet
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || !want(e.Name()) {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		path := filepath.Join(dir, e.Name())
		present[path] = true
		s, known := w.seen[path]
		if !known || s.size != info.Size() || !s.at.Equal(info.ModTime()) {
			s = sight{size: info.Size(), at: info.ModTime(), since: now}
		}
		if !s.handed && now.Sub(s.since) >= settle {
			s.handed = true
			files = append(files, path)
		}
		unsettled = unsettled || !s.handed
		w.seen[path] = s
	}
	return files, unsettled
}

// tellDropped says which other files are in the inbox and settled.
func (w *Watch) tellDropped() {
	var now []string
	for path, s := range w.seen {
		if s.handed && filepath.Dir(path) == filepath.Clean(w.Inbox) && !isBundle(path) {
			now = append(now, path)
		}
	}
	slices.Sort(now)
	if !slices.Equal(now, w.dropped) {
		w.dropped = now
		w.Dropped(slices.Clone(now))
	}
}

func isBundle(name string) bool { return strings.EqualFold(filepath.Ext(name), Ext) }

// byPart orders the files of a set: -2 before -10.
func byPart(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// Files returns the bundles that paths name: files as they are, of folders the bundles in them.
func Files(paths []string) ([]string, error) {
	var out []string
	for _, p := range paths {
		info, err := os.Stat(p)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("introuvable\u00a0: %s", p)
		}
		if err != nil {
			return nil, cause(err)
		}
		if !info.IsDir() {
			out = append(out, p)
			continue
		}
		entries, err := os.ReadDir(p)
		if err != nil {
			return nil, cause(err)
		}
		var here []string
		for _, e := range entries {
			if !e.IsDir() && isBundle(e.Name()) && !strings.HasPrefix(e.Name(), ".") {
				here = append(here, filepath.Join(p, e.Name()))
			}
		}
		slices.SortFunc(here, byPart)
		out = append(out, here...)
	}
	return out, nil
}
