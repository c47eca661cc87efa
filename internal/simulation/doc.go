// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package simulation plays a national day as discrete events: ten thousand nodes that ask Mitz,
// subscribe, and are notified. docs/nationwide has the numbers that go in and the document that
// the results are for.
//
// Time is a number here, and no clock is read. The same numbers and the same seed give the same
// day, in seconds.
//
// [Link] does what mitzclient/internal/link does: a test there sends the same calls through both
// and compares how each ends. The pace of subscriptions and the turns of notifications are
// modelled after plugin/internal/subscriptions and plugin/internal/notify. The package must never
// be part of a node.
package simulation
