// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package once has what may be used once used once: authorization codes (RFC 6749 section
// 4.1.2), and the presentations that a token rests on, by their nonces (RFC 7523 section 3).
//
// The node reads such a thing and then deletes it, or looks for it and then writes it down,
// in two steps: two requests at the same time can both be first. [Sessions] makes one step of
// the two for all requests of one process, whatever the session database. [Claims] decides
// between the nodes of a cluster, and is asked for guarded tokens alone.
//
// It must never keep, or write anywhere, anything but hashes, and never take trouble for a
// first use.
package once
