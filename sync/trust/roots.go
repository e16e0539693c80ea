package trust

import (
	"slices"

	"cantal.fr/buron/sync/journal"
)

// foldRoots finds the root, and the keys that followed it: each commits to the hash of the next.
func (r *Roster) foldRoots(said []statement) {
	var next journal.Hash
	for _, s := range said {
		if s.op.Kind == TerritoryKind && rootOf(r.territory, s.author, s.op) {
			r.root, r.rooted = s.author, true
			copy(next[:], cell(s.op, "next").([]byte))
		}
	}
	if !r.rooted {
		return
	}
	r.foldPretenders(said, next)
	renewed := r.foldSuccessions(said, next)
	for _, s := range said {
		// The founding root's record, but for what it says of the territory after another has replaced it.
		if s.op.Kind == TerritoryKind && rootOf(r.territory, s.author, s.op) && r.speaksAsRoot(s) {
			r.name, _ = cell(s.op, "name").(string)
			r.recovery, _ = cell(s.op, "recovery").(string)
		}
	}
	if renewed != "" {
		r.recovery = renewed
	}
}

// foldPretenders finds every key to which some root, or what would be one, has handed over. Which of those that a file
// was replaced by on two machines is the root can be known only once both have been heard of: what the other says is
// held everywhere, and counts for nothing.
func (r *Roster) foldPretenders(said []statement, next journal.Hash) {
	r.pretenders[r.root] = true
	promised := map[journal.Hash]bool{next: true}
	for more := true; more; {
		more = false
		for _, s := range said {
			if s.op.Kind != SuccessionKind || !promised[keyHash(s.author)] {
				continue
			}
			r.pretenders[s.author] = true
			if following, _ := cell(s.op, "next").([]byte); len(following) == len(next) && !promised[journal.Hash(following)] {
				promised[journal.Hash(following)], more = true, true
			}
		}
	}
}

// foldSuccessions follows the keys that took over, the earliest where several have, and returns the recipient that the
// last of them names for data keys.
func (r *Roster) foldSuccessions(said []statement, next journal.Hash) (recovery string) {
	r.roots[r.root] = nil
	for {
		i := slices.IndexFunc(said, func(s statement) bool { return s.op.Kind == SuccessionKind && keyHash(s.author) == next })
		if i < 0 {
			return recovery
		}
		s := said[i]
		cuts, _ := cutsCell(s.op)
		r.roots[r.root] = append([]Cut{}, cuts...) // not nil: the former root ends here
		r.root = s.author
		if _, again := r.roots[r.root]; again {
			return recovery // a circle of keys: the last one stays
		}
		r.roots[r.root] = nil
		if to, _ := cell(s.op, "recovery").(string); to != "" {
			recovery = to
		}
		following, _ := cell(s.op, "next").([]byte)
		if len(following) != len(next) {
			return recovery
		}
		copy(next[:], following)
	}
}
