package replica

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// maxPrepared is how many queries stay prepared on each side besides those of every batch: those of exchanges and of the
// screens in use. Queries whose text varies find no room later on, and are prepared each time.
const maxPrepared = 64

// prepared are the queries that were asked before, by their text: parsing one costs more than most answers.
type prepared struct {
	mu     sync.Mutex
	byText map[string]*sql.Stmt
	lasts  int // of those, how many are of every batch (once)
	on     interface {
		PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	}
}

// statement returns the prepared query, nil where it is not kept.
func (p *prepared) statement(ctx context.Context, query string) *sql.Stmt {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, ok := p.byText[query]; ok || len(p.byText)-p.lasts >= maxPrepared {
		return s
	}
	s, err := p.on.PrepareContext(ctx, query)
	if err != nil {
		return nil // the query itself will say why
	}
	p.byText[query] = s
	return s
}

// last returns the prepared query, which stays so whatever else is asked.
func (p *prepared) last(ctx context.Context, query string) (*sql.Stmt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, ok := p.byText[query]; ok {
		return s, nil
	}
	s, err := p.on.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", query, err)
	}
	p.byText[query] = s
	p.lasts++
	return s, nil
}

// close releases the queries.
func (p *prepared) close() {
	for _, s := range p.byText {
		_ = s.Close()
	}
}

// pool is the connections that read.
type pool struct {
	*sql.DB
	prepared
}

func openPool(dsn string) (*pool, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(readers)
	db.SetMaxIdleConns(readers)
	return &pool{DB: db, prepared: prepared{byText: map[string]*sql.Stmt{}, on: db}}, nil
}

// QueryContext is that of sql.DB.
func (p *pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := p.statement(ctx, query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return p.DB.QueryContext(ctx, query, args...)
}

// QueryRowContext is that of sql.DB.
func (p *pool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if s := p.statement(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return p.DB.QueryRowContext(ctx, query, args...)
}

// writer is the one connection that writes.
type writer struct {
	*sql.Conn
	prepared
}

func newWriter(c *sql.Conn) *writer {
	return &writer{Conn: c, prepared: prepared{byText: map[string]*sql.Stmt{}, on: c}}
}

// ExecContext is that of sql.Conn.
func (w *writer) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if len(args) == 0 {
		return w.Conn.ExecContext(ctx, query) // pragmas, and what is done once
	}
	if s := w.statement(ctx, query); s != nil {
		return s.ExecContext(ctx, args...)
	}
	return w.Conn.ExecContext(ctx, query, args...)
}

// QueryContext is that of sql.Conn.
func (w *writer) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := w.statement(ctx, query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return w.Conn.QueryContext(ctx, query, args...)
}

// QueryRowContext is that of sql.Conn.
func (w *writer) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if s := w.statement(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return w.Conn.QueryRowContext(ctx, query, args...)
}

// Close releases the queries, and the connection.
func (w *writer) Close() error {
	w.close()
	return w.Conn.Close()
}
