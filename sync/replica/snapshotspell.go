package replica

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// metaSpell and a scope say while which entries came in a snapshot was shown: pairs of local numbers, of the last entry
// before it was and of the last one while it was; the last pair lacks its end as long as one is shown.
const metaSpell = "snapshot.spell."

// noteSpell notes that a snapshot is shown from here on, or no more.
func (b *batch) noteSpell(scope string) error {
	text, err := b.metaBytes(b.ctx, metaSpell+scope)
	if err != nil {
		return err
	}
	var last int64
	if err := b.write.QueryRowContext(b.ctx, "SELECT coalesce(max(id), 0) FROM entry").Scan(&last); err != nil {
		return err
	}
	_, err = b.st.setMeta.ExecContext(b.ctx, metaSpell+scope, fmt.Appendf(text, "%d ", last))
	return err
}

// spells are the times of a scope in which a snapshot was shown, as numbers of entries: after the first, up to the second.
type spells [][2]int64

func (r *Replica) spells(ctx context.Context, scope string) (out spells, err error) {
	var text string
	err = r.read.QueryRowContext(ctx, "SELECT CAST(value AS TEXT) FROM meta WHERE key = ?", metaSpell+scope).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, translate(err)
	}
	for i, field := range strings.Fields(text) {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%w: %s%s", ErrDamaged, metaSpell, scope)
		}
		if i%2 == 0 {
			out = append(out, [2]int64{n, math.MaxInt64})
		} else {
			out[len(out)-1][1] = n
		}
	}
	return out, nil
}

// one reports whether two entries came in while one and the same snapshot was shown.
func (s spells) one(x, y int64) bool {
	for _, at := range s {
		if x > at[0] && x <= at[1] && y > at[0] && y <= at[1] {
			return true
		}
	}
	return false
}
