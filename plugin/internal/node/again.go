// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"net/url"
	"time"

	"github.com/nuts-foundation/nuts-node/storage"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/recheck"
)

// Rechecker looks again at live tokens. See [recheck.Rechecker].
type Rechecker interface {
	Check(token recheck.Token) (recheck.Verdict, error)
}

// again is how a store looks again at its tokens.
type again struct {
	rechecker Rechecker
	publicURL *url.URL // of the node, from which the issuers of tokens are made
}

func (r *Router) again() *again {
	return &again{rechecker: r.Rechecker, publicURL: r.PublicURL}
}

// lookAgain returns a live token as it is after a look at it. To look can take a while: what
// ended the token meanwhile, or ends it now, wins.
func (s guardedStore) lookAgain(key string, token stampedToken) (stampedToken, error) {
	if s.again == nil {
		return stampedToken{}, storage.ErrNotFound
	}
	if token.Expiration.Before(time.Now()) {
		return token, nil // which the node does not take, so that nobody asks about it
	}
	verdict, err := s.again.rechecker.Check(liveToken{stampedToken: token, key: key, store: s})
	switch {
	case err != nil:
		return stampedToken{}, err
	case !verdict.Holds:
		return stampedToken{}, storage.ErrNotFound
	}
	if verdict.Asked {
		if token, err = s.getLive(key); err != nil {
			return stampedToken{}, err
		}
	}
	maps.Copy(token.InputDescriptorConstraintIdMap, verdict.Latest)
	return token, nil
}

// liveToken is a token in a store.
type liveToken struct {
	stampedToken
	key   string
	store guardedStore
}

var _ recheck.Token = liveToken{}

func (t liveToken) ID() string             { return t.key }
func (t liveToken) Subject() string        { return subjectOf(t.store.again.publicURL, t.Issuer) }
func (t liveToken) Claims() map[string]any { return t.InputDescriptorConstraintIdMap }
func (t liveToken) Presenters() []string   { return presentersOf(t.AccessToken) }
func (t liveToken) Asked() policy.Asked    { return *t.stampedToken.Asked }

func (t liveToken) IsLive() (bool, error) {
	_, err := t.store.getLive(t.key)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// looks are kept in a store of their own: to write what was learned about a token must never
// write the token, which may have ended meanwhile.
func (t liveToken) looks() storage.SessionStore {
	return t.store.sessions.GetStore(maxTokenLife, "mitz", "look")
}

// place is where the look at the token is kept, which does not tell the token.
func (t liveToken) place() string {
	hash := sha256.Sum256([]byte(t.key))
	return hex.EncodeToString(hash[:])
}

func (t liveToken) Latest() (latest map[string]any, err error) {
	if err := t.looks().Get(t.place(), &latest); err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	return latest, nil
}

func (t liveToken) KeepLatest(claims map[string]any) error {
	return withoutToken(t.looks().Put(t.place(), claims), t.key)
}

func (t liveToken) End() (bool, error) {
	var token stampedToken
	switch err := t.store.SessionStore.Get(t.key, &token); {
	case errors.Is(err, storage.ErrNotFound):
		return false, nil
	case err != nil:
		return false, withoutToken(err, t.key)
	}
	return true, withoutToken(t.store.Delete(t.key), t.key)
}
