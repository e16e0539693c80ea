package say

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cantal.fr/buron/sync/central"
	"cantal.fr/buron/sync/replica"
)

func TestErrorsSayWhatToDo(t *testing.T) {
	_, missing := os.Open(filepath.Join(t.TempDir(), "device.key"))
	for _, c := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("replica: %w (13)", replica.ErrDisk), "Libérez de la place"},
		{fmt.Errorf("replica: open: %w (26)", replica.ErrDamaged), "N'effacez rien"},
		{fmt.Errorf("trust: read the device key: %w", missing), "sauvegarde"},
		{fmt.Errorf("mkdir: %w", fs.ErrPermission), "Vérifiez les droits"},
		{&os.PathError{Op: "mkdir", Path: "x", Err: syscall.EROFS}, "Vérifiez les droits"},
		{fmt.Errorf("central: %w", central.ErrSilent), "Elles partiront seules"},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, "Vérifiez l'adresse"},
		{&net.OpError{Op: "listen", Err: syscall.EADDRINUSE}, "--listen"},
		{fmt.Errorf("write: %w", fs.ErrNotExist), "vérifiez son nom"},
		{fmt.Errorf("node: restore: %w", context.Canceled), "Interrompu"},
	} {
		sentence, cause := Error(c.err)
		if !strings.Contains(sentence, c.want) || cause != c.err.Error() {
			t.Errorf("%v is told as %q (%s), want %q", c.err, sentence, cause, c.want)
		}
	}
	if sentence, cause := Error(errors.New("autre")); sentence != "autre" || cause != "" {
		t.Errorf("an unknown error is told as %q (%s)", sentence, cause)
	}
}

func TestMisuseIsFrench(t *testing.T) {
	for text, want := range map[string]string{
		`unknown flag --bogus`: "n'existe pas", `unknown flag --wher, did you mean "--where"?`: "vouliez-vous dire",
		`unexpected argument lits`: "n'est pas attendu", `missing flags: --demo or --territory=NOM`: "il manque --demo ou --territory=NOM",
		`expected "<kind>"`: "il manque <kind>", `--format must be one of "csv","json" but got "xml"`: "ne peut pas être",
		`--demo and --territory can't be used together`:                                           "ne vont pas ensemble",
		`--every: expected duration but got "x": time: invalid duration "x"`:                      `"x" n'est pas une durée`,
		`--every: expected duration value but got "-5s" (short flag); perhaps try --every="-5s"?`: "il manque sa valeur",
		`--data: expected file value but got "EOL" (<EOL>)`:                                       "il manque sa valeur",
		`--out: stat /x/rien: no such file or directory`:                                          "/x/rien est introuvable",
		`<files> ...: stat /x/zut.png: no such file or directory`:                                 "/x/zut.png est introuvable",
		`--dry-run: bool value must be true, 1, yes, false, 0 or no but got "zut"`:                "ne prend pas de valeur",
		`usage: sorte inconnue`: "sorte inconnue", `of another kind`: "of another kind",
	} {
		if got := Misuse(errors.New(text)); !strings.Contains(got, want) || strings.Contains(got, "usage: ") {
			t.Errorf("%q is told as %q, want %q", text, got, want)
		}
	}
}
