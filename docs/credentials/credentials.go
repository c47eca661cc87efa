// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package credentials has the JSON-LD context of the credentials of scenarios 2 and 3 on
// board, so that a node needs no network to verify one. What a published context says never
// changes: another meaning of a term, or another term, needs another file with another name.
package credentials

import _ "embed" // the context

// Context is the address of the context, as credentials name it.
const Context = "https://nuts-mitz.github.io/nuts-mitz/credentials/mitz-v1.jsonld"

//go:embed mitz-v1.jsonld
var document string

// ContextDocument returns the context (JSON-LD 1.1 section 3.1), in JSON.
func ContextDocument() []byte { return []byte(document) }
