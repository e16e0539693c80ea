package bundle

import (
	"errors"
	"io/fs"
	"syscall"
)

// Errors of Windows about drives (winerror.h) that package syscall does not name.
const (
	notReady        = syscall.Errno(21)
	writeProtected  = syscall.Errno(19)
	crcError        = syscall.Errno(23)
	handleDiskFull  = syscall.Errno(39)
	diskFull        = syscall.Errno(112)
	ioDevice        = syscall.Errno(1117)
	notConnected    = syscall.Errno(1167)
	noSuchDevice    = syscall.Errno(433)
	fileTooLarge    = syscall.Errno(223)
	unrecognized    = syscall.Errno(1005)
	deviceRemoved   = syscall.Errno(1617)
	mediaMayChanged = syscall.Errno(1110)
)

// cause turns what the system says of a stick into what people can act on.
func cause(err error) error {
	for to, list := range map[error][]error{
		ErrReadOnly:  {writeProtected, syscall.ERROR_ACCESS_DENIED},
		ErrFull:      {diskFull, handleDiskFull, fileTooLarge},
		ErrUnplugged: {notReady, crcError, ioDevice, notConnected, noSuchDevice, unrecognized, deviceRemoved, mediaMayChanged, fs.ErrNotExist},
	} {
		for _, e := range list {
			if errors.Is(err, e) && !errors.Is(err, to) {
				return errors.Join(to, err)
			}
		}
	}
	return err
}
