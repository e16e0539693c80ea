package replica

import (
	"context"
	"fmt"

	"cantal.fr/buron/sync/trust"
)

// migration is a step: statements, what is moved in between, and statements.
type migration struct {
	sql  string
	move func(context.Context, *writer) error // nil for nothing
	then string
}

// migrations bring a database of version i+1 to version i+2. What a version wrote of the
// journal stays as it is, and what is derived can be folded again.
func migrations() []migration {
	return []migration{
		// 2: entries that are held and not merged.
		{sql: `ALTER TABLE entry ADD COLUMN standing INTEGER NOT NULL DEFAULT 0;
		CREATE INDEX entry_standing ON entry (standing) WHERE standing > 0;
		CREATE TABLE shelf (record BLOB NOT NULL, entry INTEGER NOT NULL, op INTEGER NOT NULL, PRIMARY KEY (record, entry)) STRICT, WITHOUT ROWID;
		DROP INDEX record_id;
		CREATE UNIQUE INDEX record_id ON record (id, kind, scope);`},
		// 3: what an exchange asks of, looked up and told apart.
		{sql: `CREATE INDEX IF NOT EXISTS entry_hash ON entry (chain, hash);
		CREATE TABLE met (peer BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
		INSERT INTO met SELECT peer, max(at) FROM held_by GROUP BY peer;
		ALTER TABLE held_by RENAME TO held_before;
		CREATE TABLE held_by (chain INTEGER NOT NULL, peer BLOB NOT NULL, hash BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (chain, peer, hash)) STRICT, WITHOUT ROWID;
		INSERT INTO held_by SELECT b.chain, b.peer, e.hash, b.seq FROM held_before b JOIN chain ON chain.id = b.chain AND NOT forked
			JOIN entry e ON e.chain = b.chain AND e.seq = b.seq;
		DROP TABLE held_before;
		CREATE TABLE receipt (signer BLOB NOT NULL, scope TEXT NOT NULL, at INTEGER NOT NULL, heads BLOB NOT NULL, signature BLOB NOT NULL, PRIMARY KEY (signer, scope)) STRICT, WITHOUT ROWID;
		CREATE TABLE dropped (chain INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT;`},
		// 4: invitations remember who has used them.
		{sql: "ALTER TABLE invitation ADD COLUMN spent BLOB;"},
		// 5: what is personal is sealed. The tables stay as they are; openSeal writes what they hold again.
		{sql: ``},
		// 6: records that were merged into another.
		{sql: `CREATE INDEX IF NOT EXISTS record_merged ON record (id, json_extract(fields, '$.merged_into')) WHERE archived = 2;`},
		// 7: blobs.
		{sql: `CREATE TABLE blob (hash BLOB PRIMARY KEY, size INTEGER NOT NULL, have INTEGER NOT NULL, given INTEGER NOT NULL DEFAULT 0, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
		CREATE INDEX blob_missing ON blob (size, hash) WHERE have < size;
		CREATE TABLE blob_use (hash BLOB NOT NULL, entry INTEGER NOT NULL, op INTEGER NOT NULL, PRIMARY KEY (hash, entry, op)) STRICT, WITHOUT ROWID;
		CREATE INDEX blob_use_entry ON blob_use (entry, op);`},
		// 8: rows of records without names of fields, and without their values twice: repack writes the cells anew.
		{sql: `DROP INDEX entry_place;
		DROP INDEX entry_hash;
		CREATE INDEX entry_place ON entry (chain, seq);
		CREATE UNIQUE INDEX entry_hash ON entry (chain, hash);
		CREATE TABLE writer (number INTEGER PRIMARY KEY, incarnation BLOB NOT NULL UNIQUE) STRICT;
		CREATE TABLE record_new (number INTEGER PRIMARY KEY, id BLOB NOT NULL, kind TEXT NOT NULL, scope TEXT NOT NULL,
			archived INTEGER NOT NULL, conflicts INTEGER NOT NULL, fields BLOB NOT NULL, cells BLOB NOT NULL) STRICT;
		INSERT OR REPLACE INTO meta (key, value) VALUES ('repack', x'');`,
			move: moveRecords,
			then: `DROP TABLE record;
		ALTER TABLE record_new RENAME TO record;
		CREATE INDEX record_id ON record (id);
		CREATE INDEX record_kind ON record (kind, scope) WHERE archived = 0 AND kind <> 'equipment';
		CREATE INDEX record_control ON record (kind) WHERE +scope = 'control';
		CREATE INDEX record_merged ON record (id, json_extract(fields, '$.merged_into')) WHERE archived = 2;
		CREATE INDEX record_conflicts ON record (id) WHERE conflicts > 0;
` + indexes()}, // a later step that adds an index says IF NOT EXISTS
		// 9: snapshots.
		{sql: `CREATE TABLE snapshot (scope TEXT PRIMARY KEY, state INTEGER NOT NULL, header BLOB NOT NULL, signature BLOB NOT NULL, expected BLOB, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
		CREATE TABLE snapshot_frame (scope TEXT NOT NULL, number INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (scope, number)) STRICT;`},
	}
}

// schemaVersion is PRAGMA user_version of schema.sql.
func schemaVersion() int { return len(migrations()) + 1 }

// migrate brings the database to this version's schema, each step whole or not at all. Two processes may
// open an old folder at once: the version is read inside the transaction.
func (r *Replica) migrate(ctx context.Context) error {
	for {
		var version int
		if err := r.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		switch {
		case version > schemaVersion():
			return fmt.Errorf("ces données ont été écrites par une version plus récente de Buron\u00a0: mettez ce poste à jour")
		case version == schemaVersion():
			return nil
		case version < 1:
			return ErrDamaged
		}
		if err := r.step(ctx, version); err != nil {
			return fmt.Errorf("bring the database from version %d to %d: %w", version, version+1, err)
		}
	}
}

func (r *Replica) step(ctx context.Context, from int) error {
	ctx = context.WithoutCancel(ctx)
	if _, err := r.write.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	var version int
	err := r.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	if err == nil && version == from {
		m := migrations()[from-1]
		if _, err = r.write.ExecContext(ctx, m.sql); err == nil && m.move != nil {
			err = m.move(ctx, r.write)
		}
		if err == nil {
			_, err = r.write.ExecContext(ctx, m.then+fmt.Sprintf("PRAGMA user_version = %d", from+1))
		}
	}
	if err == nil {
		_, err = r.write.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		_, _ = r.write.ExecContext(ctx, "ROLLBACK") // fails where the database has rolled back itself
	}
	return err
}

// metaApp is the version of the program that last opened the database.
const metaApp = "app"

// upgraded merges what an earlier version of the program could only keep, once per version.
func (r *Replica) upgraded(ctx context.Context) error {
	var app string
	err := r.read.QueryRowContext(ctx, "SELECT CAST(coalesce((SELECT value FROM meta WHERE key = ?), x'') AS TEXT)", metaApp).Scan(&app)
	if err != nil || app == trust.AppVersion || r.Sealed() {
		return err
	}
	return r.inBatch(ctx, func(b *batch) error {
		if err := b.readAgain(); err != nil {
			return err
		}
		_, err := b.st.setMeta.ExecContext(ctx, metaApp, []byte(trust.AppVersion))
		return err
	})
}
