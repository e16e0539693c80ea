package replica

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"cantal.fr/buron/sync/exchange"
	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/trust"
)

// Admit checks, stores and folds pieces that sender brought, in one transaction. A piece that does not
// hold is refused alone, with a sentence that names the sender; what is held already is passed over. Control
// goes first: what it says counts for the rest of the delivery.
func (r *Replica) Admit(ctx context.Context, sender trust.Key, pieces []journal.Piece) (admitted int, refused []exchange.Refusal, err error) {
	before := r.Roster()
	err = r.inBatch(ctx, func(b *batch) error {
		said := b.roster
		if control := verified(r, pieces); len(control) > 0 {
			said = said.With(control)
		}
		for _, control := range []bool{true, false} {
			for i := range pieces {
				if p := &pieces[i]; (p.Chain.Scope == trust.Control) == control {
					n, refusal, err := b.admitOrRefuse(said, sender, p)
					if err != nil {
						return err
					}
					admitted += n
					if refusal != nil {
						refused = append(refused, *refusal)
					}
				}
			}
			if err := b.judgeUnsure(said); err != nil {
				return err
			}
			// Of control, what was refused must not count any longer.
			if err := b.obeyControl(); err != nil {
				return err
			}
			said = b.roster
		}
		b.notice.Remote = admitted > 0
		if b.forked {
			// In the same transaction: a power cut must not leave it unnoticed.
			if _, err := b.st.setMeta.ExecContext(ctx, metaForked, []byte{1}); err != nil {
				return err
			}
		}
		if len(refused) > 0 {
			return b.pruneRefusals(sender)
		}
		return nil
	})
	if err == nil {
		err = r.leaveFork(ctx)
	}
	if err == nil && r.Roster().Recovery() != before.Recovery() {
		if err := r.wrapKey(ctx); err != nil {
			r.o.Log.Warn("the data key is not wrapped to the territory's recovery key yet", "err", err) // the next opening does it
		}
	}
	if err == nil && r.unverified.Load() {
		if err := r.SettleSnapshots(ctx, exchange.Heard{}); err != nil {
			r.o.Log.Warn("a snapshot is not checked yet", "err", err) // what was admitted stays, and the exchange tries again
		}
	}
	if err != nil {
		return 0, nil, fmt.Errorf("replica: admit: %w", err)
	}
	return admitted, refused, nil
}

func (b *batch) admitOrRefuse(roster *trust.Roster, sender trust.Key, p *journal.Piece) (int, *exchange.Refusal, error) {
	n, err := b.admitPiece(roster, sender, p)
	var bad *unfit
	if !errors.As(err, &bad) {
		return n, nil, err
	}
	refusal := b.refusal(sender, p.Chain, bad)
	return 0, &refusal, b.keepRefusal(refusal)
}

// Unreadable keeps the refusals of pieces whose bytes cannot be read.
func (r *Replica) Unreadable(ctx context.Context, sender trust.Key, chains []journal.Chain) (refused []exchange.Refusal, err error) {
	err = r.inBatch(ctx, func(b *batch) error {
		for _, c := range chains {
			if !utf8.ValidString(c.Scope) {
				c.Scope = ""
			}
			author, _ := r.opener(c.Incarnation)
			f := r.refusal(sender, c, &unfit{reason: reasonForm, author: author})
			if err := b.keepRefusal(f); err != nil {
				return err
			}
			refused = append(refused, f)
		}
		return nil
	})
	return refused, err
}

// verified returns the control entries among pieces whose signatures hold under the key that opens
// their chain: whether that key has authority is for the roster to judge.
func verified(r *Replica, pieces []journal.Piece) []*journal.Entry {
	var out []*journal.Entry
	opened := map[journal.Incarnation]trust.Key{}
	for i := range pieces {
		p := &pieces[i]
		if p.Chain.Scope != trust.Control {
			continue
		}
		key, ok := opened[p.Chain.Incarnation]
		if g := p.Entries[0].Genesis; g != nil {
			key, ok = trust.KeyOf(g.Key)
			opened[p.Chain.Incarnation] = key
		}
		if !ok {
			key, ok = r.opener(p.Chain.Incarnation)
		}
		if ok && p.Verify(r.territory, key[:]) == nil {
			out = append(out, p.Entries...)
		}
	}
	return out
}

// opener returns the key that opened the chains of an incarnation, as far as the roster knows it.
func (r *Replica) opener(i journal.Incarnation) (trust.Key, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, ok := r.authors[i]
	return k, ok
}

// unfit is why a piece is refused.
type unfit struct {
	reason string
	seq    uint64
	author trust.Key
	err    error
}

func (u *unfit) Error() string { return u.reason + ": " + u.err.Error() }

// Reasons of a refusal.
const (
	reasonUnknown   = "unknown"
	reasonGrant     = "grant"
	reasonLink      = "link"
	reasonSignature = "signature"
	reasonHollow    = "hollow"
	reasonBound     = "bound"
	reasonForm      = "form"
	reasonScope     = "scope"
	reasonQuota     = "quota"
	reasonSealed    = "sealed"
)

// maxAside is the number of entries that are put aside of what a revoked device brings of its own.
const maxAside = 5000

func (b *batch) countAside(author trust.Key) (n int, err error) {
	err = b.write.QueryRowContext(b.ctx, `SELECT count(*) FROM entry JOIN chain ON chain.id = entry.chain JOIN author USING (incarnation)
		WHERE standing = ? AND author.key = ?`, aside, author[:]).Scan(&n)
	return n, err
}

// mayHold reports whether a device may hold what others wrote in a scope.
func mayHold(roster *trust.Roster, k trust.Key, scope string) bool {
	d, _ := roster.Device(k)
	return d.MayRead(scope)
}

func (b *batch) admitPiece(roster *trust.Roster, sender trust.Key, p *journal.Piece) (int, error) {
	key, ok, err := b.authorOf(p)
	if err != nil {
		return 0, err
	}
	seq := p.Entries[0].Seq
	if !ok {
		return 0, &unfit{reasonUnknown, seq, key, errors.New("the first entry of its chain was never received")}
	}
	// The sender filters; this end fails closed too, whatever brings the piece.
	if own := b.ownKeys(); !slices.Contains(own, key) && !mayHold(roster, own[0], p.Chain.Scope) {
		return 0, &unfit{reasonScope, seq, key, errors.New("of a scope that this device may not read")}
	}
	// Of what is hollow everything else was checked; whether an erasure explains it is for the roster to say.
	if err := p.Verify(b.territory, key[:]); err != nil && !errors.Is(err, journal.ErrHollow) {
		return 0, &unfit{reasonOf(err), seq, key, err}
	}
	known, err := b.chainOf(p.Chain, false)
	if err != nil {
		return 0, err
	}
	entries, err := b.unheld(known, p.Entries)
	if err == nil {
		err = b.refill(known, key, p.Entries[:len(p.Entries)-len(entries)])
	}
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	if i := slices.IndexFunc(entries, privateEntry); i >= 0 && b.Sealed() {
		// Open they must not stand here, and sealed they cannot: they come when the key is back.
		return 0, &unfit{reasonSealed, entries[i].Seq, key, ErrSealed}
	}
	for _, e := range entries {
		if out, err := b.entryOutOfReach(e); err != nil {
			return 0, err
		} else if out {
			return 0, &unfit{reasonSealed, e.Seq, key, ErrSealed}
		}
	}
	verdicts := make([]trust.Verdict, 0, len(entries))
	if first := entries[0]; first.Seq > 1 {
		if known == nil {
			return 0, &unfit{reasonLink, first.Seq, key, errors.New("the entries before it are missing")}
		}
		if held, err := b.holds(known, first.Seq-1, first.Prev); err != nil {
			return 0, err
		} else if !held {
			return 0, &unfit{reasonLink, first.Seq, key, errors.New("the entry before it is missing")}
		}
	}
	for _, e := range entries {
		verdict, err := roster.Judge(key, e, b.within(known, e))
		if err != nil {
			return 0, &unfit{reasonOf(err), e.Seq, key, err}
		}
		verdicts = append(verdicts, verdict)
	}
	if roster.Revoked(sender) && roster.GoesOnFrom(sender, key) {
		n, err := b.countAside(key)
		if err != nil {
			return 0, err
		}
		if n+len(entries) > maxAside {
			return 0, &unfit{reasonQuota, entries[0].Seq, key, errors.New("too much of it is put aside already")}
		}
	}
	return len(entries), b.take(roster, key, p.Chain, entries, verdicts)
}

// take appends and folds entries that were found good.
func (b *batch) take(roster *trust.Roster, author trust.Key, c journal.Chain, entries []*journal.Entry, verdicts []trust.Verdict) error {
	k, err := b.chainOf(c, true)
	if err != nil {
		return err
	}
	if err := b.lookAhead(entries); err != nil {
		return err
	}
	for i, e := range entries {
		for j, op := range e.Ops {
			if roster.Erased(e.Scope, op.ID) {
				e.Erase(j) // it comes late: it keeps its place, without what it said
			}
		}
		stands := standingOf(verdicts[i], e)
		if stands == merged {
			if waits, err := b.waits(k, e, true); err != nil {
				return err
			} else if waits {
				stands = waiting
			}
		}
		number, err := b.append(k, e, stands)
		if err != nil {
			return err
		}
		if err := b.observe(e.HLC); err != nil {
			return err
		}
		if err := b.foldEntry(k, e, number, stands); err != nil {
			return err
		}
		if err := b.relieve(); err != nil {
			return err
		}
	}
	if self := b.life.Load(); author == self.id.Public() && c.Incarnation == self.self {
		b.forked = true
	}
	if k.forked && roster.Bounded(author) {
		// On which branch the end stands may be known only now; and once is enough, however many pieces they are.
		if b.unsure == nil {
			b.unsure = map[*chain]trust.Key{}
		}
		b.unsure[k] = author
	}
	return nil
}

// judgeUnsure judges again the chains that grew beside an end.
func (b *batch) judgeUnsure(roster *trust.Roster) error {
	for k, author := range b.unsure {
		if err := b.judgeAgain(roster, author, k); err != nil {
			return err
		}
	}
	b.unsure = nil
	return nil
}

// unheld drops the front of a run of entries, as far as it is held.
func (b *batch) unheld(k *chain, entries []*journal.Entry) ([]*journal.Entry, error) {
	if k == nil {
		return entries, nil
	}
	for i, e := range entries {
		held, err := b.holds(k, e.Seq, e.Hash)
		if err != nil {
			return nil, err
		}
		if !held {
			return entries[i:], nil
		}
	}
	return nil, nil
}

func (b *batch) authorOf(p *journal.Piece) (trust.Key, bool, error) {
	if g := p.Entries[0].Genesis; g != nil {
		k, ok := trust.KeyOf(g.Key)
		return k, ok, nil
	}
	var stored []byte
	err := b.st.author.QueryRowContext(b.ctx, p.Chain.Incarnation[:]).Scan(&stored)
	if errors.Is(err, sql.ErrNoRows) {
		return trust.Key{}, false, nil
	}
	if err != nil {
		return trust.Key{}, false, err
	}
	k, ok := trust.KeyOf(stored)
	return k, ok, nil
}

func reasonOf(err error) string {
	for _, c := range []struct {
		is     error
		reason string
	}{
		{trust.ErrUnknownKey, reasonUnknown}, {trust.ErrNotGranted, reasonGrant}, {journal.ErrHollow, reasonHollow},
		{journal.ErrBound, reasonBound}, {journal.ErrLink, reasonLink}, {journal.ErrSignature, reasonSignature},
	} {
		if errors.Is(err, c.is) {
			return c.reason
		}
	}
	return reasonForm
}

// refusal words why a piece was put aside: what, whose, and what to do.
func (r *Replica) refusal(sender trust.Key, c journal.Chain, bad *unfit) exchange.Refusal {
	roster := r.Roster()
	by, from := roster.Name(bad.author), roster.Name(sender)
	if bad.author == (trust.Key{}) {
		by = "un appareil inconnu"
	}
	why := map[string]string{
		reasonUnknown:   "l'appareil qui les a écrites n'est pas admis dans ce territoire. Prévenez la coordination",
		reasonGrant:     "le rôle de l'appareil qui les a écrites ne le permet pas. Prévenez la coordination",
		reasonLink:      "elles ne font pas suite à ce qui est ici. Échangez de nouveau avec un autre appareil",
		reasonSignature: "leur signature ne correspond pas. Prévenez la coordination\u00a0: l'appareil qui les a apportées est peut-être abîmé",
		reasonHollow:    "leur contenu manque. Échangez de nouveau avec un autre appareil",
		reasonBound:     "elles visent un enregistrement d'une autre portée. Prévenez la coordination",
		reasonQuota:     "il y en a déjà trop de mises de côté. Voyez-les d'abord",
		reasonScope:     "elles ne sont pas destinées à cet appareil. Rien n'est à faire ici",
		reasonSealed:    "elles parlent de personnes et la clé qui les scelle n'est pas sur cet appareil. Faites «\u00a0buron doctor --recovery FICHIER\u00a0» avec le fichier de secours",
		reasonForm:      "elles sont abîmées. Échangez de nouveau avec un autre appareil",
	}[bad.reason]
	return exchange.Refusal{
		At: r.o.Now(), Sender: sender, SenderName: from, Author: bad.author, Incarnation: c.Incarnation, Scope: c.Scope, Seq: bad.seq, Reason: bad.reason,
		Sentence: fmt.Sprintf("Saisies de «\u00a0%s\u00a0» apportées par «\u00a0%s\u00a0» refusées\u00a0: %s. Le reste de l'échange continue.", by, from, why),
	}
}

func (b *batch) keepRefusal(f exchange.Refusal) error {
	_, err := b.write.ExecContext(b.ctx, `INSERT INTO refusal (at, sender, author, scope, seq, reason, sentence) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET at = excluded.at, sentence = excluded.sentence`,
		f.At.UnixMilli(), f.Sender[:], f.Author[:], f.Scope, f.Seq, f.Reason, f.Sentence)
	return err
}

// refreshRoster folds control again when entries of it were added, here or by another process.
func (r *Replica) refreshRoster(ctx context.Context, q querier) error {
	var count int64
	const which = " FROM entry JOIN chain ON chain.id = entry.chain WHERE chain.scope = 'control'"
	if err := q.QueryRowContext(ctx, "SELECT count(*)"+which).Scan(&count); err != nil {
		return err
	}
	r.mu.Lock()
	fresh := r.roster != nil && r.control == count
	r.mu.Unlock()
	if fresh {
		return nil
	}
	entries, err := r.storedEntries(ctx, q, "SELECT stored"+which+" ORDER BY entry.id")
	if err != nil {
		return err
	}
	rows, err := q.QueryContext(ctx, "SELECT incarnation, key FROM author")
	if err != nil {
		return err
	}
	defer rows.Close()
	authors := map[journal.Incarnation]trust.Key{}
	for rows.Next() {
		var i, k []byte
		if err := rows.Scan(&i, &k); err != nil {
			return err
		}
		if key, ok := trust.KeyOf(k); ok && len(i) == len(journal.Incarnation{}) {
			authors[journal.Incarnation(i)] = key
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.roster, r.control, r.authors = trust.NewRoster(r.territory, entries), count, authors
	return rows.Err()
}

func (r *Replica) storedEntries(ctx context.Context, q querier, query string, args ...any) ([]*journal.Entry, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*journal.Entry
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, err
		}
		e, err := r.parse(b)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, rows.Err()
}
