// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package definition is about presentation definitions: what a requester must present.
// [Rules.Builtin] makes the built-in one of the credentials that are read ([Forms]);
// [Rules.Check] proves what can be proven of an operator's.
//
// A definition lets a wallet choose and the node match. Whether a credential may be believed
// is for the guard to decide: nothing here may replace that.
package definition
