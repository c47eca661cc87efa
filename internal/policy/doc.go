// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package policy decides. It knows which scopes are guarded and what a requester
// must present for them, turns verified claims into one question per guarded
// scope, turns the answer into a decision, and says which claims the token gets.
//
// It does no I/O, has no clock of its own and knows no HTTP and no engine of the
// node. It must never turn anything but an explicit Permit about every data
// category asked for into a permission, and never repeat a claim's value in text.
package policy
