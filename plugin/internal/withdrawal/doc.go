// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package withdrawal ends the live tokens that rest on a patient's consent when that consent
// ends. It keeps no list of tokens and needs no clock and no lock.
//
// For each patient and data holder there may be a mark in the session database: a random
// value, under a hash that needs a key to compute. A token is stamped, before consent is
// looked for, with the marks that there are. To withdraw is to write a new mark. Whoever
// reads a token compares: it is dead when there is a mark that it was not stamped with. So
// one write ends any number of tokens, on every node that shares the session database, and a
// withdrawal that comes while a token is being made ends that token too, whichever step it
// was at.
//
// It must never say that a token holds when it could not look.
package withdrawal
