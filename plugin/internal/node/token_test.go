// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/guard"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

const testPresenter = "did:web:midwife.example"

func presentedWith(presenter, nonce string) vc.VerifiablePresentation {
	presentation, err := vc.ParseVerifiablePresentation(fmt.Sprintf(`{"@context": "https://www.w3.org/2018/credentials/v1",
		"type": "VerifiablePresentation", "proof": {"type": "JsonWebSignature2020", "verificationMethod": "%s#0", "nonce": %q}}`, presenter, nonce))
	if err != nil {
		panic(err)
	}
	return *presentation
}

func TestWhatATokenRestsOn(t *testing.T) {
	uses := func(presentations ...vc.VerifiablePresentation) (int, error) {
		ids, err := (&pendingToken{token: iam.AccessToken{VPToken: presentations}}).Uses()
		return len(ids), err
	}
	for _, tc := range []struct {
		name          string
		presentations []vc.VerifiablePresentation
		uses          int // 0: an error
	}{
		{"one presentation is one use", []vc.VerifiablePresentation{presentedWith(testPresenter, "a")}, 1},
		{"the same twice is one use", []vc.VerifiablePresentation{presentedWith(testPresenter, "a"), presentedWith(testPresenter, "a")}, 1},
		{"another nonce is another use", []vc.VerifiablePresentation{presentedWith(testPresenter, "a"), presentedWith(testPresenter, "b")}, 2},
		{"another signer is another use", []vc.VerifiablePresentation{presentedWith(testPresenter, "a"), presentedWith(testPresenter+":other", "a")}, 2},
		{"nothing cannot be used", nil, 0},
		{"a presentation without a nonce cannot be used", []vc.VerifiablePresentation{presentedWith(testPresenter, "a"), presentedWith(testPresenter, "")}, 0},
		{"a presentation without a signer cannot be used", []vc.VerifiablePresentation{{}}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			count, err := uses(tc.presentations...)
			assert.Equal(t, tc.uses, count)
			assert.Equal(t, tc.uses == 0, err != nil)
		})
	}
}

// failingStore fails with a text that repeats the key and a number.
type failingStore struct{ storage.SessionStore }

func (failingStore) Put(key string, _ any, _ ...storage.SessionOption) error {
	return errors.New("i/o timeout for " + key + " about " + testBSN)
}

const testBSN = "900186021"

func TestAPendingToken(t *testing.T) {
	t.Run("is stored with claims, and the node's own map is left alone", func(t *testing.T) {
		sessions := storage.NewTestInMemorySessionDatabase(t).GetStore(time.Minute, tokenStoreKey)
		own := map[string]any{"user_id": "900000009"}
		token := &pendingToken{token: iam.AccessToken{Scope: " a a", InputDescriptorConstraintIdMap: own}, place: place{key: "key", store: sessions}}
		require.NoError(t, token.StoreWith("a", map[string]any{"mitz_consent": true}, guard.Beside{Stamp: withdrawal.Stamp{"place": "mark"}}))
		assert.Equal(t, map[string]any{"user_id": "900000009"}, own)
		var stored iam.AccessToken
		require.NoError(t, sessions.Get("key", &stored))
		assert.Equal(t, map[string]any{"user_id": "900000009", "mitz_consent": true}, stored.InputDescriptorConstraintIdMap)
		assert.Equal(t, "a", stored.Scope)
		token.Clear()
		assert.False(t, sessions.Exists("key"))
	})
	t.Run("is not stored when it would outlive the marks", func(t *testing.T) {
		sessions := storage.NewTestInMemorySessionDatabase(t).GetStore(time.Minute, tokenStoreKey)
		token := &pendingToken{token: iam.AccessToken{Expiration: time.Now().Add(time.Hour)}, place: place{key: "key", store: sessions}}
		require.Error(t, token.StoreWith("a", nil, guard.Beside{}))
		assert.False(t, sessions.Exists("key"))
	})
	t.Run("an error of the store repeats neither the token nor a number", func(t *testing.T) {
		token := &pendingToken{place: place{key: "secret-token", store: failingStore{}}}
		err := token.StoreWith("a", nil, guard.Beside{})
		require.EqualError(t, err, "i/o timeout for [token] about [BSN]")
	})
}

func TestSubjectOf(t *testing.T) {
	public, err := url.Parse("https://node.example/base")
	require.NoError(t, err)
	for issuer, subject := range map[string]string{
		"https://node.example/base/oauth2/hospital-east":       "hospital-east",
		"https://node.example/base/oauth2/hospital%20east":     "hospital east",
		"https://node.example/base/oauth2/hospital-east/":      "",
		"https://node.example/base/oauth2/hospital-east/other": "",
		"https://node.example/base/oauth2/../hospital-east":    "",
		"https://node.example/base/oauth2/":                    "",
		"https://node.example/oauth2/hospital-east":            "",
		"https://other.example/base/oauth2/hospital-east":      "",
		"https://node.example/base/oauth2/hospital%2Deast":     "",
		"": "",
	} {
		assert.Equal(t, subject, subjectOf(public, issuer), issuer)
	}
}
