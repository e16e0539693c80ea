-- The replica of one device. The journal (chain, entry, tip) is the truth; record, touch, search and
-- scope_digest are folded from it and can be dropped and made again; the rest is this device's own and
-- never leaves it.

CREATE TABLE meta (          -- territory, nonce of the incarnation, clock, version of the schema
  key   TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE chain (         -- (incarnation, scope) → small number
  id          INTEGER PRIMARY KEY,
  incarnation BLOB NOT NULL,
  scope       TEXT NOT NULL,
  forked      INTEGER NOT NULL DEFAULT 0,
  UNIQUE (incarnation, scope)
) STRICT;

CREATE TABLE author (        -- incarnation → key of the device that opened it
  incarnation BLOB PRIMARY KEY,
  key         BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE entry (         -- the entries, as stored.go keeps them
  id       INTEGER PRIMARY KEY,      -- order of arrival
  chain    INTEGER NOT NULL REFERENCES chain (id),
  seq      INTEGER NOT NULL,
  hash     BLOB NOT NULL,
  signed   INTEGER NOT NULL,         -- 1 where the signature is held: a piece can end here
  received INTEGER NOT NULL,         -- Unix milliseconds of this device's clock
  stored   BLOB NOT NULL,
  standing INTEGER NOT NULL DEFAULT 0 -- 0 merged, 1 aside: after its author's end, 2 of a newer version, 3 covered by a snapshot
) STRICT;
CREATE INDEX entry_place ON entry (chain, seq);
CREATE UNIQUE INDEX entry_hash ON entry (chain, hash);
CREATE INDEX entry_standing ON entry (standing) WHERE standing > 0;

CREATE TABLE tip (           -- the ends of the branches of a chain; one unless it is forked
  chain INTEGER NOT NULL REFERENCES chain (id),
  seq   INTEGER NOT NULL,
  hash  BLOB NOT NULL,
  PRIMARY KEY (chain, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE record (        -- the merged state
  number    INTEGER PRIMARY KEY,     -- local, for search and virtual lists
  id        BLOB NOT NULL,
  kind      TEXT NOT NULL,
  scope     TEXT NOT NULL,
  archived  INTEGER NOT NULL,        -- 1 archived, 2 merged into another record
  conflicts INTEGER NOT NULL,        -- fields with several values
  fields    BLOB NOT NULL,           -- JSON of the values shown, images left out, in SQLite's binary form (jsonb.go)
  cells     BLOB NOT NULL            -- every version of every field (packed.go)
) STRICT;
CREATE INDEX record_id ON record (id); -- with kind and scope it is one record's own, which the fold sees to
CREATE INDEX record_kind ON record (kind, scope) WHERE archived = 0 AND kind <> 'equipment';
CREATE INDEX record_control ON record (kind) WHERE +scope = 'control'; -- the sign: else each « scope = ? » is planned anew for its value
CREATE INDEX record_merged ON record (id, json_extract(fields, '$.merged_into')) WHERE archived = 2;
CREATE INDEX record_conflicts ON record (id) WHERE conflicts > 0;

CREATE TABLE writer (        -- incarnation → small number, for cells
  number      INTEGER PRIMARY KEY,
  incarnation BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE touch (         -- which entries wrote on a record: its history
  record INTEGER NOT NULL,
  entry  INTEGER NOT NULL,
  op     INTEGER NOT NULL,
  PRIMARY KEY (record, entry)
) STRICT, WITHOUT ROWID;

CREATE TABLE shelf (         -- operations of entries that are not merged, to be found when that changes
  record BLOB NOT NULL,
  entry  INTEGER NOT NULL,
  op     INTEGER NOT NULL,
  PRIMARY KEY (record, entry)
) STRICT, WITHOUT ROWID;

CREATE TABLE scope_digest (  -- journal.Digest of each scope's cells
  scope  TEXT PRIMARY KEY,
  digest BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE search USING fts5 (
  words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);

CREATE TABLE held_by (       -- up to where each peer is known to hold a chain, by branch
  chain INTEGER NOT NULL,
  peer  BLOB NOT NULL,
  hash  BLOB NOT NULL,       -- of the last entry held: tells the branches of a fork apart
  seq   INTEGER NOT NULL,
  PRIMARY KEY (chain, peer, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE met (           -- when this device last exchanged with each peer
  peer BLOB PRIMARY KEY,
  at   INTEGER NOT NULL      -- Unix milliseconds of this device's clock
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt (       -- what others have signed that they hold of what this device writes and may not read
  signer    BLOB NOT NULL,
  scope     TEXT NOT NULL,
  at        INTEGER NOT NULL, -- Unix milliseconds of this device's clock
  heads     BLOB NOT NULL,    -- incarnation, sequence number (8 bytes) and hash of each
  signature BLOB NOT NULL,
  PRIMARY KEY (signer, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE dropped (       -- up to where the bodies of this device's own chains were dropped once delivered
  chain INTEGER PRIMARY KEY,
  seq   INTEGER NOT NULL
) STRICT;

CREATE TABLE blob (          -- photos and documents, as files beside the database
  hash  BLOB PRIMARY KEY,    -- of the ciphertext: their name
  size  INTEGER NOT NULL,    -- bytes of ciphertext
  have  INTEGER NOT NULL,    -- how many of the first of them are on the disk
  given INTEGER NOT NULL DEFAULT 0, -- 1 where a central is known to hold it: only asked of what is dropped once delivered
  at    INTEGER NOT NULL     -- Unix milliseconds of this device's clock: when it was first heard of
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_missing ON blob (size, hash) WHERE have < size;

CREATE TABLE blob_use (      -- which operations name a blob, merged or not; folded
  hash  BLOB NOT NULL,
  entry INTEGER NOT NULL,
  op    INTEGER NOT NULL,
  PRIMARY KEY (hash, entry, op)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_use_entry ON blob_use (entry, op);

CREATE TABLE snapshot (      -- of a scope: made here by a central, arriving, or shown and to be checked
  scope     TEXT PRIMARY KEY,
  state     INTEGER NOT NULL, -- 0 made, 1 arriving, 2 shown
  header    BLOB NOT NULL,
  signature BLOB NOT NULL,
  expected  BLOB,             -- digest that the history is to give; none where it cannot be known any more
  at        INTEGER NOT NULL  -- Unix milliseconds of this device's clock
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot_frame ( -- frames of those made and arriving, sealed
  scope  TEXT NOT NULL,
  number INTEGER NOT NULL,
  bytes  BLOB NOT NULL,
  PRIMARY KEY (scope, number)
) STRICT;

CREATE TABLE setting (       -- this device's own choices and drafts
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE refusal (       -- what was not taken in, until someone has read it
  id       INTEGER PRIMARY KEY,
  at       INTEGER NOT NULL,
  sender   BLOB NOT NULL,
  author   BLOB NOT NULL,
  scope    TEXT NOT NULL,
  seq      INTEGER NOT NULL,
  reason   TEXT NOT NULL,
  sentence TEXT NOT NULL,
  UNIQUE (sender, author, scope, seq, reason)
) STRICT;

CREATE TABLE invitation (    -- invitations that this device has given out, until they expire
  code    TEXT PRIMARY KEY,
  role    TEXT NOT NULL,
  places  TEXT NOT NULL,     -- JSON list
  expires INTEGER NOT NULL,  -- Unix milliseconds
  spent   BLOB               -- key of the device that used it: it alone may ask again, if the answer was lost
) STRICT, WITHOUT ROWID;
