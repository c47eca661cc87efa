// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package definition is about presentation definitions: what a requester must present.
// [Rules.Builtin] makes the built-in one of the credentials that are read ([Forms]);
// [Rules.Check] proves what can be proven of an operator's.
//
// Another attribute in the built-in definition takes a descriptor in consent_definition.json,
// its forms in forms.go, its claims in claims.go, and a word in optional where a requester
// may leave it out.
//
// A definition lets a wallet choose and the node match. Whether a credential may be believed
// is for the guard to decide: nothing here may replace that.
package definition
