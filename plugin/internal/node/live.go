// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/storage"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/live"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

var _ live.Tokens = (*Router)(nil)

// reservedClaims are those that the node's introspection writes itself. It answers about no token
// that has one among its own.
var reservedClaims = []string{"iss", "sub", "exp", "iat", "active", "client_id", "scope"}

var errReservedClaim = errors.New("mitz: a token with a reserved claim")

// leanToken is as much of a stored token as it takes to tell what it is for. To parse the
// presentations that it was issued on takes longer than all the rest.
type leanToken struct {
	DPoP       string           `json:"dpop"` // the proof of the token request; empty: there was none
	Issuer     string           `json:"issuer"`
	IssuedAt   time.Time        `json:"issued_at"`
	Expiration time.Time        `json:"expiration"`
	Scope      string           `json:"scope"`
	Claims     map[string]any   `json:"inputdescriptor_constraint_id_map"`
	Stamp      withdrawal.Stamp `json:"mitz_stamp"`
	Asked      *policy.Asked    `json:"mitz_asked"`
}

// Find finds a live token of a subject, as the node's introspection does. Whether there is
// consent still is looked up for no token but the subject's own.
func (r *Router) Find(_ context.Context, subject, key string) (live.Token, bool, error) {
	if subject == "" || !canBeToken.MatchString(key) {
		return live.Token{}, false, nil // Memcached would fail on it
	}
	isTheirs := func(token leanToken) bool {
		return subjectOf(r.PublicURL, token.Issuer) == subject && !token.Expiration.Before(time.Now())
	}
	tokens := r.outside().sessions().store(maxTokenLife, tokenStoreKey)
	token, err := tokens.getLean(key)
	if err == nil && token.Asked != nil && isTheirs(token) {
		token, err = tokens.lookedAt(key)
	}
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return live.Token{}, false, nil
	case err != nil:
		return live.Token{}, false, withoutToken(err, key)
	case !isTheirs(token): // it may have expired meanwhile
		return live.Token{}, false, nil
	}
	found, err := token.asIntrospected()
	if err != nil {
		return live.Token{}, false, err
	}
	found.Subject = subject
	return found, true, nil
}

// getLean is getLive, of less.
func (s guardedStore) getLean(key string) (token leanToken, err error) {
	if err := s.SessionStore.Get(key, &token); err != nil {
		return leanToken{}, err
	}
	return token, s.holds(token.Claims, token.Stamp)
}

// lookedAt returns a live token as it is after a look at it.
func (s guardedStore) lookedAt(key string) (leanToken, error) {
	var token iam.AccessToken
	if err := s.getToken(key, &token); err != nil {
		return leanToken{}, err
	}
	lean := leanToken{
		Issuer: token.Issuer, IssuedAt: token.IssuedAt, Expiration: token.Expiration, Scope: token.Scope, Claims: token.InputDescriptorConstraintIdMap,
	}
	if token.DPoP != nil {
		lean.DPoP = token.DPoP.String()
	}
	return lean, nil
}

// asIntrospected returns what the node's introspection tells of a token.
func (t leanToken) asIntrospected() (live.Token, error) {
	for _, reserved := range reservedClaims {
		if _, has := t.Claims[reserved]; has {
			return live.Token{}, errReservedClaim
		}
	}
	found := live.Token{Scope: t.Scope, Claims: t.Claims, Issued: t.IssuedAt, Expires: t.Expiration}
	if t.DPoP == "" {
		return found, nil
	}
	var header struct {
		Key json.RawMessage `json:"jwk"`
	}
	encoded, _, _ := strings.Cut(t.DPoP, ".")
	ok := readPart(encoded, &header, "jwk")
	if found.Thumbprint = thumbprintOf(header.Key); !ok || found.Thumbprint == "" {
		return live.Token{}, errors.New("mitz: a token bound to a key without a thumbprint")
	}
	return found, nil
}
