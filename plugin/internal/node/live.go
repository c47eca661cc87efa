// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"context"
	"crypto"
	"encoding/base64"
	"errors"
	"time"

	"github.com/nuts-foundation/nuts-node/storage"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/live"
)

var _ live.Tokens = (*Router)(nil)

// reservedClaims are those that the node's introspection writes itself. It answers about no token
// that has one among its own.
var reservedClaims = []string{"iss", "sub", "exp", "iat", "active", "client_id", "scope"}

var errReservedClaim = errors.New("mitz: a token with a reserved claim")

// Find finds a live token of a subject, as the node's introspection does. Whether there is
// consent still is looked up for no token but the subject's own.
func (r *Router) Find(_ context.Context, subject, key string) (live.Token, bool, error) {
	if subject == "" || !canBeToken.MatchString(key) {
		return live.Token{}, false, nil // Memcached would fail on it
	}
	tokens := r.outside().sessions().store(maxTokenLife, tokenStoreKey)
	isTheirs := func(token stampedToken) bool {
		return subjectOf(r.PublicURL, token.Issuer) == subject && !token.Expiration.Before(time.Now())
	}
	token, err := tokens.getLive(key)
	if err == nil && isTheirs(token) {
		token, err = tokens.latest(key, token)
	}
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return live.Token{}, false, nil
	case err != nil:
		return live.Token{}, false, withoutToken(err, key)
	case !isTheirs(token): // it may have expired meanwhile
		return live.Token{}, false, nil
	}
	found, err := asIntrospected(token)
	if err != nil {
		return live.Token{}, false, err
	}
	found.Subject = subject
	return found, true, nil
}

// asIntrospected returns what the node's introspection tells of a token.
func asIntrospected(token stampedToken) (live.Token, error) {
	for _, reserved := range reservedClaims {
		if _, has := token.InputDescriptorConstraintIdMap[reserved]; has {
			return live.Token{}, errReservedClaim
		}
	}
	thumbprint := ""
	if token.DPoP != nil {
		hash, err := token.DPoP.Headers.JWK().Thumbprint(crypto.SHA256)
		if err != nil {
			return live.Token{}, errors.New("mitz: a token bound to a key without a thumbprint")
		}
		thumbprint = base64.RawURLEncoding.EncodeToString(hash)
	}
	return live.Token{
		Scope: token.Scope, Claims: token.InputDescriptorConstraintIdMap, Thumbprint: thumbprint,
		Issued: token.IssuedAt, Expires: token.Expiration,
	}, nil
}
