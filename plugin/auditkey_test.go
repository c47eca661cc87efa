// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/nuts-foundation/nuts-node/core"
	nutscrypto "github.com/nuts-foundation/nuts-node/crypto"
	"github.com/nuts-foundation/nuts-node/storage/orm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
)

// testKeys is a key storage with one key at the most.
type testKeys struct {
	nutscrypto.KeyStore
	known   bool // in the node's database
	key     *ecdsa.PrivateKey
	made    int
	failure error
}

func (k *testKeys) Exists(context.Context, string) (bool, error) { return k.known, k.failure }

func (k *testKeys) New(_ context.Context, name nutscrypto.KIDNamingFunc) (*orm.KeyReference, crypto.PublicKey, error) {
	k.made++
	k.known = true
	var err error
	if k.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, nil, err
	}
	kid, err := name(k.key.Public())
	return &orm.KeyReference{KID: kid}, k.key.Public(), err
}

func (k *testKeys) Resolve(context.Context, string) (crypto.PublicKey, error) {
	if k.key == nil {
		return nil, nutscrypto.ErrPrivateKeyNotFound
	}
	return k.key.Public(), nil
}

func (k *testKeys) SignJWS(ctx context.Context, payload []byte, headers map[string]any, _ string, detached bool) (string, error) {
	return nutscrypto.SignJWS(ctx, payload, headers, k.key, detached)
}

// keepAuditLog has the engine keep an audit file that is signed with a key in the storage.
func keepAuditLog(t *testing.T, engine *Engine, keys *testKeys) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "audit.jsonl")
	engine.auditKey.store = keys
	var err error
	engine.auditLog, err = nen7513.Open(file, auditHooks(), nen7513.SignedBy(&engine.auditKey))
	require.NoError(t, err)
	return file
}

func TestAuditFileIsSigned(t *testing.T) {
	engine, keys := newTestEngine(t), &testKeys{}
	file := keepAuditLog(t, engine, keys)
	pinned, err := engine.auditKey.thumbprint(t.Context())
	require.NoError(t, err)
	require.NoError(t, engine.auditLog.Append(t.Context(), nen7513.Entry{Action: nen7513.Query}))
	require.NoError(t, engine.auditLog.Close())
	assert.Equal(t, 1, keys.made, "one key is made, and used again")
	report, err := nen7513.Verify([]string{file}, nen7513.Expected{Keys: []string{pinned}}, func(nen7513.Line) error { return nil })
	require.NoError(t, err)
	assert.Nil(t, report.Break)
	assert.Equal(t, 1, report.Signatures)
}

func TestTroubleWithTheAuditKey(t *testing.T) {
	health := func(engine *Engine) core.Health { return engine.CheckHealth()["auditkey"] }
	t.Run("shows in health, stops no entry, and passes", func(t *testing.T) {
		engine, keys := newTestEngine(t), &testKeys{failure: errors.New("the key storage does not answer")}
		keepAuditLog(t, engine, keys)
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go engine.auditKey.announce(ctx)
			synctest.Wait()
			assert.Equal(t, core.HealthStatusUnknown, health(engine).Status)
		})
		require.NoError(t, engine.auditLog.Append(t.Context(), nen7513.Entry{Action: nen7513.Query}))
		assert.Equal(t, core.HealthStatusUp, engine.CheckHealth()["audit"].Status)
		keys.failure = nil
		engine.auditKey.announce(t.Context())
		assert.Equal(t, core.HealthStatusUp, health(engine).Status)
		require.NoError(t, engine.auditLog.Close())
		assert.NoError(t, engine.auditLog.SigningFailure())
	})
	t.Run("does not replace a key that is known and cannot be found", func(t *testing.T) {
		engine, keys := newTestEngine(t), &testKeys{known: true}
		keepAuditLog(t, engine, keys)
		require.NoError(t, engine.auditLog.Append(t.Context(), nen7513.Entry{Action: nen7513.Query}))
		require.NoError(t, engine.auditLog.Close())
		assert.ErrorIs(t, engine.auditLog.SigningFailure(), nutscrypto.ErrPrivateKeyNotFound)
		assert.Equal(t, core.HealthStatusUnknown, health(engine).Status)
		assert.Zero(t, keys.made)
	})
}
