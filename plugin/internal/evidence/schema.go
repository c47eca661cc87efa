// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package evidence

import (
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/background"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/sqltables"
)

// evidenceTable is a name that no table of the node has.
const evidenceTable = "mitz_evidence"

// schema makes the table.
//
// The id and a place are hashes in hexadecimal; what is sealed is in base64, and stays below the
// 64 KiB that MySQL has for a TEXT; times are in microseconds since 1970. A subject is as long as
// in the node's own tables.
var schema = sqltables.Schema{
	Migrations: "mitz_evidence_migrations",
	Steps: [][]sqltables.Object{
		{
			sqltables.Table(evidenceTable, "id VARCHAR(64) NOT NULL PRIMARY KEY, registration VARCHAR(255) NOT NULL, "+
				"subject VARCHAR(370) NOT NULL, ura VARCHAR(16) NOT NULL, place VARCHAR(64) NOT NULL, "+
				"sealed_key VARCHAR(16) NOT NULL, sealed TEXT NOT NULL, kept BIGINT NOT NULL, "+
				"state VARCHAR(16) NOT NULL, since BIGINT NOT NULL, attempts BIGINT NOT NULL, failure VARCHAR(128) NOT NULL, "+
				"due BIGINT, version BIGINT NOT NULL"),
			sqltables.Index(evidenceTable, "INDEX", "due", "state, due"),
			sqltables.Index(evidenceTable, "INDEX", "place", "place"),
			sqltables.Index(evidenceTable, "INDEX", "registration", "registration"),
			sqltables.Index(evidenceTable, "INDEX", "sealed_key", "sealed_key"),
			background.BeatsTable,
		},
	},
}
