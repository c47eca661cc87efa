// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package live says what a live access token of this node is to those who decide about requests
// with it. The node's room finds them (plugin/internal/node), by the same guard as introspection:
// what was withdrawn, or ended in any other way, is none.
//
// It must never tell more of a token than introspection does.
package live

import (
	"context"
	"time"
)

// Token is a live access token of this node.
type Token struct {
	Subject string // the Nuts subject that issued it
	Scope   string // as introspection has it: names with spaces between them
	// Claims are those of the introspection answer that are neither OAuth's own (RFC 7662 section
	// 2.2) nor cnf. Whoever finds a token may change them.
	Claims map[string]any
	// Thumbprint is of the key that the token is bound to (RFC 7638, SHA-256, base64url without
	// padding; jkt of RFC 9449 section 6.1); empty: it is bound to none.
	Thumbprint string
	Issued     time.Time
	Expires    time.Time
}

// Tokens finds live tokens.
type Tokens interface {
	// Find finds a token of a subject. ok is false for one that is not there, that expired or
	// ended, or that another subject issued. On an error nobody can tell.
	Find(ctx context.Context, subject, token string) (found Token, ok bool, err error)
}
