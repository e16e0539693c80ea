//go:build unix

package node

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// An invitation may lie on a stick: what is under its name there must neither keep us waiting nor fill the memory.
func TestAnInvitationThatIsNoFileIsNotRead(t *testing.T) {
	dir := t.TempDir()
	pipe, endless := filepath.Join(dir, "pipe"+InvitationFile), filepath.Join(dir, "endless"+InvitationFile)
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(pipe, endless); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, endless} {
		done := make(chan error, 1)
		go func() {
			_, err := readInvitation(path)
			done <- err
		}()
		select {
		case err := <-done:
			if err == nil {
				t.Error(path, "is an invitation")
			}
		case <-time.After(10 * time.Second):
			t.Error(path, "is waited for")
			w, err := os.OpenFile(pipe, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			_ = w.Close()
			<-done
		}
	}
}
