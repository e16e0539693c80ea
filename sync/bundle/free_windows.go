package bundle

import "golang.org/x/sys/windows"

// freeIn returns the bytes that the disk of a folder has left for this user; false where it is not known.
func freeIn(dir string) (int64, bool) {
	var free uint64
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil || windows.GetDiskFreeSpaceEx(name, &free, nil, nil) != nil {
		return 0, false
	}
	return int64(min(free, 1<<62)), true
}
