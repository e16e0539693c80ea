package replica

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
)

// SnapshotFrames returns frames of this device's own snapshot.
func (r *Replica) SnapshotFrames(ctx context.Context, scope string, id []byte, from, most int) ([][]byte, error) {
	k, err := keptSnapshotOf(ctx, r.read, scope, snapshotMade)
	if err != nil || k == nil || !bytes.Equal(k.id(), id) || from >= len(k.Parts) {
		return nil, err
	}
	var out [][]byte
	for n := from; n < len(k.Parts) && (len(out) == 0 || most >= k.Parts[n].Size); n++ {
		var sealed []byte
		err := r.read.QueryRowContext(ctx, "SELECT bytes FROM snapshot_frame WHERE scope = ? AND number = ?", scope, n).Scan(&sealed)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, nil // dropped between the two questions
		}
		if err != nil {
			return nil, translate(err)
		}
		frame, err := r.openFrame(scope, id, n, sealed)
		if err != nil || k.Check(n, frame) != nil {
			// Of another snapshot, made between the two questions; or of another key: then it is made again.
			return nil, r.inBatch(ctx, func(b *batch) error { return b.dropSnapshot(scope) })
		}
		out, most = append(out, frame), most-len(frame)
	}
	return out, nil
}
