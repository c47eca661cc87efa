// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package check is the command "mitz check": it tries the link to Mitz as a running node uses
// it, and says of each step how it ended and what to do about it.
//
// What others sent (names in certificates, alerts) is shown in a harmless form only. Mitz is
// asked nothing without a patient, whose number comes from a file, and without leave.
package check
