package node

import (
	"context"
	"errors"
	"fmt"
	"os"

	"cantal.fr/buron/sync/replica"
	"cantal.fr/buron/sync/trust"
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
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("node: open the recovery file: %w", err)
	}
	defer f.Close()
	got, err := trust.OpenRecovery(f, passphrase)
	var wrong *age.NoIdentityMatchError
	switch {
	case errors.As(err, &wrong):
		return ErrRecoveryPhrase
	case err != nil:
		return fmt.Errorf("%w (%w)", ErrRecovery, err)
	case got.Territory != r.Territory():
		return ErrRecoveryOther
	case got.Seal == nil:
		return replica.ErrNoWrap
	}
	return r.RestoreKey(ctx, got.Seal)
}
