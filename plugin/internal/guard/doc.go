// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package guard is the path of one token request, from the moment that the node wants to
// store an access token until there is one or a refusal.
//
// It must never let a guarded token be stored without a [policy.Permission], nor before the
// entry that tells of it is written. It knows no types of the node: [Token] is what it needs
// of one.
package guard
