package replica

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// Locate returns the hashes on the way back from a head at distances 1, 2, 4…, and the first one.
func (r *Replica) Locate(ctx context.Context, h exchange.Head) ([]journal.Hash, error) {
	number, forked, err := r.chainNumber(ctx, h.Chain)
	if err != nil || number == 0 {
		return nil, err
	}
	if forked {
		return r.locateOnBranch(ctx, number, h)
	}
	var out []journal.Hash
	for step := uint64(1); ; step *= 2 {
		seq := uint64(1)
		if step < h.Seq {
			seq = h.Seq - step
		}
		var b []byte
		if err := r.read.QueryRowContext(ctx, "SELECT hash FROM entry WHERE chain = ? AND seq = ?", number, seq).Scan(&b); err != nil {
			return nil, translate(err)
		}
		if len(b) != len(journal.Hash{}) {
			return nil, ErrDamaged
		}
		out = append(out, journal.Hash(b))
		if seq == 1 {
			return out, nil
		}
	}
}

func (r *Replica) locateOnBranch(ctx context.Context, number int64, h exchange.Head) ([]journal.Hash, error) {
	links, err := links(ctx, r.read, number)
	if err != nil {
		return nil, err
	}
	var out []journal.Hash
	step, at := 1, h.Hash
	for distance := 0; ; distance++ {
		l, ok := links[at]
		if !ok {
			return out, nil
		}
		_, more := links[l.prev]
		if distance == step || (!more && distance > 0) {
			out = append(out, at)
			step *= 2
		}
		at = l.prev
	}
}

// Missing returns what one who has the entries of have, and all before them, lacks of a chain.
func (r *Replica) Missing(ctx context.Context, c journal.Chain, have []journal.Hash, maxEntries, maxBytes int) ([]journal.Piece, bool, error) {
	cut := r.newCutter(c, maxEntries, maxBytes)
	cut.roster = r.Roster()
	return r.missing(ctx, cut, have)
}

// missing has the cutter gather what lacks beyond have.
func (r *Replica) missing(ctx context.Context, cut *cutter, have []journal.Hash) ([]journal.Piece, bool, error) {
	c := cut.chain
	number, forked, err := r.chainNumber(ctx, c)
	if err != nil || number == 0 {
		return nil, false, err
	}
	if !forked {
		return r.missingLine(ctx, number, cut, have)
	}
	return r.missingBranches(ctx, number, cut, have)
}

// missingLine serves a chain of one branch: what comes after the highest entry that the other has.
func (r *Replica) missingLine(ctx context.Context, number int64, cut *cutter, have []journal.Hash) ([]journal.Piece, bool, error) {
	var from uint64
	for _, h := range have {
		var seq uint64
		err := r.read.QueryRowContext(ctx, seekEntry, number, h[:]).Scan(&seq)
		if err == nil {
			from = max(from, seq)
		} else if !errors.Is(err, sql.ErrNoRows) {
			return nil, false, translate(err)
		}
	}
	if from == 0 && len(have) > 0 {
		// It holds another branch. What was dropped here was delivered: it may well hold that too.
		dropped, err := r.droppedTo(ctx, cut.chain)
		if err != nil {
			return nil, false, err
		}
		from = dropped
	}
	rows, err := r.read.QueryContext(ctx, "SELECT stored FROM entry WHERE chain = ? AND seq > ? ORDER BY seq", number, from)
	if err != nil {
		return nil, false, translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, false, translate(err)
		}
		if more, err := cut.add(b); err != nil || more {
			return cut.end(err)
		}
	}
	return cut.pieces, false, translate(rows.Err())
}

// missingBranches serves a forked chain: every entry that is neither in have nor before it, in the order in
// which they came. So what goes out are the runs that came in: between two signatures there is one run of one
// branch, never longer than a piece.
func (r *Replica) missingBranches(ctx context.Context, number int64, cut *cutter, have []journal.Hash) ([]journal.Piece, bool, error) {
	links, err := links(ctx, r.read, number)
	if err != nil {
		return nil, false, err
	}
	held := ancestry(links, have)
	var wanted []int64
	for h, l := range links {
		if !held[h] {
			wanted = append(wanted, l.id)
		}
	}
	slices.Sort(wanted)
	for _, id := range wanted {
		var b []byte
		if err := r.read.QueryRowContext(ctx, "SELECT stored FROM entry WHERE id = ?", id).Scan(&b); err != nil {
			return nil, false, translate(err)
		}
		if more, err := cut.add(b); err != nil || more {
			return cut.end(err)
		}
	}
	return cut.pieces, false, nil
}

// Following implements exchange.Store.
func (r *Replica) Following(ctx context.Context, c journal.Chain, one journal.Hash) ([]journal.Piece, error) {
	number, _, err := r.chainNumber(ctx, c)
	if err != nil || number == 0 {
		return nil, err
	}
	var seq uint64 // 0 before the first entry
	if err := r.read.QueryRowContext(ctx, seekEntry, number, one[:]).Scan(&seq); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, translate(err)
	}
	ids, err := column1[int64](ctx, r.read, "SELECT id FROM entry WHERE chain = ? AND seq = ? AND substr(stored, 1, 32) = ? ORDER BY id", number, seq+1, one[:])
	if err != nil {
		return nil, err
	}
	var out []journal.Piece
	for _, id := range ids {
		pieces, err := r.runFrom(ctx, c, number, id)
		if err != nil {
			return nil, err
		}
		out = append(out, pieces...)
	}
	return out, nil
}

// runFrom returns an entry with what came after it up to a signature: of a chain with branches that is one run of one
// branch (missingBranches).
func (r *Replica) runFrom(ctx context.Context, c journal.Chain, number, id int64) ([]journal.Piece, error) {
	rows, err := r.read.QueryContext(ctx, "SELECT stored FROM entry WHERE chain = ? AND id >= ? ORDER BY id LIMIT ?", number, id, journal.MaxPiece)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	cut := r.newCutter(c, 1, exchange.BatchBytes)
	cut.roster = r.Roster()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, translate(err)
		}
		if more, err := cut.add(b); err != nil || more {
			pieces, _, err := cut.end(err)
			return pieces, err
		}
	}
	return cut.pieces, translate(rows.Err())
}

// link is an entry's place on its branch.
type link struct {
	id   int64
	prev journal.Hash
}

// links returns every entry of a chain by its hash.
func links(ctx context.Context, q querier, number int64) (map[journal.Hash]link, error) {
	rows, err := q.QueryContext(ctx, "SELECT id, hash, substr(stored, 1, 32) FROM entry WHERE chain = ?", number)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	out := map[journal.Hash]link{}
	for rows.Next() {
		var id int64
		var hash, prev []byte
		if err := rows.Scan(&id, &hash, &prev); err != nil {
			return nil, translate(err)
		}
		if len(hash) != len(journal.Hash{}) || len(prev) != len(journal.Hash{}) {
			return nil, ErrDamaged
		}
		out[journal.Hash(hash)] = link{id, journal.Hash(prev)}
	}
	return out, translate(rows.Err())
}

// ancestry returns those of some entries that are among links, and all entries before them.
func ancestry(links map[journal.Hash]link, of []journal.Hash) map[journal.Hash]bool {
	out := map[journal.Hash]bool{}
	for _, h := range of {
		for l, ok := links[h]; ok && !out[h]; l, ok = links[h] {
			out[h] = true
			h = l.prev
		}
	}
	return out
}

// storedMore is how much longer a piece of entries is as they are stored than on the wire.
const storedMore = journal.MaxPiece * 130

// cutter gathers entries into pieces that end signed, within limits.
type cutter struct {
	parse          func([]byte) (*journal.Entry, error)
	chain          journal.Chain
	roster         *trust.Roster // nil: entries are to be checked here, not sent
	whole          bool          // there is a whole batch for it
	entries, bytes int           // what is left of them
	pieces         []journal.Piece
	open           []*journal.Entry // since the last signed entry
	openBytes      int
}

func (r *Replica) newCutter(c journal.Chain, maxEntries, maxBytes int) *cutter {
	return &cutter{parse: r.parse, chain: c, whole: maxBytes >= exchange.BatchBytes, entries: maxEntries, bytes: maxBytes}
}

// add takes one stored entry. More is true once the limits are reached: what was gathered after the last
// signed entry is left for another answer.
func (k *cutter) add(stored []byte) (more bool, err error) {
	e, err := k.parse(stored)
	if err != nil {
		return false, err
	}
	if e.Sealed != nil {
		return false, errEnd
	}
	if k.roster != nil && unavailable(k.roster, e) {
		return false, errEnd
	}
	k.open, k.openBytes = append(k.open, e), k.openBytes+storedLen(e)
	if k.openBytes > exchange.MaxPieceBytes+storedMore {
		return false, errEnd // no message holds it: it must not stop the other chains
	}
	if e.Signature == nil {
		return false, nil
	}
	// A run that is longer than a batch goes alone: at least one goes out where there is a whole batch for it,
	// else none ever would.
	if (len(k.pieces) > 0 || !k.whole) && (len(k.open) > k.entries || k.openBytes > k.bytes) {
		return true, nil
	}
	k.entries, k.bytes = k.entries-len(k.open), k.bytes-k.openBytes
	last := len(k.pieces) - 1
	if last >= 0 && len(k.pieces[last].Entries)+len(k.open) <= journal.MaxPiece && k.follows(k.pieces[last]) {
		k.pieces[last].Entries = append(k.pieces[last].Entries, k.open...)
	} else {
		k.pieces = append(k.pieces, journal.Piece{Chain: k.chain, Prev: k.open[0].Prev, Entries: k.open})
	}
	k.open, k.openBytes = nil, 0
	return k.entries <= 0 || k.bytes <= 0, nil
}

// unavailable reports whether the entry lacks a body that no erasure explains: this device wrote it, and dropped
// it once others had it. Who lacks it gets it from them; refused here, it would be taken for a theft.
func unavailable(roster *trust.Roster, e *journal.Entry) bool {
	for i, body := range e.Bodies {
		// A body that is owed may be nobody's any more: it must not keep what follows it from who has none yet.
		if id := e.Ops[i].ID; body == nil && !roster.Erased(e.Scope, id) && !roster.Voided(e.Scope, id) {
			return true
		}
	}
	return false
}

// errEnd says that a chain cannot be sent any further by this device; what comes before still is.
var errEnd = errors.New("what follows cannot be sent from here")

// end is the answer of a chain that was cut short.
func (k *cutter) end(err error) ([]journal.Piece, bool, error) {
	if errors.Is(err, errEnd) {
		return k.pieces, false, nil
	}
	return k.pieces, true, err
}

func (k *cutter) follows(p journal.Piece) bool {
	return p.Entries[len(p.Entries)-1].Hash == k.open[0].Prev
}
