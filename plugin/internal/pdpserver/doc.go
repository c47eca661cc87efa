// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package pdpserver serves an AuthZEN decision point by itself, without a node: it listens, knows
// its clients by bearer tokens or certificates, and hands what they ask to [authzen.Server].
//
// It decides nothing. It must never answer a client that it does not know, where clients are to
// be known, nor take a change of its files into use that is not good.
package pdpserver
