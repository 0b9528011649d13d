package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"portico/internal/audit"
	"portico/internal/clock"
)

// Engine is which database is behind a DB.
type Engine string

const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// deadline bounds each transaction: a query that waits for itself on the one
// SQLite writer must end, not hang the clinic.
const deadline = 15 * time.Second

// retries is how often a transaction that PostgreSQL gave up on (serialization
// failure, deadlock) is run again.
const retries = 5

// DB is an open database. Safe for concurrent use.
type DB struct {
	engine Engine
	url    string
	lite   string // SQLite's address with its pragmas, for writing
	clock  clock.Clock
	read   *sql.DB
	write  *sql.DB
	queue  chan *change
	done   chan struct{}
	gate   sync.RWMutex // held for reading while a change is handed to the writer
	closed bool
	idle   chan *session // SQLite's reading connections that are free
	hosts  *hosts        // PostgreSQL's servers, nil for one alone
}

// Open opens the database at address, "sqlite:FILE" or "postgres://…". It does
// not migrate; see Migrate. Errors say what to do and never hold a password.
func Open(ctx context.Context, address string, c clock.Clock) (*DB, error) {
	db := &DB{url: address, clock: c, done: make(chan struct{})}
	var err error
	switch {
	case strings.HasPrefix(address, "sqlite:"):
		db.engine = SQLite
		err = db.openSQLite(ctx, strings.TrimPrefix(address, "sqlite:"))
	case strings.HasPrefix(address, "postgres://"), strings.HasPrefix(address, "postgresql://"):
		db.engine = Postgres
		err = db.openPostgres(ctx, address)
	default:
		return nil, errors.New("the database address must begin with sqlite: or postgres://")
	}
	if err != nil {
		return nil, err
	}
	return db, nil
}

func (db *DB) openPostgres(ctx context.Context, address string) error {
	pool, err := db.openPool(ctx, address)
	if err != nil {
		return err
	}
	pool.SetMaxOpenConns(max(16, 4*runtime.NumCPU()))
	pool.SetMaxIdleConns(16)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	if err := pool.PingContext(ctx); err != nil {
		pool.Close()
		db.hosts.close()
		return fmt.Errorf("PostgreSQL does not answer; check that it runs and that the address is right: %w", hidePassword(err))
	}
	db.read, db.write = pool, pool
	close(db.done)
	return nil
}

// hidePassword keeps a connection string out of an error message.
func hidePassword(err error) error {
	if i := strings.Index(err.Error(), "postgres://"); i >= 0 {
		return errors.New("connection refused")
	}
	return err
}

// Engine tells which database this is.
func (db *DB) Engine() Engine { return db.engine }

// Now is the time of the injected clock.
func (db *DB) Now() time.Time { return db.clock.Now() }

// Close waits for the writes under way and closes the database.
func (db *DB) Close() error {
	db.gate.Lock()
	if db.closed {
		db.gate.Unlock()
		return nil
	}
	db.closed = true
	if db.queue != nil {
		close(db.queue)
	}
	db.gate.Unlock()
	<-db.done
	for range cap(db.idle) {
		(<-db.idle).drop()
	}
	db.hosts.close()
	err := db.read.Close()
	if db.write != db.read {
		err = errors.Join(err, db.write.Close())
	}
	return err
}

// Tx is a transaction. Now is the same moment for all that happens in it.
type Tx struct {
	Now    time.Time
	engine Engine
	q      querier
	stmt   func(ctx context.Context, query string) (*sql.Stmt, error)
	log    []audit.Entry
	count  *int // queries so far, where someone counts them
}

type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// View runs f in a read-only transaction: one moment's picture of the
// database. The database itself refuses a write in it.
func (db *DB) View(ctx context.Context, f func(*Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	if db.engine == SQLite {
		return db.viewSQLite(ctx, f)
	}
	t, err := db.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return fmt.Errorf("begin view: %w", err)
	}
	defer t.Rollback()
	return f(&Tx{Now: db.clock.Now(), engine: db.engine, q: t, count: counter(ctx)})
}

// Change runs f in a writing transaction and adds e to the audit log in that
// same transaction. f's error, a bad entry or a failed commit undo all of it.
// On PostgreSQL f may run again after a serialization failure: it must not
// leave anything behind but rows.
func (db *DB) Change(ctx context.Context, e audit.Entry, f func(*Tx) error) error {
	if !e.Valid() {
		return fmt.Errorf("change without a valid audit entry (action %q)", e.Action)
	}
	return db.commit(ctx, func(ctx context.Context, tx *Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		return tx.writeLog(ctx, append([]audit.Entry{e}, tx.log...))
	})
}

// Record is Change for callers that learn only inside the transaction whom the
// line is about: f returns the entry, and an invalid one undoes everything.
func (db *DB) Record(ctx context.Context, f func(*Tx) (audit.Entry, error)) error {
	return db.commit(ctx, func(ctx context.Context, tx *Tx) error {
		e, err := f(tx)
		if err != nil {
			return err
		}
		return tx.writeLog(ctx, append([]audit.Entry{e}, tx.log...))
	})
}

// Log adds a further line to the audit log, committed with this transaction.
func (tx *Tx) Log(e audit.Entry) { tx.log = append(tx.log, e) }

// Housekeep runs f in a writing transaction about nobody: counters, leases,
// used form keys. Who may call it, under which name, is fixed by a test.
func (db *DB) Housekeep(ctx context.Context, name string, f func(*Tx) error) error {
	if name == "" {
		return errors.New("housekeeping without a name")
	}
	return db.commit(ctx, func(ctx context.Context, tx *Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		return tx.writeLog(ctx, tx.log)
	})
}

func (db *DB) commit(ctx context.Context, f func(context.Context, *Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	if db.engine == SQLite {
		return db.enqueue(ctx, f)
	}
	var err error
	for range retries {
		if err = db.commitPostgres(ctx, f); !isRetryable(err) {
			break
		}
	}
	// The driver only says that the transaction is over, not that its time was.
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		return fmt.Errorf("transaction of more than %v: %w", deadline, ctx.Err())
	}
	return err
}

func (db *DB) commitPostgres(ctx context.Context, f func(context.Context, *Tx) error) error {
	t, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer t.Rollback()
	tx := &Tx{Now: db.clock.Now(), engine: db.engine, q: t, count: counter(ctx)}
	if err := f(ctx, tx); err != nil {
		return err
	}
	if err := t.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

type countKey struct{}

// Counting gives a context in which the queries run are counted in n. Tests use
// it to fix how many queries a page costs.
func Counting(ctx context.Context, n *int) context.Context {
	return context.WithValue(ctx, countKey{}, n)
}

func counter(ctx context.Context) *int {
	n, _ := ctx.Value(countKey{}).(*int)
	return n
}
