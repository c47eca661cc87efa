// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package nen7513 keeps the log that NEN 7513 asks of who handles patients' data: who,
// on whose behalf, about whom, what, when and with which outcome; as FHIR R4
// AuditEvents, one in JSON on each line of a file.
//
// Each entry has a hash over itself and the hash of the one before, across files and
// restarts, and a summary is signed every so often; [Verify] follows that chain.
//
// An entry is on disk when [Log.Append] returns without an error: what must not happen
// unlogged waits for it. The file holds patients' numbers, which is its purpose; nothing
// of an entry may go anywhere else.
package nen7513
