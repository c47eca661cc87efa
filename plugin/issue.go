// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/storage"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
)

// issue is the one way in which a token comes into being. It decides, writes the entry,
// stores the token, and tells what happened, in this order: the entry is on disk before
// there is a token, and another corrects it when there is none after all. A token without a
// guarded scope is stored as it is.
//
// A refusal is an [oauth.OAuth2Error], and then there is no token. Other errors are the
// store's, about a token that is not guarded.
func (e *Engine) issue(ctx context.Context, key string, token iam.AccessToken, store storage.SessionStore, options ...storage.SessionOption) error {
	profile, err := e.guardingProfile(ctx, &token)
	if err == nil && profile == nil {
		return store.Put(key, token, options...)
	}
	entry := &decisionLog{engine: e, subject: e.subjectOf(token.Issuer), profile: profile}
	entry.presented(token.VPToken)
	ctx, done, running := e.begin(ctx)
	defer done() // not before the last entry: the stop waits for it
	switch {
	case err != nil:
	case !running:
		err = errNotRunning
	default:
		place := tokenPlace{key: key, store: store, options: options}
		err = e.issueGuarded(ctx, profile, token, place, entry)
	}
	if err != nil {
		return entry.refused(ctx, err)
	}
	return nil
}

// issueOutsideRequest lets only tokens without a guarded scope be stored where there is no
// token request.
func (e *Engine) issueOutsideRequest(key string, token iam.AccessToken, store storage.SessionStore, options ...storage.SessionOption) error {
	ctx := context.Background()
	profile, err := e.guardingProfile(ctx, &token)
	if err == nil && profile == nil {
		return store.Put(key, token, options...)
	}
	if err == nil {
		err = errOutsideRequest
	}
	entry := &decisionLog{engine: e, subject: e.subjectOf(token.Issuer)}
	entry.presented(token.VPToken)
	return entry.refused(ctx, err)
}

// issueGuarded ends with a token in its place, or with the cause why there is none.
func (e *Engine) issueGuarded(ctx context.Context, profile *policy.Profile, token iam.AccessToken, place tokenPlace, entry *decisionLog) (cause error) {
	stored := false
	defer func() {
		if recover() != nil {
			e.panicked("Panic while issuing a token")
			cause = errPanic
		}
		if cause != nil && stored {
			place.clear()
		}
	}()
	claims, err := e.decide(ctx, profile, &token, entry)
	if err != nil {
		return err
	}
	merged := maps.Clone(token.InputDescriptorConstraintIdMap)
	maps.Copy(merged, claims)
	token.InputDescriptorConstraintIdMap = merged
	token.Scope = strings.Join(policy.SplitScope(token.Scope), " ")
	if err := entry.announce(ctx); err != nil {
		return err
	}
	stored = true // as far as can be known, from here on
	if err := place.put(token); err != nil {
		return err
	}
	entry.issued(ctx)
	return nil
}

// tokenPlace is where the node wants to store one token.
type tokenPlace struct {
	key     string
	store   storage.SessionStore
	options []storage.SessionOption
}

func (p tokenPlace) put(token iam.AccessToken) error {
	if err := p.store.Put(p.key, token, p.options...); err != nil {
		// Its text comes from the session database and may repeat the key, which is the token.
		return fmt.Errorf("%w: %s", errStore, redactBSN(strings.ReplaceAll(err.Error(), p.key, "[token]")))
	}
	return nil
}

// clear takes away what may have been stored: a database that is reached over a network can
// fail to say so. Nobody knows the token, so that nothing is lost when this fails too.
func (p tokenPlace) clear() {
	defer func() { _ = recover() }()
	_ = p.store.Delete(p.key)
}
