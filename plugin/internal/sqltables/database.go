// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package sqltables

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/go-sql-driver/mysql"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// patience is how long something is tried again that another one's work at the same moment
// stood in the way of; the pauses between grow from the first to the last.
const (
	patience             = 10 * time.Second
	firstPause, maxPause = 2 * time.Millisecond, 200 * time.Millisecond
)

var (
	// ErrMoved says that another one changed what was to be changed, or added it: in
	// [Database.Again] it is tried again.
	ErrMoved = errors.New("somebody else is at the same rows")
	// ErrUnreadable says that a row is not one that this software wrote.
	ErrUnreadable = errors.New("a row cannot be read")
)

// Database is the node's SQL database as it is used for tables of ours. It holds no lock between
// calls, and a call ends when its context does. It is safe for concurrent use.
type Database struct {
	gorm        *gorm.DB
	table       string
	busyTimeout int // of SQLite, in milliseconds
}

// Open returns a database as it is used for a table, and tables beside that: errors name it.
func Open(ctx context.Context, database *gorm.DB, table string) (*Database, error) {
	// The node's logger writes whole statements, and these are of no use to anybody.
	database = database.Session(&gorm.Session{
		Logger: logger.Discard, NewDB: true, SkipDefaultTransaction: true, DisableNestedTransaction: true,
	})
	database.TranslateError = true // of this session
	opened := &Database{gorm: database, table: table}
	var err error
	if opened.busyTimeout, err = busyTimeout(database.WithContext(ctx)); err != nil {
		return nil, opened.trouble(ctx, err)
	}
	return opened, nil
}

// GORM returns the session in which the tables are read and written.
func (d *Database) GORM() *gorm.DB { return d.gorm }

// Again does something until nobody else's work stands in its way. It must be such that doing
// it again does no harm. Its error holds nothing of what is in the table.
func (d *Database) Again(ctx context.Context, do func(database *gorm.DB) error) error {
	var waited time.Duration
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		err := d.once(ctx, do)
		if err == nil || !passes(err) || waited >= patience {
			return d.trouble(ctx, err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
			waited += pause
		case <-ctx.Done():
			timer.Stop()
			return d.trouble(ctx, err)
		}
	}
}

// once does it. SQLite may have been told to wait for others by itself, and then does so
// whatever the context says, with the only connection that the node has: for this it does not.
func (d *Database) once(ctx context.Context, do func(database *gorm.DB) error) error {
	database := d.gorm.WithContext(ctx)
	if d.busyTimeout == 0 {
		return do(database)
	}
	return database.Connection(func(database *gorm.DB) error {
		database = database.Session(&gorm.Session{NewDB: true})
		if err := setBusyTimeout(database, 0); err != nil {
			return err
		}
		defer func() { _ = setBusyTimeout(database.WithContext(context.WithoutCancel(ctx)), d.busyTimeout) }()
		return do(database)
	})
}

// busyTimeout returns how many milliseconds SQLite waits for others, and 0 for other databases.
func busyTimeout(database *gorm.DB) (milliseconds int, err error) {
	if database.Name() == "sqlite" {
		err = database.Raw("PRAGMA busy_timeout").Scan(&milliseconds).Error
	}
	return milliseconds, err
}

func setBusyTimeout(database *gorm.DB, milliseconds int) error {
	return database.Exec(fmt.Sprint("PRAGMA busy_timeout = ", milliseconds)).Error
}

// trouble returns an error without a value from a statement in it: those of the drivers can
// quote them. It is the context's where that ended.
func (d *Database) trouble(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ended := ctx.Err(); errors.Is(err, ended) {
		return fmt.Errorf("table %s: %w", d.table, ended)
	} else if ended != nil {
		return fmt.Errorf("table %s: %w (%s)", d.table, ended, reason(err))
	}
	if newer := (tooNew{}); errors.As(err, &newer) {
		return newer
	}
	return fmt.Errorf("table %s: %s", d.table, reason(err))
}

// fixed are errors whose texts are always the same.
var fixed = []error{
	ErrMoved, ErrUnreadable, context.Canceled, context.DeadlineExceeded,
	driver.ErrBadConn, sql.ErrConnDone, sql.ErrTxDone, io.EOF, io.ErrUnexpectedEOF,
	gorm.ErrDuplicatedKey, gorm.ErrInvalidField,
}

func reason(err error) string {
	for _, each := range fixed {
		if errors.Is(err, each) {
			return each.Error()
		}
	}
	if network := (*net.OpError)(nil); errors.As(err, &network) {
		return network.Error() // addresses, and what the operating system says
	}
	if code, _ := codeOf(err); code != "" {
		return "the database answers " + code
	}
	return fmt.Sprintf("an error of type %T", err)
}

// passes reports whether an error can be over in a moment.
func passes(err error) bool {
	_, busy := codeOf(err)
	return busy || errors.Is(err, ErrMoved) || errors.As(err, new(notMade))
}

// IsTaken reports whether a row was not written because there is one with its key.
func IsTaken(err error) bool { return errors.Is(err, gorm.ErrDuplicatedKey) }

// codeOf returns the code of an error of a database, empty when it is none; and whether that
// tells that others were in the way: a lock that they hold, or two that wait for each other.
func codeOf(err error) (code string, busy bool) {
	var (
		postgres  interface{ SQLState() string }
		sqlServer interface{ SQLErrorNumber() int32 }
		sqlite    interface{ Code() int }
		mySQL     *mysql.MySQLError
	)
	switch {
	case errors.As(err, &postgres):
		state := postgres.SQLState()
		return "SQLSTATE " + state, state == "40001" || state == "40P01" || state == "55P03"
	case errors.As(err, &mySQL):
		return fmt.Sprint("MySQL error ", mySQL.Number), mySQL.Number == 1205 || mySQL.Number == 1213
	case errors.As(err, &sqlServer):
		number := sqlServer.SQLErrorNumber()
		return fmt.Sprint("SQL Server error ", number), number == 1205 || number == 1222
	case errors.As(err, &sqlite):
		primary := sqlite.Code() & 0xff
		return fmt.Sprint("SQLite error ", sqlite.Code()), primary == 5 || primary == 6
	}
	return "", false
}
