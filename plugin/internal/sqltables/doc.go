// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package sqltables is for tables of ours in the node's SQL database: [Open] opens the database
// for them, [Database.Migrate] makes them what this version needs, and [Database.Again] reads and
// writes them in spite of what others do at the same moment.
//
// It touches no table of the node, and its errors hold nothing of what is in a table.
package sqltables
