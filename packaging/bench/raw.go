package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"cantal.fr/buron/sync/record"
	"github.com/google/uuid"
	_ "modernc.org/sqlite"
)

// machineFields is one machine of about 300 bytes of JSON, of which a serial and an address cannot be compressed.
func machineFields(i int) record.Fields {
	drawn := sha256.Sum256(fmt.Append(nil, i))
	return record.Fields{"tag": fmt.Sprintf("PC-15001-%05d", i), "serial": fmt.Sprintf("%X", drawn[:5]), "mac": fmt.Sprintf("%x:%x:%x:%x", drawn[5:6], drawn[6:7], drawn[7:8], drawn[8:9]),
		"level": "socle", "status": []string{"en_service", "en_stock", "en_panne", "en_pret"}[drawn[9]%4], "network": "pedagogique", "brand": "Puy Mary", "model": "Tour 3",
		"name": fmt.Sprintf("poste-%05d", i), "bought": int64(20000 + int(drawn[10])), "price": int64(45000), "note": "Salle du fond, près de la fenêtre"}
}

// rawDB is what R is measured on: the same records in a row and a journal table with four indexes, with the
// pragmas of a replica.
type rawDB struct{ *sql.DB }

func newRaw(dir string) (rawDB, error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "raw.db")+
		"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=secure_delete(1)&_pragma=cache_size(-16000)&_pragma=wal_autocheckpoint(4000)")
	if err != nil {
		return rawDB{}, err
	}
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`CREATE TABLE row (id BLOB PRIMARY KEY, fields TEXT) WITHOUT ROWID; CREATE TABLE journal (id INTEGER PRIMARY KEY, row BLOB, body BLOB);
		CREATE INDEX a ON row (json_extract(fields, '$.tag')); CREATE INDEX b ON row (json_extract(fields, '$.serial'));
		CREATE INDEX c ON row (json_extract(fields, '$.status')); CREATE INDEX d ON row (json_extract(fields, '$.level'))`)
	if err != nil {
		return rawDB{}, errors.Join(err, db.Close())
	}
	return rawDB{db}, nil
}

// insert writes the machines from one number up to another in one transaction.
func (db rawDB) insert(ctx context.Context, from, to int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	row, err1 := tx.Prepare("INSERT INTO row (id, fields) VALUES (?, ?)")
	log, err2 := tx.Prepare("INSERT INTO journal (row, body) VALUES (?, ?)")
	if err := errors.Join(err1, err2); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	for i := from; i < to; i++ {
		body, err := json.Marshal(machineFields(i))
		if err != nil {
			return err
		}
		id := uuid.New()
		_, err1 := row.Exec(id[:], string(body))
		_, err2 := log.Exec(id[:], body)
		if err := errors.Join(err1, err2); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

// floor measures R: n records, a thousand a transaction.
func floor(ctx context.Context, dir string, n int) (time.Duration, error) {
	db, err := newRaw(dir)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	begun := time.Now()
	for from := 0; from < n; from += 1000 {
		if err := db.insert(ctx, from, min(from+1000, n)); err != nil {
			return 0, err
		}
	}
	return time.Since(begun), nil
}
