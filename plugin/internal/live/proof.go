// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package live

import "context"

// Proof is a DPoP proof as it came with a request (RFC 9449 section 4).
type Proof struct {
	JWT    string // the header DPoP
	Token  string // the access token beside it
	Method string // of the request
	URL    string // of the request, as whoever sent it knows it
}

// Proofs validates DPoP proofs. A proof is good once.
type Proofs interface {
	// IsGood reports whether a proof is by the holder of the key that the token is bound to, of
	// just now, and for this request and this token (RFC 9449 section 4.3); then it is used up,
	// in all nodes that share this one's sessions. On an error nobody can tell.
	IsGood(ctx context.Context, token Token, proof Proof) (bool, error)
	// WouldBeGood reports whether IsGood would, now, and uses nothing up. Nothing rests on it: the
	// proof may be used before it is shown again.
	WouldBeGood(ctx context.Context, token Token, proof Proof) (bool, error)
}
