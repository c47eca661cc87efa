// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"fmt"

	"gorm.io/gorm"
)

// The tables, by names that no table of the node has. In that of migrations is a row for each
// step that was taken.
const (
	subscriptionsTable = "mitz_subscriptions"
	subjectsTable      = "mitz_subjects"
	workTable          = "mitz_work"
	migrationsTable    = "mitz_migrations"
)

// steps make the tables what they are, in this order, in SQL that SQLite, PostgreSQL, MySQL
// and SQL Server all understand. A step that was released never changes: what is to be
// different is another step. Nodes of the version before go on with the tables until they
// are restarted, so a step takes nothing away that they need.
//
// A place and what was told are hashes in hexadecimal; what is sealed is in base64; times are
// in microseconds since 1970. A subject is as long as in the node's own tables.
var steps = [][]object{
	{
		table(subscriptionsTable, "id VARCHAR(36) NOT NULL PRIMARY KEY, place VARCHAR(64) NOT NULL, "+
			"sealed_key VARCHAR(16) NOT NULL, sealed VARCHAR(500) NOT NULL, subject VARCHAR(370) NOT NULL, "+
			"ura VARCHAR(16) NOT NULL, facility_type VARCHAR(16) NOT NULL, mitz_id VARCHAR(64) NOT NULL, "+
			"former VARCHAR(64) NOT NULL, told VARCHAR(64) NOT NULL, state VARCHAR(16) NOT NULL, since BIGINT NOT NULL, attempts BIGINT NOT NULL, "+
			"failure VARCHAR(128) NOT NULL, wished BIGINT NOT NULL, due BIGINT, version BIGINT NOT NULL"),
		index("UNIQUE INDEX", "place", "place"),
		index("INDEX", "due", "state, due"),
		index("INDEX", "list", "subject, id"),
		index("INDEX", "waiting", "state, subject, due, wished"),
		index("INDEX", "told", "subject, ura, state, told"),
		table(subjectsTable, "subject VARCHAR(370) NOT NULL PRIMARY KEY, subscriptions BIGINT NOT NULL"),
		table(workTable, "work VARCHAR(36) NOT NULL PRIMARY KEY, beat VARCHAR(64) NOT NULL"),
	},
}

// migrate takes the steps that were not taken yet. Nodes that start at the same moment all
// take them, and none holds a lock for it: each makes what is not there, and what another made
// meanwhile is there. A node that comes after one that ended halfway does the rest.
func migrate(database *gorm.DB) error {
	if err := table(migrationsTable, "step BIGINT NOT NULL PRIMARY KEY").create(database); err != nil {
		return err
	}
	var taken int
	if err := database.Raw("SELECT COALESCE(MAX(step), 0) FROM " + migrationsTable).Scan(&taken).Error; err != nil {
		return err
	}
	if taken > len(steps) {
		return tooNew{taken: taken}
	}
	for taken < len(steps) {
		for _, each := range steps[taken] {
			if err := each.create(database); err != nil {
				return err
			}
		}
		taken++
		err := database.Exec("INSERT INTO "+migrationsTable+" (step) VALUES (?)", taken).Error
		if err != nil && !isTaken(err) {
			return err
		}
	}
	return nil
}

// tooNew says that a newer version took steps that this one does not know.
type tooNew struct{ taken int }

func (e tooNew) Error() string {
	return fmt.Sprintf("a newer nuts-mitz has changed the tables in the SQL database (step %d; this version knows %d): "+
		"start that version or a newer one, or give this one a copy of the database from before", e.taken, len(steps))
}

// object is a table, or an index of one, and the statement that makes it.
type object struct {
	table, index string // no index: it is the table
	statement    string
}

func table(name, columns string) object {
	return object{table: name, statement: "CREATE TABLE " + name + " (" + columns + ")"}
}

// index is one of the subscriptions.
func index(kind, name, columns string) object {
	name = subscriptionsTable + "_" + name
	return object{
		table: subscriptionsTable, index: name,
		statement: "CREATE " + kind + " " + name + " ON " + subscriptionsTable + " (" + columns + ")",
	}
}

func (o object) isThere(database *gorm.DB) bool {
	if o.index == "" {
		return database.Migrator().HasTable(o.table)
	}
	return database.Migrator().HasIndex(o.table, o.index)
}

// create makes the object where it is not there. Two nodes can find that at once: then the
// database lets one make it. A locked database says that nothing is there, so that a failure
// counts only when it stays.
func (o object) create(database *gorm.DB) error {
	if o.isThere(database) {
		return nil
	}
	err := database.Exec(o.statement).Error
	if err == nil || o.isThere(database) {
		return nil
	}
	return notMade{err}
}

// notMade says that something could not be made, and was not there at that moment.
type notMade struct{ error }

func (e notMade) Unwrap() error { return e.error }
