// Package replica is this device's copy: the journal in SQLite, the records merged from it, search over
// them, and what is known of who else holds what. It checks rules when people write and signatures when
// entries arrive. It opens no connection to anyone. Its invariant: the merged tables are a pure function
// of the entries held, so that dropping them and folding again gives the same tables.
package replica

import (
	"context"
	"crypto/rand"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cantal.fr/buron/sync/journal"
	"cantal.fr/buron/sync/seal"
	"cantal.fr/buron/sync/snapshot"
	"cantal.fr/buron/sync/trust"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

//go:embed schema.sql
var schema string

// File is the name of the database in the data folder.
const File = "buron.db"

// Errors of a replica.
var (
	ErrNone      = errors.New("replica: no replica in this folder")
	ErrUnknown   = errors.New("replica: no such record on this device")
	ErrForbidden = errors.New("replica: the role of this device does not allow it")
	ErrDisk      = errors.New("disque plein\u00a0: la dernière saisie n'est pas enregistrée")
	ErrDamaged   = errors.New("la base de cet appareil est abîmée\u00a0: ne l'effacez pas, faites «\u00a0buron doctor\u00a0» ou appelez la coordination")
)

// Options of a replica; the zero value works.
type Options struct {
	Now    func() time.Time // time.Now
	Random io.Reader        // crypto/rand
	Log    *slog.Logger     // nothing is logged
	Keys   seal.Keeper      // where the data key is kept: a file of the folder

	// SnapshotLeast is the number of records from which a central makes a snapshot of a scope, 2,000 by default.
	SnapshotLeast int
	// SnapshotLack is how much of a scope must be lacking for its snapshot to be asked for, in hundredths of the entries:
	// 50 by default.
	SnapshotLack int

	// Machine names the machine, so that a disk that was copied is told from the one it was copied from; the
	// system's own name for it by default, "" where it has none.
	Machine func() string
}

func (o *Options) fill() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Machine == nil {
		o.Machine = machineID
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.SnapshotLeast == 0 {
		o.SnapshotLeast = snapshotLeast
	}
	if o.SnapshotLack == 0 {
		o.SnapshotLack = snapshotLack
	}
	if o.Keys == nil {
		o.Keys = seal.Files{}
	}
}

// Replica is an open replica. Its methods may be called from several goroutines, and several processes
// may have the same folder open.
type Replica struct {
	dir       string
	home      Folder // beside the database
	o         Options
	db        *sql.DB
	write     *writer
	read      *pool
	life      atomic.Pointer[life]
	territory journal.Territory
	box       atomic.Pointer[seal.Box] // seals what is personal; nil where the data key is not here

	writing sync.Mutex // held by the one writer of this process
	memory  memory     // of the last batch; guarded by writing
	st      statements

	mu      sync.Mutex // guards what follows
	roster  *trust.Roster
	control int64 // entries of control when roster was made
	authors map[journal.Incarnation]trust.Key
	seen    int64 // PRAGMA data_version when the roster was last read
	version int64 // PRAGMA data_version when last polled
	place   seal.Place
	bare    bare

	taking    sync.Mutex // held while parts of blobs are written; guards intake
	intake    intake
	factsOnly atomic.Bool

	forked     atomic.Bool  // this life is another's too, and is still to be left
	indexing   sync.Mutex   // held by who brings the search up to date: others wait for it
	commits    atomic.Int64 // transactions of this process, and times that another's were noticed
	matched    lastMatch
	writers    sync.Map     // number → journal.Incarnation, as far as it was asked
	unmerged   atomic.Int64 // commits, plus one, at which there was no merged record: readers need not ask
	unsearched atomic.Bool  // records may have words that search does not know yet
	correction atomic.Pointer[Correction]

	snapshotting sync.Mutex                 // held by the one who makes a snapshot
	roomless     map[string][]snapshot.Head // ends of the scopes that had no room in one; guarded by snapshotting
	byJournal    atomic.Bool                // no snapshots are asked for
	unverified   atomic.Bool                // records of some scope come from a snapshot that is still to be checked

	unshredded bool // erased text may still stand in the log
	watchers   map[int]func(Notice)
	watcher    int
}

// Create makes a replica of territory t in dir, which is made if need be, for the device whose keys are
// id, and admits the control pieces that make it a member. It can be called again where it was interrupted:
// the key comes first, so that whatever the device was admitted under is never lost.
func Create(ctx context.Context, dir string, id *trust.Identity, t journal.Territory, control []journal.Piece, o Options) (*Replica, error) {
	o.fill()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("replica: make %s: %w", dir, err)
	}
	if err := clearUnmade(ctx, dir); err != nil {
		return nil, err
	}
	if err := keepKey(dir, id); err != nil {
		return nil, err
	}
	var nonce [16]byte
	if _, err := io.ReadFull(o.Random, nonce[:]); err != nil {
		return nil, fmt.Errorf("replica: draw a nonce: %w", err)
	}
	if err := build(ctx, filepath.Join(dir, File), t, nonce); err != nil {
		return nil, err
	}
	r, err := openFolder(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	return r.enrol(ctx, control)
}

// enrol admits the control pieces that make a new replica a member of its territory.
func (r *Replica) enrol(ctx context.Context, control []journal.Piece) (*Replica, error) {
	if _, refused, err := r.Admit(ctx, r.Identity().Public(), control); err != nil || len(refused) > 0 {
		_ = r.Close()
		if err == nil {
			err = errors.New(refused[0].Sentence)
		}
		return nil, fmt.Errorf("replica: admit the territory's control entries: %w", err)
	}
	if err := r.wrapKey(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// build makes the database under a temporary name, so that a power cut leaves no half of it.
func build(ctx context.Context, path string, t journal.Territory, nonce [16]byte) error {
	temporary := path + ".new"
	for _, suffix := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(temporary + suffix)
	}
	if err := lay(ctx, dsn(temporary, false), t, nonce); err != nil {
		return err
	}
	if err := os.Chmod(temporary, 0o600); err != nil {
		return fmt.Errorf("replica: make the database: %w", err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("replica: make the database: %w", err)
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// lay makes the tables of a new replica.
func lay(ctx context.Context, dsn string, t journal.Territory, nonce [16]byte) error {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return fmt.Errorf("replica: make the database: %w", err)
	}
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(ctx, schema+indexes())
	if err == nil {
		_, err = db.ExecContext(ctx, `INSERT INTO meta (key, value) VALUES ('territory', ?), ('nonce', ?), ('clock', ?)`, t[:], nonce[:], []byte{0, 0, 0, 0, 0, 0, 0, 0})
	}
	if err == nil {
		_, err = db.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d; PRAGMA wal_checkpoint(TRUNCATE)", schemaVersion()))
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("replica: make the database: %w", translate(err))
	}
	return nil
}

// dsn names a database with the pragmas of every connection.
func dsn(path string, readOnly bool) string {
	v := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "secure_delete(1)",
		"temp_store(MEMORY)", "page_size(4096)", "cache_size(-16000)", "wal_autocheckpoint(4000)"}, "_txlock": {"immediate"}}
	if readOnly {
		v = url.Values{"_pragma": {"busy_timeout(10000)", "query_only(1)", "temp_store(MEMORY)", "cache_size(-4000)"}}
	}
	return (&url.URL{Scheme: "file", Opaque: escape(path), RawQuery: v.Encode()}).String()
}

func escape(path string) string {
	return (&url.URL{Path: path}).EscapedPath()
}

// readers is the number of connections that read at once.
const readers = 4

// Open opens the replica of a data folder. The error is ErrNone where there is none, or one whose making was
// cut short.
func Open(ctx context.Context, dir string, o Options) (*Replica, error) {
	o.fill()
	made, err := Made(ctx, dir)
	if err != nil {
		return nil, err
	}
	if !made {
		return nil, ErrNone
	}
	return openFolder(ctx, dir, o)
}

func openFolder(ctx context.Context, dir string, o Options) (*Replica, error) {
	path := filepath.Join(dir, File)
	return open(ctx, dir, func(readOnly bool) string { return dsn(path, readOnly) }, diskFolder(dir), o)
}

// open opens the database that dsn names, once to write and once to read.
func open(ctx context.Context, dir string, dsn func(readOnly bool) string, home Folder, o Options) (r *Replica, err error) {
	r = &Replica{dir: dir, home: home, o: o, authors: map[journal.Incarnation]trust.Key{}, watchers: map[int]func(Notice){}, roomless: map[string][]snapshot.Head{}}
	if r.db, err = sql.Open("sqlite", dsn(false)); err != nil {
		return nil, fmt.Errorf("replica: open: %w", err)
	}
	r.db.SetMaxOpenConns(1)
	if r.read, err = openPool(dsn(true)); err != nil {
		return nil, errors.Join(fmt.Errorf("replica: open: %w", err), r.db.Close())
	}
	if err := r.load(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("replica: open %s: %w", dir, translate(err)), r.Close())
	}
	return r, nil
}

func (r *Replica) load(ctx context.Context) (err error) {
	c, err := r.db.Conn(ctx)
	if err != nil {
		return err
	}
	r.write = newWriter(c)
	r.st = newStatements(r.write)
	if err := r.migrate(ctx); err != nil {
		return err
	}
	t, err := r.metaBytes(ctx, "territory")
	if err != nil || copy(r.territory[:], t) != len(r.territory) {
		return errors.Join(err, ErrDamaged)
	}
	if err := r.st.dataVersion.QueryRowContext(ctx).Scan(&r.seen); err != nil {
		return err
	}
	r.version = r.seen // what another process writes from here on is news, before the first poll too
	if err := r.loadLife(ctx); err != nil {
		return err
	}
	if err := r.noteStart(ctx); err != nil {
		return err
	}
	r.unsearched.Store(true)
	if err := r.readShred(ctx, r.write); err != nil {
		return err
	}
	if err := r.openSeal(ctx); err != nil {
		return err
	}
	if err := r.upgraded(ctx); err != nil {
		return err
	}
	if err := r.wrapKey(ctx); err != nil {
		return err
	}
	if err := r.readCorrection(ctx); err != nil {
		return err
	}
	r.unverified.Store(true) // until it was looked
	return r.sweepBlobs(ctx)
}

// Close releases the database. What was confirmed is on the disk already.
func (r *Replica) Close() error {
	var err error
	if r.write != nil {
		err = r.write.Close()
	}
	return errors.Join(err, r.db.Close(), r.read.Close())
}

// translate turns what the database says into what people can act on.
func translate(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		if err != nil && strings.Contains(err.Error(), "no space left") {
			return fmt.Errorf("%w (%w)", ErrDisk, err)
		}
		return err
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_FULL:
		return fmt.Errorf("%w (%w)", ErrDisk, err)
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return fmt.Errorf("%w (%w)", ErrDamaged, err)
	}
	return err
}

// Dir returns the data folder.
func (r *Replica) Dir() string { return r.dir }

// Identity returns this device's keys.
func (r *Replica) Identity() *trust.Identity { return r.life.Load().id }

// Territory returns the territory of which this is a replica.
func (r *Replica) Territory() journal.Territory { return r.territory }

// Incarnation returns the name under which this device writes.
func (r *Replica) Incarnation() journal.Incarnation { return r.life.Load().self }

// Now returns the time of the device's clock.
func (r *Replica) Now() time.Time { return r.o.Now() }

// Roster returns the devices admitted, as far as this replica has heard.
func (r *Replica) Roster() *trust.Roster {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.roster
}

// Self returns this device as the roster knows it. Before its admission has arrived it has no role; one that
// has lost its key writes on under what it was, for the day when it is admitted again.
func (r *Replica) Self() trust.Device {
	l := r.life.Load()
	own := l.id.Public()
	roster := r.Roster()
	if d, ok := roster.Device(own); ok {
		return d
	}
	for _, k := range append([]trust.Key{own}, l.former...) {
		if roster.Revoked(k) {
			break
		}
		if d, ok := roster.Device(k); ok {
			d.Key, d.Name, d.Delegate = own, l.id.Name, false
			return d
		}
	}
	return trust.Device{Key: own, Name: l.id.Name}
}
