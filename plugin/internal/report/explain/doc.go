// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package explain is the command "mitz explain": what a configuration demands of a requester,
// whom it trusts for what, and what Mitz would be asked.
//
// It connects to nothing, opens no database and writes no file.
package explain
