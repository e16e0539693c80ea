package bundle

import "golang.org/x/sys/windows"

// Drives returns the removable drives that hold a medium, in the order of their letters.
func Drives() []Drive {
	letters, err := windows.GetLogicalDrives()
	if err != nil {
		return nil
	}
	var out []Drive
	for i := range 26 {
		path := string(rune('A'+i)) + `:\`
		name, err := windows.UTF16PtrFromString(path)
		if err != nil || letters&(1<<i) == 0 || windows.GetDriveType(name) != windows.DRIVE_REMOVABLE {
			continue
		}
		var label [windows.MAX_PATH + 1]uint16
		var flags uint32
		if windows.GetVolumeInformation(name, &label[0], uint32(len(label)), nil, nil, &flags, nil, 0) != nil {
			continue // a reader without a card
		}
		d := Drive{Path: path, Label: windows.UTF16ToString(label[:]), ReadOnly: flags&windows.FILE_READ_ONLY_VOLUME != 0}
		if d.Label == "" {
			d.Label = path
		}
		_ = windows.GetDiskFreeSpaceEx(name, &d.Free, nil, nil)
		out = append(out, d)
	}
	return out
}

// places is empty: Windows tells of no mount through a folder, so that drives are polled alone.
func places() []string { return nil }
