package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	_ "modernc.org/sqlite" // the SQLite driver, "sqlite"
)

// group is how many waiting changes share one commit at most.
const group = 128

// change is one waiting write.
type change struct {
	ctx    context.Context
	run    func(context.Context, *Tx) error
	err    error
	caught any // what run panicked with, thrown again at the caller
	done   chan struct{}
}

// pragmas of every connection. synchronous=FULL: in WAL mode NORMAL may lose
// acknowledged commits on power loss.
const pragmas = "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=cache_size(-16000)&_pragma=temp_store(MEMORY)&_pragma=automatic_index(0)"

// maintenance gives a pool for migrations and restores. On SQLite it is one of
// its own: the writer goroutine keeps the only connection of the usual one.
func (db *DB) maintenance() (pool *sql.DB, done func(), err error) {
	if db.engine == Postgres {
		return db.write, func() {}, nil
	}
	if pool, err = sql.Open("sqlite", db.lite); err != nil {
		return nil, nil, fmt.Errorf("open sqlite: %w", err)
	}
	pool.SetMaxOpenConns(1)
	return pool, func() { pool.Close() }, nil
}

func (db *DB) openSQLite(ctx context.Context, file string) error {
	if file == "" {
		return errors.New("the database address sqlite: needs a file name")
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("the database folder cannot be made: %w", err)
	}
	// Made here with narrow rights: SQLite would leave it readable by everyone.
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("the database file cannot be opened: %w", err)
	}
	f.Close()
	path := (&url.URL{Scheme: "file", Opaque: file}).String()
	db.lite = path + "?_txlock=immediate&" + pragmas
	if db.write, err = sql.Open("sqlite", db.lite); err != nil {
		return fmt.Errorf("open sqlite: %w", err)
	}
	db.write.SetMaxOpenConns(1)
	if err := db.write.PingContext(ctx); err != nil {
		return fmt.Errorf("the database file is not usable: %w", err)
	}
	if db.read, err = sql.Open("sqlite", path+"?"+pragmas+"&_pragma=query_only(1)"); err != nil {
		return fmt.Errorf("open sqlite: %w", err)
	}
	readers := max(4, 2*runtime.NumCPU())
	db.read.SetMaxOpenConns(readers + 1) // one more for Ping and Ready
	db.idle = make(chan *session, readers)
	for range readers {
		db.idle <- &session{pool: db.read}
	}
	db.queue = make(chan *change, 4*group)
	go db.writer()
	return nil
}

// enqueue hands a change to the writer and waits for its group's commit.
func (db *DB) enqueue(ctx context.Context, f func(context.Context, *Tx) error) error {
	c := &change{ctx: ctx, run: f, done: make(chan struct{})}
	if err := db.hand(c); err != nil {
		return err
	}
	// Once handed over it may be committed at any moment, so only the writer's
	// answer tells the truth: waiting on ctx here could deny what was done.
	<-c.done
	if c.caught != nil {
		panic(c.caught)
	}
	return c.err
}

func (db *DB) hand(c *change) error {
	db.gate.RLock()
	defer db.gate.RUnlock()
	if db.closed {
		return errors.New("the database is closed")
	}
	select {
	case db.queue <- c:
		return nil
	case <-c.ctx.Done():
		return fmt.Errorf("waiting for the database: %w", c.ctx.Err())
	}
}

// writer commits waiting changes in groups until the queue is closed.
func (db *DB) writer() {
	defer close(db.done)
	batch := make([]*change, 0, group)
	w := &sqliteWriter{db: db, session: session{pool: db.write}}
	defer w.drop()
	for c := range db.queue {
		batch = append(batch[:0], c)
	more:
		for len(batch) < group {
			select {
			case c, ok := <-db.queue:
				if !ok {
					break more
				}
				batch = append(batch, c)
			default:
				break more
			}
		}
		w.commit(batch)
		for _, c := range batch {
			close(c.done)
		}
	}
}

// session is one connection with its prepared statements, used by one
// goroutine at a time.
type session struct {
	pool  *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

// keep bounds the prepared statements held open; IN lists make new texts.
const keep = 512

func (s *session) open(ctx context.Context) (err error) {
	if s.conn == nil {
		s.conn, err = s.pool.Conn(ctx)
		s.stmts = map[string]*sql.Stmt{}
	}
	return err
}

func (s *session) drop() {
	s.forget()
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

func (s *session) forget() {
	for _, st := range s.stmts {
		st.Close()
	}
	clear(s.stmts)
}

func (s *session) do(ctx context.Context, query string) error {
	st, err := s.prepared(ctx, query)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(ctx)
	return err
}

func (s *session) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := s.stmts[query]; ok {
		return st, nil
	}
	if len(s.stmts) >= keep {
		s.forget()
	}
	st, err := s.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s.stmts[query] = st
	return st, nil
}

// viewSQLite runs f on a free reading connection.
func (db *DB) viewSQLite(ctx context.Context, f func(*Tx) error) error {
	var s *session
	select {
	case s = <-db.idle:
	case <-ctx.Done():
		return fmt.Errorf("begin view: %w", ctx.Err())
	}
	defer func() { db.idle <- s }()
	if err := s.open(ctx); err != nil {
		return fmt.Errorf("begin view: %w", err)
	}
	if err := s.do(ctx, "BEGIN"); err != nil {
		s.drop()
		return fmt.Errorf("begin view: %w", err)
	}
	defer func() {
		// Not with ctx: a cancelled request must still end its transaction.
		if err := s.do(context.Background(), "ROLLBACK"); err != nil {
			s.drop()
		}
	}()
	return f(&Tx{Now: db.clock.Now(), engine: SQLite, q: s.conn, stmt: s.prepared, count: counter(ctx)})
}

// sqliteWriter owns the one writing connection.
type sqliteWriter struct {
	db *DB
	session
}

func (w *sqliteWriter) commit(batch []*change) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*deadline)
	defer cancel()
	fail := func(err error) {
		for _, c := range batch {
			if c.err == nil {
				c.err = err
			}
		}
		w.drop()
	}
	if err := w.open(ctx); err != nil {
		fail(fmt.Errorf("writer connection: %w", err))
		return
	}
	if err := w.do(ctx, "BEGIN IMMEDIATE"); err != nil {
		fail(fmt.Errorf("begin: %w", err))
		return
	}
	if len(batch) == 1 {
		w.lone(ctx, batch[0], fail)
		return
	}
	for _, c := range batch {
		if err := w.one(ctx, c); err != nil {
			// The savepoint could not be undone: nothing of this group may stay.
			w.do(ctx, "ROLLBACK")
			fail(err)
			return
		}
	}
	w.end(ctx, fail)
}

// lone runs a change that is alone in its group, so that the transaction itself
// is its savepoint. SQLite copies each page that changes inside a savepoint to a
// list in memory and walks that list at the end of each statement: an import of
// long batches spent half its time there.
func (w *sqliteWriter) lone(ctx context.Context, c *change, fail func(error)) {
	if c.err = c.ctx.Err(); c.err == nil {
		w.run(c)
	}
	if c.err == nil && c.caught == nil {
		w.end(ctx, fail)
		return
	}
	if err := w.do(ctx, "ROLLBACK"); err != nil {
		fail(fmt.Errorf("rollback: %w", err))
	}
}

// run calls the change and catches its panic.
func (w *sqliteWriter) run(c *change) {
	defer func() { c.caught = recover() }()
	c.err = c.run(c.ctx, &Tx{Now: w.db.clock.Now(), engine: SQLite, q: w.conn, stmt: w.prepared, count: counter(c.ctx)})
}

// end commits what was done.
func (w *sqliteWriter) end(ctx context.Context, fail func(error)) {
	if err := w.do(ctx, "COMMIT"); err != nil {
		w.do(ctx, "ROLLBACK")
		fail(fmt.Errorf("commit: %w", err))
	}
}

// one runs a change in its own savepoint. The returned error is the writer's;
// the change's own goes into c.err.
func (w *sqliteWriter) one(ctx context.Context, c *change) error {
	if c.err = c.ctx.Err(); c.err != nil {
		return nil
	}
	if err := w.do(ctx, "SAVEPOINT change"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	w.run(c)
	if c.err != nil || c.caught != nil {
		if err := w.do(ctx, "ROLLBACK TO change"); err != nil {
			return fmt.Errorf("rollback: %w", err)
		}
	}
	if err := w.do(ctx, "RELEASE change"); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return nil
}
