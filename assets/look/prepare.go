package look

import (
	"fmt"
	"os"
	"strings"

	"cantal.fr/buron/assets"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
)

// Prepare makes Fyne's own words French, whatever the system's language. It is called before the application
// is made. On Linux the language is forced by LC_ALL, which Fyne reads again when words are added; elsewhere
// our words are also registered under the name of the system's language.
func Prepare() error {
	if err := os.Setenv("LC_ALL", "fr_FR.UTF-8"); err != nil {
		return fmt.Errorf("look: choose French: %w", err)
	}
	if err := lang.AddTranslationsForLocale(assets.French, fyne.Locale("fr")); err != nil {
		return fmt.Errorf("look: French words: %w", err)
	}
	system := lang.SystemLocale()
	if strings.HasPrefix(system.LanguageString(), "fr") {
		return nil
	}
	if err := lang.AddTranslationsForLocale(assets.French, system); err != nil {
		return fmt.Errorf("look: French words for %s: %w", system, err)
	}
	return nil
}

// Speak is Prepare.
func Speak() error { return Prepare() }
