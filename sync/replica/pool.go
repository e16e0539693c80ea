package replica

import (
	"context"
	"database/sql"
	"sync"
)

// maxPrepared is how many reading queries stay prepared: those of exchanges and of the screens in use. Queries
// whose text varies find no room later on, and are prepared each time.
const maxPrepared = 64

// pool is the connections that read. Parsing a query costs more than most answers, so each text is prepared
// once on each connection.
type pool struct {
	*sql.DB
	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

func openPool(dsn string) (*pool, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(readers)
	db.SetMaxIdleConns(readers)
	return &pool{DB: db, prepared: map[string]*sql.Stmt{}}, nil
}

// statement returns the prepared query, nil where it is not kept.
func (p *pool) statement(ctx context.Context, query string) *sql.Stmt {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, ok := p.prepared[query]; ok || len(p.prepared) >= maxPrepared {
		return s
	}
	s, err := p.PrepareContext(ctx, query)
	if err != nil {
		return nil // the query itself will say why
	}
	p.prepared[query] = s
	return s
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
