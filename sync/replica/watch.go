package replica

import (
	"context"
	"errors"

	"cantal.fr/buron/sync/record"
)

// Notice says what a commit changed.
type Notice struct {
	Kinds  map[record.Kind]bool // nil where it is not known: anything
	Remote bool                 // it came from another device or process
}

// Subscribe calls f after each commit that changed records, on the goroutine that committed; f must not
// block. Cancel ends it.
func (r *Replica) Subscribe(f func(Notice)) (cancel func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watcher++
	n := r.watcher
	r.watchers[n] = f
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.watchers, n)
	}
}

func (r *Replica) tell(n Notice) {
	r.mu.Lock()
	list := make([]func(Notice), 0, len(r.watchers))
	for _, f := range r.watchers {
		list = append(list, f)
	}
	r.mu.Unlock()
	for _, f := range list {
		f(n)
	}
}

// Poll looks whether another process has written to this folder since the last call, and tells those who
// subscribed if so.
func (r *Replica) Poll(ctx context.Context) (changed bool, err error) {
	r.writing.Lock()
	var version int64
	err = r.write.QueryRowContext(ctx, "PRAGMA data_version").Scan(&version)
	r.writing.Unlock()
	if err != nil {
		return false, translate(err)
	}
	r.mu.Lock()
	changed = r.version != 0 && r.version != version
	r.version = version
	r.mu.Unlock()
	if changed {
		r.commits.Add(1)
		r.unsearched.Store(true)
		if err := r.readShred(ctx, r.read); err != nil {
			return changed, err
		}
	}
	if err := errors.Join(r.leaveFork(ctx), r.shredAgain(ctx), r.indexWords(ctx)); err != nil {
		return changed, err
	}
	if !changed {
		return false, nil
	}
	if err := r.refreshRoster(ctx, r.read); err != nil {
		return true, err
	}
	r.tell(Notice{Remote: true})
	return true, nil
}
