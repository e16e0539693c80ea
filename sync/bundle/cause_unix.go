//go:build unix

package bundle

import (
	"errors"
	"io/fs"
	"syscall"
)

// cause turns what the system says of a stick into what people can act on.
func cause(err error) error {
	for to, list := range map[error][]error{
		ErrReadOnly:  {syscall.EROFS, syscall.EACCES, syscall.EPERM},
		ErrFull:      {syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG},
		ErrUnplugged: {syscall.EIO, syscall.ENODEV, syscall.ENXIO, syscall.ESTALE, syscall.ENOTCONN, fs.ErrNotExist},
	} {
		for _, e := range list {
			if errors.Is(err, e) && !errors.Is(err, to) {
				return errors.Join(to, err)
			}
		}
	}
	return err
}
