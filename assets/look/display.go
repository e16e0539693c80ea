package look

import (
	"errors"
	"os"
	"runtime"
)

// ErrNoDisplay is returned where there is no screen to draw on.
var ErrNoDisplay = errors.New("aucun écran ici\u00a0: ouvrez Buron depuis un bureau, ou avec xvfb-run pour un essai sans écran. Les commandes, elles, n'en ont pas besoin (--help)")

// Display reports whether there is a screen to draw on: the toolkit would end the program without a word.
func Display() error {
	if runtime.GOOS == "linux" && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return ErrNoDisplay
	}
	return nil
}
