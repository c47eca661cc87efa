// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package door is what a request meets before the node works on it. Anybody can send one:
// there is no credential and no signature yet. So the door looks at what a request is made
// of, in one pass over a bounded text, and refuses what would cost the node more than an
// honest request does.
//
// It must never decide about consent, never call who presents, and never do work itself
// that grows faster than the text that it looks at. What it lets through is not verified:
// the node and the guard behind it check everything as if there were no door.
//
// Of the node it knows the OAuth errors (auth/oauth), by which the node answers too, and the
// key under which the node looks for who writes them (core.ErrorWriterContextKey). What the
// node's engines do for a visit is bounded in plugin/internal/node/bounded.
package door
