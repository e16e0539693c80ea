package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"cantal.fr/buron/sync/record"
	"cantal.fr/buron/sync/replica"
)

// Settings by which a central keeps what it has to erase.
const (
	settingRequests  = "subject.requests"
	settingRetention = "retention.last" // RFC 3339
)

// Times of the keeping.
const (
	requestFor   = 365 * 24 * time.Hour // a request waits for chains not yet heard
	retentionFor = 24 * time.Hour       // between two looks at what is over its time
	keepEvery    = 10 * time.Second
	clockBehind  = 24 * time.Hour       // what was received is no later than that, or the clock is wrong
	clockLeap    = 400 * 24 * time.Hour // without any receipt: the clock is wrong rather than the territory asleep
)

// Reasons of erasures, which everyone can read: they never say who it was about.
const (
	ReasonRequest   = "demande d'une personne"
	ReasonRetention = "durée de conservation atteinte"
)

// ErrClock is returned where the clock of the central has leapt, so that nothing is erased by it.
var ErrClock = errors.New("rien n'a été reçu depuis plus d'un an d'après l'horloge de ce central\u00a0: vérifiez sa date")

// ErrClockBehind is returned where the clock of the central is behind what devices have brought: a request that it dates
// would bear on nothing.
var ErrClockBehind = errors.New("l'horloge de cet appareil retarde sur ce qu'il a reçu\u00a0: rien n'a été effacé. Mettez-la à l'heure, puis recommencez")

// Request is an erasure that somebody has asked for, and that bears on what arrives later too. It stays on the device
// where it was made: the name is nobody else's to know.
type Request struct {
	Name  string    `json:"name"`
	At    time.Time `json:"at"`              // what was written after it is not meant
	Begun bool      `json:"begun,omitempty"` // it has erased something, or was about to
}

// Until returns the end of the waiting.
func (q Request) Until() time.Time { return q.At.Add(requestFor) }

// Errors of taking a request back.
var (
	ErrNoRequest = errors.New("aucune demande d'effacement n'attend sous ce nom sur cet appareil")
	ErrBegun     = errors.New("cette demande a déjà effacé des enregistrements\u00a0: elle ne s'annule plus")
)

// Requests returns the requests that still wait for chains not yet heard.
func Requests(ctx context.Context, r *replica.Replica) ([]Request, error) {
	text, err := r.Setting(ctx, settingRequests)
	if err != nil {
		return nil, err
	}
	return readRequests(text, r.Now())
}

func readRequests(text string, now time.Time) ([]Request, error) {
	if text == "" {
		return nil, nil
	}
	var list []Request
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("node: requests: %w", err)
	}
	return slices.DeleteFunc(list, func(q Request) bool { return now.After(q.Until()) }), nil
}

// changeRequests keeps what change makes of the requests; a command and the running central do not overwrite each other.
func changeRequests(ctx context.Context, r *replica.Replica, change func([]Request) ([]Request, error)) error {
	return r.ChangeSetting(ctx, settingRequests, func(text string) (string, error) {
		list, err := readRequests(text, r.Now())
		if err == nil {
			list, err = change(list)
		}
		if err != nil || len(list) == 0 {
			return "", err
		}
		b, err := json.Marshal(list)
		return string(b), err
	})
}

func (q Request) isOf(name string) bool { return record.Plain(q.Name) == record.Plain(name) }

// EraseSubject erases what is held about a person, and keeps the request for what arrives later. Asked for once more, it
// bears on what was written since too. The error is ErrClockBehind where the clock cannot date it.
func EraseSubject(ctx context.Context, r *replica.Replica, name string, list []replica.About) error {
	if !r.Roster().MayAdmit(r.Identity().Public()) {
		return fmt.Errorf("%w: only a delegate erases", replica.ErrForbidden)
	}
	last, ofOthers, err := r.LatestReceipt(ctx)
	if err != nil {
		return err
	}
	if ofOthers && last.Sub(r.Now()) > clockBehind {
		return ErrClockBehind
	}
	// The request first: if the light goes out between the two, the next look erases.
	err = changeRequests(ctx, r, func(waiting []Request) ([]Request, error) {
		q := Request{name, r.Now(), len(list) > 0}
		return append(slices.DeleteFunc(waiting, func(o Request) bool {
			q.Begun = q.Begun || o.isOf(name) && o.Begun
			return o.isOf(name)
		}), q), nil
	})
	if err != nil {
		return err
	}
	return r.EraseAbout(ctx, list, ReasonRequest)
}

// CancelRequest takes a request back that has erased nothing. The error is ErrNoRequest or ErrBegun.
func CancelRequest(ctx context.Context, r *replica.Replica, name string) error {
	return changeRequests(ctx, r, func(waiting []Request) ([]Request, error) {
		left := slices.Clone(waiting)
		left = slices.DeleteFunc(left, func(q Request) bool { return q.isOf(name) })
		switch {
		case len(left) == len(waiting):
			return nil, ErrNoRequest
		case slices.ContainsFunc(waiting, func(q Request) bool { return q.isOf(name) && q.Begun }):
			return nil, ErrBegun
		}
		return left, nil
	})
}

// begin notes that a request is about to erase; false where it was taken back meanwhile.
func begin(ctx context.Context, r *replica.Replica, q Request) (stands bool, err error) {
	err = changeRequests(ctx, r, func(waiting []Request) ([]Request, error) {
		i := slices.IndexFunc(waiting, func(o Request) bool { return o.isOf(q.Name) && !o.At.Before(q.At) })
		if stands = i >= 0; stands {
			waiting[i].Begun = true
		}
		return waiting, nil
	})
	return stands, err
}

// Settle erases what has arrived about people who have asked for it, and returns how many records that was.
func Settle(ctx context.Context, r *replica.Replica) (int, error) {
	waiting, err := Requests(ctx, r)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, q := range waiting {
		found, err := r.AboutPerson(ctx, q.Name, q.At)
		stands := true
		if err == nil && len(found) > 0 && !q.Begun {
			stands, err = begin(ctx, r, q)
		}
		if err == nil && stands {
			err = r.EraseAbout(ctx, found, ReasonRequest)
		}
		if err != nil {
			return n, err
		}
		if stands {
			n += len(found)
		}
	}
	return n, nil
}

// Overdue returns the records about people that are over their time. The error is ErrClock where the clock
// cannot be trusted with it.
func Overdue(ctx context.Context, r *replica.Replica) ([]replica.About, error) {
	last, _, err := r.LatestReceipt(ctx)
	if err != nil {
		return nil, err
	}
	if r.Now().Sub(last) > clockLeap {
		return nil, ErrClock
	}
	return r.Overdue(ctx)
}

// Retain erases what is over its time, and returns it.
func Retain(ctx context.Context, r *replica.Replica) ([]replica.About, error) {
	found, err := Overdue(ctx, r)
	if err == nil && len(found) > 0 {
		err = r.EraseAbout(ctx, found, ReasonRetention)
	}
	if err != nil {
		return nil, err
	}
	return found, r.SetSetting(ctx, settingRetention, r.Now().UTC().Format(time.RFC3339))
}

// keep applies requests to what arrives and, once a day, the times for which records are kept, until ctx is done.
func keep(ctx context.Context, r *replica.Replica, log *slog.Logger) {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	// What a commit brings is looked at once it is over: a subscriber must not block.
	arrived := make(chan struct{}, 1)
	unsubscribe := r.Subscribe(func(replica.Notice) {
		select {
		case arrived <- struct{}{}:
		default:
		}
	})
	defer unsubscribe()
	var seen int64
	var next time.Time // a look reads all that is held of people: it must not become all that the central does
	for {
		n, err := r.Arrivals(ctx)
		if began := time.Now(); err == nil && n != seen && !began.Before(next) {
			if err = report(log, "erased on request")(Settle(ctx, r)); err == nil {
				seen = n // one that failed is made again: the next arrival may be far
			}
			next = time.Now().Add(10 * time.Since(began))
		}
		if err == nil && retentionDue(ctx, r) {
			var gone []replica.About
			gone, err = Retain(ctx, r)
			err = report(log, "erased after their time")(len(gone), err)
		}
		if err != nil && ctx.Err() == nil {
			log.Warn("keeping", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-arrived:
		case <-tick.C:
		}
	}
}

// prepareSnapshots makes what new devices begin with, whenever the central has been quiet for a moment, until ctx is
// done.
func prepareSnapshots(ctx context.Context, r *replica.Replica, log *slog.Logger) {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	var before, prepared int64
	for {
		n, err := r.Arrivals(ctx)
		if err == nil && n == before && n != prepared {
			prepared = n
			err = r.PrepareSnapshots(ctx)
		}
		if err != nil && ctx.Err() == nil {
			log.Warn("snapshots", "err", err)
		}
		before = n
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func report(log *slog.Logger, what string) func(int, error) error {
	return func(n int, err error) error {
		if n > 0 {
			log.Info(what, "records", n)
		}
		return err
	}
}

func retentionDue(ctx context.Context, r *replica.Replica) bool {
	text, err := r.Setting(ctx, settingRetention)
	if err != nil {
		return false
	}
	return isOld(r.Now(), text, retentionFor)
}

// isOld reports whether an instant that was noted is further back than that. One that is still to come was noted under a
// clock that has been set back since.
func isOld(now time.Time, noted string, most time.Duration) bool {
	at, err := time.Parse(time.RFC3339, noted)
	return err != nil || now.Sub(at) > most || at.After(now)
}
