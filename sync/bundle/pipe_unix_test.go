//go:build unix

package bundle

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A pipe that lies on a stick under the name of a bundle would keep who opens it waiting for ever.
func TestAPipeOnAStickIsNotOpened(t *testing.T) {
	_, a, _ := pair(t)
	pipe := filepath.Join(t.TempDir(), "x.buron")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := Read(t.Context(), a, pipe, ReadOptions{})
		done <- err
	}()
	select {
	case err := <-done:
		if !errors.Is(err, ErrNotBundle) {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits for somebody to write")
		w, err := os.OpenFile(pipe, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_ = w.Close()
		<-done
	}
}
