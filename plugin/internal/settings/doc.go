// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package settings reads one section of the node's configuration as the operator wrote
// it: from the configuration file, the environment and the command line, in that order.
//
// The node merges the three before an engine sees them, and what an operator got wrong is
// then gone: a section that is no map, a number that began with zeros, a list that a
// variable replaced. This package reads the sources again and refuses what is not meant,
// each problem with its cure. It must never guess, and never repeat a value in a message:
// a value may be a secret. (A cure for a duration, a number or a word like "no" is none.)
//
// It knows types, not meanings: whether a value makes sense is for its caller to judge.
package settings
