package node

import (
	"context"
	"errors"

	"cantal.fr/buron/sync/replica"
	"filippo.io/age"
)

// Errors of a recovery file, as people read them.
var (
	ErrRecovery       = errors.New("ce fichier n'est pas un fichier de secours, ou il est abîmé\u00a0: rien n'a été changé")
	ErrRecoveryPhrase = errors.New("cette phrase n'ouvre pas le fichier de secours\u00a0: vérifiez-la, lettre par lettre")
	ErrRecoveryOther  = errors.New("ce fichier de secours est celui d'un autre territoire\u00a0: rien n'a été changé")
)

// Recover puts the data key of a device back where it is kept, from the territory's recovery file: what is
// personal can be read there again.
func Recover(ctx context.Context, r *replica.Replica, path, passphrase string) error {
	got, err := openRecovery(r, path, passphrase)
	if err != nil {
		return err
	}
	got.Root.Forget()
	return r.RestoreKey(ctx, got.Opens()...)
}

// wrongPassphrase reports whether a file was not opened because the passphrase is another.
func wrongPassphrase(err error) bool {
	var wrong *age.NoIdentityMatchError
	return errors.As(err, &wrong)
}
