// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"

	"gorm.io/gorm"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/patience"
)

// The node keeps every status list that it gets in its SQL database, for ever, and answers
// from there when a list cannot be got. Neither is for a list that a stranger named: it
// would stay, and whoever had a credential revoked could keep newer lists from being got.

// listRow is what the node reads of a row. Of a list that this node does not issue itself
// it has the address and no purpose, which is never the one that is asked for: the node
// knows the list then, and has no answer.
var listRow = strings.Join([]string{
	"subject_id",
	"CASE WHEN " + ownList + " THEN status_purpose ELSE '' END AS status_purpose",
	"CASE WHEN " + ownList + " THEN bitstring ELSE NULL END AS bitstring",
	"created_at",
	"expires",
	"CASE WHEN " + ownList + " THEN raw ELSE '' END AS raw",
}, ", ")

const ownList = "subject_id IN (SELECT subject_id FROM status_list)"

var errListRows = errors.New("mitz: the node does something else with the rows of status lists than this software knows")

// listRows returns the database as the node's status list code may use it for a visit.
func listRows(db *gorm.DB, visit func() *door.Visit) *gorm.DB {
	rows := db.Session(&gorm.Session{NewDB: true, SkipDefaultTransaction: true, Context: context.Background()}) // with a statement of its own
	rows.Statement.ConnPool = laterRows{ConnPool: rows.Statement.ConnPool, visit: visit}
	return rows
}

// laterRows are rows that are read at once, and written when the request was verified and
// answered.
type laterRows struct {
	gorm.ConnPool
	visit func() *door.Visit
}

var _ gorm.ConnPool = laterRows{}

func (r laterRows) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	visit := r.visit()
	err := visit.Later(func() error {
		if visit.IsVerified() {
			// As the node does: the request does not fail when its list cannot be stored. Nor
			// does it wait for that.
			ctx, cancel := context.WithTimeout(ctx, patience.Longest)
			defer cancel()
			_, _ = r.ConnPool.ExecContext(ctx, query, args...)
		}
		return nil
	})
	return driver.RowsAffected(1), err
}

func (r laterRows) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx, cancel := context.WithTimeout(ctx, patience.Longest)
	context.AfterFunc(ctx, cancel) // the rows are read after this, until then
	if from, whole := strings.CutPrefix(query, "SELECT * FROM "); whole {
		return r.ConnPool.QueryContext(ctx, "SELECT "+listRow+" FROM "+from, args...)
	}
	if strings.HasPrefix(query, "SELECT count(*) FROM ") {
		return r.ConnPool.QueryContext(ctx, query, args...)
	}
	return nil, errListRows
}

func (r laterRows) PrepareContext(context.Context, string) (*sql.Stmt, error) {
	return nil, errListRows
}
