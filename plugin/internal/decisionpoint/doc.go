// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package decisionpoint decides what an AuthZEN decision point is asked, by the same policy as
// the token endpoint: a stock node asks it before it issues a token (docs/authzen.md).
//
// It has claims, and no credentials: another node verified those. So it refuses whatever it would
// have to take on trust, and says in its record what an answer rests on. It knows no node; one
// [Point] serves in a node and as a command of its own. One HTTP request has Mitz asked once at
// the most, however much it asks. Whatever keeps it from a decision is an answer of false.
package decisionpoint
