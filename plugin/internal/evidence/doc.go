// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package evidence keeps the consents that requesters recorded, and on which tokens were issued:
// with their proofs, in the node's SQL database, so that a data holder can show later what it
// released data on. Where Mitz registers consents, one node of a cluster at a time registers them
// there in the background, see [Service.Start].
//
// A token comes only after [Service.Keep] returned. A patient is kept as a hash under a key, and
// what was presented is encrypted: nothing in the tables tells who the patient is without the key.
package evidence
