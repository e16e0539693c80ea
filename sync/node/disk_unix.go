//go:build unix

package node

import "golang.org/x/sys/unix"

// diskFree returns the bytes that the disk of dir has left for this user, 0 where it is not known.
func diskFree(dir string) uint64 {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0
	}
	return max(s.Bavail*uint64(s.Bsize), 1) // 0 would say that it is not known, and a full disk must be
}
