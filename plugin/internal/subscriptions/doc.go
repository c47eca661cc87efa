// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package subscriptions keeps a data holder subscribed to the consents of its patients, so that
// Mitz tells when one is withdrawn.
//
// What is wanted is written to the node's SQL database and done in the background: [Service]
// takes wishes, [Table] keeps them, and one node of a cluster at a time sends them to Mitz, see
// [Service.Start]. A wish is done when Mitz accepted it, and is tried again until then. Nothing waits
// for it: not the token on which it was wished, and not the record system.
//
// A patient is kept as a hash under a key, and encrypted for the message to Mitz.
package subscriptions
