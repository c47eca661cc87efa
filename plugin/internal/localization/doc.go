// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package localization finds out for a requester's own system which data holders may share a
// patient's data with it: it asks Mitz the open query, and looks the data holders up in the
// discovery services of the node, so that they can be asked.
//
// It gives no access to anything. Each query is recorded before it leaves, and shown to the
// patient. What a discovery service says was said by strangers: it tells where to ask, and is
// no proof of anything.
package localization
