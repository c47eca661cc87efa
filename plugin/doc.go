// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package plugin puts consent into a Nuts node: [Install] adds an engine named
// "mitz" and replaces the node's OAuth router by one that issues a token for a
// guarded scope only after an explicit Permit.
//
// This is the only package that knows nuts-node's engines. It must never let an
// access token be stored that the policy did not permit, whatever path led to it,
// and never write a patient's number or a foreign text to the log.
package plugin
