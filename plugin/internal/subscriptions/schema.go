// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/background"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/sqltables"
)

// The tables, by names that no table of the node has.
const (
	subscriptionsTable = "mitz_subscriptions"
	subjectsTable      = "mitz_subjects"
	sayingsTable       = "mitz_told"
)

// schema makes the tables.
//
// A place and what was told are hashes in hexadecimal; what is sealed is in base64; times are
// in microseconds since 1970. A saying is JSON, and tells of no patient. A subject is as long as in the node's own tables.
var schema = sqltables.Schema{
	Migrations: "mitz_migrations",
	Steps: [][]sqltables.Object{
		{
			sqltables.Table(subscriptionsTable, "id VARCHAR(36) NOT NULL PRIMARY KEY, place VARCHAR(64) NOT NULL, "+
				"sealed_key VARCHAR(16) NOT NULL, sealed VARCHAR(500) NOT NULL, subject VARCHAR(370) NOT NULL, "+
				"ura VARCHAR(16) NOT NULL, facility_type VARCHAR(16) NOT NULL, mitz_id VARCHAR(64) NOT NULL, "+
				"former VARCHAR(64) NOT NULL, told VARCHAR(64) NOT NULL, state VARCHAR(16) NOT NULL, since BIGINT NOT NULL, attempts BIGINT NOT NULL, "+
				"failure VARCHAR(128) NOT NULL, wished BIGINT NOT NULL, due BIGINT, version BIGINT NOT NULL"),
			index("UNIQUE INDEX", "place", "place"),
			index("INDEX", "due", "state, due"),
			index("INDEX", "list", "subject, id"),
			index("INDEX", "waiting", "state, subject, due, wished"),
			index("INDEX", "told", "subject, ura, state, told"),
			sqltables.Table(subjectsTable, "subject VARCHAR(370) NOT NULL PRIMARY KEY, subscriptions BIGINT NOT NULL"),
			background.BeatsTable,
		},
		{
			sqltables.Table(sayingsTable, "told VARCHAR(64) NOT NULL PRIMARY KEY, saying VARCHAR(4000) NOT NULL"),
		},
	},
}

// index is one of the subscriptions.
func index(kind, name, columns string) sqltables.Object {
	return sqltables.Index(subscriptionsTable, kind, name, columns)
}
