// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package sqltables

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// Schema is how tables come to be what they are.
type Schema struct {
	// Migrations is the name of the table with a row for each step that was taken.
	Migrations string
	// Steps are in their order, in SQL that SQLite, PostgreSQL, MySQL and SQL Server all
	// understand. A step that was released never changes: what is to be different is another
	// step. Nodes of the version before go on with the tables until they are restarted, so a
	// step takes nothing away that they need.
	Steps [][]Object
}

// Objects are all that the schema makes, in its order, the table of steps included.
func (s Schema) Objects() []Object {
	all := []Object{Table(s.Migrations, "step BIGINT NOT NULL PRIMARY KEY")}
	for _, step := range s.Steps {
		all = append(all, step...)
	}
	return all
}

// Migrate takes the steps that were not taken yet. Nodes that start at the same moment all
// take them, and none holds a lock for it: each makes what is not there, and what another made
// meanwhile is there. A node that comes after one that ended halfway does the rest.
func (d *Database) Migrate(ctx context.Context, schema Schema) error {
	return d.Again(ctx, schema.migrate)
}

func (s Schema) migrate(database *gorm.DB) error {
	if err := s.Objects()[0].create(database); err != nil {
		return err
	}
	var taken int
	if err := database.Raw("SELECT COALESCE(MAX(step), 0) FROM " + s.Migrations).Scan(&taken).Error; err != nil {
		return err
	}
	if taken > len(s.Steps) {
		return tooNew{taken: taken, known: len(s.Steps)}
	}
	for taken < len(s.Steps) {
		for _, each := range s.Steps[taken] {
			if err := each.create(database); err != nil {
				return err
			}
		}
		taken++
		err := database.Exec("INSERT INTO "+s.Migrations+" (step) VALUES (?)", taken).Error
		if err != nil && !IsTaken(err) {
			return err
		}
	}
	return nil
}

// tooNew says that a newer version took steps that this one does not know.
type tooNew struct{ taken, known int }

func (e tooNew) Error() string {
	return fmt.Sprintf("a newer nuts-mitz has changed the tables in the SQL database (step %d; this version knows %d): "+
		"start that version or a newer one, or give this one a copy of the database from before", e.taken, e.known)
}

// Object is a table, or an index of one, and the statement that makes it.
type Object struct {
	table, index string // no index: it is the table
	statement    string
}

// Table is one with these columns, as SQL lists them.
func Table(name, columns string) Object {
	return Object{table: name, statement: "CREATE TABLE " + name + " (" + columns + ")"}
}

// Index is one of a table, of a kind such as UNIQUE INDEX. Its name begins with the table's.
func Index(table, kind, name, columns string) Object {
	name = table + "_" + name
	return Object{table: table, index: name, statement: "CREATE " + kind + " " + name + " ON " + table + " (" + columns + ")"}
}

// Statement is the SQL that makes it.
func (o Object) Statement() string { return o.statement }

// IsThere reports whether a database has it.
func (o Object) IsThere(database *gorm.DB) bool {
	if o.index == "" {
		return database.Migrator().HasTable(o.table)
	}
	return database.Migrator().HasIndex(o.table, o.index)
}

// create makes the object where it is not there. Two nodes can find that at once: then the
// database lets one make it. A locked database says that nothing is there, so that a failure
// counts only when it stays.
func (o Object) create(database *gorm.DB) error {
	if o.IsThere(database) {
		return nil
	}
	err := database.Exec(o.statement).Error
	if err == nil || o.IsThere(database) {
		return nil
	}
	return notMade{err}
}

// notMade says that something could not be made, and was not there at that moment.
type notMade struct{ error }

func (e notMade) Unwrap() error { return e.error }
