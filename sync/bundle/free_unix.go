//go:build unix

package bundle

import "golang.org/x/sys/unix"

// freeIn returns the bytes that the disk of a folder has left for this user; false where it is not known.
func freeIn(dir string) (int64, bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true
}
