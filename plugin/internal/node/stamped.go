// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"errors"
	"regexp"
	"time"

	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/storage"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

const (
	// maxTokenLife is more than an access token lives in this node: 15 minutes.
	maxTokenLife = 30 * time.Minute
	// markLife is how long a mark is kept: longer than a token lives that was asked for
	// just before, the consult included, on a node whose clock is not quite right.
	markLife = 2 * maxTokenLife
)

// stampedToken is how a guarded token is stored. Whoever reads it as an [iam.AccessToken]
// does not see what is beside it, and so that is in no introspection answer.
type stampedToken struct {
	iam.AccessToken
	Stamp withdrawal.Stamp `json:"mitz_stamp,omitempty"`
	// Asked is what it takes to look for consent again; nil: nobody does.
	Asked *policy.Asked `json:"mitz_asked,omitempty"`
}

// getToken returns a token as long as it is live, and there is consent for it still where its
// profile wants that looked for again.
func (s guardedStore) getToken(key string, target *iam.AccessToken) error {
	token, err := s.getLive(key)
	if err != nil {
		return err
	}
	if token.Asked != nil {
		if token, err = s.lookAgain(key, token); err != nil {
			return err
		}
	}
	*target = token.AccessToken
	return nil
}

// getLive returns a token as long as nothing was withdrawn that it rests on. A token that
// needs consent and has no stamp is none: nobody can tell. On an error nobody can tell
// either.
func (s guardedStore) getLive(key string) (token stampedToken, err error) {
	if err := s.SessionStore.Get(key, &token); err != nil {
		return stampedToken{}, err
	}
	if err := s.holds(token.InputDescriptorConstraintIdMap, token.Stamp); err != nil {
		return stampedToken{}, err
	}
	return token, nil
}

// holds returns an error unless nothing was withdrawn that a token with these claims rests on.
func (s guardedStore) holds(claims map[string]any, stamp withdrawal.Stamp) error {
	if claims[policy.ClaimConsent] != true && len(stamp) == 0 {
		return nil // it needs no consent
	}
	holds, err := s.marks.Holds(stamp)
	if err == nil && !holds {
		return storage.ErrNotFound
	}
	return err
}

// canBeToken matches what this node issues as an access token, and not much more.
var canBeToken = regexp.MustCompile(`^[A-Za-z0-9._~+/=-]{1,200}$`)

// EndToken takes a live token of a subject away. It reports whether there was one.
func (r *Router) EndToken(subject, key string) (bool, error) {
	if !canBeToken.MatchString(key) {
		return false, nil // Memcached would fail on it
	}
	tokens := r.Storage.GetSessionDatabase().GetStore(maxTokenLife, tokenStoreKey)
	var token iam.AccessToken
	switch err := tokens.Get(key, &token); {
	case errors.Is(err, storage.ErrNotFound):
		return false, nil
	case err != nil:
		return false, withoutToken(err, key)
	case subjectOf(r.PublicURL, token.Issuer) != subject:
		return false, nil
	}
	return true, withoutToken(tokens.Delete(key), key)
}
