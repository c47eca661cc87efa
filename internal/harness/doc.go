// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package harness starts real Nuts nodes on loopback, with everything around them,
// for the end-to-end tests and for the demo: it builds the binaries, has a CA for
// TLS, a test UZI CA, wallets of its own that can misbehave, a browser for the
// authorization-code grant and the record server of a data holder.
//
// A [Workspace] holds the processes, servers and logs of one run; a [World] is a
// data holder and a requester, ready to ask for tokens. Nothing here needs
// package testing, everything is bounded by a context, and no call waits blindly.
//
// The harness must never listen beyond loopback, never stop a process that it did
// not start, and never write a BSN into a log, an error, a URL or a file name.
package harness
