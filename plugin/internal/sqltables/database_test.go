// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package sqltables

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	mssql "github.com/microsoft/go-mssqldb"
	"github.com/stretchr/testify/assert"
	"gorm.io/gorm"
)

// TestReason gives errors that quote what is in the table.
func TestReason(t *testing.T) {
	const secret = "900186021"
	for want, err := range map[string]error{
		"the database answers SQLSTATE 22001":        &pgconn.PgError{Code: "22001", Message: secret, Detail: secret},
		"the database answers MySQL error 1406":      fmt.Errorf("%s: %w", secret, &mysql.MySQLError{Number: 1406, Message: secret}),
		"the database answers SQL Server error 8152": mssql.Error{Number: 8152, Message: secret},
		"duplicated key not allowed":                 fmt.Errorf("%s: %w", secret, gorm.ErrDuplicatedKey),
		"driver: bad connection":                     fmt.Errorf("%s: %w", secret, driver.ErrBadConn),
		"an error of type *errors.errorString":       errors.New(secret),
		"dial tcp 127.0.0.1:5432: connection refused": fmt.Errorf("%s: %w", secret, &net.OpError{
			Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5432}, Err: errors.New("connection refused"),
		}),
	} {
		assert.Equal(t, want, reason(err))
	}
}

func TestWhatPasses(t *testing.T) {
	for _, err := range []error{
		ErrMoved, &pgconn.PgError{Code: "40001"}, &pgconn.PgError{Code: "40P01"}, &pgconn.PgError{Code: "55P03"},
		&mysql.MySQLError{Number: 1205}, &mysql.MySQLError{Number: 1213}, mssql.Error{Number: 1205}, mssql.Error{Number: 1222},
	} {
		assert.True(t, passes(fmt.Errorf("wrapped: %w", err)), err)
	}
	for _, err := range []error{
		ErrUnreadable, gorm.ErrDuplicatedKey, context.Canceled, driver.ErrBadConn, &pgconn.PgError{Code: "42P01"},
		&mysql.MySQLError{Number: 1146}, mssql.Error{Number: 208},
	} {
		assert.False(t, passes(err), err)
	}
}
