package bundle

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// roots are where desktops and people mount sticks.
var roots = []string{"/media", "/run/media", "/mnt"}

// Drives returns what is mounted where sticks are, in the order of their paths.
func Drives() []Drive { return drivesUnder(roots) }

// drivesUnder reads the mount table: asking each folder whether it is a mount would block on a server that is
// gone. Network file systems are left out for that reason.
func drivesUnder(roots []string) []Drive {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	defer f.Close()
	var out []Drive
	for lines := bufio.NewScanner(f); lines.Scan(); {
		path, options, kind, ok := mount(lines.Text())
		if !ok || remote(kind) || !slices.ContainsFunc(roots, func(r string) bool { return near(r, path) }) {
			continue
		}
		d := Drive{Path: path, Label: labelOf(path), ReadOnly: slices.Contains(strings.Split(options, ","), "ro")}
		var s unix.Statfs_t
		if unix.Statfs(path, &s) == nil {
			d.Free = s.Bavail * uint64(s.Bsize)
		}
		out = slices.DeleteFunc(out, func(o Drive) bool { return o.Path == path }) // the last one mounted there is seen
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b Drive) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// near reports whether a path is where a desktop or a person mounts a stick: the root itself, /mnt/x,
// /media/person/x.
func near(root, path string) bool {
	below, ok := strings.CutPrefix(path+"/", root+"/")
	return ok && strings.Count(below, "/") <= 2
}

// mount reads a line of proc(5)'s mountinfo: number, parent, device, root, place, options, tags…, "-", kind.
func mount(line string) (path, options, kind string, ok bool) {
	fields := strings.Fields(line)
	dash := slices.Index(fields, "-")
	if len(fields) < 6 || dash < 6 || dash+1 >= len(fields) {
		return "", "", "", false
	}
	return filepath.Clean(unescape(fields[4])), fields[5], fields[dash+1], true
}

// unescape undoes the octal escapes of spaces and the like.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func remote(kind string) bool {
	return slices.Contains([]string{"nfs", "nfs4", "cifs", "smb3", "9p", "afs", "ceph", "autofs", "proc", "sysfs", "overlay"}, kind) ||
		strings.HasPrefix(kind, "fuse.")
}

// places are watched so that a mount is noticed at once: where sticks are mounted, and a person's own folder
// there.
func places() []string {
	out := slices.Clone(roots)
	for _, r := range roots {
		entries, _ := os.ReadDir(r)
		for _, e := range entries {
			if e.IsDir() {
				out = append(out, filepath.Join(r, e.Name()))
			}
		}
	}
	return out
}
