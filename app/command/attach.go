package command

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"cantal.fr/buron/sync/replica"
	"github.com/google/uuid"
)

type attachCmd struct {
	ID    string   `arg:"" help:"Identifiant, ou code de l'étiquette."`
	Files []string `arg:"" type:"existingfile" help:"Photos (JPEG, PNG) ou documents."`
}

// Run joins files to a record and prints its id alone.
func (c *attachCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	view, err := e.view(r, c.ID)
	if err != nil {
		return err
	}
	change := replica.Change{ID: view.ID, Kind: view.Kind, Seen: view.Seen}
	for _, path := range c.Files {
		change.Attach = append(change.Attach, replica.Attachment{Path: path})
	}
	return e.save(r, change)
}

type fetchCmd struct {
	ID  string `arg:"" help:"Identifiant, ou code de l'étiquette."`
	Out string `help:"Dossier où écrire." default:"." type:"existingdir" placeholder:"DIR"`
}

// Run writes what is joined to a record into a folder and prints the paths. What has not arrived yet is said, and
// makes it fail once the rest is written.
func (c *fetchCmd) Run(e *env) error {
	r, err := e.open()
	if err != nil {
		return err
	}
	defer r.Close()
	view, err := e.view(r, c.ID)
	if err != nil {
		return err
	}
	var missing error
	for i, j := range view.Joined {
		path, err := e.fetch(r, view.ID, i, j, c.Out)
		if errors.Is(err, replica.ErrMissing) {
			fmt.Fprintf(e.Err, "%s\u00a0: pas encore arrivé\n", j.Name)
			missing = err
			continue
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(e.Out, path)
	}
	return missing
}

// fetch writes one file, never over another: the name comes from elsewhere.
func (e *env) fetch(r *replica.Replica, id uuid.UUID, n int, j replica.Joined, dir string) (string, error) {
	src, err := r.OpenBlob(e.ctx, id, n)
	if err != nil {
		return "", err
	}
	defer src.Close()
	base, ext := fileName(j)
	for i := 1; ; i++ {
		path := filepath.Join(dir, base+ext)
		if i > 1 {
			path = filepath.Join(dir, fmt.Sprintf("%s-%d%s", base, i, ext))
		}
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = io.Copy(f, src)
		if err = errors.Join(err, f.Close()); err != nil {
			return "", errors.Join(err, os.Remove(path))
		}
		return path, nil
	}
}

// fileName returns a name that no system takes for anything but a file of this folder.
func fileName(j replica.Joined) (base, ext string) {
	clean := strings.Map(func(c rune) rune {
		// Marks of writing direction show « fdp.exe » as « exe.pdf ».
		if unicode.In(c, unicode.Cc, unicode.Cf) || strings.ContainsRune(`/\:*?"<>|`, c) {
			return '_'
		}
		return c
	}, j.Name)
	ext = filepath.Ext(clean)
	base = cut(strings.Trim(strings.TrimSuffix(clean, ext), ". "), maxBase)
	ext = strings.TrimRight(cut(ext, maxExt), ". ")
	if base == "" {
		base = "document"
	}
	if first, _, _ := strings.Cut(base, "."); reserved.MatchString(strings.TrimSpace(first)) {
		base = "_" + base
	}
	// A photo was written afresh: it may be of another format than its name says.
	if j.Picture() {
		ext = ".jpg"
		if j.MIME == "image/png" {
			ext = ".png"
		}
	} else if ext == "" {
		if known, err := mime.ExtensionsByType(j.MIME); err == nil && len(known) > 0 {
			ext = known[0]
		}
	}
	return base, ext
}

// Most bytes of a name and of its extension: file systems take 255, and a number may follow.
const (
	maxBase = 120
	maxExt  = 20
)

// reserved are the names that Windows takes for its devices, whatever follows them.
var reserved = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])$`)

// cut returns the beginning of a text, in whole characters.
func cut(text string, most int) string {
	for most < len(text) && most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:min(most, len(text))]
}

// joined is a photo or a document in JSON.
type joined struct {
	Name   string `json:"name"`
	MIME   string `json:"mime"`
	Field  string `json:"field"`
	Held   bool   `json:"held"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
}

func joinedOf(list []replica.Joined) []joined {
	var out []joined
	for _, j := range list {
		out = append(out, joined{j.Name, j.MIME, j.Field, j.Held(), j.Width, j.Height})
	}
	return out
}

func printJoined(w io.Writer, list []replica.Joined) {
	for _, j := range list {
		state := "ici"
		if !j.Held() {
			state = fmt.Sprintf("pas encore arrivé (%d\u00a0%%)", j.Have*100/max(1, j.Size))
		}
		fmt.Fprintf(w, "joint\t%s\t%s, %s\n", j.Name, j.MIME, state)
	}
}
