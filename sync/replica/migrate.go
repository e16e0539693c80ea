package replica

import (
	"context"
	"fmt"

	"cantal.fr/buron/sync/trust"
)

// migrations bring a database of version i+1 to version i+2. They only add: what a version wrote stays as it
// is, and what is derived can be folded again.
func migrations() []string {
	return []string{
		// 2: entries that are held and not merged.
		`ALTER TABLE entry ADD COLUMN standing INTEGER NOT NULL DEFAULT 0;
		CREATE INDEX entry_standing ON entry (standing) WHERE standing > 0;
		CREATE TABLE shelf (record BLOB NOT NULL, entry INTEGER NOT NULL, op INTEGER NOT NULL, PRIMARY KEY (record, entry)) STRICT, WITHOUT ROWID;
		DROP INDEX record_id;
		CREATE UNIQUE INDEX record_id ON record (id, kind, scope);`,
		// 3: what an exchange asks of, looked up and told apart.
		`CREATE INDEX IF NOT EXISTS entry_hash ON entry (chain, hash);
		CREATE TABLE met (peer BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
		INSERT INTO met SELECT peer, max(at) FROM held_by GROUP BY peer;
		ALTER TABLE held_by RENAME TO held_before;
		CREATE TABLE held_by (chain INTEGER NOT NULL, peer BLOB NOT NULL, hash BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (chain, peer, hash)) STRICT, WITHOUT ROWID;
		INSERT INTO held_by SELECT b.chain, b.peer, e.hash, b.seq FROM held_before b JOIN chain ON chain.id = b.chain AND NOT forked
			JOIN entry e ON e.chain = b.chain AND e.seq = b.seq;
		DROP TABLE held_before;
		CREATE TABLE receipt (signer BLOB NOT NULL, scope TEXT NOT NULL, at INTEGER NOT NULL, heads BLOB NOT NULL, signature BLOB NOT NULL, PRIMARY KEY (signer, scope)) STRICT, WITHOUT ROWID;
		CREATE TABLE dropped (chain INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT;`,
		// 4: invitations remember who has used them.
		"ALTER TABLE invitation ADD COLUMN spent BLOB;",
		// 5: what is personal is sealed. The tables stay as they are; openSeal writes what they hold again.
		``,
		// 6: records that were merged into another.
		`CREATE INDEX IF NOT EXISTS record_merged ON record (id, json_extract(fields, '$.merged_into')) WHERE archived = 2;`,
		// 7: blobs.
		`CREATE TABLE blob (hash BLOB PRIMARY KEY, size INTEGER NOT NULL, have INTEGER NOT NULL, given INTEGER NOT NULL DEFAULT 0, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
		CREATE INDEX blob_missing ON blob (size, hash) WHERE have < size;
		CREATE TABLE blob_use (hash BLOB NOT NULL, entry INTEGER NOT NULL, op INTEGER NOT NULL, PRIMARY KEY (hash, entry, op)) STRICT, WITHOUT ROWID;
		CREATE INDEX blob_use_entry ON blob_use (entry, op);`,
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
		_, err = r.write.ExecContext(ctx, migrations()[from-1]+fmt.Sprintf("PRAGMA user_version = %d", from+1))
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
